// Reads the decisions of a range as a history to train on and to be judged on: the features as they
// were when it was decided, and what became known since. Nothing is computed again.

import { limits } from '#config';
import { accept, refuse, SECOND_US, startOfDay, type Instant, type Result } from '#kernel';
import type { Transactions } from '../../cards/transactions.ts';
import type { Matrix } from '../../matrix.ts';
import { lakeDecisions, type LakeDecision } from '../decisions.ts';
import { knownFrauds } from '../known.ts';
import type { LakeReading } from '../layout.ts';
import { readLake } from '../read.ts';
import {
  emptyTransactions,
  joined,
  numberOf,
  type LakeTransactionsRange,
} from '../transactions.ts';

/** The features that a history is read with, as they were when it was decided. */
export interface HistoryFeatures {
  readonly version: string;
  readonly names: readonly string[];
}

export interface LakeHistory {
  /**
   * By the time of the decision; accounts stand for customers, counterparties for terminals. What
   * nobody has called fraud is genuine. An amount of 2³² hundredths or more counts as one less.
   */
  readonly transactions: Transactions;
  /** A row for each of the transactions. */
  readonly matrix: Matrix;
  /** Decisions that were made without features, or with those of another version. */
  readonly skipped: number;
}

export interface LakeHistoryRefusal {
  readonly code: 'lake_history_too_large';
  readonly message: string;
}

const UINT32_MAX = 2 ** 32 - 1;

export async function readLakeHistory(
  lake: LakeReading,
  { from, until, knownUntil }: LakeTransactionsRange,
  features: HistoryFeatures,
): Promise<Result<LakeHistory, LakeHistoryRefusal>> {
  const reader = new HistoryReader({
    start: startOfDay(from),
    features,
    frauds: await knownFrauds(lake, { from, until: knownUntil }),
  });
  const rowsMax = limits.fraudLakeTrainingRowsMax.value;
  for await (const decisions of readLake(lake, lakeDecisions, { from, until })) {
    reader.add(decisions);
    if (reader.count <= rowsMax) continue;
    const message = `There are more than ${rowsMax} decisions in the range; ask for fewer days.`;
    return refuse({ code: 'lake_history_too_large', message });
  }
  return accept(reader.history());
}

interface HistoryFacts {
  readonly start: Instant;
  readonly features: HistoryFeatures;
  readonly frauds: ReadonlyMap<string, number>;
}

/** Holds what was read as numbers, a fraction of what the decisions themselves would take. */
class HistoryReader {
  readonly #facts: HistoryFacts;
  readonly #accounts = new Map<string, number>();
  readonly #counterparties = new Map<string, number>();
  readonly #transactions: Transactions[] = [];
  readonly #columns: Float64Array[][] = [];
  #skipped = 0;
  count = 0;

  constructor(facts: HistoryFacts) {
    this.#facts = facts;
  }

  add(decisions: readonly LakeDecision[]): void {
    const { start, features, frauds } = this.#facts;
    const usable = decisions.filter((decision) => isUsable(decision, features));
    const piece = emptyTransactions(usable.length, start);
    const columns = features.names.map(() => new Float64Array(usable.length));
    for (const [row, decision] of usable.entries()) {
      const { event, accountId, decidedAt } = decision;
      piece.customers[row] = numberOf(this.#accounts, accountId);
      piece.terminals[row] = numberOf(this.#counterparties, event.keys['counterparty'] ?? '');
      piece.amounts[row] = Math.min(event.amount, UINT32_MAX);
      piece.seconds[row] = Math.floor((decidedAt - start) / SECOND_US);
      piece.patterns[row] = frauds.get(event.id) ?? 0;
      for (const [at, column] of columns.entries()) column[row] = decision.features[at] ?? NaN;
    }
    this.#transactions.push(piece);
    this.#columns.push(columns);
    this.#skipped += decisions.length - usable.length;
    this.count += usable.length;
  }

  history(): LakeHistory {
    const { start, features } = this.#facts;
    const columns = features.names.map((_, at) => {
      const whole = new Float64Array(this.count);
      let row = 0;
      for (const piece of this.#columns) {
        const column = piece[at] ?? new Float64Array();
        whole.set(column, row);
        row += column.length;
      }
      return whole;
    });
    return {
      transactions: joined(this.#transactions, start),
      matrix: { rows: this.count, names: features.names, columns },
      skipped: this.#skipped,
    };
  }
}

/** Whether it was decided by these features, and not for want of any. */
export function isUsable(
  { mode, features, featureSetVersion }: LakeDecision,
  { version, names }: HistoryFeatures,
): boolean {
  const isByFeatures = mode === 'full' || mode === 'rules_only';
  return isByFeatures && featureSetVersion === version && features.length === names.length;
}
