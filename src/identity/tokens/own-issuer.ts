// Owns the tokens of our own provider (RFC 9068, with tenant, roles and customer): their claims are
// ours, so nothing is mapped, and a role we do not know is not given.

import type { PublicJwk, TokenClaims } from '#platform';
import { roles } from '../principal.ts';
import type { Principal, Role } from '../principal.ts';
import { factorsOf, isFor, textOf, textsOf, timeOf } from './claims.ts';
import type { Validity } from './claims.ts';
import { ACCESS_TOKEN_TYPE, strongAlgorithms } from './issuer.ts';
import type { TrustedIssuer } from './issuer.ts';
import { KeySet } from './key-set.ts';

export interface OwnIssuerOptions {
  /** The bank's own address, without a slash at its end. */
  readonly issuer: string;
  /** The public keys of the provider, from its table. */
  readonly publicKeys: () => Promise<readonly PublicJwk[]>;
}

/** The keys are at hand in the database, so they may be read often. */
const KEYS_AGE_MAX_MS = 30_000;
const KEYS_STALE_MAX_MS = 600_000;
const KEYS_COOL_DOWN_MS = 1_000;

export function ownIssuer({ issuer, publicKeys }: OwnIssuerOptions): TrustedIssuer {
  const keys = new KeySet({
    name: issuer,
    load: publicKeys,
    ageMaxMs: KEYS_AGE_MAX_MS,
    staleMaxMs: KEYS_STALE_MAX_MS,
    coolDownMs: KEYS_COOL_DOWN_MS,
  });
  const audience = `${issuer}/`;
  return {
    issuer,
    algorithms: strongAlgorithms,
    type: ACCESS_TOKEN_TYPE,
    keys,
    principalOf: (claims, validity) =>
      isFor(claims, audience) ? principalOf(claims, validity) : undefined,
  };
}

const SUBJECT = /^(usr|cli)_[A-Za-z0-9_-]{1,200}$/;

function principalOf(claims: TokenClaims, validity: Validity): Principal | undefined {
  const { subject, issuedAt } = validity;
  const kind = SUBJECT.exec(subject)?.[1] === 'usr' ? 'person' : 'client';
  const tenant = textOf(claims['tenant']);
  const clientId = textOf(claims['client_id']);
  const session = textOf(claims['sid']);
  const given = textsOf(claims['roles']);
  const methods = textsOf(claims['amr']);
  const scope = textsOf(claims['scope']);
  const customer = claims['customer'] === undefined ? subject : textOf(claims['customer']);
  if (!SUBJECT.test(subject) || tenant === undefined || clientId === undefined) return undefined;
  if (session === undefined || customer === undefined) return undefined;
  if (given === undefined || methods === undefined || scope === undefined) return undefined;
  return {
    subject,
    kind,
    tenant,
    roles: rolesAmong(given),
    scopes: new Set(scope),
    authentication: methods.length > 0 ? methods.join('+') : 'client_credentials',
    factors: kind === 'client' ? CLIENT_FACTORS : factorsOf(methods),
    authenticatedAt: timeOf(claims['auth_time']) ?? issuedAt,
    clientId,
    customer,
    session,
  };
}

/** A machine proves a key that it alone has, which a second factor would not better. */
export const CLIENT_FACTORS = 2;

/** The roles we know, once each. */
export function rolesAmong(names: readonly string[]): readonly Role[] {
  return roles.filter((role) => names.includes(role));
}
