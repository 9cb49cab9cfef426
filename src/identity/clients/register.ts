// The verbs of clients: registered, given new keys or a new secret, disabled. A secret is answered
// once and never again; private keys are made by whoever uses them, and are never seen here.

import { record, type JsonObject } from '#audit';
import { limits } from '#config';
import { accept, msOf, newId, SECOND_US, type Instant, type Result } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Account, Accounts } from '../account.ts';
import { providerActions } from '../audit-actions.ts';
import { revokeTokensUntilNow } from '../provider/artifact-store.ts';
import { endGrantsOfClient } from '../provider/grants.ts';
import {
  endSecrets,
  insertClient,
  insertSecretHash,
  lockClient,
  selectClient,
  updateClientKeys,
  updateClientState,
} from './client-store.ts';
import {
  checkNewClient,
  isClientId,
  isNativeClient,
  type ClientId,
  type NewClient,
  type OauthClient,
} from './client.ts';
import type { PublicKeySet } from './public-keys.ts';
import { noClient, type ClientRefusal } from './refusals.ts';
import { hashOfSecret, newSecret } from './secret.ts';

const OVERLAP_S = limits.identityClientSecretOverlapS.value;

export interface RegisteredClient {
  readonly client: OauthClient;
  /** Of a client that proves itself by one. It cannot be read again. */
  readonly secret: string | undefined;
}

export async function registerClient(
  tx: Transaction,
  asked: NewClient,
): Promise<Result<RegisteredClient, ClientRefusal>> {
  const refused = checkNewClient(asked);
  if (refused !== undefined) return refused;
  const client: OauthClient = {
    ...asked,
    id: newId('cli', msOf(tx.now)),
    isNative: isNativeClient(asked),
    state: 'active',
    createdAt: tx.now,
    changedAt: tx.now,
  };
  await insertClient(tx, client);
  const secret = client.authentication === 'client_secret_basic' ? newSecret() : undefined;
  if (secret !== undefined) {
    await insertSecretHash(tx, client.id, { hash: hashOfSecret(secret), now: tx.now });
  }
  const action = providerActions['identity.client.add'];
  await record(tx, [{ action, target: client.id, after: factsOf(client) }]);
  return accept({ client, secret });
}

// Who a partner is stays out of the log: the id says it to those who may know.
function factsOf(client: OauthClient): JsonObject {
  const { authentication, binding, certificate, customer, grants, keys, profile } = client;
  return {
    authentication,
    binding,
    certificate: certificate && { kind: certificate.kind, value: certificate.value },
    customer,
    first_party: client.isFirstParty,
    grants: [...grants],
    key_ids: keys && kidsOf(keys),
    logout_uris: [...client.logoutUris],
    profile,
    redirect_uris: [...client.redirectUris],
    roles: [...client.roles],
    scopes: [...client.scopes],
    tenant: client.tenant,
  };
}

function kidsOf({ keys }: PublicKeySet): string[] {
  return keys.map(({ kid }) => String(kid));
}

async function activeClient(
  tx: Transaction,
  id: string,
): Promise<Result<OauthClient, ClientRefusal>> {
  const client = isClientId(id) ? await lockClient(tx, id) : undefined;
  if (client === undefined) return noClient('client_unknown', 'There is no such client.', 'id');
  if (client.state === 'disabled') {
    return noClient('client_disabled', 'The client is disabled for good; register a new one.');
  }
  return accept(client);
}

/** A new secret; the old one is good for some time yet, so that nothing fails meanwhile. */
export async function rotateClientSecret(
  tx: Transaction,
  id: string,
  { overlapS = OVERLAP_S }: { readonly overlapS?: number } = {},
): Promise<Result<string, ClientRefusal>> {
  const found = await activeClient(tx, id);
  if (!found.ok) return found;
  const { id: clientId, authentication } = found.value;
  if (authentication !== 'client_secret_basic') {
    return noClient('client_has_no_secret', 'The client proves itself by a key or certificate.');
  }
  const secret = newSecret();
  const by = (tx.now + overlapS * SECOND_US) as Instant;
  await endSecrets(tx, clientId, { by, now: tx.now });
  await insertSecretHash(tx, clientId, { hash: hashOfSecret(secret), now: tx.now });
  const action = providerActions['identity.client.rotate'];
  await record(tx, [
    { action, target: clientId, after: { kind: 'secret', overlap_s: String(overlapS) } },
  ]);
  return accept(secret);
}

/** Other public keys. For an overlap the client names its old key beside the new one. */
export async function rotateClientKeys(
  tx: Transaction,
  id: string,
  keys: PublicKeySet,
): Promise<Result<undefined, ClientRefusal>> {
  const found = await activeClient(tx, id);
  if (!found.ok) return found;
  const { id: clientId, keys: before } = found.value;
  if (before === undefined) {
    return noClient('client_has_no_keys', 'The client proves itself by a secret or a name.');
  }
  await updateClientKeys(tx, clientId, { keys, now: tx.now });
  await record(tx, [
    {
      action: providerActions['identity.client.rotate'],
      target: clientId,
      before: { key_ids: kidsOf(before) },
      after: { key_ids: kidsOf(keys), kind: 'keys' },
    },
  ]);
  return accept(undefined);
}

/** Ends the client for good, and at once every token it has, its own and those of people. */
export async function disableClient(
  tx: Transaction,
  id: string,
): Promise<Result<ClientId, ClientRefusal>> {
  const found = await activeClient(tx, id);
  if (!found.ok) return found;
  const { id: clientId } = found.value;
  await updateClientState(tx, clientId, { state: 'disabled', now: tx.now });
  await endSecrets(tx, clientId, { by: tx.now, now: tx.now });
  await endGrantsOfClient(tx, clientId);
  await revokeTokensUntilNow(tx, clientId, tx.now);
  const action = providerActions['identity.client.disable'];
  await record(tx, [{ action, target: clientId }]);
  return accept(clientId);
}

/** Clients that act for themselves, as accounts. */
export const clientAccounts: Accounts = {
  async find(queryable: Queryable, subject: string): Promise<Account | undefined> {
    const client = isClientId(subject) ? await selectClient(queryable, subject) : undefined;
    if (client === undefined) return undefined;
    const { tenant, roles, customer, state } = client;
    return { subject, tenant, roles, customer, isActive: state === 'active' };
  },
};
