// Owns the making of HTTP message signatures (RFC 9421 §3.1): the two header fields for a message,
// from what is to be covered and whoever holds the key.
import { writeFieldDictionary } from '#platform';
import type { FieldInnerList, FieldParameters } from '#platform';
import { signatureBase } from './base.ts';
import type { SignableMessage } from './components.ts';

export interface Signing {
  /** Names the signature in both fields, and says nothing. */
  readonly label: string;
  /** Components by name; those of the request that an answer is to as `@method;req`. */
  readonly covered: readonly string[];
  readonly keyId: string;
  /** Seconds since 1970. */
  readonly createdS: number;
  readonly expiresS?: number;
  readonly nonce?: string;
  readonly tag?: string;
  sign(base: Buffer): Promise<Buffer> | Buffer;
}

export interface SignatureHeaders extends Readonly<Record<string, string>> {
  readonly 'signature-input': string;
  readonly signature: string;
}

export async function signMessage(
  message: SignableMessage,
  signing: Signing,
): Promise<SignatureHeaders> {
  const { label, createdS, keyId, expiresS, nonce, tag } = signing;
  const parameters: FieldParameters = new Map([['created', createdS]]);
  if (expiresS !== undefined) parameters.set('expires', expiresS);
  parameters.set('keyid', keyId);
  if (nonce !== undefined) parameters.set('nonce', nonce);
  if (tag !== undefined) parameters.set('tag', tag);
  const covered: FieldInnerList = [signing.covered.map(componentOf), parameters];
  const signature = await signing.sign(signatureBase(message, covered));
  return {
    'signature-input': writeFieldDictionary(new Map([[label, covered]])),
    signature: writeFieldDictionary(new Map([[label, [signature, new Map()]]])),
  };
}

function componentOf(text: string): [string, FieldParameters] {
  const [name = '', ...flags] = text.split(';');
  return [name, new Map(flags.map((flag) => [flag, true]))];
}
