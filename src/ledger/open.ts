// Opens accounts. An external id names one account for ever: asked again with the same content the
// answer is that account, with a different content it is a refusal that names the difference.

import { record, type AuditRecord } from '#audit';
import { accept, assert, idOf, msOf, uuidBatch, type AccountId, type Result } from '#kernel';
import { FIRST_TENANT, type Transaction } from '#platform';
import {
  balancesOf,
  checkOpening,
  differenceOf,
  limitsOf,
  no,
  noCounters,
  type Account,
  type AccountRefusal,
  type OpenAccount,
} from './account.ts';
import { openingOf, refusalOf } from './audit.ts';
import {
  insertAccounts,
  selectAccountsByExternalId,
  type NewAccount,
} from './store/account-store.ts';

export type OpenResult = Result<Account, AccountRefusal>;

/** One result per account asked for, in order. A refused one leaves nothing behind. */
export async function openAccounts(
  tx: Transaction,
  asked: readonly OpenAccount[],
): Promise<OpenResult[]> {
  const answers = await openAccountsOrReplay(tx, asked);
  return answers.map(({ result }) => result);
}

export interface OpenAnswer {
  readonly result: OpenResult;
  /** The account had been opened before under this external id. */
  readonly isReplay: boolean;
}

export async function openAccountsOrReplay(
  tx: Transaction,
  asked: readonly OpenAccount[],
): Promise<OpenAnswer[]> {
  const ids = uuidBatch(msOf(tx.now));
  const faults = asked.map(checkOpening);
  const firstOf = new Map<string, AccountId>();
  const opening: NewAccount[] = [];
  const byPlace = new Map<number, NewAccount>();
  for (const [index, account] of asked.entries()) {
    const { externalId } = account;
    if (faults[index] !== undefined) continue;
    if (externalId !== undefined && firstOf.has(externalId)) continue;
    const id = idOf('acc', ids.next());
    if (externalId !== undefined) firstOf.set(externalId, id);
    const fresh = { id, asked: account };
    opening.push(fresh);
    byPlace.set(index, fresh);
  }
  // In one order, so that two transactions opening the same accounts wait instead of deadlocking.
  opening.sort((a, b) => compare(a.asked.externalId ?? '', b.asked.externalId ?? ''));
  const opened = opening.length === 0 ? new Set<AccountId>() : await insertAccounts(tx, opening);
  const byExternalId = await existing(tx, opening, opened);
  const answers = asked.map((account, index): OpenAnswer => {
    const fault = faults[index];
    if (fault !== undefined) return { result: fault, isReplay: false };
    const fresh = byPlace.get(index);
    if (fresh !== undefined && opened.has(fresh.id)) {
      return { result: accept(accountOpened(tx, fresh)), isReplay: false };
    }
    const known = byExternalId.get(account.externalId ?? '');
    assert(known !== undefined, 'an account was neither opened nor known');
    return { result: replay(account, known), isReplay: true };
  });
  await record(tx, answers.flatMap(recordOf));
  return answers;
}

function recordOf({ result, isReplay }: OpenAnswer): AuditRecord[] {
  if (!result.ok) return [refusalOf('ledger.account.open', result)];
  return isReplay ? [] : [openingOf(result.value)];
}

/** The accounts of every external id asked for: those just opened and those found in its place. */
async function existing(
  tx: Transaction,
  opening: readonly NewAccount[],
  opened: ReadonlySet<AccountId>,
): Promise<Map<string, Account>> {
  const accounts = new Map<string, Account>();
  const missing: string[] = [];
  for (const account of opening) {
    const { externalId } = account.asked;
    if (externalId === undefined) continue;
    if (opened.has(account.id)) accounts.set(externalId, accountOpened(tx, account));
    else missing.push(externalId);
  }
  if (missing.length === 0) return accounts;
  for (const account of await selectAccountsByExternalId(tx, missing)) {
    if (account.externalId !== undefined) accounts.set(account.externalId, account);
  }
  return accounts;
}

function replay(asked: OpenAccount, known: Account): OpenResult {
  const difference = differenceOf(asked, known);
  if (difference === undefined) return accept(known);
  const { externalId } = asked;
  const message = `external id ${externalId} belongs to ${known.id}, whose ${difference} differs`;
  return no('account_exists_with_different_content', message, difference);
}

function accountOpened(tx: Transaction, { id, asked }: NewAccount): Account {
  const limits = limitsOf(asked);
  return {
    ...limits,
    id,
    tenant: tx.tenant ?? FIRST_TENANT,
    externalId: asked.externalId,
    path: asked.path,
    name: asked.name ?? '',
    currency: asked.currency,
    state: 'open',
    metadata: asked.metadata,
    openedAt: tx.now,
    changedAt: tx.now,
    balances: balancesOf(limits, noCounters, 0n),
  };
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
