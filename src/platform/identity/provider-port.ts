// Owns what identity and the OpenID provider inside of it say to each other, in words of ours: what
// the provider must be able to ask and to keep, and what can be asked of it. No vendor is named.

import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the provider keeps between two requests. */
export type ArtifactModel =
  | 'AccessToken'
  | 'AuthorizationCode'
  | 'ClientCredentials'
  | 'Grant'
  | 'Interaction'
  | 'PushedAuthorizationRequest'
  | 'RefreshToken'
  | 'Session';

/** The provider's own members; only those that are named mean something to others. */
export interface ArtifactContent {
  readonly [member: string]: unknown;
  readonly jti?: string | undefined;
  readonly uid?: string | undefined;
  readonly accountId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly grantId?: string | undefined;
  /** Seconds since 1970, when the person proved who they are. */
  readonly authTime?: number | undefined;
  readonly loginTs?: number | undefined;
  /** By client: which grants a login session has led to. */
  readonly authorizations?:
    Readonly<Record<string, { readonly grantId?: string | undefined }>> | undefined;
}

/** Where the provider keeps them. An id is a secret of whoever was given it. */
export interface Artifacts {
  save(
    model: ArtifactModel,
    id: string,
    artifact: { readonly content: ArtifactContent; readonly expiresInS: number },
  ): Promise<void>;
  find(model: ArtifactModel, id: string): Promise<ArtifactContent | undefined>;
  /** A login session by the name other artifacts have for it. */
  findSession(uid: string): Promise<ArtifactContent | undefined>;
  /** True for the first who asks. For whoever comes later everything of the grant is ended. */
  consume(model: ArtifactModel, id: string): Promise<boolean>;
  remove(model: ArtifactModel, id: string): Promise<void>;
  removeOfGrant(model: ArtifactModel, grant: string): Promise<void>;
}

/** A private key as a JSON Web Key. */
export type PrivateJwk = Readonly<Record<string, string>>;

/** Client metadata as in RFC 7591 §2; never has a secret in clear. */
export interface ProviderClient {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly isFapi: boolean;
  readonly isFirstParty: boolean;
  readonly scopes: readonly string[];
}

/** A token that is about to be issued. */
export interface TokenRequest {
  /** Undefined: the client acts for itself. */
  readonly subject: string | undefined;
  readonly clientId: string;
  /** How the client authenticated. */
  readonly clientAuthentication: string;
  /** Undefined where there is no person. */
  readonly grant: string | undefined;
  readonly scope: string;
  /** Whether the token is bound to a key or a certificate. */
  readonly binding: 'none' | 'dpop' | 'mtls';
  /** Seconds since 1970. */
  readonly authTime: number | undefined;
  readonly acr: string | undefined;
  readonly amr: readonly string[] | undefined;
}

/** An access token of ours whose signature, issuer and life are good. */
export interface TokenIdentity {
  readonly subject: string;
  readonly clientId: string;
  readonly session: string;
  readonly issuedAtS: number;
}

/** What tokens call their session. */
export interface NewGrant {
  readonly grant: string;
  readonly subject: string;
  readonly clientId: string;
  readonly factors: number;
  readonly amr: readonly string[];
  readonly lifetimeS: number;
}

/** A request that was refused, for the record. */
export interface ProviderRefusal {
  readonly endpoint: string;
  /** The error code of OAuth. */
  readonly error: string;
  /** Why in truth; not told to the caller. */
  readonly detail: string | undefined;
  readonly clientId: string | undefined;
}

export interface ProviderLifetimes {
  readonly accessTokenS: number;
  readonly authorizationCodeS: number;
  readonly idTokenS: number;
  readonly refreshTokenS: number;
  readonly grantS: number;
  readonly interactionS: number;
  readonly sessionS: number;
  /** Longest life of a client assertion. */
  readonly assertionS: number;
}

