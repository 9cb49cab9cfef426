// Owns the signature algorithms of RFC 9421 §3.3 that are taken, each with the one kind of key it
// may be used with. A key says its algorithm; what a message says of it is only compared.
import { createHmac, constants, sign, timingSafeEqual, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export const signatureAlgorithms = [
  'ed25519',
  'ecdsa-p256-sha256',
  'rsa-pss-sha512',
  'hmac-sha256',
] as const;

export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

const RSA_BITS_MIN = 2_048;
const SECRET_BYTES_MIN = 32;
const PSS_SALT_BYTES = 64;

/** Whether the key is one of the algorithm, and long enough. */
export function isKeyOf(algorithm: SignatureAlgorithm, key: KeyObject): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  switch (algorithm) {
    case 'ed25519':
      return type === 'ed25519';
    case 'ecdsa-p256-sha256':
      return type === 'ec' && details?.namedCurve === 'prime256v1';
    case 'rsa-pss-sha512':
      return (
        (type === 'rsa' || type === 'rsa-pss') && (details?.modulusLength ?? 0) >= RSA_BITS_MIN
      );
    case 'hmac-sha256':
      return key.type === 'secret' && (key.symmetricKeySize ?? 0) >= SECRET_BYTES_MIN;
  }
}

export function signBytes(algorithm: SignatureAlgorithm, key: KeyObject, bytes: Buffer): Buffer {
  switch (algorithm) {
    case 'ed25519':
      return sign(null, bytes, key);
    case 'ecdsa-p256-sha256':
      return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
    case 'rsa-pss-sha512':
      return sign('sha512', bytes, pss(key));
    case 'hmac-sha256':
      return createHmac('sha256', key).update(bytes).digest();
  }
}

export function verifyBytes(
  { algorithm, key }: { readonly algorithm: SignatureAlgorithm; readonly key: KeyObject },
  bytes: Buffer,
  signature: Buffer,
): boolean {
  if (!isKeyOf(algorithm, key)) return false;
  switch (algorithm) {
    case 'ed25519':
      return verify(null, bytes, key, signature);
    case 'ecdsa-p256-sha256':
      return verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
    case 'rsa-pss-sha512':
      return verify('sha512', bytes, pss(key), signature);
    case 'hmac-sha256': {
      const expected = signBytes(algorithm, key, bytes);
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    }
  }
}

function pss(key: KeyObject) {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES };
}
