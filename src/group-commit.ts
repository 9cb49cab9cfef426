// How the edge posts: single instructions that arrive together share one transaction, lists have
// one of their own, and all go through one poster, so that they are decided in one order. An answer
// is given when it is durable.

import type { Config } from '#config';
import { Coalescer, measureCoalescer } from '#gateway';
import type { Clock } from '#kernel';
import {
  openPoster,
  postBatch,
  type Answer,
  type Caller,
  type Instruction,
  type LedgerPoster,
} from '#ledger';
import type { Database, Metrics, TransactionContext } from '#platform';

const gathered = { isGathered: true } as const;

interface Single {
  readonly instruction: Instruction;
  readonly caller: Caller;
}

export interface GroupCommitOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly limits: Config['limits'];
}

export function openGroupCommit(options: GroupCommitOptions): LedgerPoster {
  const { database, clock, metrics, limits } = options;
  const poster = openPoster(database, {
    inFlightMax: limits.postingBatchesInFlightMax,
    accountsMax: limits.postingAccountsKeptMax,
  });
  const contextOf = (caller: Caller): TransactionContext => ({ now: clock.now(), ...caller });
  const { onFlush } = measureCoalescer(metrics, 'posting', () => coalescer);
  const coalescer: Coalescer<Single, Answer> = new Coalescer({
    itemsMax: limits.groupCommitItemsMax,
    inFlightMax: limits.groupCommitInFlightMax,
    queuedMax: limits.groupCommitQueuedMax,
    lingerMs: limits.groupCommitLingerMs,
    patienceMs: limits.groupCommitPatienceMs,
    onFlush,
    flush: async (singles) => {
      const answers: Answer[] = [];
      for (const { caller, instructions } of runsOf(singles)) {
        answers.push(...(await poster.post(contextOf(caller), instructions, gathered)).answers);
      }
      return answers;
    },
  });
  return {
    async post(instruction, caller) {
      // A chain that nothing ends would take its neighbour for its next link.
      if (instruction.linked === true) {
        const { answers } = await poster.post(contextOf(caller), [instruction], gathered);
        return answers[0] as Answer;
      }
      return await coalescer.submit({ instruction, caller });
    },
    postBatch(instructions, { mode, dryRun }, caller) {
      const context = contextOf(caller);
      if (!dryRun) return poster.post(context, instructions, { mode });
      return postBatch(database, context, instructions, { mode, isDryRun: true });
    },
  };
}

interface Run {
  readonly caller: Caller;
  readonly instructions: Instruction[];
}

// A transfer is recorded under its transaction's actor, so only neighbours of one actor share one.
// The first request of a transaction names it in the correlation id.
function runsOf(singles: readonly Single[]): Run[] {
  const runs: Run[] = [];
  for (const { instruction, caller } of singles) {
    const latest = runs.at(-1);
    if (latest?.caller.actor === caller.actor) latest.instructions.push(instruction);
    else runs.push({ caller, instructions: [instruction] });
  }
  return runs;
}
