// HTTP message signatures, on demand for partners: whoever has a key that says so must sign every
// request, and whoever asks for it (Accept-Signature) gets signed answers. Keys are read anew each
// second, so that one that is taken back is of no use soon after, in every process.
import { createHash } from 'node:crypto';
import type { Clock } from '#kernel';
import { SECOND_US } from '#kernel';
import type { Database } from '#platform';
import type { SignableRequest } from './components.ts';
import { contentDigest } from './digest.ts';
import { keyOf } from './keys.ts';
import { selectKeys } from './key-store.ts';
import { signMessage } from './sign.ts';
import { verifySignature } from './verify.ts';
import type { SignatureKey, VerifiedSignature, VerifyOptions } from './verify.ts';

export interface SignaturesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: { readonly signatureAgeMaxS: number };
  /** Uses up a signature with a nonce, across all processes; false where it was used before. */
  readonly claim?: VerifyOptions['claim'];
}

export interface SignedAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer | string;
}

export interface Signatures {
  /** Whether there is something to verify: a signature, or somebody who must sign. */
  concern(request: Pick<SignableRequest, 'headers'>, owner: string): boolean;
  /**
   * Throws the refusal (401) of a request that is not signed as it must be. A signature that need
   * not be there is checked too; undefined where there is none.
   */
  verify(
    request: SignableRequest,
    about: { readonly owner: string; readonly hasBody: boolean },
  ): Promise<VerifiedSignature | undefined>;
  /** The headers that sign an answer: its status, type and body, and the request it is to. */
  signAnswer(request: SignableRequest, answer: SignedAnswer): Promise<Record<string, string>>;
  /** Our public key as a JSON Web Key Set, by which signed answers are verified. */
  readonly directory: string;
  /** Reads the keys anew; to be called each second or so, and after a change of this process. */
  refresh(): Promise<void>;
}

/** The name of the installation's key that signs answers. */
const SIGNING_KEY = 'http-signatures';
const LABEL = 'florin';

export async function openSignatures(options: SignaturesOptions): Promise<Signatures> {
  const { database, clock, limits } = options;
  const { keys } = database;
  let known: ReadonlyMap<string, SignatureKey> = new Map();
  let required: ReadonlySet<string> = new Set();
  const refresh = async (): Promise<void> => {
    const stored = await selectKeys(database);
    const ready = stored.map(async (each): Promise<[string, SignatureKey]> => {
      const { keyId, algorithm, owner } = each;
      return [keyId, { algorithm, owner, key: await keyOf(each, keys) }];
    });
    known = new Map(await Promise.all(ready));
    required = new Set(stored.filter((key) => key.isRequired).map(({ owner }) => owner));
  };
  await refresh();
  const jwk = publicJwk(await keys.publicKey(SIGNING_KEY));
  const nowS = (): number => Math.floor(clock.now() / SECOND_US);
  return {
    refresh,
    concern: ({ headers }, owner) =>
      headers['signature-input'] !== undefined || required.has(owner),
    directory: JSON.stringify({ keys: [jwk] }),
    async verify(request, { owner, hasBody }) {
      const isSigned = request.headers['signature-input'] !== undefined;
      if (!required.has(owner)) {
        // Others may sign for somebody else on the way; only with a key here does it mean anything.
        const hasKey = [...known.values()].some((key) => key.owner === owner);
        if (!isSigned || !hasKey) return undefined;
      }
      return await verifySignature(request, {
        findKey: (keyId) => Promise.resolve(known.get(keyId)),
        owner,
        hasBody,
        nowS: nowS(),
        ageMaxS: limits.signatureAgeMaxS,
        ...(options.claim === undefined ? {} : { claim: options.claim }),
      });
    },
    async signAnswer(request, { status, contentType, body }) {
      const digest = contentDigest(body);
      const headers = { 'content-digest': digest, 'content-type': contentType };
      const isTyped = contentType !== undefined;
      const signed = await signMessage(
        { status, headers, request },
        {
          label: LABEL,
          covered: [
            '@status',
            'content-digest',
            ...(isTyped ? ['content-type'] : []),
            '@method;req',
            '@target-uri;req',
            // Which of several like requests it is the answer to.
            ...(request.headers['signature'] === undefined ? [] : ['signature;req']),
          ],
          keyId: jwk.kid,
          createdS: nowS(),
          sign: (base) => keys.sign(SIGNING_KEY, base),
        },
      );
      return { 'content-digest': digest, ...signed };
    },
  };
}

/** RFC 8037, named by its thumbprint (RFC 7638). */
function publicJwk(publicKey: Buffer) {
  const members = { crv: 'Ed25519', kty: 'OKP', x: publicKey.toString('base64url') };
  const kid = createHash('sha256').update(JSON.stringify(members)).digest('base64url');
  return { ...members, kid, alg: 'EdDSA', use: 'sig' };
}
