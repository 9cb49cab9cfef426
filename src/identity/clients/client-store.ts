// The SQL of clients. Of a secret only the hash is here.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { CertificateSubject, Queryable } from '#platform';
import type { Role } from '../principal.ts';
import type {
  ClientAuthentication,
  ClientBinding,
  ClientGrant,
  ClientId,
  ClientProfile,
  OauthClient,
} from './client.ts';
import type { PublicKeySet } from './public-keys.ts';

export async function insertClient(queryable: Queryable, client: OauthClient): Promise<void> {
  await queryable.query({
    name: 'identity.insert_client',
    text: `insert into identity.clients (id, name, tenant, roles, customer, profile,
        authentication, binding, grants, scopes, redirect_uris, logout_uris, is_native,
        is_first_party, jwks, certificate, state, created_at, changed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
        $18)`,
    values: [
      uuidOf(client.id),
      client.name,
      client.tenant,
      client.roles,
      client.customer ?? null,
      client.profile,
      client.authentication,
      client.binding,
      client.grants,
      client.scopes,
      client.redirectUris,
      client.logoutUris,
      client.isNative,
      client.isFirstParty,
      client.keys ?? null,
      client.certificate ?? null,
      client.state,
      formatInstant(client.createdAt),
    ],
  });
}

interface ClientRow {
  readonly id: Uuid;
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly Role[];
  readonly customer: string | null;
  readonly profile: ClientProfile;
  readonly authentication: ClientAuthentication;
  readonly binding: ClientBinding;
  readonly grants: readonly ClientGrant[];
  readonly scopes: readonly string[];
  readonly redirect_uris: readonly string[];
  readonly logout_uris: readonly string[];
  readonly is_native: boolean;
  readonly is_first_party: boolean;
  readonly jwks: PublicKeySet | null;
  readonly certificate: CertificateSubject | null;
  readonly state: 'active' | 'disabled';
  readonly created_us: bigint;
  readonly changed_us: bigint;
}

const COLUMNS = `c.id, c.name, c.tenant, c.roles, c.customer, c.profile, c.authentication,
  c.binding, c.grants, c.scopes, c.redirect_uris, c.logout_uris, c.is_native, c.is_first_party,
  c.jwks, c.certificate, c.state,
  (extract(epoch from c.created_at) * 1000000)::bigint as created_us,
  (extract(epoch from c.changed_at) * 1000000)::bigint as changed_us`;

export async function selectClient(
  queryable: Queryable,
  id: ClientId,
): Promise<OauthClient | undefined> {
  const [row] = await queryable.query<ClientRow>({
    name: 'identity.select_client',
    text: `select ${COLUMNS} from identity.clients c where c.id = $1`,
    values: [uuidOf(id)],
  });
  return row && clientOf(row);
}

export async function lockClient(
  queryable: Queryable,
  id: ClientId,
): Promise<OauthClient | undefined> {
  const [row] = await queryable.query<ClientRow>({
    name: 'identity.lock_client',
    text: `select ${COLUMNS} from identity.clients c where c.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row && clientOf(row);
}

/** By the order in which they were registered, of one tenant or of all. */
export async function selectClients(
  queryable: Queryable,
  page: {
    readonly tenant?: string | undefined;
    readonly after?: ClientId | undefined;
    readonly limit: number;
  },
): Promise<OauthClient[]> {
  const { tenant, after, limit } = page;
  const rows = await queryable.query<ClientRow>({
    name: 'identity.select_clients',
    text: `select ${COLUMNS} from identity.clients c
      where ($1::text is null or c.tenant = $1) and ($2::uuid is null or c.id > $2)
      order by c.id limit $3`,
    values: [tenant ?? null, after === undefined ? null : uuidOf(after), limit],
  });
  return rows.map(clientOf);
}

function clientOf(row: ClientRow): OauthClient {
  return {
    id: idOf('cli', row.id),
    name: row.name,
    tenant: row.tenant,
    roles: row.roles,
    customer: row.customer ?? undefined,
    profile: row.profile,
    authentication: row.authentication,
    binding: row.binding,
    grants: row.grants,
    scopes: row.scopes,
    redirectUris: row.redirect_uris,
    logoutUris: row.logout_uris,
    isNative: row.is_native,
    isFirstParty: row.is_first_party,
    keys: row.jwks ?? undefined,
    certificate: row.certificate ?? undefined,
    state: row.state,
    createdAt: Number(row.created_us) as Instant,
    changedAt: Number(row.changed_us) as Instant,
  };
}

export async function updateClientState(
  queryable: Queryable,
  id: ClientId,
  { state, now }: { readonly state: 'active' | 'disabled'; readonly now: Instant },
): Promise<void> {
  await queryable.query({
    name: 'identity.update_client_state',
    text: 'update identity.clients set state = $2, changed_at = $3 where id = $1',
    values: [uuidOf(id), state, formatInstant(now)],
  });
}

export async function updateClientKeys(
  queryable: Queryable,
  id: ClientId,
  { keys, now }: { readonly keys: PublicKeySet; readonly now: Instant },
): Promise<void> {
  await queryable.query({
    name: 'identity.update_client_keys',
    text: 'update identity.clients set jwks = $2, changed_at = $3 where id = $1',
    values: [uuidOf(id), keys, formatInstant(now)],
  });
}

export async function insertSecretHash(
  queryable: Queryable,
  id: ClientId,
  { hash, now }: { readonly hash: Buffer; readonly now: Instant },
): Promise<void> {
  await queryable.query({
    name: 'identity.insert_client_secret',
    text: `insert into identity.client_secrets (hash, client_id, created_at)
      values ($1, $2, $3)`,
    values: [hash, uuidOf(id), formatInstant(now)],
  });
}

/** Lets every secret of the client end by this time; those that are over go. */
export async function endSecrets(
  queryable: Queryable,
  id: ClientId,
  { by, now }: { readonly by: Instant; readonly now: Instant },
): Promise<void> {
  await queryable.query({
    name: 'identity.end_client_secrets',
    text: `update identity.client_secrets
      set expires_at = least(coalesce(expires_at, $2::timestamptz), $2::timestamptz)
      where client_id = $1`,
    values: [uuidOf(id), formatInstant(by)],
  });
  await queryable.query({
    name: 'identity.delete_client_secrets',
    text: 'delete from identity.client_secrets where client_id = $1 and expires_at <= $2',
    values: [uuidOf(id), formatInstant(now)],
  });
}

/** Of the secrets that are good now. */
export async function selectSecretHashes(
  queryable: Queryable,
  id: ClientId,
  now: Instant,
): Promise<Buffer[]> {
  const rows = await queryable.query<{ hash: Buffer }>({
    name: 'identity.select_client_secrets',
    text: `select s.hash from identity.client_secrets s
      where s.client_id = $1 and (s.expires_at is null or s.expires_at > $2)
      order by s.created_at desc`,
    values: [uuidOf(id), formatInstant(now)],
  });
  return rows.map(({ hash }) => hash);
}
