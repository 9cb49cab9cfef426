// What tests of tokens share: an issuer with keys of its own, tokens and proofs signed by them.
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { manualClock, parseInstant } from '#kernel';
import type { Instant } from '#kernel';
import { thumbprintOf } from '#platform';
import type { Database, PublicJwk, TokenAlgorithm } from '#platform';
import { openAuthenticator } from '../tokens/authenticator.ts';
import type { Authenticator, AuthenticatorOptions } from '../tokens/authenticator.ts';
import type { Presented } from '../tokens/credential.ts';
import { checkFreshness } from '../tokens/freshness.ts';
import { ownIssuer } from '../tokens/own-issuer.ts';

export const BANK = 'https://bank.test';
export const START = parseInstant('2026-11-22T10:00:00Z') as Instant;
export const limits = {
  tokensKeptMax: 100,
  tokenClockSkewMaxMs: 10_000,
  tokenProofAgeMaxMs: 60_000,
};

export interface TestKey {
  readonly algorithm: TokenAlgorithm;
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
}

export async function newKey(keyId: string, algorithm: TokenAlgorithm = 'ES256'): Promise<TestKey> {
  const { privateKey, publicKey } = pairOf(algorithm);
  const jwk = { ...(await exportJWK(publicKey)), kid: keyId, alg: algorithm, use: 'sig' };
  return { algorithm, privateKey, jwk };
}

function pairOf(algorithm: TokenAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2_048 });
}

export type Claims = Readonly<Record<string, unknown>>;

/** Signs claims; undefined members are left out. */
export async function sign(
  key: TestKey,
  claims: Claims,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const given = { alg: key.algorithm, kid: key.jwk['kid'], typ: 'at+jwt', ...header };
  const head = JSON.parse(JSON.stringify(given)) as { alg: string };
  return await new SignJWT({ ...claims }).setProtectedHeader(head).sign(key.privateKey);
}

export const secondsOf = (at: Instant): number => Math.floor(at / 1_000_000);

/** What our provider says of a person. */
export function claimsAt(now: Instant, changes: Claims = {}): Claims {
  const iat = secondsOf(now);
  return {
    iss: BANK,
    aud: `${BANK}/`,
    sub: 'usr_1',
    client_id: 'cli_web',
    jti: randomUUID(),
    sid: 'grant-1',
    tenant: 'main',
    roles: ['teller'],
    scope: 'accounts.read payments.write',
    amr: ['pwd', 'otp'],
    auth_time: iat - 60,
    iat,
    exp: iat + 300,
    ...changes,
  };
}

export interface ProofPart {
  readonly token: string;
  readonly now: Instant;
  readonly claims?: Claims;
  readonly header?: Readonly<Record<string, unknown>>;
}

const URL_OF_REQUEST = `${BANK}/v1/things`;

/** A DPoP proof for GET /v1/things. */
export async function prove(key: TestKey, part: ProofPart): Promise<string> {
  const { token, now, claims = {}, header = {} } = part;
  const { kid: _, alg: __, use: ___, ...jwk } = key.jwk;
  const ath = createHash('sha256').update(token).digest('base64url');
  const base = { jti: randomUUID(), htm: 'GET', htu: URL_OF_REQUEST, iat: secondsOf(now), ath };
  return await sign(
    key,
    { ...base, ...claims },
    { kid: undefined, typ: 'dpop+jwt', jwk, ...header },
  );
}

export function boundTo(key: TestKey): Claims {
  return { cnf: { jkt: thumbprintOf(key.jwk) } };
}

export function bearer(token: string, changes: Partial<Presented> = {}): Presented {
  const headers = { authorization: `Bearer ${token}` };
  return { method: 'GET', url: URL_OF_REQUEST, headers, certificate: undefined, ...changes };
}

export function dpop(token: string, proof: string | string[]): Presented {
  return bearer(token, { headers: { authorization: `DPoP ${token}`, dpop: proof } });
}

export interface TestAuthority {
  readonly clock: ReturnType<typeof manualClock>;
  /** What the issuer publishes; a test changes it as an issuer would. */
  readonly published: PublicJwk[];
  /** How often its keys were read. */
  readonly readings: { count: number };
  readonly key: TestKey;
  readonly authenticator: Authenticator;
  readonly token: (changes?: Claims) => Promise<string>;
  /** The subject, or the code and message of the refusal. */
  readonly told: (presented: Presented) => Promise<string>;
}

/** An authenticator that trusts one issuer, on a database. */
export async function openAuthority(
  database: Database,
  changes: Partial<AuthenticatorOptions> = {},
): Promise<TestAuthority> {
  const clock = manualClock(START);
  const key = await newKey('k1');
  const published = [key.jwk];
  const readings = { count: 0 };
  const publicKeys = (): Promise<PublicJwk[]> => {
    readings.count += 1;
    return Promise.resolve([...published]);
  };
  const authenticator = openAuthenticator({
    issuers: [ownIssuer({ issuer: BANK, publicKeys })],
    clock,
    checkFreshness: async (question) => {
      const [answer = 'revoked'] = await checkFreshness(database, [question]);
      return answer;
    },
    limits,
    ...changes,
  });
  return {
    clock,
    published,
    readings,
    key,
    authenticator,
    token: (part = {}) => sign(key, claimsAt(clock.now(), part)),
    told: (presented) => toldBy(authenticator, presented),
  };
}

export async function toldBy(authenticator: Authenticator, presented: Presented): Promise<string> {
  const identified = await authenticator.identify(presented);
  if (identified.ok) return identified.value.subject;
  const { code, message } = identified.refusal;
  return `${code}: ${message}`;
}
