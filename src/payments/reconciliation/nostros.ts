// The verbs of nostro accounts: which account of the ledger mirrors which account of ours
// elsewhere, by which rules it is matched, and how far the two agree.

import { record, type JsonObject } from '#audit';
import { accept, idOf, msOf, newUuid, type Result } from '#kernel';
import { account, accountsById } from '#ledger';
import type { Queryable, Transaction } from '#platform';
import { reconciliationActions } from './audit-actions.ts';
import { unmatchedBooks } from './books.ts';
import { sumBreaks, type BreakSum } from './break-store.ts';
import type { NewNostro, Nostro, NostroId } from './nostro.ts';
import { findNostro, insertNostro, lockNostro, updateNostro } from './nostro-store.ts';
import { no, type ReconciliationRefusal } from './refusals.ts';
import { latestStatement, matchShares, otherSide, type MatchShare } from './statement-store.ts';

type Put = Result<Nostro, ReconciliationRefusal>;

export interface NewNostroInput extends NewNostro {
  /** Entries that the account has already are not waited for. */
  readonly isHistorySettled: boolean;
}

export async function addNostro(tx: Transaction, input: NewNostroInput): Promise<Put> {
  const { isHistorySettled, ...asked } = input;
  const flaw = await flawOf(tx, asked);
  if (flaw !== undefined) return flaw;
  const books = await account(tx, asked.accountId, tx.now);
  const nostro: Nostro = {
    ...asked,
    id: idOf('nos', newUuid(msOf(tx.now))),
    tenant: tx.tenant ?? 'main',
    matchedUpTo: isHistorySettled ? (books?.balances.version ?? 0n) : 0n,
    revision: 1,
    createdAt: tx.now,
    changedAt: tx.now,
  };
  if (!(await insertNostro(tx, nostro))) {
    return no('nostro_exists', 'The number or the account is that of a nostro account already.');
  }
  const action = reconciliationActions['payments.nostro.put'];
  await record(tx, [{ action, target: nostro.id, after: factsOf(nostro) }]);
  return accept(nostro);
}

export async function changeNostro(
  tx: Transaction,
  id: NostroId,
  change: Pick<NewNostro, 'writeOffAccountId' | 'rules'>,
): Promise<Put> {
  const before = await lockNostro(tx, id);
  if (before === undefined) return noNostro(id);
  const revision = before.revision + 1;
  const changed: Nostro = { ...before, ...change, revision, changedAt: tx.now };
  const flaw = await flawOf(tx, changed);
  if (flaw !== undefined) return flaw;
  await updateNostro(tx, changed);
  const action = reconciliationActions['payments.nostro.put'];
  const facts = { before: factsOf(before), after: factsOf(changed) };
  await record(tx, [{ action, target: id, ...facts }]);
  return accept(changed);
}

export function noNostro(id: string) {
  return no('nostro_unknown', `There is no nostro account ${id}.`, 'id');
}

async function flawOf(tx: Transaction, { accountId, currency, writeOffAccountId }: NewNostro) {
  const wanted = writeOffAccountId === undefined ? [accountId] : [accountId, writeOffAccountId];
  const found = await accountsById(tx, wanted);
  const own = found.find(({ id }) => id === accountId);
  const isFit =
    found.length === new Set(wanted).size &&
    found.every((each) => each.currency === currency) &&
    own?.normalSide === 'debit' &&
    writeOffAccountId !== accountId;
  if (isFit) return undefined;
  const message = `The accounts must be there in ${currency}, and that of the nostro an asset.`;
  return no('nostro_account_unfit', message, 'account_id');
}

/** What the log says of a nostro account: whose number it is, it does not. */
export function factsOf(nostro: Nostro): JsonObject {
  return {
    account_id: nostro.accountId,
    currency: nostro.currency,
    revision: nostro.revision,
    rules: nostro.rules.map(({ kind, days, itemsMax }) => ({ days, items_max: itemsMax, kind })),
    write_off_account_id: nostro.writeOffAccountId ?? null,
  };
}

/** How a nostro account's books and the other bank's statements agree. Minor units throughout. */
export interface NostroSummary {
  readonly nostro: Nostro;
  /** The balance of the ledger's account. */
  readonly books: bigint;
  /** The closing balance of the latest statement, with what notifications told of since. */
  readonly statement: bigint;
  /** Entries of either side that nothing of the other is matched with. */
  readonly unmatchedBooks: bigint;
  readonly unmatchedStatement: bigint;
  /** Zero where the two sides close to one another. */
  readonly unexplained: bigint;
  readonly breaks: readonly BreakSum[];
  readonly matches: readonly MatchShare[];
}

export async function nostroSummary(
  queryable: Queryable,
  id: NostroId,
): Promise<NostroSummary | undefined> {
  const nostro = await findNostro(queryable, id);
  if (nostro === undefined) return undefined;
  const held = await account(queryable, nostro.accountId);
  const latest = await latestStatement(queryable, id);
  const { unmatched, ahead } = await otherSide(queryable, id);
  const walk = await unmatchedBooks(queryable, nostro);
  const books = held?.balances.balance ?? 0n;
  const statement = (latest?.closing ?? 0n) + ahead;
  const unmatchedOfBooks = walk.entries.reduce((sum, { amount }) => sum + amount, 0n);
  return {
    nostro,
    books,
    statement,
    unmatchedBooks: unmatchedOfBooks,
    unmatchedStatement: unmatched,
    unexplained: books - (statement + unmatchedOfBooks - unmatched),
    breaks: await sumBreaks(queryable, id),
    matches: await matchShares(queryable, id),
  };
}
