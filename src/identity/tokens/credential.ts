// Owns what a request presents to say who asks: one access token, by one of two schemes, and what
// the token may be bound to. Nothing is believed here; tokens in a query or a body are not looked
// for (RFC 9700 §4.3.2).

import { accept, refuse } from '#kernel';
import type { Refusal, Result } from '#kernel';

/** A credential as it came over the wire, and what it must be bound to. */
export interface Presented {
  readonly method: string;
  /** Absolute, without query and fragment, as DPoP wants it (RFC 9449 §4.3). */
  readonly url: string;
  /** All values of each header, by its lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The client certificate of the connection, DER, where TLS was asked for one (RFC 8705). */
  readonly certificate: Buffer | undefined;
}

export type CredentialRefusalCode =
  'unauthenticated' | 'token_invalid' | 'proof_invalid' | 'proof_nonce_required';

/** Why a request proves nobody. */
export interface CredentialRefusal extends Refusal {
  readonly code: CredentialRefusalCode;
  /** The nonce the next proof must hold, where one is asked for. */
  readonly nonce?: string;
}

export type Scheme = 'bearer' | 'dpop';

export interface Credential {
  readonly scheme: Scheme;
  readonly token: string;
}

const TOKEN_LENGTH_MAX = 8_192;
/** RFC 6750 §2.1 and RFC 9449 §7.1: a scheme, spaces, and characters of token68. */
const AUTHORIZATION = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*)$/;

export function readCredential(
  headers: Presented['headers'],
): Result<Credential, CredentialRefusal> {
  const given = headers['authorization'];
  if (given === undefined) return refuseCredential('unauthenticated', 'No access token is given.');
  if (typeof given !== 'string') {
    return refuseCredential('token_invalid', 'The authorization header is given twice.');
  }
  const [, name = '', token = ''] = AUTHORIZATION.exec(given) ?? [];
  const scheme = name.toLowerCase();
  if (scheme !== 'bearer' && scheme !== 'dpop') {
    const message = 'The authorization header must hold "Bearer" or "DPoP" and an access token.';
    return refuseCredential('unauthenticated', message);
  }
  if (token.length > TOKEN_LENGTH_MAX) {
    return refuseCredential('token_invalid', 'The access token is too long.');
  }
  return accept({ scheme, token });
}

/** The one DPoP header; undefined where there is none or more than one (RFC 9449 §4.3). */
export function readProof(headers: Presented['headers']): string | undefined {
  const given = headers['dpop'];
  return typeof given === 'string' && given.length <= TOKEN_LENGTH_MAX ? given : undefined;
}

export function refuseCredential(code: CredentialRefusalCode, message: string) {
  const param = code === 'proof_invalid' ? 'dpop' : 'authorization';
  return refuse<CredentialRefusal>({ code, message, param });
}
