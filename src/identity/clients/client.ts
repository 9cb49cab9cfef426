// Owns the noun client: a program that asks for tokens, for people or for itself, and the rules a
// client must obey to be registered. Pure. A client of the FAPI 2.0 profile can be nothing that the
// profile forbids, so no request of it needs to be asked again whether it may.

import { isId, type Id, type Instant } from '#kernel';
import type { CertificateSubject } from '#platform';
import { roles as allRoles, type Role } from '../principal.ts';
import type { PublicKeySet } from './public-keys.ts';
import { noClient, type ClientRefused } from './refusals.ts';
import { apiScopes, isScope } from './scopes.ts';

export type ClientId = Id<'cli'>;

export const clientProfiles = ['standard', 'fapi2'] as const;
export const clientAuthentications = [
  'none',
  'client_secret_basic',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
] as const;
export const clientBindings = ['none', 'dpop', 'mtls'] as const;
export const clientGrants = ['authorization_code', 'refresh_token', 'client_credentials'] as const;

export type ClientProfile = (typeof clientProfiles)[number];
export type ClientAuthentication = (typeof clientAuthentications)[number];
/** What its tokens are bound to. */
export type ClientBinding = (typeof clientBindings)[number];
export type ClientGrant = (typeof clientGrants)[number];

/** What somebody says of a client when registering it. */
export interface NewClient {
  readonly name: string;
  readonly tenant: string;
  /** What it may do when it acts for itself. */
  readonly roles: readonly Role[];
  /** On whose behalf it acts when it acts for itself. */
  readonly customer?: string | undefined;
  readonly profile: ClientProfile;
  readonly authentication: ClientAuthentication;
  readonly binding: ClientBinding;
  readonly grants: readonly ClientGrant[];
  readonly scopes: readonly string[];
  readonly redirectUris: readonly string[];
  readonly logoutUris: readonly string[];
  readonly isFirstParty: boolean;
  /** Its public keys; the private ones never leave it. */
  readonly keys?: PublicKeySet | undefined;
  readonly certificate?: CertificateSubject | undefined;
}

