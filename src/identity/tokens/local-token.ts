// Owns tokens for whoever has the machine: short, signed with a key of the installation, recorded.
// They need no secret to be kept: who can read the keys can sign anything anyway.

import { record } from '#audit';
import { assert, MINUTE_US, msOf, newUuid } from '#kernel';
import type { Keys, PublicJwk, Transaction } from '#platform';
import { providerActions } from '../audit-actions.ts';
import type { Role } from '../principal.ts';
import { textOf, textsOf } from './claims.ts';
import { ACCESS_TOKEN_TYPE } from './issuer.ts';
import type { TrustedIssuer } from './issuer.ts';
import { KeySet } from './key-set.ts';
import { rolesAmong } from './own-issuer.ts';

const LOCAL_ISSUER = 'florin:local';
export const LOCAL_MINUTES_MAX = 60;

/** Of the installation's keys: the one that signs these tokens. */
const KEY_NAME = 'local-token';
/** To be here needs the machine and its user's login: as good as two factors. */
const FACTORS = 2;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

export interface LocalTokenRequest {
  /** Who runs the command: letters, digits and ._- */
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly Role[];
  readonly minutes: number;
}

/** Signs a token, and records that it was given out. */
export async function mintLocalToken(tx: Transaction, request: LocalTokenRequest): Promise<string> {
  const { name, tenant, roles, minutes } = request;
  assert(NAME.test(name), 'the name of a local token is letters, digits and ._-');
  assert(minutes > 0 && minutes <= LOCAL_MINUTES_MAX, 'a local token is short');
  const id = newUuid(msOf(tx.now));
  const subject = `local:${name}`;
  const issuedAt = secondsOf(tx.now);
  const header = { alg: 'EdDSA', kid: KEY_NAME, typ: ACCESS_TOKEN_TYPE };
  const claims = {
    iss: LOCAL_ISSUER,
    aud: LOCAL_ISSUER,
    sub: subject,
    jti: id,
    sid: `local:${id}`,
    iat: issuedAt,
    exp: issuedAt + (minutes * MINUTE_US) / SECONDS,
    tenant,
    roles,
  };
  const text = `${encode(header)}.${encode(claims)}`;
  const signature = await tx.keys.sign(KEY_NAME, Buffer.from(text));
  const action = providerActions['identity.local_token.issue'];
  const after = { roles: [...roles], minutes, session: claims.sid };
  await record(tx, [{ action, target: subject, after }]);
  return `${text}.${signature.toString('base64url')}`;
}

const SECONDS = 1_000_000;

// Rounded down: a token is never from the future.
function secondsOf(us: number): number {
  return Math.floor(us / SECONDS);
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** The installation itself as an issuer. */
export function localIssuer(keys: Keys): TrustedIssuer {
  return {
    issuer: LOCAL_ISSUER,
    algorithms: ['EdDSA'],
    type: ACCESS_TOKEN_TYPE,
    // The key never changes.
    keys: new KeySet({
      name: LOCAL_ISSUER,
      load: async () => [await publicKeyOf(keys)],
      ageMaxMs: Infinity,
      staleMaxMs: Infinity,
      coolDownMs: 1_000,
    }),
    principalOf(claims, { subject, issuedAt, expiresAt }) {
      const tenant = textOf(claims['tenant']);
      const session = textOf(claims['sid']);
      const given = textsOf(claims['roles']);
      const isLong = expiresAt - issuedAt > LOCAL_MINUTES_MAX * MINUTE_US;
      if (claims['aud'] !== LOCAL_ISSUER || isLong || !subject.startsWith('local:'))
        return undefined;
      if (tenant === undefined || session === undefined || given === undefined) return undefined;
      return {
        subject,
        kind: 'local',
        tenant,
        roles: rolesAmong(given),
        scopes: undefined,
        authentication: 'local',
        factors: FACTORS,
        authenticatedAt: issuedAt,
        clientId: undefined,
        customer: subject,
        session,
      };
    },
  };
}

async function publicKeyOf(keys: Keys): Promise<PublicJwk> {
  const x = (await keys.publicKey(KEY_NAME)).toString('base64url');
  return { kty: 'OKP', crv: 'Ed25519', kid: KEY_NAME, use: 'sig', alg: 'EdDSA', x };
}
