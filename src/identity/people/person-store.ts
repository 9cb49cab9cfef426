// The SQL of people, their keys and their encrypted profiles.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Role } from '../principal.ts';
import type { Person, PersonId, PersonStatus } from './person.ts';

interface PersonRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly roles: readonly Role[];
  readonly customer: string | null;
  readonly status: PersonStatus;
  readonly created_at: bigint;
  readonly changed_at: bigint;
}

const columns = `p.id, p.tenant, p.roles, p.customer, p.status,
  (extract(epoch from p.created_at) * 1000000)::bigint as created_at,
  (extract(epoch from p.changed_at) * 1000000)::bigint as changed_at`;

function personOf(row: PersonRow): Person {
  return {
    id: idOf('usr', row.id),
    tenant: row.tenant,
    roles: row.roles,
    customer: row.customer ?? undefined,
    status: row.status,
    createdAt: Number(row.created_at) as Instant,
    changedAt: Number(row.changed_at) as Instant,
  };
}

export async function insertPerson(
  tx: Transaction,
  { id, tenant, roles, customer, status }: Omit<Person, 'createdAt' | 'changedAt'>,
  wrappedKey: Buffer,
): Promise<void> {
  await tx.query({
    name: 'identity.insert_person',
    text: `with person as (
        insert into identity.people (id, tenant, roles, customer, status, created_at, changed_at)
        values ($1, $2, $3::text[], $4, $5, $6, $6) returning id)
      insert into identity.person_keys (person_id, wrapped_key) select id, $7 from person`,
    values: [uuidOf(id), tenant, roles, customer ?? null, status, at(tx), wrappedKey],
  });
}

export async function selectPerson(
  queryable: Queryable,
  id: PersonId,
): Promise<Person | undefined> {
  const [row] = await queryable.query<PersonRow>({
    name: 'identity.select_person',
    text: `select ${columns} from identity.people p where p.id = $1`,
    values: [uuidOf(id)],
  });
  return row && personOf(row);
}

