// The SQL of legal holds: which were placed and released, what they cover, and whether that has
// reached the store of objects. Rows are only added.

import { formatInstant, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { RetentionClass } from '../../action.ts';
import { instantIn, us } from './archive-store.ts';

export interface NewHold {
  readonly id: Uuid;
  readonly fromMonth: number;
  readonly toMonth: number;
  /** Undefined: all classes. */
  readonly retention: RetentionClass | undefined;
  readonly reason: string;
}

export interface HoldFacts extends NewHold {
  readonly placedAt: Instant;
  readonly actor: string;
  readonly releasedAt: Instant | undefined;
  readonly releasedBy: string | undefined;
}

export async function insertHold(tx: Transaction, hold: NewHold): Promise<void> {
  const { id, fromMonth, toMonth, retention, reason } = hold;
  await tx.query({
    text: `insert into audit.legal_holds
        (id, placed_at, actor, reason, from_month, to_month, retention)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [id, formatInstant(tx.now), tx.actor, reason, fromMonth, toMonth, retention ?? null],
  });
}

export async function insertRelease(tx: Transaction, id: Uuid): Promise<void> {
  await tx.query({
    text: `insert into audit.legal_hold_releases (hold_id, released_at, actor)
      values ($1, $2, $3)`,
    values: [id, formatInstant(tx.now), tx.actor],
  });
}

interface HoldRow {
  readonly id: Uuid;
  readonly placed_at: bigint;
  readonly actor: string;
  readonly reason: string;
  readonly from_month: number;
  readonly to_month: number;
  readonly retention: RetentionClass | null;
  readonly released_at: bigint | null;
  readonly released_by: string | null;
}

/** One hold, or all, oldest first. */
export async function selectHolds(q: Queryable, id?: Uuid): Promise<HoldFacts[]> {
  const rows = await q.query<HoldRow>({
    name: 'audit.select_holds',
    text: `select h.id, h.actor, h.reason, h.from_month, h.to_month, h.retention,
        ${us('h.placed_at')} as placed_at,
        ${us('r.released_at')} as released_at,
        r.actor as released_by
      from audit.legal_holds h left join audit.legal_hold_releases r on r.hold_id = h.id
      where $1::uuid is null or h.id = $1 order by h.placed_at, h.id`,
    values: [id ?? null],
  });
  return rows.map((row) => ({
    id: row.id,
    fromMonth: row.from_month,
    toMonth: row.to_month,
    retention: row.retention ?? undefined,
    reason: row.reason,
    placedAt: instantIn(row.placed_at),
    actor: row.actor,
    releasedAt: row.released_at === null ? undefined : instantIn(row.released_at),
    releasedBy: row.released_by ?? undefined,
  }));
}

/** Whether any hold that is not released covers a class of a month. */
export async function isHeld(
  q: Queryable,
  { month, retention }: { readonly month: number; readonly retention: RetentionClass },
): Promise<boolean> {
  const [row] = await q.query<{ is_held: boolean }>({
    name: 'audit.is_held',
    text: `select exists (select from audit.active_legal_holds h
      where $1 between h.from_month and h.to_month
        and (h.retention is null or h.retention = $2)) as is_held`,
    values: [month, retention],
  });
  return row?.is_held === true;
}

export interface UnsettledHold {
  readonly id: Uuid;
  readonly event: 'placed' | 'released';
}

/** Holds and releases that may not have reached every object yet. */
export async function selectUnsettled(q: Queryable): Promise<UnsettledHold[]> {
  return await q.query<UnsettledHold>({
    name: 'audit.select_unsettled_holds',
    text: `select u.id, u.event from (
        select h.id, 'placed' as event, h.placed_at as at from audit.legal_holds h
        union all
        select r.hold_id, 'released', r.released_at from audit.legal_hold_releases r) u
      where not exists (select from audit.legal_hold_settlements s
        where s.hold_id = u.id and s.event = u.event)
      order by u.at`,
  });
}

export async function insertSettlement(
  tx: Transaction,
  { id, event }: UnsettledHold,
): Promise<void> {
  await tx.query({
    text: `insert into audit.legal_hold_settlements (hold_id, event, settled_at)
      values ($1, $2, $3) on conflict do nothing`,
    values: [id, event, formatInstant(tx.now)],
  });
}

export interface CoveredObject {
  readonly number: number;
  readonly key: string;
  /** By this hold or any other. */
  readonly isHeld: boolean;
}

/** Objects in the months and class of a hold that are not given up, by number. */
export async function selectCovered(
  q: Queryable,
  { id, after, countMax }: { readonly id: Uuid; readonly after: number; readonly countMax: number },
): Promise<CoveredObject[]> {
  const rows = await q.query<{ number: bigint; object_key: string; is_held: boolean }>({
    name: 'audit.select_covered',
    text: `select a.number, a.object_key,
        exists (select from audit.active_legal_holds o
          where a.month between o.from_month and o.to_month
            and (o.retention is null or o.retention = a.retention)) as is_held
      from audit.archives a
      join audit.legal_holds h on a.month between h.from_month and h.to_month
        and (h.retention is null or h.retention = a.retention)
      where h.id = $1 and a.number > $2
        and not exists (select from audit.archive_expiries e where e.archive = a.number)
      order by a.number limit $3`,
    values: [id, after, countMax],
  });
  return rows.map(({ number, object_key: key, is_held }) => {
    return { number: Number(number), key, isHeld: is_held };
  });
}
