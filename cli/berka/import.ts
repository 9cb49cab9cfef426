// Owns the import of a bank whose files were read in full: plan, store the records, open the
// accounts, make customers and their orders, post the history. Every step can be done again without
// doing it twice, so an import that was killed is simply started again.

import { limits } from '#config';
import { accept, msOf, newUuid, refuse } from '#kernel';
import type { AccountId, Clock, Refusal, Result } from '#kernel';
import { openAccountsOrReplay, type OpenAccount } from '#ledger';
import type { Database, TransactionContext } from '#platform';
import type { Progress } from '../progress.ts';
import { makeHoldings, type HoldingRefusal } from './bank/holdings.ts';
import { customerAccounts, ownAccounts } from './chart.ts';
import { planHistory } from './plan.ts';
import { postHistory } from './post.ts';
import type { BankFiles } from './read.ts';

import { storeReferences, type ReferenceRefusal } from './store.ts';
import { startTally, type ImportReport } from './tally.ts';

/** Instructions in one transaction: enough for the full rate, few enough to lose little. */
export const BATCH_SIZE = limits.importBatchItems.value;
const ACCOUNTS_PER_TRANSACTION = 1_000;

export interface ImportInput {
  readonly database: Database;
  readonly clock: Clock;
  readonly directory: string;
  readonly files: BankFiles;
  /** When the command began, by the process's monotonic clock; the report counts from there. */
  readonly startedMs: number;
  /** Begins every external id, so that two banks can be in one ledger. */
  readonly source: string;
  readonly progress: Progress;
  readonly batchSize?: number | undefined;
  /** Asked between batches; true ends the import early, to be started again. */
  readonly isStopped?: (() => boolean) | undefined;
}

export interface AccountNotOpened extends Refusal {
  readonly code: 'account_not_opened';
}

export type ImportRefusal = ReferenceRefusal | AccountNotOpened | HoldingRefusal;

export async function importBank(input: ImportInput): Promise<Result<ImportReport, ImportRefusal>> {
  const { database, clock, directory, files, source, progress } = input;
  const plan = planHistory(files.transactions);
  const correlationId = `import-${newUuid(msOf(clock.now()))}`;
  const context = (): TransactionContext => {
    return { now: clock.now(), actor: 'import', correlationId };
  };

  const references = await storeReferences(database, context(), { source, files, plan });
  if (!references.ok) return references;
  const wanted = [
    ...ownAccounts(source, files),
    ...customerAccounts(source, files, plan.creditLimits),
  ];
  const opened = await openAll(database, { wanted, context, progress });
  if (!opened.ok) return opened;
  const { accountIds, added, existing } = opened.value;
  const making = { source, files, plan, accountIds, context, progress };
  const holdings = await makeHoldings(database, making);
  if (!holdings.ok) return holdings;

  const tally = startTally(files, plan);
  progress.start('Posting', { total: plan.rows.length, unit: 'rows' });
  const end = await postHistory(plan.rows, {
    database,
    clock,
    addressing: { source, accountIds },
    correlationId,
    batchSize: input.batchSize ?? BATCH_SIZE,
    isStopped: input.isStopped ?? (() => false),
    onOutcome: (outcome) => {
      tally.take(outcome);
      progress.advance(1);
    },
  });
  progress.finish();
  return accept(
    tally.report({
      source,
      directory,
      references: references.value,
      accounts: { added, existing },
      holdings: holdings.value,
      end,
      elapsedMs: performance.now() - input.startedMs,
    }),
  );
}

interface Opened {
  readonly accountIds: ReadonlyMap<string, AccountId>;
  readonly added: number;
  readonly existing: number;
}

interface Opening {
  readonly wanted: readonly OpenAccount[];
  readonly progress: Progress;
  readonly context: () => TransactionContext;
}

async function openAll(
  database: Database,
  { wanted, context, progress }: Opening,
): Promise<Result<Opened, AccountNotOpened>> {
  const accountIds = new Map<string, AccountId>();
  let added = 0;
  progress.start('Opening accounts', { total: wanted.length, unit: 'accounts' });
  for (let first = 0; first < wanted.length; first += ACCOUNTS_PER_TRANSACTION) {
    const asked = wanted.slice(first, first + ACCOUNTS_PER_TRANSACTION);
    const answers = await database.transaction(context(), (tx) => openAccountsOrReplay(tx, asked));
    for (const [index, { result, isReplay }] of answers.entries()) {
      const externalId = asked[index]?.externalId ?? '';
      if (!result.ok) {
        const message =
          `Account "${externalId}" was not opened: ${result.refusal.message}. ` +
          'No transaction was imported.';
        return refuse({ code: 'account_not_opened', message });
      }
      accountIds.set(externalId, result.value.id);
      if (!isReplay) added += 1;
    }
    progress.advance(asked.length);
  }
  progress.finish();
  return accept({ accountIds, added, existing: wanted.length - added });
}
