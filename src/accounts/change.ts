// Changes a bank account: blocks and unblocks it, lets it sleep and wakes it, and moves its
// overdraft. Its books follow in the same transaction, so that no posting passes a block.

import { record } from '#audit';
import { accept, type AccountId, type Result } from '#kernel';
import { changeAccount, type ChangeAccount } from '#ledger';
import { emit, type Transaction } from '#platform';
import type { BankAccount, BankAccountStatus } from './account.ts';
import { changeOf, factsOf, refusalOf } from './audit.ts';
import { lockBankAccount, noteActivity, updateBankAccount } from './bank-account-store.ts';
import { productVersions } from './products/products.ts';
import { versionOn, type WakeRule } from './products/product.ts';
import { no, type BankAccountRefusal } from './refusals.ts';

export type ChangeResult = Result<BankAccount, BankAccountRefusal>;

export interface ChangeStatus {
  readonly accountId: AccountId;
  /** dormancy and closing have verbs of their own. */
  readonly status: 'active' | 'blocked' | 'debits_blocked';
  readonly reason: string;
}

/** Blocks, freezes or unblocks; an account that sleeps is woken by becoming active. */
export async function changeStatus(tx: Transaction, asked: ChangeStatus): Promise<ChangeResult> {
  const { accountId, status, reason } = asked;
  const before = await lockBankAccount(tx, accountId);
  const decided = decideStatus(before, asked);
  if (!decided.ok) return await refused(tx, decided, accountId);
  if (decided.value.status === 'dormant') await noteActivity(tx, accountId);
  return await changeTo(tx, decided.value, { status, reason, rule: undefined });
}

function decideStatus(before: BankAccount | undefined, { accountId, status }: ChangeStatus) {
  if (before === undefined) return unknown(accountId);
  if (before.status === 'closed') {
    return no('bank_account_closed', `Account ${accountId} is closed.`);
  }
  if (before.status === status) {
    const message = `Account ${accountId} is ${status} already.`;
    return no('bank_account_status_unchanged', message, 'status');
  }
  return accept(before);
}

export interface Becoming {
  readonly status: BankAccountStatus;
  readonly reason: string;
  /** Of an account that falls asleep. */
  readonly rule: WakeRule | undefined;
}

/** Writes the status of a locked account, and what its books let through. */
export async function changeTo(
  tx: Transaction,
  before: BankAccount,
  { status, reason, rule }: Becoming,
): Promise<ChangeResult> {
  const state = stateOf(status, rule);
  const changed = await changeAccount(tx, { accountId: before.id, state });
  if (!changed.ok) return await refused(tx, ledgerNo(before.id), before.id);
  const after = { ...before, status, statusReason: reason, changedAt: tx.now };
  await noteChange(tx, before, after);
  return accept(after);
}

/** What the books of an account let through. */
function stateOf(
  status: BankAccountStatus,
  rule: WakeRule | undefined,
): NonNullable<ChangeAccount['state']> {
  switch (status) {
    case 'active':
      return 'open';
    case 'blocked':
      return 'frozen';
    case 'debits_blocked':
      return 'debits_frozen';
    case 'dormant':
      return rule === 'request' ? 'debits_frozen' : 'open';
    case 'closed':
      return 'closed';
  }
}

function ledgerNo(id: AccountId) {
  return no('bank_account_not_empty', `Account ${id} has a balance or open holds.`);
}

export interface ChangeOverdraft {
  readonly accountId: AccountId;
  /** Minor units. */
  readonly overdraft: bigint;
}

export async function changeOverdraft(
  tx: Transaction,
  { accountId, overdraft }: ChangeOverdraft,
): Promise<ChangeResult> {
  const before = await lockBankAccount(tx, accountId);
  if (before === undefined) return await refused(tx, unknown(accountId), accountId);
  const product = versionOn(
    (await productVersions(tx, [before.product])).get(before.product) ?? [],
    tx.now,
  );
  const max = product?.terms.overdraftMax ?? 0n;
  if (overdraft > max) {
    const message = `Accounts of product ${before.product} are overdrawn by ${max} at most.`;
    return await refused(tx, no('overdraft_exceeded', message, 'overdraft'), accountId);
  }
  if (before.status === 'closed') {
    const closed = no('bank_account_closed', `Account ${accountId} is closed.`);
    return await refused(tx, closed, accountId);
  }
  if (before.overdraft === overdraft) return accept(before);
  const changed = await changeAccount(tx, { accountId, creditLimit: overdraft });
  if (!changed.ok) {
    const message = `Account ${accountId} is overdrawn by more.`;
    return await refused(tx, no('overdraft_in_use', message, 'overdraft'), accountId);
  }
  const after = { ...before, overdraft, changedAt: tx.now };
  await noteChange(tx, before, after);
  return accept(after);
}

async function noteChange(tx: Transaction, before: BankAccount, after: BankAccount): Promise<void> {
  await updateBankAccount(tx, after);
  await record(tx, [changeOf(before, after)]);
  const type = after.status === 'closed' ? 'account.closed' : 'account.changed';
  await emit(tx, [{ type, subject: after.id, data: factsOf(after) }]);
}

async function refused(
  tx: Transaction,
  result: ReturnType<typeof no>,
  accountId: AccountId,
): Promise<ChangeResult> {
  await record(tx, [refusalOf('accounts.account.change', result, accountId)]);
  return result;
}

export function unknown(id: AccountId): ReturnType<typeof no> {
  return no('bank_account_unknown', `There is no bank account ${id}.`, 'id');
}