/** What the provider asks of whoever opened it. */
export interface ProviderQuestions {
  findClient(id: string): Promise<ProviderClient | undefined>;
  /** Whether the person exists and may have tokens. */
  isAccountActive(subject: string): Promise<boolean>;
  /**
   * Further claims of an access token, after the issue was recorded; undefined where it may not be
   * issued after all.
   */
  claimsOf(request: TokenRequest): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Whether the token was not ended before its time. */
  isTokenAlive(token: TokenIdentity): Promise<boolean>;
  revokeToken(token: TokenIdentity): Promise<void>;
  /** A person let a client act for them; told before the client has anything of it. */
  onGranted(grant: NewGrant): Promise<void>;
  /** True for the first who uses the proof. */
  useProof(proof: { maker: string; id: string; expiresAtS: number }): Promise<boolean>;
  /** Whether the secret presented is the one the metadata stand for. */
  isSecret(stored: string, presented: string): boolean;
  onRefused(refusal: ProviderRefusal): Promise<void>;
  /** Something failed that is nobody's refusal; answers whether trying again can help. */
  onFailed(error: unknown): { readonly isRetryable: boolean };
}

export interface ProviderEngineOptions extends ProviderQuestions {
  /** https://bank.example; every address the provider gives out begins with it. */
  readonly issuer: string;
  /** What access tokens are for. */
  readonly audience: string;
  /** Scopes of the bank's own interface. */
  readonly scopes: readonly string[];
  /** Private keys; of several of one algorithm the first signs, and all are published. */
  readonly keys: readonly PrivateJwk[];
  /** 32 random bytes each. */
  readonly cookieSecret: Buffer;
  readonly nonceSecret: Buffer;
  readonly lifetimes: ProviderLifetimes;
  readonly artifacts: Artifacts;
  /** The page where a person signs in or consents. */
  interactionPath(uid: string): string;
}

/** Why a person is needed. */
export interface PendingInteraction {
  readonly uid: string;
  readonly prompt: 'login' | 'consent';
  /** Why: no_session, max_age, login_prompt, second_factor, account_unavailable, … */
  readonly reasons: readonly string[];
  readonly client: { readonly id: string; readonly name: string; readonly isFirstParty: boolean };
  /** All scopes that were asked for, and those the person has not granted yet. */
  readonly scopes: readonly string[];
  readonly scopesMissing: readonly string[];
  /** Who is signed in in this browser already. */
  readonly subject: string | undefined;
  /** How many factors they proved, and how many the client asks for. */
  readonly factors: number;
  readonly factorsAsked: number;
  readonly loginHint: string | undefined;
  /** Where the browser goes in the end: the pages' forms may lead there. */
  readonly redirectUri: string | undefined;
}

/** What came of it. */
export type InteractionAnswer =
  | {
      readonly kind: 'login';
      readonly subject: string;
      readonly factors: 1 | 2;
      /** Methods by their names in RFC 8176: pwd, otp, hwk, mfa, … */
      readonly amr: readonly string[];
      /** Seconds since 1970; now unless given. */
      readonly authTimeS?: number;
    }
  | { readonly kind: 'consent' }
  | { readonly kind: 'refuse'; readonly reason: string };

export interface ProviderEngine {
  /** Answers any request to the provider's paths. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** What the browser that sends this request is in the middle of. */
  interaction(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<PendingInteraction | undefined>;
  /** Goes on with the authorization request by a redirect (303). False: there is none. */
  finish(
    request: IncomingMessage,
    response: ServerResponse,
    answer: InteractionAnswer,
  ): Promise<boolean>;
}

/** What a certificate must be issued for (RFC 8705 §2.1.2). */
export interface CertificateSubject {
  readonly kind:
    | 'tls_client_auth_subject_dn'
    | 'tls_client_auth_san_dns'
    | 'tls_client_auth_san_uri'
    | 'tls_client_auth_san_ip'
    | 'tls_client_auth_san_email';
  readonly value: string;
}

/** The certificate of a connection, and whether a trusted authority issued it. */
export interface PresentedCertificate {
  readonly certificate: X509Certificate;
  readonly isTrusted: boolean;
}
