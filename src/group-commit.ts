// How the edge posts: single instructions that arrive together share one transaction, lists have
// one of their own, and all go through one poster, so that they are decided in one order. An answer
// is given when it is durable.

import type { Config } from '#config';
import { Coalescer, measureCoalescer } from '#gateway';
import type { Clock } from '#kernel';
import { openPoster, postBatch, type Answer, type Instruction, type LedgerPoster } from '#ledger';
import type { Caller, Database, Metrics, TransactionContext } from '#platform';

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
  const contextOf = (caller: Caller): TransactionContext => ({
    now: clock.now(),
    clockOffsetUs: clock.offsetUs,
    ...caller,
  });
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
      for (const { instructions, callers } of runsOf(singles)) {
        const context = contextOf(callers[0] as Caller);
        const posted = await poster.post(context, instructions, { ...gathered, callers });
        answers.push(...posted.answers);
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
  readonly instructions: Instruction[];
  /** Of each instruction; all have one actor. */
  readonly callers: Caller[];
}

// A transfer is stored under its transaction's actor, so only neighbours of one actor share one.
// The first request of a transaction names it; the audit log names each one's own.
function runsOf(singles: readonly Single[]): Run[] {
  const runs: Run[] = [];
  for (const { instruction, caller } of singles) {
    const latest = runs.at(-1);
    if (latest?.callers[0]?.actor === caller.actor) {
      latest.instructions.push(instruction);
      latest.callers.push(caller);
    } else {
      runs.push({ instructions: [instruction], callers: [caller] });
    }
  }
  return runs;
}
