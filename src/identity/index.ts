// The only door of identity: who people, staff and machines are, how they prove it, and what a
// token says of its bearer. What they may do is the gateway's to decide.

export { roles } from './principal.ts';
export type { Principal, Role } from './principal.ts';

/** From a token to who asks. */
export { openAuthenticator } from './tokens/authenticator.ts';
export type { Authenticator, AuthenticatorLimits } from './tokens/authenticator.ts';
export type { CredentialRefusal, Presented } from './tokens/credential.ts';
export { checkFreshness, sweepCredentials } from './tokens/freshness.ts';
export type { Freshness, FreshnessQuestion } from './tokens/freshness.ts';
export { externalIssuer } from './tokens/external-issuer.ts';
export type { FetchDocument } from './tokens/external-issuer.ts';
export { readIssuers } from './tokens/issuer-settings.ts';
export { strongAlgorithms } from './tokens/issuer.ts';
export type { TrustedIssuer } from './tokens/issuer.ts';
export { LOCAL_MINUTES_MAX, localIssuer, mintLocalToken } from './tokens/local-token.ts';
export { ownIssuer } from './tokens/own-issuer.ts';
export { openProofNonces } from './tokens/proof-nonce.ts';
export type { ProofNonces } from './tokens/proof-nonce.ts';

/** The OpenID provider. */
/** For whatever may be used once. */
export { insertUsedProof } from './provider/artifact-store.ts';
export { audienceOf, isProviderPath, openProvider } from './provider/open.ts';
export type { Provider, ProviderOptions } from './provider/open.ts';
export { sweepArtifacts } from './provider/grants.ts';

/** What it signs with. */
export {
  keepSigningKeys,
  publicJwks,
  replaceSigningKeys,
  rotateSigningKeys,
} from './signing-keys/rotate.ts';

/** Programs that ask for tokens. */
export {
  disableClient,
  registerClient,
  rotateClientKeys,
  rotateClientSecret,
} from './clients/register.ts';
export type { RegisteredClient } from './clients/register.ts';
export { selectClient, selectClients } from './clients/client-store.ts';
export {
  clientAuthentications,
  clientBindings,
  clientGrants,
  isClientId,
} from './clients/client.ts';
export type { ClientId, NewClient, OauthClient } from './clients/client.ts';
export { clientRefusals } from './clients/refusals.ts';
export type { ClientRefusal } from './clients/refusals.ts';
export { readPublicKeys } from './clients/public-keys.ts';
export { apiScopes } from './clients/scopes.ts';
export { providerActions } from './audit-actions.ts';
export type { Account, Accounts } from './account.ts';

/** People, and what they prove themselves with. */
export { DEFAULT_TENANT, isPersonId, rolesOf } from './people/person.ts';
export type { NewPerson, Person, PersonId } from './people/person.ts';
export { personAccounts } from './people/accounts.ts';
export {
  createPerson,
  disablePerson,
  enablePerson,
  erasePerson,
  setRoles,
} from './people/people.ts';
export {
  ensureAdministratorInvitation,
  INVITATION_PATH,
  invitePerson,
  resetPerson,
} from './people/invitation.ts';
export type { FirstInvitation, Invitation } from './people/invitation.ts';
export { findPerson, listPeople } from './people/profile.ts';
export type { NamedPerson } from './people/profile.ts';
export { scrubPersonKeys } from './people/person-store.ts';
export { peopleActions } from './people/audit-actions.ts';
export { peopleRefusals } from './people/refusals.ts';
export type { PeopleRefusal } from './people/refusals.ts';
export { sweepPeople } from './people/sweep.ts';

/** Where people are signed in. */
export { listSessions, revokeAllOf, revokeSession, startSession } from './sessions/sessions.ts';
export type { Session } from './sessions/sessions.ts';
export { interactionPath, openPages } from './pages/pages.ts';
export type { Pages } from './pages/pages.ts';
