// Owns posting a planned history in batches, in order, and comparing the ledger's own answer with
// the printed balance after each row. An account's rows are never posted out of order: once one is
// refused, the rest of that account waits for the next import.

import { setImmediate } from 'node:timers/promises';
import { assert, Fault, type AccountId, type Clock } from '#kernel';
import { postBatch } from '#ledger';
import type { Answer, Instruction, Posted, PostRefusal } from '#ledger';
import type { Database } from '#platform';
import { customerAccountId } from './chart.ts';
import { instructionsOf, requireAccount, type Addressing } from './instructions.ts';
import type { PlannedRow } from './plan.ts';

/** What became of one row. */
export interface RowOutcome {
  readonly row: PlannedRow;
  /** Haler: the customer's balance in the ledger's answer; undefined where it was refused. */
  readonly balance: bigint | undefined;
  /** Transfers that this import added: 0 where the row had been imported before. */
  readonly added: number;
  readonly replayed: number;
  readonly refusal: PostRefusal | undefined;
}

export interface PostingOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly addressing: Addressing;
  readonly correlationId: string;
  /** Instructions in one transaction, at most. */
  readonly batchSize: number;
  /** Told of each row posted or refused, in order. */
  readonly onOutcome: (outcome: RowOutcome) => void;
  /** Checked between batches: true ends the posting early. */
  readonly isStopped: () => boolean;
}

export interface PostingEnd {
  readonly end: 'complete' | 'stopped' | 'too_many_refusals';
  /** Rows not attempted, because an earlier row of the account was refused or the posting ended. */
  readonly waiting: number;
}

/** Each refused account costs a batch of its own, so a ledger that refuses all is given up. */
const REFUSED_ACCOUNTS_MAX = 50;
/** After an unknown commit the batch is asked again: the external ids make that harmless. */
const ATTEMPTS_MAX = 3;

interface Step {
  readonly row: PlannedRow;
  readonly instructions: readonly Instruction[];
}

export async function postHistory(
  rows: readonly PlannedRow[],
  options: PostingOptions,
): Promise<PostingEnd> {
  const refusedAccounts = new Set<number>();
  const queue = stepQueue(rows, options, refusedAccounts);
  let settled = 0;
  let batch = queue.next();
  while (batch.length > 0) {
    if (options.isStopped()) return { end: 'stopped', waiting: rows.length - settled };
    const [answers, prepared] = await Promise.all([
      postSteps(batch, options),
      prepareMeanwhile(queue),
    ]);
    const { outcomes, rest } = settle(batch, answers, options);
    settled += outcomes.length;
    for (const outcome of outcomes) options.onOutcome(outcome);
    const last = outcomes.at(-1);
    if (last?.refusal === undefined) {
      batch = prepared;
      continue;
    }
    refusedAccounts.add(last.row.transaction.account_id);
    if (refusedAccounts.size > REFUSED_ACCOUNTS_MAX) {
      return { end: 'too_many_refusals', waiting: rows.length - settled };
    }
    queue.putBack([...rest, ...prepared]);
    batch = queue.next();
  }
  return { end: 'complete', waiting: rows.length - settled };
}

/** The next batch is made while the one before is on its way. */
async function prepareMeanwhile(queue: StepQueue): Promise<Step[]> {
  await setImmediate();
  return queue.next();
}

interface StepQueue {
  next(): Step[];
  putBack(steps: readonly Step[]): void;
}

function stepQueue(
  rows: readonly PlannedRow[],
  { addressing, batchSize }: PostingOptions,
  refusedAccounts: ReadonlySet<number>,
): StepQueue {
  /** Steps made and not yet handed out: one, or what was put back. */
  let ahead: Step[] = [];
  let position = 0;
  const peek = (): Step | undefined => {
    const row = rows[position];
    if (ahead.length === 0 && row !== undefined) {
      ahead.push({ row, instructions: instructionsOf(row, addressing) });
      position += 1;
    }
    return ahead[0];
  };
  return {
    next() {
      const steps: Step[] = [];
      let size = 0;
      for (let step = peek(); step !== undefined; step = peek()) {
        if (!refusedAccounts.has(step.row.transaction.account_id)) {
          size += step.instructions.length;
          if (size > batchSize && steps.length > 0) break;
          steps.push(step);
        }
        ahead.shift();
      }
      return steps;
    },
    putBack(steps) {
      ahead = [...steps, ...ahead];
    },
  };
}

async function postSteps(
  steps: readonly Step[],
  options: PostingOptions,
): Promise<readonly Answer[]> {
  const { database, clock, correlationId } = options;
  const instructions = steps.flatMap((step) => step.instructions);
  for (let attempt = 1; ; attempt += 1) {
    const context = { now: clock.now(), actor: 'import', correlationId };
    try {
      const { answers } = await postBatch(database, context, instructions, { mode: 'stop' });
      return answers;
    } catch (error) {
      const isUnknown = error instanceof Fault && error.code === 'commit_unknown';
      if (!isUnknown || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

/** Outcomes up to the first refusal, and the steps after it, which were not attempted. */
function settle(
  steps: readonly Step[],
  answers: readonly Answer[],
  { addressing }: PostingOptions,
): { readonly outcomes: readonly RowOutcome[]; readonly rest: readonly Step[] } {
  const outcomes: RowOutcome[] = [];
  let first = 0;
  for (const [index, step] of steps.entries()) {
    const own = answers.slice(first, first + step.instructions.length);
    first += step.instructions.length;
    const outcome = outcomeOf(step.row, own, addressing);
    outcomes.push(outcome);
    if (outcome.refusal !== undefined) return { outcomes, rest: steps.slice(index + 1) };
  }
  return { outcomes, rest: [] };
}

function outcomeOf(
  row: PlannedRow,
  answers: readonly Answer[],
  addressing: Addressing,
): RowOutcome {
  let balance: bigint | undefined;
  let refusal: PostRefusal | undefined;
  let added = 0;
  let replayed = 0;
  const externalId = customerAccountId(addressing.source, row.transaction.account_id);
  const customer = requireAccount(addressing, externalId);
  for (const answer of answers) {
    if (!answer.ok) {
      // Of a linked pair, one was refused for a reason and the other because of it.
      if (refusal === undefined || refusal.code === 'linked_transfer_failed') {
        refusal = answer.refusal;
      }
      continue;
    }
    if (answer.value.isReplay) replayed += 1;
    else added += 1;
    balance = balanceAfter(answer.value, customer);
  }
  assert(refusal !== undefined || balance !== undefined, 'each row has an answer');
  if (refusal !== undefined) return { row, balance: undefined, added: 0, replayed: 0, refusal };
  return { row, balance, added, replayed, refusal };
}

/** Haler: what the ledger says the customer had right after this very transfer. */
function balanceAfter({ transfer }: Posted, customer: AccountId): bigint {
  const entry = transfer.entries.findLast(({ accountId }) => accountId === customer);
  assert(entry !== undefined, 'a transfer of a customer has an entry of the customer');
  return entry.postedCredits - entry.postedDebits;
}
