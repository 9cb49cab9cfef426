// Owns the public keys of a client: which sets of keys may be registered (FAPI 2.0 Security Profile
// §5.4). Pure. A set with a private key is refused, and says nothing of it: the key is lost.

import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { accept, type Result } from '#kernel';
import { thumbprintOf } from '#platform';
import { noClient, type ClientRefusal, type ClientRefused } from './refusals.ts';

/** RFC 7517 §5, with public keys only, each with a kid of its own. */
export interface PublicKeySet {
  readonly keys: readonly PublicKey[];
}

export type PublicKey = Readonly<Record<string, string | readonly string[]>>;

const KEYS_MAX = 10;
const RSA_BITS_MIN = 2_048;
const RSA_BITS_MAX = 8_192;
const TEXT_CHARACTERS_MAX = 8_192;

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** The algorithm a key is for, by what it is; FAPI 2.0 has no others. */
const ALGORITHM_OF: Readonly<Record<string, string>> = {
  'EC P-256': 'ES256',
  'OKP Ed25519': 'EdDSA',
  RSA: 'PS256',
};

/** The set as it is kept: members that nobody needs are left out, and each key has its kid. */
export function readPublicKeys(
  given: unknown,
  { hasCertificates }: { readonly hasCertificates: boolean },
): Result<PublicKeySet, ClientRefusal> {
  const listed = isObject(given) && Array.isArray(given['keys']) ? given['keys'] : undefined;
  if (listed === undefined || listed.length === 0 || listed.length > KEYS_MAX) {
    return no(`The keys are a JSON Web Key Set of 1 to ${KEYS_MAX} keys (RFC 7517).`);
  }
  const keys: PublicKey[] = [];
  for (const each of listed as unknown[]) {
    const key = readKey(each, hasCertificates);
    if (typeof key === 'string') return no(key);
    if (keys.some(({ kid }) => kid === key['kid'])) return no('Two keys have the same kid.');
    keys.push(key);
  }
  return accept({ keys });
}

function no(message: string): ClientRefused {
  return noClient('client_keys_invalid', message, 'keys');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The key, or what is wrong with it. */
function readKey(given: unknown, hasCertificate: boolean): PublicKey | string {
  if (!isObject(given)) return 'A key is a JSON object.';
  if (PRIVATE_MEMBERS.some((name) => given[name] !== undefined)) {
    return 'A private or secret key was given. It is not kept here, but make another one.';
  }
  if (given['use'] !== undefined && given['use'] !== 'sig') return 'A key is for signatures.';
  const key = importKey(given);
  if (key === undefined) return 'A key cannot be read.';
  const { kty, crv } = given;
  const algorithm = ALGORITHM_OF[kty === 'RSA' ? 'RSA' : `${String(kty)} ${String(crv)}`];
  if (algorithm === undefined && !hasCertificate) return 'A key is RSA, P-256 or Ed25519.';
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) {
    return `An RSA key has ${RSA_BITS_MIN} to ${RSA_BITS_MAX} bits.`;
  }
  if (given['alg'] !== undefined && given['alg'] !== algorithm && given['alg'] !== 'Ed25519') {
    return 'A key is for PS256, ES256 or EdDSA.';
  }
  const kept = publicMembersOf(key);
  const kid = given['kid'] ?? thumbprintOf(kept);
  if (typeof kid !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(kid)) {
    return 'The kid of a key is 1 to 200 visible ASCII characters.';
  }
  const named: PublicKey = { ...kept, kid, use: 'sig' };
  if (!hasCertificate) return named;
  const certificates = certificatesOf(given['x5c'], key);
  return certificates === undefined
    ? 'The key of a certificate has the certificate itself as x5c.'
    : { ...named, x5c: certificates };
}

function importKey(given: Record<string, unknown>): KeyObject | undefined {
  const text = JSON.stringify(given);
  if (text.length > TEXT_CHARACTERS_MAX) return undefined;
  try {
    return createPublicKey({ key: given, format: 'jwk' });
  } catch {
    return undefined;
  }
}

// As Node writes it, so that nothing else of the given text is kept.
function publicMembersOf(key: KeyObject): Record<string, string> {
  return key.export({ format: 'jwk' }) as Record<string, string>;
}

// The first certificate must be of the key: its fingerprint is what the client is known by.
function certificatesOf(given: unknown, key: KeyObject): readonly string[] | undefined {
  if (!Array.isArray(given) || typeof given[0] !== 'string') return undefined;
  try {
    const certificate = new X509Certificate(Buffer.from(given[0], 'base64'));
    const isSame = certificate.publicKey.equals(key);
    return isSame ? [certificate.raw.toString('base64')] : undefined;
  } catch {
    return undefined;
  }
}