export interface LockedPerson extends Person {
  /** Whether an invitation was accepted, so that there is a name and what it takes to sign in. */
  readonly hasAccepted: boolean;
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockPerson(tx: Transaction, id: PersonId): Promise<LockedPerson | undefined> {
  const [row] = await tx.query<PersonRow & { readonly has_accepted: boolean }>({
    name: 'identity.lock_person',
    text: `select ${columns}, exists (select from identity.invitations i
        where i.person_id = p.id and i.ending = 'accepted') as has_accepted
      from identity.people p where p.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row && { ...personOf(row), hasAccepted: row.has_accepted };
}

export async function selectPersonByLogin(
  queryable: Queryable,
  loginDigest: Buffer,
): Promise<Person | undefined> {
  const [row] = await queryable.query<PersonRow>({
    name: 'identity.select_person_by_login',
    text: `select ${columns} from identity.people p where p.login_digest = $1`,
    values: [loginDigest],
  });
  return row && personOf(row);
}

export interface SealedPerson extends Person {
  readonly profile: Buffer | undefined;
  readonly wrappedKey: Buffer | undefined;
}

/** By id, those after the given one; of one person when it is named. */
export async function selectSealedPeople(
  queryable: Queryable,
  page: {
    readonly tenant?: string | undefined;
    readonly person?: PersonId | undefined;
    readonly after?: PersonId | undefined;
    readonly limit: number;
  },
): Promise<SealedPerson[]> {
  const { tenant, person, after, limit } = page;
  const rows = await queryable.query<
    PersonRow & { readonly profile: Buffer | null; readonly wrapped_key: Buffer | null }
  >({
    name: 'identity.select_sealed_people',
    text: `select ${columns}, p.profile, k.wrapped_key
      from identity.people p left join identity.person_keys k on k.person_id = p.id
      where ($1::text is null or p.tenant = $1) and ($2::uuid is null or p.id = $2)
        and ($3::uuid is null or p.id > $3)
      order by p.id limit $4`,
    values: [tenant ?? null, uuidIn(person), uuidIn(after), limit],
  });
  return rows.map((row) => ({
    ...personOf(row),
    profile: row.profile ?? undefined,
    wrappedKey: row.wrapped_key ?? undefined,
  }));
}

/** The person's key, wrapped; undefined once erased. */
export async function selectWrappedKey(
  queryable: Queryable,
  id: PersonId,
): Promise<Buffer | undefined> {
  const [row] = await queryable.query<{ wrapped_key: Buffer }>({
    name: 'identity.select_person_key',
    text: 'select k.wrapped_key from identity.person_keys k where k.person_id = $1',
    values: [uuidOf(id)],
  });
  return row?.wrapped_key;
}

export async function updateProfile(
  tx: Transaction,
  id: PersonId,
  { loginDigest, profile }: { readonly loginDigest: Buffer; readonly profile: Buffer },
): Promise<void> {
  await tx.query({
    name: 'identity.update_profile',
    text: `update identity.people set login_digest = $2, profile = $3, changed_at = $4
      where id = $1`,
    values: [uuidOf(id), loginDigest, profile, at(tx)],
  });
}

export async function updateStatus(
  tx: Transaction,
  id: PersonId,
  status: Exclude<PersonStatus, 'erased'>,
): Promise<void> {
  await tx.query({
    name: 'identity.update_person_status',
    text: 'update identity.people set status = $2, changed_at = $3 where id = $1',
    values: [uuidOf(id), status, at(tx)],
  });
}

export async function updateRoles(
  tx: Transaction,
  id: PersonId,
  { roles, customer }: Pick<Person, 'roles' | 'customer'>,
): Promise<void> {
  await tx.query({
    name: 'identity.update_roles',
    text: `update identity.people set roles = $2::text[], customer = $3, changed_at = $4
      where id = $1`,
    values: [uuidOf(id), roles, customer ?? null, at(tx)],
  });
}

/** Leaves the id, the roles and the dates, and nothing that names or proves anybody. */
export async function updateErased(tx: Transaction, id: PersonId): Promise<void> {
  await tx.query({
    name: 'identity.erase_person',
    text: `with p as (
        update identity.people set status = 'erased', login_digest = null, profile = null,
          changed_at = $2 where id = $1),
      keys as (delete from identity.person_keys where person_id = $1),
      passwords as (delete from identity.passwords where person_id = $1),
      totp as (delete from identity.totp_factors where person_id = $1),
      passkeys as (delete from identity.passkeys where person_id = $1),
      codes as (delete from identity.recovery_codes where person_id = $1),
      devices as (delete from identity.devices where person_id = $1),
      sign_ins as (delete from identity.sign_ins where person_id = $1)
      update identity.sessions set origin = null where person_id = $1`,
    values: [uuidOf(id), at(tx)],
  });
}

/**
 * Removes what the keys of erased people have left in their table's file, on a connection of the
 * schema's owner: the table is written anew from its living rows alone. What is left elsewhere on
 * disk goes with the scrubbing of the audit log, which is done after this.
 */
export async function scrubPersonKeys(owner: Queryable): Promise<void> {
  await owner.query({ text: `select pg_catalog.set_config('lock_timeout', '2s', false)` });
  await owner.query({
    text: `alter table identity.person_keys alter column wrapped_key type bytea
      using pg_catalog.byteacat(wrapped_key, ''::bytea)`,
  });
}

/** Whoever changes who administers a tenant does so one after another. */
export async function lockAdministrators(tx: Transaction, tenant: string): Promise<void> {
  await tx.query({
    text: `select pg_advisory_xact_lock(hashtext('identity.administrators:' || $1))`,
    values: [tenant],
  });
}

/** How many others administer the tenant and may sign in. */
export async function countAdministrators(
  queryable: Queryable,
  tenant: string,
  except?: PersonId,
): Promise<number> {
  const [row] = await queryable.query<{ count: bigint }>({
    name: 'identity.count_administrators',
    text: `select count(*) as count from identity.people p
      where p.tenant = $1 and p.status = 'active' and 'administrator' = any(p.roles)
        and p.id is distinct from $2::uuid`,
    values: [tenant, uuidIn(except)],
  });
  return Number(row?.count ?? 0n);
}

function uuidIn(id: PersonId | undefined): Uuid | null {
  return id === undefined ? null : uuidOf(id);
}

function at(tx: Transaction): string {
  return formatInstant(tx.now);
}
