// Owns the SQL of customers: their states, and each change that ever was, with what it sealed. Rows
// are parsed here and nowhere else; nothing is opened here.

import type { JsonObject } from '#audit';
import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import { int4Array, uuidArray, type Queryable, type Transaction } from '#platform';
import type { CustomerId, CustomerKind } from '../customer.ts';
import type { Verification, VerificationState } from '../verification.ts';

/** What is sealed of a customer, without whose it is. */
export interface SealedText {
  readonly ciphertext: string;
  readonly commitment: string;
}

export interface StoredCustomer {
  readonly id: CustomerId;
  readonly tenant: string;
  readonly externalId: string | undefined;
  readonly kind: CustomerKind;
  readonly verification: Verification;
  readonly revision: number;
  readonly particularsRevision: number;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
  readonly erasedAt: Instant | undefined;
  readonly sealed: SealedText;
}

interface CustomerRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly external_id: string | null;
  readonly kind: CustomerKind;
  readonly verification: VerificationState;
  readonly verification_method: string | null;
  readonly verification_by: string | null;
  readonly verification_at_us: bigint | null;
  readonly verification_expires_at_us: bigint | null;
  readonly revision: number;
  readonly particulars_revision: number;
  readonly created_at_us: bigint;
  readonly changed_at_us: bigint;
  readonly erased_at_us: bigint | null;
  readonly sealed: SealedText;
}

const us = (column: string): string =>
  `(extract(epoch from c.${column}) * 1000000)::bigint as ${column}_us`;

const customers = `select c.id, c.tenant, c.external_id, c.kind, c.verification,
    c.verification_method, c.verification_by, ${us('verification_at')},
    ${us('verification_expires_at')}, c.revision, c.particulars_revision, ${us('created_at')},
    ${us('changed_at')}, ${us('erased_at')}, p.sealed
  from accounts.customers c join accounts.customer_changes p
    on p.customer_id = c.id and p.revision = c.particulars_revision`;

const instantIn = (count: bigint | null): Instant | undefined =>
  count === null ? undefined : (Number(count) as Instant);

