// Who asks: a token that somebody else got, or a client of the bank that gets its own with a
// private key (private_key_jwt, RFC 7523) and binds each to a key of its own (DPoP, RFC 9449).

import type { webcrypto } from 'node:crypto';

export interface Proof {
  readonly method: string;
  readonly url: URL;
}

export interface Credentials {
  /** The headers that prove who asks, for one request. */
  headersFor(proof: Proof): Promise<Readonly<Record<string, string>>>;
  /** Told when a request was refused as unauthenticated: the next asks for a new token. */
  onRefused?(headers: Headers): void | Promise<void>;
}

/** A token as it is, or a function that knows a fresh one. */
export function fixedToken(token: string | (() => string | Promise<string>)): Credentials {
  return {
    async headersFor() {
      const value = typeof token === 'string' ? token : await token();
      return { authorization: `Bearer ${value}` };
    },
  };
}

export interface ClientCredentials {
  /** The address of the provider, as tokens name it in `iss`. */
  readonly issuer: string;
  readonly clientId: string;
  /** The client's private key (ES256): P-256, not extractable where the platform can. */
  readonly privateKey: webcrypto.CryptoKey;
  /** Of the registered public key, where the client has several. */
  readonly keyId?: string;
  readonly scope?: string;
  readonly fetch?: typeof globalThis.fetch;
}

interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** A token is renewed this long before it ends. */
const RENEWAL_MS = 30_000;
const ASSERTION_S = 60;

export function clientCredentials(options: ClientCredentials): Credentials {
  const send = options.fetch ?? globalThis.fetch;
  let token: Promise<Token> | undefined;
  let nonce: string | undefined;
  const proofKey = crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const fresh = async (): Promise<Token> => {
    const held = await token?.catch(() => undefined);
    if (held !== undefined && held.expiresAtMs - RENEWAL_MS > Date.now()) return held;
    token = request(options, send, await proofKey);
    return await token;
  };
  return {
    async headersFor({ method, url }) {
      const { value } = await fresh();
      const target = `${url.origin}${url.pathname}`;
      const proof = await proofOf(await proofKey, { method, target, token: value, nonce });
      return { authorization: `DPoP ${value}`, dpop: proof };
    },
    onRefused(headers) {
      nonce = headers.get('dpop-nonce') ?? nonce;
      token = undefined;
    },
  };
}

async function request(
  { issuer, clientId, privateKey, keyId, scope }: ClientCredentials,
  send: typeof globalThis.fetch,
  proofKey: webcrypto.CryptoKeyPair,
): Promise<Token> {
  const found = await send(new URL('/.well-known/openid-configuration', issuer));
  const { token_endpoint: endpoint } = (await found.json()) as { token_endpoint: string };
  const nowS = Math.floor(Date.now() / 1_000);
  const header = { alg: 'ES256', ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = { iss: clientId, sub: clientId, aud: issuer, jti: crypto.randomUUID() };
  const times = { iat: nowS, exp: nowS + ASSERTION_S };
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await sign(header, { ...claims, ...times }, privateKey),
    ...(scope === undefined ? {} : { scope }),
  });
  let nonce: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const dpop = await proofOf(proofKey, { method: 'POST', target: endpoint, nonce });
    const response = await send(endpoint, { method: 'POST', headers: { dpop }, body: form });
    const answer = (await response.json()) as Partial<Record<string, unknown>>;
    if (response.ok) {
      const lifeS = typeof answer['expires_in'] === 'number' ? answer['expires_in'] : 0;
      return { value: String(answer['access_token']), expiresAtMs: Date.now() + lifeS * 1_000 };
    }
    nonce = response.headers.get('dpop-nonce') ?? undefined;
    const isNonceWanted = answer['error'] === 'use_dpop_nonce' && nonce !== undefined;
    if (!isNonceWanted || attempt > 1) {
      throw new Error(
        `The bank gave no token: ${String(answer['error_description'] ?? answer['error'])}`,
      );
    }
  }
}

interface ProofOf {
  readonly method: string;
  /** The address without its query. */
  readonly target: string;
  readonly token?: string;
  readonly nonce?: string | undefined;
}

async function proofOf(
  key: webcrypto.CryptoKeyPair,
  { method, target, token, nonce }: ProofOf,
): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', key.publicKey);
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } };
  const claims = {
    jti: crypto.randomUUID(),
    htm: method,
    htu: target,
    iat: Math.floor(Date.now() / 1_000),
    ...(nonce === undefined ? {} : { nonce }),
    ...(token === undefined ? {} : { ath: await hashOf(token) }),
  };
  return await sign(header, claims, key.privateKey);
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return base64url(new Uint8Array(digest));
}

async function sign(header: object, claims: object, key: webcrypto.CryptoKey): Promise<string> {
  const encode = (part: object): string =>
    base64url(new TextEncoder().encode(JSON.stringify(part)));
  const signed = `${encode(header)}.${encode(claims)}`;
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
