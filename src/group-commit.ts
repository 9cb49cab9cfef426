// How the edge posts: single instructions of one tenant that arrive together share a transaction,
// lists have one of their own, and all go through one poster, so that they are decided in one
// order. An answer is kept in that transaction and given when it is durable. The first request of a
// transaction lends it its name; books and audit log name each one's own caller.

import type { Config } from '#config';
import { ClaimLost, gather, keepAnswers, type Outcome } from '#gateway';
import { Fault, type Clock } from '#kernel';
import {
  openAccountReader,
  openPoster,
  postBatch,
  type Answer,
  type BatchAnswer,
  type Instruction,
  type LedgerEdge,
  type LedgerPoster,
  type Poster,
  type Presentation,
} from '#ledger';
import type { Caller, Database, Metrics, Transaction, TransactionContext } from '#platform';

interface Single {
  readonly instruction: Instruction;
  readonly caller: Caller;
  readonly presentation: Presentation;
}

export interface GroupCommitOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly limits: Config['limits'];
  /** What everything of this process that moves money goes through; one of its own unless given. */
  readonly poster?: Poster | undefined;
}

/** One for a process: two would take the ground from under each other. */
export function openProcessPoster({
  database,
  limits,
}: Pick<GroupCommitOptions, 'database' | 'limits'>): Poster {
  return openPoster(database, {
    inFlightMax: limits.postingBatchesInFlightMax,
    accountsMax: limits.postingAccountsKeptMax,
  });
}

/** What the ledger's routes stand on. */
export function openLedgerEdge(options: GroupCommitOptions): LedgerEdge {
  const { database, clock } = options;
  const accounts = openAccountReader(options);
  return { database, clock, poster: openGroupCommit(options), accounts };
}

export function openGroupCommit(options: GroupCommitOptions): LedgerPoster {
  const { database, clock } = options;
  const poster = options.poster ?? openProcessPoster(options);
  const contextOf: ContextOf = (caller) => ({
    now: clock.now(),
    clockOffsetUs: clock.offsetUs,
    ...caller,
  });
  // A transaction sees the rows of one tenant only.
  const coalescer = gather<Single, Outcome | Error>(options, 'posting', async (singles) => {
    const outcomes = new Map<Single, Outcome | Error>();
    for (const group of Map.groupBy(singles, ({ caller }) => caller.tenant).values()) {
      const posted = await postGroup(poster, contextOf, group);
      for (const [index, single] of group.entries()) {
        outcomes.set(single, posted[index] as Outcome | Error);
      }
    }
    return singles.map((single) => outcomes.get(single) as Outcome | Error);
  });
  return {
    async post(instruction, caller, presentation) {
      const single = { instruction, caller, presentation };
      // A chain that nothing ends would take its neighbour for its next link.
      const isAlone = instruction.linked === true;
      const submitted = isAlone ? postAlone(poster, contextOf, single) : coalescer.submit(single);
      const outcome = await submitted;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    async postBatch(instructions, { mode, dryRun }, caller, presentation) {
      let outcome: Outcome | undefined;
      const onDecided = async (tx: Transaction, batch: BatchAnswer): Promise<void> => {
        [outcome] = await present(tx, [{ presentation, batch }]);
      };
      const context = contextOf(caller);
      const posting = { mode, onDecided };
      if (dryRun) await postBatch(database, context, instructions, { ...posting, isDryRun: true });
      else await poster.post(context, instructions, posting);
      return outcome as Outcome;
    },
  };
}

type ContextOf = (caller: Caller) => TransactionContext;

/** One outcome, or failure, for each. */
async function postGroup(
  poster: Poster,
  contextOf: ContextOf,
  group: readonly Single[],
): Promise<readonly (Outcome | Error)[]> {
  try {
    return await postTogether(poster, contextOf, group);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (isOfAll(error)) return group.map(() => error);
    // One of them cannot be answered (another has taken it over): the others must not suffer.
    const outcomes: (Outcome | Error)[] = [];
    for (const single of group) outcomes.push(await postAlone(poster, contextOf, single));
    return outcomes;
  }
}

function isOfAll(error: Error): boolean {
  return error instanceof Fault && !(error instanceof ClaimLost);
}

async function postAlone(
  poster: Poster,
  contextOf: ContextOf,
  single: Single,
): Promise<Outcome | Error> {
  try {
    const [outcome] = await postTogether(poster, contextOf, [single]);
    return outcome as Outcome;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

async function postTogether(
  poster: Poster,
  contextOf: ContextOf,
  singles: readonly Single[],
): Promise<Outcome[]> {
  let outcomes: Outcome[] = [];
  const callers = singles.map(({ caller }) => caller);
  const instructions = singles.map(({ instruction }) => instruction);
  const onDecided = async (tx: Transaction, { batchId, answers }: BatchAnswer): Promise<void> => {
    const shown = singles.map(({ presentation }, index) => {
      return { presentation, batch: { batchId, answers: [answers[index] as Answer] } };
    });
    outcomes = await present(tx, shown);
  };
  const context = contextOf(callers[0] as Caller);
  await poster.post(context, instructions, { isGathered: true, callers, onDecided });
  return outcomes;
}

interface Shown {
  readonly presentation: Presentation;
  readonly batch: BatchAnswer;
}

/** What each request is answered, kept in the transaction where it may be asked for again. */
async function present(tx: Transaction, shown: readonly Shown[]): Promise<Outcome[]> {
  const answers = shown.flatMap(({ batch }) => batch.answers);
  // Mostly one for all: what it loads serves every answer.
  for (const prepare of new Set(shown.map(({ presentation }) => presentation.prepare))) {
    await prepare(tx, answers);
  }
  return keepAnswers(
    tx,
    shown.map(({ presentation, batch }) => {
      return { claim: presentation.claim, outcome: presentation.present(batch) };
    }),
  );
}