function customerOf(row: CustomerRow): StoredCustomer {
  return {
    id: idOf('cus', row.id),
    tenant: row.tenant,
    externalId: row.external_id ?? undefined,
    kind: row.kind,
    verification: {
      state: row.verification,
      method: row.verification_method ?? undefined,
      by: row.verification_by ?? undefined,
      at: instantIn(row.verification_at_us),
      expiresAt: instantIn(row.verification_expires_at_us),
    },
    revision: row.revision,
    particularsRevision: row.particulars_revision,
    createdAt: Number(row.created_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
    erasedAt: instantIn(row.erased_at_us),
    sealed: row.sealed,
  };
}

export interface CustomerToInsert {
  readonly id: CustomerId;
  readonly externalId: string | undefined;
  readonly kind: CustomerKind;
}

/** Inserts those whose external id is free; answers the ids inserted. */
export async function insertCustomers(
  tx: Transaction,
  customersToInsert: readonly CustomerToInsert[],
): Promise<ReadonlySet<CustomerId>> {
  const rows = await tx.query<{ id: Uuid }>({
    name: 'accounts.insert_customers',
    text: `insert into accounts.customers (id, external_id, kind, verification, revision,
        particulars_revision, created_at, changed_at)
      select c.id, c.external_id, c.kind, 'unverified', 1, 1, $4, $4
      from unnest($1::uuid[], $2::text[], $3::text[]) as c (id, external_id, kind)
      on conflict (external_id, tenant) where external_id is not null do nothing
      returning id`,
    values: [
      uuidArray(customersToInsert.map(({ id }) => uuidOf(id))),
      customersToInsert.map(({ externalId }) => externalId ?? null),
      customersToInsert.map(({ kind }) => kind),
      formatInstant(tx.now),
    ],
  });
  return new Set(rows.map(({ id }) => idOf('cus', id)));
}

export interface ChangeToInsert {
  readonly id: CustomerId;
  /** The customer's: whoever changes it may be of none. */
  readonly tenant: string;
  readonly revision: number;
  readonly action: string;
  readonly details: JsonObject;
  readonly sealed: SealedText | undefined;
}

export async function insertChanges(
  tx: Transaction,
  changes: readonly ChangeToInsert[],
): Promise<void> {
  const sealedText = ({ sealed }: ChangeToInsert): string | null =>
    sealed === undefined
      ? null
      : JSON.stringify({ ciphertext: sealed.ciphertext, commitment: sealed.commitment });
  await tx.query({
    name: 'accounts.insert_customer_changes',
    text: `insert into accounts.customer_changes (customer_id, tenant, revision, action, details,
        sealed, changed_at, actor)
      select c.id, c.tenant, c.revision, c.action, c.details::jsonb, c.sealed::jsonb, $7, $8
      from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[])
        as c (id, tenant, revision, action, details, sealed)`,
    values: [
      uuidArray(changes.map(({ id }) => uuidOf(id))),
      changes.map(({ tenant }) => tenant),
      int4Array(changes.map(({ revision }) => revision)),
      changes.map(({ action }) => action),
      changes.map(({ details }) => JSON.stringify(details)),
      changes.map(sealedText),
      formatInstant(tx.now),
      tx.actor,
    ],
  });
}

export async function selectCustomers(
  queryable: Queryable,
  ids: readonly CustomerId[],
): Promise<StoredCustomer[]> {
  const rows = await queryable.query<CustomerRow>({
    name: 'accounts.select_customers',
    text: `${customers} where c.id = any($1::uuid[])`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map(customerOf);
}

export async function selectByExternalId(
  queryable: Queryable,
  externalIds: readonly string[],
): Promise<StoredCustomer[]> {
  const rows = await queryable.query<CustomerRow>({
    name: 'accounts.customers_by_external_id',
    text: `${customers} where c.external_id = any($1::text[])`,
    values: [externalIds],
  });
  return rows.map(customerOf);
}

/** Until the transaction ends nobody else changes it. */
export async function lockCustomer(
  tx: Transaction,
  id: CustomerId,
): Promise<StoredCustomer | undefined> {
  const rows = await tx.query<CustomerRow>({
    name: 'accounts.lock_customer',
    text: `${customers} where c.id = $1::uuid for update of c`,
    values: [uuidOf(id)],
  });
  return rows[0] && customerOf(rows[0]);
}

/** Whose customers have a verification that is over. */
export async function selectOverdueTenants(queryable: Queryable, now: Instant): Promise<string[]> {
  const rows = await queryable.query<{ tenant: string }>({
    name: 'accounts.overdue_customer_tenants',
    text: `select distinct c.tenant from accounts.customers c
      where c.verification = 'verified' and c.erased_at is null
        and c.verification_expires_at <= $1`,
    values: [formatInstant(now)],
  });
  return rows.map(({ tenant }) => tenant);
}

/** Some of those whose verification is over, locked; none that another transaction has. */
export async function lockOverdue(tx: Transaction, countMax: number): Promise<StoredCustomer[]> {
  const rows = await tx.query<CustomerRow>({
    name: 'accounts.lock_overdue_customers',
    text: `${customers} where c.verification = 'verified' and c.erased_at is null
        and c.verification_expires_at <= $1
      order by c.verification_expires_at limit $2 for update of c skip locked`,
    values: [formatInstant(tx.now), countMax],
  });
  return rows.map(customerOf);
}

/** What a change leaves in the row of the customer. */
export type CustomerState = Pick<
  StoredCustomer,
  'id' | 'verification' | 'revision' | 'particularsRevision' | 'erasedAt'
>;

export async function updateCustomers(
  tx: Transaction,
  states: readonly CustomerState[],
): Promise<void> {
  const timeText = (at: Instant | undefined): string | null =>
    at === undefined ? null : formatInstant(at);
  const column = <Value>(pick: (verification: Verification) => Value): Value[] =>
    states.map(({ verification }) => pick(verification));
  await tx.query({
    name: 'accounts.update_customers',
    text: `update accounts.customers c set verification = s.verification,
        verification_method = s.method, verification_by = s.by, verification_at = s.at,
        verification_expires_at = s.expires_at, revision = s.revision,
        particulars_revision = s.particulars_revision, erased_at = s.erased_at, changed_at = $10
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
        $6::timestamptz[], $7::integer[], $8::integer[], $9::timestamptz[])
        as s (id, verification, method, by, at, expires_at, revision, particulars_revision,
          erased_at)
      where c.id = s.id`,
    values: [
      uuidArray(states.map(({ id }) => uuidOf(id))),
      column(({ state }) => state),
      column(({ method }) => method ?? null),
      column(({ by }) => by ?? null),
      column(({ at }) => timeText(at)),
      column(({ expiresAt }) => timeText(expiresAt)),
      int4Array(states.map(({ revision }) => revision)),
      int4Array(states.map(({ particularsRevision }) => particularsRevision)),
      states.map(({ erasedAt }) => timeText(erasedAt)),
      formatInstant(tx.now),
    ],
  });
}

export interface CustomerFilter {
  readonly externalId?: string | undefined;
  readonly kind?: CustomerKind | undefined;
  readonly verification?: VerificationState | undefined;
  readonly before?: CustomerId | undefined;
  readonly limit: number;
}

/** Newest first. Verification is as stored: what has expired a moment ago may still be verified. */
export async function selectPage(
  queryable: Queryable,
  { externalId, kind, verification, before, limit }: CustomerFilter,
): Promise<StoredCustomer[]> {
  const rows = await queryable.query<CustomerRow>({
    name: 'accounts.list_customers',
    text: `${customers}
      where ($1::text is null or c.external_id = $1) and ($2::text is null or c.kind = $2)
        and ($3::text is null or c.verification = $3) and ($4::uuid is null or c.id < $4)
      order by c.id desc limit $5`,
    values: [
      externalId ?? null,
      kind ?? null,
      verification ?? null,
      before === undefined ? null : uuidOf(before),
      limit,
    ],
  });
  return rows.map(customerOf);
}

export interface StoredChange {
  readonly revision: number;
  readonly action: string;
  readonly details: JsonObject;
  readonly changedAt: Instant;
  readonly actor: string;
}

interface ChangeRow extends Omit<StoredChange, 'changedAt'> {
  readonly changed_at_us: bigint;
}

const changeColumns = `h.revision, h.action, h.details, h.actor,
  (extract(epoch from h.changed_at) * 1000000)::bigint as changed_at_us`;

function changeOf({ changed_at_us: changedAt, ...row }: ChangeRow): StoredChange {
  return { ...row, changedAt: Number(changedAt) as Instant };
}

/** Newest first, before a revision. */
export async function selectChanges(
  queryable: Queryable,
  id: CustomerId,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
): Promise<StoredChange[]> {
  const rows = await queryable.query<ChangeRow>({
    name: 'accounts.customer_changes',
    text: `select ${changeColumns} from accounts.customer_changes h
      where h.customer_id = $1::uuid and ($2::integer is null or h.revision < $2)
      order by h.revision desc limit $3`,
    values: [uuidOf(id), before ?? null, limit],
  });
  return rows.map(changeOf);
}

/** The latest word on each purpose, by purpose; on one of them where it is given. */
export async function selectConsents(
  queryable: Queryable,
  id: CustomerId,
  purpose?: string,
): Promise<StoredChange[]> {
  const rows = await queryable.query<ChangeRow>({
    name: 'accounts.customer_consents',
    text: `select distinct on (h.details->>'purpose') ${changeColumns}
      from accounts.customer_changes h
      where h.customer_id = $1::uuid
        and h.action in ('accounts.consent.give', 'accounts.consent.withdraw')
        and ($2::text is null or h.details->>'purpose' = $2)
      order by h.details->>'purpose', h.revision desc`,
    values: [uuidOf(id), purpose ?? null],
  });
  return rows.map(changeOf);
}

/** Whether it holds, or may act on, an account that is not closed. */
export async function hasOpenAccounts(queryable: Queryable, id: CustomerId): Promise<boolean> {
  const rows = await queryable.query({
    name: 'accounts.customer_has_accounts',
    text: `select from accounts.holders h join accounts.bank_accounts b on b.id = h.account_id
      where h.customer = $1::uuid and h.ended_at is null and b.status <> 'closed' limit 1`,
    values: [uuidOf(id)],
  });
  return rows.length > 0;
}
