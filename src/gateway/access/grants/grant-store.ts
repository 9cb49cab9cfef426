// The SQL of mandates: made, ended, found, and used up by day.

import { formatInstant, idOf } from '#kernel';
import type { Currency, Id, Instant, Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { ObjectUse } from '../access.ts';
import type { Act, Mandate, Reservation } from './judge.ts';

export type GrantId = Id<'grt'>;

export interface NewGrant {
  readonly granteeKind: 'subject' | 'customer';
  readonly grantee: string;
  /** Nobody has a mandate for one payment: the accounts behind it decide. */
  readonly objectKind: Exclude<ObjectUse['kind'], 'payment'>;
  readonly objectId: string;
  readonly acts: readonly Act[];
  readonly currency: Currency | undefined;
  readonly transferMax: bigint | undefined;
  readonly dayMax: bigint | undefined;
  readonly timeZone: string;
  /** 1 is Monday. */
  readonly weekdays: readonly number[];
  readonly minuteFrom: number;
  /** Up to 1440; the minute itself is excluded. */
  readonly minuteTo: number;
  readonly validFrom: Instant;
  readonly validTo: Instant | undefined;
}

export interface Grant extends NewGrant {
  readonly id: GrantId;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly revokedAt: Instant | undefined;
  readonly revokedBy: string | undefined;
}

export async function insertGrant(
  tx: Transaction,
  { id, tenant, grant }: { readonly id: Uuid; readonly tenant: string; readonly grant: NewGrant },
): Promise<void> {
  await tx.query({
    name: 'gateway.insert_grant',
    text: `insert into gateway.grants (id, tenant, grantee_kind, grantee, object_kind, object_id,
        acts, currency, transfer_max, day_max, time_zone, weekdays, minute_from, minute_to,
        valid_from, valid_to, created_at, created_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
    values: [
      id,
      tenant,
      grant.granteeKind,
      grant.grantee,
      grant.objectKind,
      grant.objectId,
      grant.acts,
      grant.currency ?? null,
      grant.transferMax ?? null,
      grant.dayMax ?? null,
      grant.timeZone,
      grant.weekdays,
      grant.minuteFrom,
      grant.minuteTo,
      formatInstant(grant.validFrom),
      grant.validTo === undefined ? null : formatInstant(grant.validTo),
      formatInstant(tx.now),
      tx.actor,
    ],
  });
}

/** Many at once. */
export async function insertGrants(
  tx: Transaction,
  tenant: string,
  grants: readonly { readonly id: Uuid; readonly grant: NewGrant }[],
): Promise<void> {
  const column = <Value>(pick: (grant: NewGrant) => Value): Value[] =>
    grants.map(({ grant }) => pick(grant));
  await tx.query({
    name: 'gateway.insert_grants',
    text: `insert into gateway.grants (id, tenant, grantee_kind, grantee, object_kind, object_id,
        acts, currency, transfer_max, day_max, time_zone, weekdays, minute_from, minute_to,
        valid_from, valid_to, created_at, created_by)
      select n.id, $2, n.grantee_kind, n.grantee, n.object_kind, n.object_id,
        string_to_array(n.acts, ','), n.currency, n.transfer_max, n.day_max, n.time_zone,
        string_to_array(n.weekdays, ',')::smallint[], n.minute_from, n.minute_to, n.valid_from,
        n.valid_to, $16, $17
      from unnest($1::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::smallint[],
        $14::smallint[], $15::timestamptz[], $18::timestamptz[])
        as n (id, grantee_kind, grantee, object_kind, object_id, acts, currency, transfer_max,
          day_max, time_zone, weekdays, minute_from, minute_to, valid_from, valid_to)`,
    values: [
      grants.map(({ id }) => id),
      tenant,
      column(({ granteeKind }) => granteeKind),
      column(({ grantee }) => grantee),
      column(({ objectKind }) => objectKind),
      column(({ objectId }) => objectId),
      column(({ acts }) => acts.join(',')),
      column(({ currency }) => currency ?? null),
      column(({ transferMax }) => transferMax ?? null),
      column(({ dayMax }) => dayMax ?? null),
      column(({ timeZone }) => timeZone),
      column(({ weekdays }) => weekdays.join(',')),
      column(({ minuteFrom }) => minuteFrom),
      column(({ minuteTo }) => minuteTo),
      column(({ validFrom }) => formatInstant(validFrom)),
      formatInstant(tx.now),
      tx.actor,
      column(({ validTo }) => (validTo === undefined ? null : formatInstant(validTo))),
    ],
  });
}

interface GrantRow {
  readonly id: Uuid;
  readonly grantee_kind: Grant['granteeKind'];
  readonly grantee: string;
  readonly object_kind: Grant['objectKind'];
  readonly object_id: string;
  readonly acts: Act[];
  readonly currency: Currency | null;
  readonly transfer_max: bigint | null;
  readonly day_max: bigint | null;
  readonly time_zone: string;
  readonly weekdays: number[];
  readonly minute_from: number;
  readonly minute_to: number;
  readonly valid_from_us: bigint;
  readonly valid_to_us: bigint | null;
  readonly created_at_us: bigint;
  readonly created_by: string;
  readonly revoked_at_us: bigint | null;
  readonly revoked_by: string | null;
}

const us = (column: string): string =>
  `(extract(epoch from g.${column}) * 1000000)::bigint as ${column}_us`;

const COLUMNS = `g.id, g.grantee_kind, g.grantee, g.object_kind, g.object_id, g.acts, g.currency,
  g.transfer_max, g.day_max, g.time_zone, g.weekdays, g.minute_from, g.minute_to,
  ${us('valid_from')}, ${us('valid_to')}, ${us('created_at')}, g.created_by,
  ${us('revoked_at')}, g.revoked_by`;

export async function selectGrant(tx: Transaction, id: Uuid): Promise<Grant | undefined> {
  const [row] = await tx.query<GrantRow>({
    name: 'gateway.select_grant',
    text: `select ${COLUMNS} from gateway.grants g where g.id = $1`,
    values: [id],
  });
  return row && grantOf(row);
}

export interface GrantFilter {
  readonly grantee: string | undefined;
  readonly objectId: string | undefined;
}

/** Newest first, from the place on. */
export async function selectGrants(
  tx: Transaction,
  { grantee, objectId }: GrantFilter,
  { before, countMax }: { readonly before: Uuid | undefined; readonly countMax: number },
): Promise<Grant[]> {
  const rows = await tx.query<GrantRow>({
    name: 'gateway.select_grants',
    text: `select ${COLUMNS} from gateway.grants g
      where ($1::text is null or g.grantee = $1) and ($2::text is null or g.object_id = $2)
        and ($3::uuid is null or g.id < $3)
      order by g.id desc limit $4`,
    values: [grantee ?? null, objectId ?? null, before ?? null, countMax],
  });
  return rows.map(grantOf);
}

function grantOf(row: GrantRow): Grant {
  return {
    id: idOf('grt', row.id),
    granteeKind: row.grantee_kind,
    grantee: row.grantee,
    objectKind: row.object_kind,
    objectId: row.object_id,
    acts: row.acts,
    currency: row.currency ?? undefined,
    transferMax: row.transfer_max ?? undefined,
    dayMax: row.day_max ?? undefined,
    timeZone: row.time_zone,
    weekdays: row.weekdays,
    minuteFrom: row.minute_from,
    minuteTo: row.minute_to,
    validFrom: instantIn(row.valid_from_us),
    validTo: row.valid_to_us === null ? undefined : instantIn(row.valid_to_us),
    createdAt: instantIn(row.created_at_us),
    createdBy: row.created_by,
    revokedAt: row.revoked_at_us === null ? undefined : instantIn(row.revoked_at_us),
    revokedBy: row.revoked_by ?? undefined,
  };
}

function instantIn(count: bigint): Instant {
  return Number(count) as Instant;
}

/** False where it was ended before. */
export async function endGrant(tx: Transaction, id: Uuid): Promise<boolean> {
  const rows = await tx.query({
    name: 'gateway.end_grant',
    text: `update gateway.grants set revoked_at = $2, revoked_by = $3
      where id = $1 and revoked_at is null returning 1`,
    values: [id, formatInstant(tx.now), tx.actor],
  });
  return rows.length > 0;
}

/** Ends those of many that had not ended. */
export async function endGrants(tx: Transaction, ids: readonly Uuid[]): Promise<void> {
  await tx.query({
    name: 'gateway.end_grants',
    text: `update gateway.grants set revoked_at = $2, revoked_by = $3
      where id = any($1::uuid[]) and revoked_at is null`,
    values: [ids, formatInstant(tx.now), tx.actor],
  });
}

/** Whose mandate for what. */
export interface MandateQuestion {
  readonly tenant: string;
  readonly subject: string;
  readonly customer: string;
  readonly kind: ObjectUse['kind'];
  readonly id: string;
}

interface MandateRow {
  readonly place: bigint;
  readonly id: Uuid;
  readonly acts: Act[];
  readonly currency: Currency | null;
  readonly transfer_max: bigint | null;
  readonly day_max: bigint | null;
  readonly time_zone: string;
  readonly weekdays: number[];
  readonly minute_from: number;
  readonly minute_to: number;
  readonly used: Readonly<Record<string, string>> | null;
}

/** The mandates in force for each question, in order. */
export async function selectMandates(
  queryable: Queryable,
  now: Instant,
  questions: readonly MandateQuestion[],
): Promise<Mandate[][]> {
  const rows = await queryable.query<MandateRow>({
    name: 'gateway.select_mandates',
    text: `select f.place, f.id, f.acts, f.currency, f.transfer_max, f.day_max, f.time_zone,
        f.weekdays, f.minute_from, f.minute_to, f.used
      from gateway.grants_for($1, $2, $3, $4, $5, $6) f`,
    values: [
      formatInstant(now),
      questions.map(({ tenant }) => tenant),
      questions.map(({ subject }) => subject),
      questions.map(({ customer }) => customer),
      questions.map(({ kind }) => kind),
      questions.map(({ id }) => id),
    ],
  });
  const found: Mandate[][] = questions.map(() => []);
  for (const row of rows) found[Number(row.place) - 1]?.push(mandateOf(row));
  return found;
}

function mandateOf(row: MandateRow): Mandate {
  return {
    id: row.id,
    acts: row.acts,
    currency: row.currency ?? undefined,
    transferMax: row.transfer_max ?? undefined,
    dayMax: row.day_max ?? undefined,
    timeZone: row.time_zone,
    weekdays: row.weekdays,
    minuteFrom: row.minute_from,
    minuteTo: row.minute_to,
    used: Object.fromEntries(
      Object.entries(row.used ?? {}).map(([day, amount]) => [day, BigInt(amount)]),
    ),
  };
}

/** How many of them had room; whoever gets fewer than asked for must roll back. */
export async function reserve(
  tx: Transaction,
  reservations: readonly Reservation[],
): Promise<number> {
  // In one order, so that two requests never wait for each other crosswise.
  const sorted = reservations.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const rows = await tx.query({
    name: 'gateway.reserve_grants',
    text: `insert into gateway.grant_days as d (grant_id, day, used)
      select r.grant_id, r.day, r.amount
      from unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[]) with ordinality
        as r (grant_id, day, amount, day_max, place)
      where r.amount <= r.day_max order by r.place
      on conflict (grant_id, day) do update set used = d.used + excluded.used
      where d.used + excluded.used <= (select g.day_max from
        unnest($1::uuid[], $4::bigint[]) as g (grant_id, day_max)
        where g.grant_id = d.grant_id limit 1)
      returning 1`,
    values: [
      sorted.map(({ grantId }) => grantId),
      sorted.map(({ day }) => day),
      sorted.map(({ amount }) => amount),
      sorted.map(({ dayMax }) => dayMax),
    ],
  });
  return rows.length;
}

export async function giveBack(
  queryable: Queryable,
  reservations: readonly Reservation[],
): Promise<void> {
  const sorted = reservations.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const { grantId, day, amount } of sorted) {
    await queryable.query({
      name: 'gateway.give_back_grant',
      text: `update gateway.grant_days set used = used - $3
        where grant_id = $1 and day = $2 and used >= $3`,
      values: [grantId, day, amount],
    });
  }
}

function nameOf({ grantId, day }: Reservation): string {
  return `${grantId} ${day}`;
}
