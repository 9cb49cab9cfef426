// Owns what the claims of a verified token mean, whoever issued it: when it is valid, what it is
// bound to, by how many factors its subject was recognised. Pure; a claim of another form than
// expected is never guessed at.

import { instantOfMs } from '#kernel';
import type { Instant } from '#kernel';
import type { TokenClaims } from '#platform';

/** What every access token must say, by whomever it was issued. */
export interface Validity {
  readonly subject: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  /** Not before this. */
  readonly validFrom: Instant;
  readonly binding: Binding;
}

/** What the bearer must prove as well (RFC 7800): a key of his own, a certificate, or nothing. */
export interface Binding {
  /** RFC 9449 §6.1. */
  readonly keyThumbprint: string | undefined;
  /** RFC 8705 §3.1. */
  readonly certificateThumbprint: string | undefined;
}

const TEXT_LENGTH_MAX = 255;

/** Undefined where a claim is missing or of another form. */
export function validityOf(claims: TokenClaims): Validity | undefined {
  const subject = textOf(claims['sub']);
  const issuedAt = timeOf(claims['iat']);
  const expiresAt = timeOf(claims['exp']);
  const validFrom = claims['nbf'] === undefined ? issuedAt : timeOf(claims['nbf']);
  const binding = bindingOf(claims['cnf']);
  if (subject === undefined || issuedAt === undefined || expiresAt === undefined) return undefined;
  if (validFrom === undefined || binding === undefined) return undefined;
  return { subject, issuedAt, expiresAt, validFrom, binding };
}

// A confirmation that is not known here cannot be checked, so the token is no good (RFC 7800 §3.1).
function bindingOf(confirmation: unknown): Binding | undefined {
  const none = { keyThumbprint: undefined, certificateThumbprint: undefined };
  if (confirmation === undefined) return none;
  if (typeof confirmation !== 'object' || confirmation === null) return undefined;
  const entries = Object.entries(confirmation);
  let binding: Binding | undefined;
  for (const [name, value] of entries) {
    const thumbprint = typeof value === 'string' && THUMBPRINT.test(value) ? value : undefined;
    if (thumbprint === undefined) return undefined;
    if (name === 'jkt') binding = { ...(binding ?? none), keyThumbprint: thumbprint };
    else if (name === 'x5t#S256') {
      binding = { ...(binding ?? none), certificateThumbprint: thumbprint };
    } else return undefined;
  }
  return binding;
}

const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

export function textOf(value: unknown): string | undefined {
  const isText = typeof value === 'string' && value.length > 0 && value.length <= TEXT_LENGTH_MAX;
  return isText ? value : undefined;
}

const TEXTS_MAX = 200;

/** A list of texts, or one text of words; undefined of anything else. */
export function textsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return [];
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  if (!Array.isArray(value) || value.length > TEXTS_MAX) return undefined;
  return value.every((item) => typeof item === 'string') ? value : undefined;
}

/** A NumericDate (RFC 7519 §2). */
export function timeOf(value: unknown): Instant | undefined {
  const isTime = typeof value === 'number' && value >= 0 && value < SECONDS_MAX;
  return isTime ? instantOfMs(value * 1_000) : undefined;
}

/** The year 2255, up to which an Instant is exact. */
const SECONDS_MAX = 9_000_000_000;

/** Whether the audience of a token names us (RFC 7519 §4.1.3). */
export function isFor(claims: TokenClaims, audience: string): boolean {
  const named = claims['aud'];
  return named === audience || (Array.isArray(named) && named.includes(audience));
}

/** What each method of RFC 8176 proves: something known, had, or been. */
const factorKinds: Readonly<Record<string, 'known' | 'had' | 'been'>> = {
  pwd: 'known',
  pin: 'known',
  kba: 'known',
  otp: 'had',
  hwk: 'had',
  swk: 'had',
  sc: 'had',
  sms: 'had',
  tel: 'had',
  face: 'been',
  fpt: 'been',
  iris: 'been',
  retina: 'been',
  vbm: 'been',
};

/** How many independent factors the methods of authentication (RFC 8176) prove. */
export function factorsOf(methods: readonly string[]): number {
  const kinds = new Set<string>();
  for (const method of methods) {
    const kind = Object.hasOwn(factorKinds, method) ? factorKinds[method] : undefined;
    if (kind !== undefined) kinds.add(kind);
  }
  // "mfa" says that it was more than one, also where the others are not told.
  return methods.includes('mfa') ? Math.max(2, kinds.size) : kinds.size;
}

export type Invalidity = 'expired' | 'not yet valid' | 'issued in the future';

/** Clocks of two machines differ; the skew is granted on either side. */
export function invalidityAt(
  { issuedAt, expiresAt, validFrom }: Validity,
  now: Instant,
  skewUs: number,
): Invalidity | undefined {
  if (now >= expiresAt + skewUs) return 'expired';
  if (now + skewUs < validFrom) return 'not yet valid';
  return now + skewUs < issuedAt ? 'issued in the future' : undefined;
}
