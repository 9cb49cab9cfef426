// Owns the answer to who asks: one token, genuine, in time, bound to nothing or to what was shown,
// not revoked, its proof new. A signature is checked once a token; everything that can change is
// checked with every request. Whatever is not proven is a no.

import { createHash } from 'node:crypto';
import { accept, instantOf, MILLISECOND_US } from '#kernel';
import type { Clock, Instant, Result } from '#kernel';
import { importKey, isSignedBy, readToken } from '#platform';
import type { UnverifiedToken, VerifyingKey } from '#platform';
import type { Principal } from '../principal.ts';
import { invalidityAt, validityOf } from './claims.ts';
import type { Validity } from './claims.ts';
import { readCredential, readProof, refuseCredential } from './credential.ts';
import type { Credential, CredentialRefusal, Presented } from './credential.ts';
import type { Freshness, FreshnessQuestion } from './freshness.ts';
import type { NewProof } from './freshness-store.ts';
import { strongAlgorithms } from './issuer.ts';
import type { TrustedIssuer } from './issuer.ts';
import type { ProofNonces } from './proof-nonce.ts';
import { fingerprintOf, flawOf, hashOf } from './proof.ts';
import { TokenCache } from './token-cache.ts';

export interface AuthenticatorLimits {
  readonly tokensKeptMax: number;
  readonly tokenClockSkewMaxMs: number;
  readonly tokenProofAgeMaxMs: number;
}

export interface AuthenticatorOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly clock: Clock;
  /** Asked with every request; answers many at once. */
  readonly checkFreshness: (question: FreshnessQuestion) => Promise<Freshness>;
  readonly limits: AuthenticatorLimits;
  /** Where proofs must hold a nonce of ours. */
  readonly nonces?: ProofNonces | undefined;
}

export interface Authenticator {
  /** Who asks. A Fault where that cannot be known now. */
  identify(presented: Presented): Promise<Result<Principal, CredentialRefusal>>;
}

/** A token that its issuer signed. */
interface Genuine {
  readonly issuer: TrustedIssuer;
  readonly keyId: string;
  readonly principal: Principal;
  readonly validity: Validity;
}

type No = Result<never, CredentialRefusal>;

export function openAuthenticator(options: AuthenticatorOptions): Authenticator {
  const verifier = new TokenVerifier(options);
  const proofs = new ProofVerifier(options);
  const { clock, checkFreshness, limits } = options;
  const skewUs = limits.tokenClockSkewMaxMs * MILLISECOND_US;
  return {
    async identify(presented) {
      const credential = readCredential(presented.headers);
      if (!credential.ok) return credential;
      const { token } = credential.value;
      const hash = hashOf(token);
      const genuine = await verifier.verify(token, hash);
      if (genuine === undefined)
        return invalid('The access token is not one of an issuer we know.');
      const { principal, validity } = genuine;
      const now = clock.now();
      const invalidity = invalidityAt(validity, now, skewUs);
      if (invalidity !== undefined) return invalid(`The access token is ${invalidity}.`);
      const unbound = bindingFlaw(credential.value, validity, presented);
      if (unbound !== undefined) return unbound;
      const { keyThumbprint } = validity.binding;
      const proof =
        keyThumbprint === undefined
          ? accept(undefined)
          : await proofs.verify(presented, { tokenHash: hash, keyThumbprint, now });
      if (!proof.ok) return proof;
      const { subject, session } = principal;
      const { issuedAt } = validity;
      const freshness = await checkFreshness({ subject, session, issuedAt, proof: proof.value });
      if (freshness === 'revoked') return invalid('The access token is revoked.');
      if (freshness === 'proof used before') {
        return refuseCredential('proof_invalid', 'The DPoP proof was used before.');
      }
      return accept(principal);
    },
  };
}

function invalid(message: string): No {
  return refuseCredential('token_invalid', message);
}

/** A token bound to a key or certificate is worth nothing to whoever does not show it. */
function bindingFlaw(
  { scheme }: Credential,
  { binding }: Validity,
  { certificate }: Presented,
): No | undefined {
  const { keyThumbprint, certificateThumbprint } = binding;
  if (keyThumbprint !== undefined && scheme !== 'dpop') {
    return invalid('The access token is bound to a key; it needs the scheme DPoP and a proof.');
  }
  if (keyThumbprint === undefined && scheme === 'dpop') {
    return invalid('The access token is not bound to a key; the scheme DPoP is not for it.');
  }
  if (certificateThumbprint === undefined) return undefined;
  const shown = certificate && createHash('sha256').update(certificate).digest('base64url');
  return shown === certificateThumbprint
    ? undefined
    : invalid('The access token is bound to a certificate that the connection did not show.');
}

