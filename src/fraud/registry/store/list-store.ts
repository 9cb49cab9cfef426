// The SQL of lists: entries, each in force from one revision up to another, and the changes that
// they came and went by.

import { formatInstant, idOf, type Id, type Instant, uuidOf, type Uuid } from '#kernel';
import { timestamptzArray, uuidArray, type Queryable, type Transaction } from '#platform';
import type { ListEntry } from '../../rules/lists.ts';
import type { ListPurpose } from '../../rules/rule-set.ts';

export type ListEntryId = Id<'fle'>;
export type ListChangeId = Id<'flc'>;

export interface StoredEntry extends ListEntry {
  readonly id: ListEntryId;
  readonly note: string | undefined;
  readonly putAt: Instant;
  readonly putBy: string;
}

export interface ListChange {
  readonly id: ListChangeId;
  readonly tenant: string;
  readonly revision: number;
  readonly purpose: ListPurpose;
  /** Entries. */
  readonly put: number;
  readonly taken: number;
}

/** What names an entry within the lists of its purpose. */
export interface ListKey {
  readonly kind: string;
  readonly value: string;
}

interface EntryRow {
  readonly id: Uuid;
  readonly purpose: ListPurpose;
  readonly kind: string;
  readonly value: string;
  readonly from_us: bigint;
  readonly until_us: bigint | null;
  readonly note: string | null;
  readonly put_at_us: bigint;
  readonly put_by: string;
}

