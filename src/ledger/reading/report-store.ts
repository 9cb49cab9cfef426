// Owns the SQL that sums the whole ledger: the trial balance and the roll-up of the chart of
// accounts. Each report is one statement, hence one snapshot, in which debits equal credits per
// currency.

import { formatInstant, idOf, type AccountId, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { Side } from '../posting/instruction.ts';
import type { AsOf } from './balance.ts';

type Bind = (value: unknown) => string;

// Per account, what was posted on each side: from the counters now, or from the entries as of a
// time.
function sumsOf({ effectiveAt, recordedAt }: AsOf, bind: Bind): string {
  if (effectiveAt === undefined && recordedAt === undefined) {
    return `select account_id, posted_debits as debits, posted_credits as credits
      from ledger.balances where posted_debits <> 0 or posted_credits <> 0`;
  }
  const where: string[] = [];
  if (effectiveAt !== undefined) {
    where.push(`effective_at <= ${bind(formatInstant(effectiveAt))}::timestamptz`);
  }
  if (recordedAt !== undefined) {
    where.push(`recorded_at <= ${bind(formatInstant(recordedAt))}::timestamptz`);
  }
  return `select account_id, coalesce(sum(posted) filter (where is_debit), 0) as debits,
      coalesce(sum(posted) filter (where not is_debit), 0) as credits
    from ledger.entries where posted > 0 and ${where.join(' and ')} group by account_id`;
}

/** One line of a trial balance: an account, or a path with all accounts at or below it. */
export interface TrialBalanceLine {
  readonly currency: string;
  readonly path: string;
  readonly accountId: AccountId | undefined;
  readonly accounts: bigint;
  readonly debits: bigint;
  readonly credits: bigint;
}

/** Of one currency, over the whole ledger. */
export interface TrialBalanceTotal {
  readonly currency: string;
  readonly accounts: bigint;
  readonly debits: bigint;
  readonly credits: bigint;
}

/** A place in a report: the names its last line is sorted by. */
export interface ReportPlace {
  readonly currency: string;
  readonly path: string;
  readonly accountId?: Uuid | undefined;
}

export interface TrialBalanceQuery extends AsOf {
  readonly by: 'account' | 'path';
  /** Names of a path that make a line, from the left; the whole path when absent. */
  readonly depth?: number | undefined;
  readonly currency?: string | undefined;
  readonly after?: ReportPlace | undefined;
  readonly limit: number;
}

interface LineRow {
  readonly is_total: boolean;
  readonly currency: string;
  readonly path: string;
  readonly account_id: Uuid | null;
  readonly accounts: bigint;
  readonly debits: string;
  readonly credits: string;
}

// No account has this id: it sorts before them all and stands for a line of a path.
const NO_ACCOUNT = '00000000-0000-0000-0000-000000000000';

export async function selectTrialBalance(
  queryable: Queryable,
  query: TrialBalanceQuery,
): Promise<{ totals: TrialBalanceTotal[]; lines: TrialBalanceLine[] }> {
  const { by, depth, currency, after, limit } = query;
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const sums = sumsOf(query, bind);
  const path =
    depth === undefined
      ? 'a.path'
      : `array_to_string((string_to_array(a.path, ':'))[1:${bind(depth)}::int], ':')`;
  const account = by === 'account' ? 'a.id' : `'${NO_ACCOUNT}'::uuid`;
  const only = currency === undefined ? '' : `where a.currency = ${bind(currency)}`;
  const place =
    after === undefined
      ? ''
      : `where (currency collate "C", path collate "C", account_id) >
          (${bind(after.currency)}, ${bind(after.path)},
            ${bind(after.accountId ?? NO_ACCOUNT)}::uuid)`;
  const rows = await queryable.query<LineRow>({
    text: `with sums as (${sums}),
      lines as materialized (
        select a.currency, ${path} as path, ${account} as account_id, count(*) as accounts,
          sum(s.debits) as debits, sum(s.credits) as credits
        from sums s join ledger.accounts a on a.id = s.account_id ${only}
        group by 1, 2, 3
      )
      (select true as is_total, currency, '' as path, null::uuid as account_id,
          sum(accounts)::bigint as accounts, sum(debits) as debits, sum(credits) as credits
        from lines group by currency order by currency collate "C")
      union all
      (select false, currency, path, account_id, accounts, debits, credits from lines ${place}
        order by currency collate "C", path collate "C", account_id limit ${bind(limit)}::bigint)`,
    values,
  });
  const lines = rows.map((row) => ({
    isTotal: row.is_total,
    currency: row.currency,
    path: row.path,
    accountId:
      row.account_id === null || row.account_id === NO_ACCOUNT
        ? undefined
        : idOf('acc', row.account_id),
    accounts: row.accounts,
    debits: BigInt(row.debits),
    credits: BigInt(row.credits),
  }));
  return {
    totals: lines.filter(({ isTotal }) => isTotal),
    lines: lines.filter(({ isTotal }) => !isTotal),
  };
}

/** A node of the chart of accounts with everything at and below it, in one currency. */
export interface ChartNode {
  /** Empty for the root, the whole chart. */
  readonly path: string;
  readonly currency: string;
  readonly accounts: bigint;
  /** The normal side of all accounts below, undefined where they differ. */
  readonly normalSide: Side | undefined;
  readonly debits: bigint;
  readonly credits: bigint;
}

export interface ChartQuery extends AsOf {
  /** The node to begin with; the root when absent. */
  readonly path?: string | undefined;
  /** Levels below the node; 0 is the node alone. */
  readonly depth: number;
  readonly after?: ReportPlace | undefined;
  readonly limit: number;
}

interface NodeRow {
  readonly path: string;
  readonly currency: string;
  readonly accounts: bigint;
  readonly normal_side: Side | null;
  readonly debits: string;
  readonly credits: string;
}

export async function selectChart(queryable: Queryable, query: ChartQuery): Promise<ChartNode[]> {
  const { path, depth, after, limit } = query;
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const sums = sumsOf(query, bind);
  const level = path === undefined ? 0 : path.split(':').length;
  // Compared by bytes, as the index is sorted; a semicolon follows the colon in ASCII.
  const subtree =
    path === undefined
      ? ''
      : `where a.path ~>=~ ${bind(path)} and a.path ~<~ ${bind(`${path};`)}
          and (a.path = ${bind(path)} or a.path ~>=~ ${bind(`${path}:`)})`;
  const place =
    after === undefined
      ? ''
      : `having (array_to_string(n.names[1:l.level], ':') collate "C", n.currency collate "C") >
          (${bind(after.path)}, ${bind(after.currency)})`;
  const rows = await queryable.query<NodeRow>({
    text: `with sums as (${sums}),
      named as (
        select string_to_array(a.path, ':') as names, a.currency, a.normal_side,
          coalesce(s.debits, 0) as debits, coalesce(s.credits, 0) as credits
        from ledger.accounts a left join sums s on s.account_id = a.id ${subtree}
      )
      select array_to_string(n.names[1:l.level], ':') as path, n.currency, count(*) as accounts,
        case when min(n.normal_side) = max(n.normal_side) then min(n.normal_side) end
          as normal_side,
        sum(n.debits) as debits, sum(n.credits) as credits
      from named n cross join lateral generate_series(${bind(level)}::int,
        least(${bind(level + depth)}::int, cardinality(n.names))) as l (level)
      group by n.names[1:l.level], n.currency ${place}
      order by array_to_string(n.names[1:l.level], ':') collate "C", n.currency collate "C"
      limit ${bind(limit)}::bigint`,
    values,
  });
  return rows.map((row) => ({
    path: row.path,
    currency: row.currency,
    accounts: row.accounts,
    normalSide: row.normal_side ?? undefined,
    debits: BigInt(row.debits),
    credits: BigInt(row.credits),
  }));
}
