// Owns the SQL that sums what moved on accounts by value date, from a version on: one statement for
// many accounts, which locks nothing and tells of one moment.

import { idOf, uuidOf, type AccountId, type Instant, type TransferId, type Uuid } from '#kernel';
import { int8Array, uuidArray, type Queryable } from '#platform';

/** What was posted to an account with one value date. */
export interface Movement {
  readonly accountId: AccountId;
  /** Midnight UTC of the value date. */
  readonly day: Instant;
  /** Minor units. */
  readonly debits: bigint;
  readonly credits: bigint;
  /** The latest version among these entries. */
  readonly version: bigint;
  /** When the latest was recorded, transfers to pass over aside; undefined where none is left. */
  readonly recordedAt: Instant | undefined;
}

export interface MovementQuestion {
  readonly accountId: AccountId;
  /** Entries up to this version are known. */
  readonly afterVersion: bigint;
}

/** What moved since, by account and value date. Entries that only hold are counted as nothing. */
export async function movementsByDay(
  queryable: Queryable,
  questions: readonly MovementQuestion[],
  passedOver: readonly TransferId[] = [],
): Promise<Movement[]> {
  if (questions.length === 0) return [];
  const rows = await queryable.query<{
    account_id: Uuid;
    day_us: bigint;
    debits: string;
    credits: string;
    version: bigint;
    recorded_at_us: bigint | null;
  }>({
    name: 'ledger.movements_by_day',
    text: `select q.account_id, (extract(epoch from e.day) * 1000000)::bigint as day_us, e.debits,
        e.credits, e.version, (extract(epoch from e.recorded_at) * 1000000)::bigint
          as recorded_at_us
      from unnest($1::uuid[], $2::bigint[]) as q (account_id, after_version)
        join ledger.balances b on b.account_id = q.account_id and b.version > q.after_version
        cross join lateral (
          select (n.effective_at at time zone 'UTC')::date as day,
            coalesce(sum(n.posted) filter (where n.is_debit), 0)::text as debits,
            coalesce(sum(n.posted) filter (where not n.is_debit), 0)::text as credits,
            max(n.version) as version,
            max(n.recorded_at) filter (where n.transfer_id <> all ($3::uuid[])) as recorded_at
          from ledger.entries n
          where n.account_id = q.account_id and n.version > q.after_version
          group by 1
        ) e`,
    values: [
      uuidArray(questions.map(({ accountId }) => uuidOf(accountId))),
      int8Array(questions.map(({ afterVersion }) => afterVersion)),
      uuidArray(passedOver.map(uuidOf)),
    ],
  });
  return rows.map((row) => ({
    accountId: idOf('acc', row.account_id),
    day: Number(row.day_us) as Instant,
    debits: BigInt(row.debits),
    credits: BigInt(row.credits),
    version: row.version,
    recordedAt: row.recorded_at_us === null ? undefined : (Number(row.recorded_at_us) as Instant),
  }));
}