const us = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint`;
const content = `e.id, e.purpose, e.kind, e.value, ${us('e.listed_from')} as from_us,
  ${us('e.listed_until')} as until_us`;

function entryOf(row: Pick<EntryRow, 'purpose' | 'kind' | 'value' | 'from_us' | 'until_us'>) {
  const { purpose, kind, value, from_us: from, until_us: until } = row;
  return {
    purpose,
    kind,
    value,
    from: Number(from) as Instant,
    until: until === null ? undefined : (Number(until) as Instant),
  };
}

export interface NewEntries {
  readonly tenant: string;
  readonly revision: number;
  readonly purpose: ListPurpose;
  readonly entries: readonly {
    readonly id: Uuid;
    readonly kind: string;
    readonly value: string;
    readonly from: Instant;
    readonly until: Instant | undefined;
    readonly note: string | undefined;
  }[];
}

export async function insertEntries(tx: Transaction, added: NewEntries): Promise<void> {
  const { tenant, revision, purpose, entries } = added;
  await tx.query({
    text: `insert into fraud.list_entries (id, tenant, purpose, kind, value, listed_from,
        listed_until, note, put_revision, put_at, put_by)
      select id, $1, $2, kind, value, listed_from, listed_until, note, $3, $4::timestamptz, $5
      from unnest($6::uuid[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
        $11::text[]) as added (id, kind, value, listed_from, listed_until, note)`,
    values: [
      tenant,
      purpose,
      revision,
      formatInstant(tx.now),
      tx.actor,
      uuidArray(entries.map(({ id }) => id)),
      entries.map(({ kind }) => kind),
      entries.map(({ value }) => value),
      timestamptzArray(entries.map(({ from }) => from)),
      timestamptzArray(entries.map(({ until }) => until)),
      entries.map(({ note }) => note ?? null),
    ],
  });
}

interface Taking {
  readonly tenant: string;
  readonly revision: number;
}

/** Those of the keys that are in force end; answers which entries they were. */
export async function takeEntries(
  tx: Transaction,
  { tenant, revision, purpose }: Taking & { readonly purpose: ListPurpose },
  keys: readonly ListKey[],
): Promise<Uuid[]> {
  const rows = await tx.query<{ id: Uuid }>({
    text: `update fraud.list_entries e set taken_revision = $3
      from unnest($4::text[], $5::text[]) as asked (kind, value)
      where e.tenant = $1 and e.purpose = $2 and e.kind = asked.kind and e.value = asked.value
        and e.taken_revision is null
      returning e.id`,
    values: [
      tenant,
      purpose,
      revision,
      keys.map(({ kind }) => kind),
      keys.map(({ value }) => value),
    ],
  });
  return rows.map(({ id }) => id);
}

/** Those whose time is over, the longest over first. */
export async function takeEnded(
  tx: Transaction,
  { tenant, revision }: Taking,
  countMax: number,
): Promise<Uuid[]> {
  const rows = await tx.query<{ id: Uuid }>({
    text: `update fraud.list_entries e set taken_revision = $2
      where e.id in (select o.id from fraud.list_entries o
        where o.tenant = $1 and o.taken_revision is null and o.listed_until <= $3::timestamptz
        order by o.listed_until limit $4)
      returning e.id`,
    values: [tenant, revision, formatInstant(tx.now), countMax],
  });
  return rows.map(({ id }) => id);
}

/** How many of the keys are in force, and how many others are whose time is over. */
export async function countForChange(
  queryable: Queryable,
  { tenant, purpose, now }: { tenant: string; purpose: ListPurpose; now: Instant },
  keys: readonly ListKey[],
): Promise<{ readonly there: number; readonly ended: number }> {
  const [row] = await queryable.query<{ there: bigint; ended: bigint }>({
    text: `select
      (select count(*) from fraud.list_entries e
        join unnest($3::text[], $4::text[]) as asked (kind, value) using (kind, value)
        where e.tenant = $1 and e.purpose = $2 and e.taken_revision is null) as there,
      (select count(*) from fraud.list_entries e
        where e.tenant = $1 and e.taken_revision is null
          and e.listed_until <= $5::timestamptz
          and (e.purpose <> $2 or not exists (select from unnest($3::text[], $4::text[])
            as asked (kind, value) where (asked.kind, asked.value) = (e.kind, e.value))))
        as ended`,
    values: [
      tenant,
      purpose,
      keys.map(({ kind }) => kind),
      keys.map(({ value }) => value),
      formatInstant(now),
    ],
  });
  return { there: Number(row?.there ?? 0n), ended: Number(row?.ended ?? 0n) };
}

/**
 * The place of the first entry that would take the place of one in force and let its value go
 * where that one would not.
 */
export async function findShortened(
  tx: Transaction,
  tenant: string,
  added: NewEntries['entries'],
): Promise<number | undefined> {
  const [row] = await tx.query<{ place: number }>({
    text: `select asked.place::integer - 1 as place
      from unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[]) with ordinality
        as asked (kind, value, listed_from, listed_until, place)
      join fraud.list_entries e on e.tenant = $1 and e.purpose = 'block' and e.kind = asked.kind
        and e.value = asked.value and e.taken_revision is null
      where coalesce(e.listed_until, 'infinity') > $6::timestamptz
        and (asked.listed_from > greatest(e.listed_from, $6::timestamptz)
          or coalesce(asked.listed_until, 'infinity') < coalesce(e.listed_until, 'infinity'))
      order by asked.place limit 1`,
    values: [
      tenant,
      added.map(({ kind }) => kind),
      added.map(({ value }) => value),
      timestamptzArray(added.map(({ from }) => from)),
      timestamptzArray(added.map(({ until }) => until)),
      formatInstant(tx.now),
    ],
  });
  return row?.place;
}

export async function insertListChange(tx: Transaction, change: ListChange): Promise<void> {
  await tx.query({
    text: `insert into fraud.list_changes (id, tenant, revision, purpose, put, taken, made_at,
        made_by)
      values ($1, $2, $3, $4, $5, $6, $7::timestamptz, $8)`,
    values: [
      uuidOf(change.id),
      change.tenant,
      change.revision,
      change.purpose,
      change.put,
      change.taken,
      formatInstant(tx.now),
      tx.actor,
    ],
  });
}

export interface EntryFilter {
  readonly tenant: string;
  readonly purpose: ListPurpose;
  readonly kind?: string | undefined;
  readonly value?: string | undefined;
  readonly before?: ListEntryId | undefined;
  readonly limit: number;
}

/** In force, and not over; the latest first. */
export async function listEntries(
  queryable: Queryable,
  asked: EntryFilter,
  now: Instant,
): Promise<StoredEntry[]> {
  const { tenant, purpose, kind, value, before, limit } = asked;
  const rows = await queryable.query<EntryRow>({
    text: `select ${content}, e.note, ${us('e.put_at')} as put_at_us, e.put_by
      from fraud.list_entries e
      where e.tenant = $1 and e.purpose = $2 and e.taken_revision is null
        and ($3::text is null or e.kind = $3) and ($4::text is null or e.value = $4)
        and ($5::uuid is null or e.id < $5)
        and (e.listed_until is null or e.listed_until > $6::timestamptz)
      order by e.id desc limit $7`,
    values: [
      tenant,
      purpose,
      kind ?? null,
      value ?? null,
      before === undefined ? null : uuidOf(before),
      formatInstant(now),
      limit,
    ],
  });
  return rows.map((row) => ({
    ...entryOf(row),
    id: idOf('fle', row.id),
    note: row.note ?? undefined,
    putAt: Number(row.put_at_us) as Instant,
    putBy: row.put_by,
  }));
}

interface AtRevision {
  readonly tenant: string;
  readonly revision: number;
  /** Of these values alone; of all unless given. */
  readonly listed?: readonly string[] | undefined;
}

/** All that were in force at a revision, in pages. */
export async function* entriesAt(
  queryable: Queryable,
  { tenant, revision, listed }: AtRevision,
  pageMax: number,
): AsyncGenerator<readonly ListEntry[]> {
  let after: { readonly revision: bigint; readonly id: Uuid } | undefined;
  for (;;) {
    const rows = await queryable.query<EntryRow & { put_revision: bigint }>({
      text: `select ${content}, e.put_revision from fraud.list_entries e
        where e.tenant = $1 and e.put_revision <= $2
          and (e.taken_revision is null or e.taken_revision > $2)
          and (e.put_revision, e.id) > ($3, $4) and ($5::text[] is null or e.value = any($5))
        order by e.put_revision, e.id limit $6`,
      values: [
        tenant,
        revision,
        after?.revision ?? 0n,
        after?.id ?? FIRST,
        listed ?? null,
        pageMax,
      ],
    });
    const last = rows.at(-1);
    if (last === undefined) return;
    after = { revision: last.put_revision, id: last.id };
    yield rows.map(entryOf);
  }
}

const FIRST = '00000000-0000-0000-0000-000000000000';

export interface EntryChange {
  readonly revision: number;
  readonly isPut: boolean;
  readonly entry: ListEntry;
}

/** What came and went in the revisions after one and up to another, in the order to do it in. */
export async function entryChanges(
  queryable: Queryable,
  asked: {
    readonly tenant: string;
    readonly after: number;
    readonly upTo: number;
    readonly countMax: number;
  },
): Promise<EntryChange[]> {
  const { tenant, after, upTo, countMax } = asked;
  const rows = await queryable.query<EntryRow & { revision: bigint; is_put: boolean }>({
    text: `(select ${content}, e.put_revision as revision, true as is_put
        from fraud.list_entries e
        where e.tenant = $1 and e.put_revision > $2 and e.put_revision <= $3
        order by e.put_revision limit $4)
      union all
      (select ${content}, e.taken_revision as revision, false as is_put
        from fraud.list_entries e
        where e.tenant = $1 and e.taken_revision > $2 and e.taken_revision <= $3
        order by e.taken_revision limit $4)
      order by revision, is_put limit $4`,
    values: [tenant, after, upTo, countMax],
  });
  return rows.map((row) => {
    return { revision: Number(row.revision), isPut: row.is_put, entry: entryOf(row) };
  });
}
