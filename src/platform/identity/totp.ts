// Owns one-time passwords by time (TOTP, RFC 6238), through otpauth. A code is six digits of a step
// of 30 seconds, by SHA-1: what every authenticator application knows. Pure but for the secret.

import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

const TOTP_PERIOD_S = 30;
const DIGITS = 6;
const SECRET_BYTES = 20;

export interface TotpEnrolment {
  readonly secret: Buffer;
  /** Who asks, as the application shows it. */
  readonly issuer: string;
  /** Whose it is, as the application shows it. */
  readonly label: string;
}

/** 160 random bits, as long as the hash (RFC 4226 §4, R6). */
export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** What an authenticator application reads from a QR code. */
export function totpUri({ secret, issuer, label }: TotpEnrolment): string {
  return new TOTP({ ...shape(secret), issuer, label }).toString();
}

/** The secret as a person types it: Base32 in groups of four. */
export function totpText(secret: Buffer): string {
  return secretOf(secret).base32.replaceAll(/(.{4})(?=.)/g, '$1 ');
}

/** The code of a moment. */
export function totpAt(secret: Buffer, ms: number): string {
  return new TOTP(shape(secret)).generate({ timestamp: ms });
}

/**
 * The time step whose code this is: the current one, the one before or the one after, as clocks
 * differ; undefined when it is none of theirs.
 */
export function totpStepOf(secret: Buffer, code: string, ms: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = new TOTP(shape(secret)).validate({ token: code, timestamp: ms, window: 1 });
  return delta === null ? undefined : Math.floor(ms / 1_000 / TOTP_PERIOD_S) + delta;
}

function shape(secret: Buffer) {
  return { secret: secretOf(secret), algorithm: 'SHA1', digits: DIGITS, period: TOTP_PERIOD_S };
}

// A Buffer may be a window into a larger block of memory; the library takes the whole block.
function secretOf(secret: Buffer): Secret {
  return new Secret({ buffer: Uint8Array.from(secret).buffer });
}
