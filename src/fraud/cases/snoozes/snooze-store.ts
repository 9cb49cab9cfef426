// The SQL of snoozes: they are added, looked up for alerts, and ended.

import { formatInstant, idOf, uuidOf, type AccountId, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Snooze, SnoozeId } from './snooze.ts';

interface SnoozeRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly account_id: Uuid | null;
  readonly counterparty: string | null;
  readonly rule: string | null;
  readonly until_us: bigint;
  readonly reason: string;
  readonly made_by: string;
  readonly made_at_us: bigint;
  readonly ended_by: string | null;
  readonly ended_at_us: bigint | null;
}

const us = (column: string): string =>
  `(extract(epoch from s.${column}) * 1000000)::bigint as ${column}_us`;
const columns = `s.id, s.tenant, s.account_id, s.counterparty, s.rule, s.reason, s.made_by,
  s.ended_by, ${['until', 'made_at', 'ended_at'].map(us).join(', ')}`;

function snoozeOfRow(row: SnoozeRow): Snooze {
  return {
    id: idOf('snz', row.id),
    tenant: row.tenant,
    accountId: row.account_id === null ? undefined : idOf('acc', row.account_id),
    counterparty: row.counterparty ?? undefined,
    rule: row.rule ?? undefined,
    until: Number(row.until_us) as Instant,
    reason: row.reason,
    madeBy: row.made_by,
    madeAt: Number(row.made_at_us) as Instant,
    endedBy: row.ended_by ?? undefined,
    endedAt: row.ended_at_us === null ? undefined : (Number(row.ended_at_us) as Instant),
  };
}

export async function insertSnooze(tx: Transaction, snooze: Snooze): Promise<void> {
  await tx.query({
    text: `insert into fraud.snoozes (id, account_id, counterparty, rule, until, reason, made_by,
        made_at)
      values ($1, $2, $3, $4, $5::timestamptz, $6, $7, $8::timestamptz)`,
    values: [
      uuidOf(snooze.id),
      snooze.accountId === undefined ? null : uuidOf(snooze.accountId),
      snooze.counterparty ?? null,
      snooze.rule ?? null,
      formatInstant(snooze.until),
      snooze.reason,
      snooze.madeBy,
      formatInstant(snooze.madeAt),
    ],
  });
}

export async function endSnoozeRow(
  tx: Transaction,
  { id, endedBy, endedAt }: Snooze,
): Promise<void> {
  await tx.query({
    text: `update fraud.snoozes set ended_by = $2, ended_at = $3::timestamptz where id = $1`,
    values: [uuidOf(id), endedBy ?? null, endedAt === undefined ? null : formatInstant(endedAt)],
  });
}

export async function lockSnooze(tx: Transaction, id: SnoozeId): Promise<Snooze | undefined> {
  const [row] = await tx.query<SnoozeRow>({
    text: `select ${columns} from fraud.snoozes s where s.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row && snoozeOfRow(row);
}

export interface Snoozing {
  readonly accountIds: readonly AccountId[];
  readonly counterparties: readonly string[];
  readonly rules: readonly string[];
  /** Of the first alert. */
  readonly since: Instant;
}

/** What may keep one of these out of a case. */
export async function snoozesFor(
  queryable: Queryable,
  { accountIds, counterparties, rules, since }: Snoozing,
): Promise<Snooze[]> {
  const rows = await queryable.query<SnoozeRow>({
    name: 'fraud.snoozes_for_alerts',
    text: `select ${columns} from fraud.snoozes s
      where s.tenant = platform.tenant() and s.until > $1::timestamptz
        and (s.ended_at is null or s.ended_at > $1::timestamptz)
        and (s.account_id is null or s.account_id = any($2::uuid[]))
        and (s.counterparty is null or s.counterparty = any($3::text[]))
        and (s.rule is null or s.rule = any($4::text[]))
      order by s.id`,
    values: [formatInstant(since), accountIds.map(uuidOf), counterparties, rules],
  });
  return rows.map(snoozeOfRow);
}

export interface SnoozeFilter {
  /** Those that have not ended by then; all unless given. */
  readonly inForceAt?: Instant | undefined;
  readonly ids?: readonly SnoozeId[] | undefined;
  readonly after?: SnoozeId | undefined;
  readonly limit: number;
}

/** By id. */
export async function listSnoozes(
  queryable: Queryable,
  { inForceAt, ids, after, limit }: SnoozeFilter,
): Promise<Snooze[]> {
  const rows = await queryable.query<SnoozeRow>({
    text: `select ${columns} from fraud.snoozes s
      where ($1::timestamptz is null
          or (s.until > $1 and (s.ended_at is null or s.ended_at > $1)))
        and ($2::uuid[] is null or s.id = any($2)) and ($3::uuid is null or s.id > $3)
      order by s.id limit $4`,
    values: [
      inForceAt === undefined ? null : formatInstant(inForceAt),
      ids?.map(uuidOf) ?? null,
      after === undefined ? null : uuidOf(after),
      limit,
    ],
  });
  return rows.map(snoozeOfRow);
}