class TokenVerifier {
  readonly #issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly #cache: TokenCache<Genuine>;

  constructor({ issuers, limits }: AuthenticatorOptions) {
    this.#issuers = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
    this.#cache = new TokenCache(limits.tokensKeptMax);
  }

  async verify(token: string, hash: string): Promise<Genuine | undefined> {
    const known = this.#cache.get(hash);
    if (known !== undefined) {
      await known.issuer.keys.refresh();
      // A key that its issuer took back ends what it signed.
      if (known.issuer.keys.has(known.keyId)) return known;
      this.#cache.delete(hash);
    }
    const genuine = await this.#read(token);
    if (genuine !== undefined) this.#cache.set(hash, genuine);
    return genuine;
  }

  async #read(token: string): Promise<Genuine | undefined> {
    const read = readToken(token);
    const name = read?.claims['iss'];
    const issuer = typeof name === 'string' ? this.#issuers.get(name) : undefined;
    if (read === undefined || issuer === undefined || read.keyId === undefined) return undefined;
    const { algorithm, keyId, claims } = read;
    if (!issuer.algorithms.includes(algorithm)) return undefined;
    if (issuer.type !== undefined && read.type !== issuer.type) return undefined;
    const key = await issuer.keys.find(keyId, algorithm);
    if (key === undefined || !(await isSignedBy(token, key))) return undefined;
    const validity = validityOf(claims);
    const principal = validity && issuer.principalOf(claims, validity);
    return principal && { issuer, keyId, principal, validity };
  }
}

interface ProofContext {
  readonly tokenHash: string;
  readonly keyThumbprint: string;
  readonly now: Instant;
}

/** How long after its last possible use a proof is remembered, for machines whose clocks differ. */
const PROOF_MARGIN_US = 60_000_000;

class ProofVerifier {
  readonly #ageMaxUs: number;
  readonly #skewUs: number;
  readonly #nonces: ProofNonces | undefined;
  readonly #keys: TokenCache<VerifyingKey>;

  constructor({ limits, nonces }: AuthenticatorOptions) {
    this.#ageMaxUs = limits.tokenProofAgeMaxMs * MILLISECOND_US;
    this.#skewUs = limits.tokenClockSkewMaxMs * MILLISECOND_US;
    this.#nonces = nonces;
    this.#keys = new TokenCache(limits.tokensKeptMax);
  }

  async verify(
    { headers, method, url }: Presented,
    { tokenHash, keyThumbprint, now }: ProofContext,
  ): Promise<Result<NewProof, CredentialRefusal>> {
    const text = readProof(headers);
    const proof = text === undefined ? undefined : readToken(text);
    if (text === undefined || proof === undefined) {
      return refuseCredential('proof_invalid', 'The request needs one DPoP proof.');
    }
    const [ageMaxUs, skewUs] = [this.#ageMaxUs, this.#skewUs];
    const flaw = flawOf(proof, {
      method,
      url,
      tokenHash,
      keyThumbprint,
      algorithms: strongAlgorithms,
      now,
      ageMaxUs,
      skewUs,
    });
    if (flaw !== undefined) {
      return refuseCredential('proof_invalid', `The DPoP proof is wrong. ${flaw}`);
    }
    const key = await this.#keyOf(proof, keyThumbprint);
    if (key === undefined || !(await isSignedBy(text, key))) {
      return refuseCredential('proof_invalid', 'The DPoP proof is not signed by its key.');
    }
    const nonce = this.#nonceWanted(proof, now);
    if (nonce !== undefined) return nonce;
    const expiresAt = instantOf(now + ageMaxUs + skewUs + PROOF_MARGIN_US) ?? now;
    return accept({ proof: fingerprintOf(proof, keyThumbprint), expiresAt });
  }

  #nonceWanted(proof: UnverifiedToken, now: Instant): No | undefined {
    const nonces = this.#nonces;
    if (nonces === undefined || nonces.isValid(proof.claims['nonce'], now)) return undefined;
    const message = 'The DPoP proof needs the nonce of the header DPoP-Nonce.';
    const { refusal } = refuseCredential('proof_nonce_required', message);
    return { ok: false, refusal: { ...refusal, nonce: nonces.current(now) } };
  }

  // Reading a key costs as much as checking a signature with it, and a client has one for long.
  async #keyOf(
    { jwk = {}, algorithm }: UnverifiedToken,
    keyThumbprint: string,
  ): Promise<VerifyingKey | undefined> {
    const name = `${algorithm} ${keyThumbprint}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = await importKey(jwk, algorithm);
    if (key !== undefined) this.#keys.set(name, key);
    return key;
  }
}
