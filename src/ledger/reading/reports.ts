// Reads the whole ledger at a time: the trial balance, in which debits equal credits in every
// currency, and the chart of accounts with the sum of each subtree.

import { assert } from '#kernel';
import type { Queryable } from '#platform';
import { selectChart, selectTrialBalance } from './report-store.ts';
import type {
  ChartNode,
  ChartQuery,
  TrialBalanceLine,
  TrialBalanceQuery,
  TrialBalanceTotal,
} from './report-store.ts';

export type {
  ChartNode,
  ChartQuery,
  ReportPlace,
  TrialBalanceLine,
  TrialBalanceQuery,
  TrialBalanceTotal,
} from './report-store.ts';

export interface TrialBalance {
  /** One per currency, over the whole ledger, whatever page is asked for. */
  readonly totals: readonly TrialBalanceTotal[];
  readonly lines: readonly TrialBalanceLine[];
  readonly hasMore: boolean;
}

export async function trialBalance(
  queryable: Queryable,
  query: TrialBalanceQuery,
): Promise<TrialBalance> {
  const { totals, lines } = await selectTrialBalance(queryable, {
    ...query,
    limit: query.limit + 1,
  });
  // Not an assertion: whoever asks for a trial balance wants to be shown when it does not balance.
  return { totals, lines: lines.slice(0, query.limit), hasMore: lines.length > query.limit };
}

export interface Chart {
  readonly nodes: readonly ChartNode[];
  readonly hasMore: boolean;
}

export async function rollUp(queryable: Queryable, query: ChartQuery): Promise<Chart> {
  assert(query.depth >= 0, 'the depth of a chart is not negative');
  const nodes = await selectChart(queryable, { ...query, limit: query.limit + 1 });
  return { nodes: nodes.slice(0, query.limit), hasMore: nodes.length > query.limit };
}