export interface OauthClient extends NewClient {
  readonly id: ClientId;
  /** Runs on a device of its user. */
  readonly isNative: boolean;
  readonly state: 'active' | 'disabled';
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

export function isClientId(text: string): text is ClientId {
  return isId('cli', text);
}

const TENANT = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const NAME_CHARACTERS_MAX = 100;
const CUSTOMER = /^[\x21-\x7e]{1,200}$/;
const URIS_MAX = 16;
const URI_CHARACTERS_MAX = 1_000;

/** Undefined where the client may be registered. */
export function checkNewClient(client: NewClient): ClientRefused | undefined {
  return (
    checkNames(client) ??
    checkGrants(client) ??
    checkUris(client) ??
    checkProofs(client) ??
    checkProfile(client)
  );
}

function checkNames(client: NewClient): ClientRefused | undefined {
  const { name, tenant, customer, roles, scopes } = client;
  if (name.trim() === '' || name.length > NAME_CHARACTERS_MAX || /\p{Cc}/u.test(name)) {
    const message = `A client has a name of 1 to ${NAME_CHARACTERS_MAX} characters.`;
    return noClient('client_invalid', message, 'name');
  }
  if (!TENANT.test(tenant)) {
    const message = 'A tenant is named by lower-case letters, digits, _ and -.';
    return noClient('client_invalid', message, 'tenant');
  }
  if (customer !== undefined && !CUSTOMER.test(customer)) {
    return noClient('client_invalid', 'A customer is named by its id.', 'customer');
  }
  if (new Set(roles).size !== roles.length || roles.some((role) => !allRoles.includes(role))) {
    return noClient('client_invalid', 'The roles are not roles, each once.', 'roles');
  }
  if (scopes.length === 0 || new Set(scopes).size !== scopes.length || !scopes.every(isScope)) {
    const message = `The scopes of a client are some of ${apiScopes.join(', ')}, openid.`;
    return noClient('client_invalid', message, 'scopes');
  }
  return undefined;
}

const MACHINE_AUTHENTICATIONS: ReadonlySet<ClientAuthentication> = new Set([
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
]);

function checkGrants(client: NewClient): ClientRefused | undefined {
  const { grants, authentication, roles, redirectUris } = client;
  const has = (grant: ClientGrant): boolean => grants.includes(grant);
  if (grants.length === 0 || new Set(grants).size !== grants.length) {
    return noClient('client_invalid', 'A client uses at least one kind of grant.', 'grants');
  }
  if (has('refresh_token') && !has('authorization_code')) {
    const message = 'Only tokens of people are refreshed: authorization_code is missing.';
    return noClient('client_invalid', message, 'grants');
  }
  if (has('client_credentials') && !MACHINE_AUTHENTICATIONS.has(authentication)) {
    const message = 'A machine proves itself by a key or a certificate, not by a shared secret.';
    return noClient('client_invalid', message, 'authentication');
  }
  if (has('client_credentials') !== roles.length > 0) {
    const message = 'Roles belong to clients that act for themselves, and these have some.';
    return noClient('client_invalid', message, 'roles');
  }
  if (has('authorization_code') !== redirectUris.length > 0) {
    const message = 'People are sent back to the redirect URIs of a client that asks for them.';
    return noClient('client_invalid', message, 'redirectUris');
  }
  return undefined;
}

function checkUris({ redirectUris, logoutUris }: NewClient): ClientRefused | undefined {
  for (const [param, uris] of Object.entries({ redirectUris, logoutUris })) {
    if (uris.length > URIS_MAX) {
      return noClient('client_invalid', `A client has at most ${URIS_MAX} of these.`, param);
    }
    const wrong = uris.find((uri) => !isRedirectUri(uri));
    if (wrong !== undefined) {
      const message =
        'A redirect URI is https, http on a loopback address, or of a private scheme with a dot, ' +
        'without a fragment, user name or wildcard.';
      return noClient('client_invalid', message, param);
    }
  }
  return undefined;
}

function isRedirectUri(text: string): boolean {
  if (text.length > URI_CHARACTERS_MAX || /[\s*#\\]/.test(text)) return false;
  const uri = URL.parse(text);
  if (uri === null || uri.username !== '' || uri.password !== '') return false;
  if (uri.protocol === 'https:') return uri.hostname !== '';
  // RFC 8252 §7.1: a scheme of its own is a reversed domain name.
  return isLoopback(uri) || /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(uri.protocol);
}

// An address and not "localhost", which may resolve to anything (RFC 8252 §8.3).
function isLoopback(uri: URL): boolean {
  return uri.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(uri.hostname);
}

/** Whether it runs on a device of its user, as its redirect URIs show (RFC 8252 §7). */
export function isNativeClient({ redirectUris }: Pick<NewClient, 'redirectUris'>): boolean {
  return redirectUris.some((text) => URL.parse(text)?.protocol !== 'https:');
}

function checkProofs(client: NewClient): ClientRefused | undefined {
  const { authentication, keys, certificate, binding } = client;
  const needsKeys = ['private_key_jwt', 'self_signed_tls_client_auth'].includes(authentication);
  if (needsKeys !== (keys !== undefined)) {
    const message = needsKeys
      ? 'This client proves itself by a key: its public keys are missing.'
      : 'This client does not prove itself by a key, so it has no public keys.';
    return noClient('client_keys_invalid', message, 'keys');
  }
  if ((authentication === 'tls_client_auth') !== (certificate !== undefined)) {
    const message = 'What a certificate must be issued for belongs to tls_client_auth.';
    return noClient('client_invalid', message, 'certificate');
  }
  if (authentication === 'none' && binding === 'mtls') {
    const message = 'A public client has no certificate to bind its tokens to.';
    return noClient('client_invalid', message, 'binding');
  }
  return undefined;
}

// FAPI 2.0 Security Profile (Final) §5.3.2.1 nos. 3 to 6 and §5.3.2.2 no. 8.
function checkProfile(client: NewClient): ClientRefused | undefined {
  if (client.profile !== 'fapi2') return undefined;
  const { authentication, binding, redirectUris } = client;
  if (!MACHINE_AUTHENTICATIONS.has(authentication)) {
    const message = 'FAPI 2.0 asks for private_key_jwt or mutual TLS.';
    return noClient('client_profile_broken', message, 'authentication');
  }
  if (binding === 'none') {
    const message = 'FAPI 2.0 asks for tokens bound by DPoP or mutual TLS.';
    return noClient('client_profile_broken', message, 'binding');
  }
  const isOpen = (text: string): boolean => {
    const uri = URL.parse(text);
    return uri?.protocol === 'http:' && !isLoopback(uri);
  };
  if (redirectUris.some(isOpen)) {
    const message = 'FAPI 2.0 asks for https, or for http on a loopback address.';
    return noClient('client_profile_broken', message, 'redirectUris');
  }
  return undefined;
}
