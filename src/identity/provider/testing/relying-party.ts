// Clients for tests, by the certified library: one of the FAPI 2.0 profile with its own keys, and
// the way through an authorization, each step of which a test can spoil.

import { SignJWT } from 'jose';
import * as oauth from 'openid-client';
import type { NewClient } from '../../clients/client.ts';
import type { PublicKeySet } from '../../clients/public-keys.ts';
import type { ProviderBank } from './bank.ts';
import { Browser, type Landed } from './browser.ts';

export type KeyPair = Awaited<ReturnType<typeof oauth.randomDPoPKeyPair>>;

export const BACK = 'https://client.example/back';

export interface RelyingParty {
  readonly id: string;
  readonly config: oauth.Configuration;
  /** With which it authenticates. */
  readonly key: KeyPair;
  readonly dpop: oauth.DPoPHandle;
}

// oxlint-disable-next-line typescript/no-deprecated -- The server of a test has no certificate.
export const overPlainHttp = oauth.allowInsecureRequests;

export async function newKey(algorithm = 'ES256'): Promise<KeyPair> {
  return await oauth.randomDPoPKeyPair(algorithm, { extractable: true });
}

export async function publicSet(...pairs: readonly KeyPair[]): Promise<PublicKeySet> {
  const keys = await Promise.all(
    pairs.map(async ({ publicKey }, index) => {
      const { kty = '', crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', publicKey);
      const members = { kty, crv, x, y, n, e, kid: `key-${index}` };
      return JSON.parse(JSON.stringify(members)) as Record<string, string>;
    }),
  );
  return { keys };
}

export async function fapiClient(
  bank: ProviderBank,
  given: Partial<NewClient> & { readonly algorithm?: string } = {},
): Promise<RelyingParty> {
  const { algorithm, ...client } = given;
  const key = await newKey(algorithm);
  const registered = await bank.register({
    profile: 'fapi2',
    authentication: 'private_key_jwt',
    binding: 'dpop',
    keys: await publicSet(key),
    ...client,
  });
  const { id } = registered.client;
  const config = await oauth.discovery(
    new URL(bank.issuer),
    id,
    undefined,
    oauth.PrivateKeyJwt({ key: key.privateKey, kid: 'key-0' }),
    { execute: [overPlainHttp] },
  );
  return { id, config, key, dpop: oauth.getDPoPHandle(config, await newKey()) };
}

export interface Authorized {
  readonly landed: Landed;
  readonly verifier: string;
  readonly browser: Browser;
}

/** Pushes the request and follows the browser to where the person ends up. */
export async function authorize(
  party: RelyingParty,
  parameters: Readonly<Record<string, string>> = {},
  browser = new Browser(),
): Promise<Authorized> {
  const verifier = oauth.randomPKCECodeVerifier();
  const url = await oauth.buildAuthorizationUrlWithPAR(party.config, {
    redirect_uri: BACK,
    scope: 'openid accounts.read',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  return { landed: await browser.go(url), verifier, browser };
}

export async function exchange(
  party: RelyingParty,
  { landed, verifier }: Authorized,
): Promise<oauth.TokenEndpointResponse & oauth.TokenEndpointResponseHelpers> {
  return await oauth.authorizationCodeGrant(
    party.config,
    landed.url,
    { pkceCodeVerifier: verifier },
    {},
    { DPoP: party.dpop },
  );
}

export function claimsOf(token: string): Record<string, unknown> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

export const nowS = (): number => Math.floor(Date.now() / 1_000);

/** An assertion by which a client authenticates; what is given replaces what is right. */
export async function assertion(
  bank: ProviderBank,
  { id, key }: Pick<RelyingParty, 'id' | 'key'>,
  claims: Readonly<Record<string, unknown>> = {},
  header: { readonly alg?: string; readonly signer?: KeyPair['privateKey'] } = {},
): Promise<Record<string, string>> {
  const now = nowS();
  const right = { iss: id, sub: id, aud: bank.issuer, jti: crypto.randomUUID(), iat: now };
  const jwt = await new SignJWT({ ...right, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: header.alg ?? 'ES256', kid: 'key-0' })
    .sign(header.signer ?? key.privateKey);
  return {
    client_id: id,
    client_assertion: jwt,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  };
}

/** A DPoP proof; what is given replaces what is right. */
export async function proof(
  pair: KeyPair,
  url: string,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const right = { jti: crypto.randomUUID(), htm: 'POST', htu: url, iat: nowS() };
  return await new SignJWT({ ...right, ...claims })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } as never })
    .sign(pair.privateKey);
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** A form posted to an endpoint. */
export async function post(
  url: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers,
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : { text };
  return { status: response.status, headers: response.headers, body };
}
