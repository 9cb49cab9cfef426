// Closes a bank account for good: its interest is settled first, to the day before, and what is
// then on it goes to an account that the holders name. Whatever stands in the way leaves nothing
// done.

import { record } from '#audit';
import { endHeldGrants } from '#gateway';
import { accept, Fault, type AccountId, type Id, type Result, type Uuid } from '#kernel';
import { accountsById, changeAccount, post, type Account } from '#ledger';
import type { Transaction } from '#platform';
import type { BankAccount } from './account.ts';
import { holderEnded, refusalOf } from './audit.ts';
import { endHoldings, lockBankAccount, selectHoldings } from './bank-account-store.ts';
import { changeTo, unknown } from './change.ts';
import { bookPositions, duesOf } from './interest/book.ts';
import type { Accrued, Position } from './interest/accrue.ts';
import { lockPosition, updatePositions } from './interest/position-store.ts';
import { accruePositions, lastDayOf, storeAccrued } from './interest/run.ts';
import { no, type BankAccountRefusal } from './refusals.ts';

export interface CloseBankAccount {
  readonly accountId: AccountId;
  readonly reason: string;
  /** Where what is left goes; without it the account must be empty. */
  readonly payoutTo?: AccountId | undefined;
}

export async function closeBankAccount(
  tx: Transaction,
  asked: CloseBankAccount,
): Promise<Result<BankAccount, BankAccountRefusal>> {
  const { accountId, payoutTo } = asked;
  const account = await lockBankAccount(tx, accountId);
  if (account === undefined) return unknown(accountId);
  const position = await lockPosition(tx, accountId);
  if (position === undefined) return unknown(accountId);
  const settled = await settle(tx, position);
  const [books] = await accountsById(tx, [accountId]);
  const [target] = await accountsById(tx, payoutTo === undefined ? [] : [payoutTo]);
  const last = settled.at(-1)?.position ?? position;
  const fees = settled.flatMap((each) => each.fees).reduce((sum, { amount }) => sum + amount, 0n);
  const left = (await leftAfter(tx, last, books)) - fees;
  const flaw =
    flawOf(account, books, left) ?? (left === 0n ? undefined : flawOfPayout(account, target));
  if (flaw !== undefined) {
    await record(tx, [refusalOf('accounts.account.close', flaw, accountId)]);
    return flaw;
  }
  for (const accrued of settled) await storeAccrued(tx, [accrued]);
  // An account that sleeps may let nothing out, not even this.
  if (books?.state !== 'open') await changeAccount(tx, { accountId, state: 'open' });
  const currencies = new Map([[accountId, account.currency]]);
  const [booked = last] = await bookPositions(tx, [last], currencies);
  if (booked.nextBooking !== undefined) throw movedMeanwhile();
  await updatePositions(tx, [booked], { isOver: true });
  if (left > 0n && target !== undefined) await payOut(tx, account, { target, amount: left });
  const closed = await changeTo(tx, account, {
    status: 'closed',
    reason: asked.reason,
    rule: undefined,
  });
  if (!closed.ok) throw movedMeanwhile();
  await endHolders(tx, account);
  return accept({ ...closed.value, owners: [] });
}

/** Every period up to yesterday, and what accrued since the last of them. */
async function settle(tx: Transaction, before: Position): Promise<Accrued[]> {
  const through = lastDayOf(tx.now);
  const settled: Accrued[] = [];
  let position = before;
  for (;;) {
    const [accrued] = await accruePositions(tx, [position], through);
    if (accrued === undefined) return settled;
    const isLast = accrued.position.accruedThrough >= through;
    const { accrued: due, accruedThrough: dueThrough } = accrued.position;
    position = isLast ? { ...accrued.position, due, dueThrough } : accrued.position;
    settled.push({ ...accrued, position });
    if (isLast) return settled;
  }
}

/** What the account would have after its interest and fees: what the bank owes. */
async function leftAfter(
  tx: Transaction,
  position: Position,
  books: Account | undefined,
): Promise<bigint> {
  if (books === undefined) return 0n;
  const dues = await duesOf(tx, [position]);
  const sums = dues.reduce((sum, { kind, amount }) => {
    return kind === 'interest_credit' ? sum + amount : sum - amount;
  }, 0n);
  const { postedCredits, postedDebits } = books.balances;
  return postedCredits - postedDebits + sums;
}

function flawOf({ id, status }: BankAccount, books: Account | undefined, left: bigint) {
  if (status === 'closed') return no('bank_account_closed', `Account ${id} is closed.`);
  if (status !== 'active' && status !== 'dormant') {
    return no('bank_account_blocked', `Account ${id} is blocked.`);
  }
  const { pendingDebits = 0n, pendingCredits = 0n } = books?.balances ?? {};
  const isHeld = pendingDebits > 0n || pendingCredits > 0n;
  if (!isHeld && left >= 0n) return undefined;
  const why = isHeld ? 'has open holds' : `owes ${-left}`;
  return no('bank_account_not_empty', `Account ${id} ${why}.`);
}

function flawOfPayout({ id, currency }: BankAccount, target: Account | undefined) {
  if (target === undefined) {
    return no('bank_account_not_empty', `Account ${id} has a balance.`, 'payout_account_id');
  }
  const isOpen = target.state === 'open' || target.state === 'debits_frozen';
  const isFit = isOpen && target.currency === currency && target.ceiling === null;
  if (isFit && target.id !== id) return undefined;
  const message = `${target.id} cannot take the rest: it is not open, or has another currency.`;
  return no('bank_account_payout_refused', message, 'payout_account_id');
}

async function payOut(
  tx: Transaction,
  { id }: BankAccount,
  { target, amount }: { readonly target: Account; readonly amount: bigint },
): Promise<void> {
  const [answer] = await post(tx, [
    {
      kind: 'transfer',
      legs: [
        { accountId: id, side: 'debit', amount },
        { accountId: target.id, side: 'credit', amount },
      ],
      description: 'Payout on closing',
      metadata: { booking: 'closing' },
    },
  ]);
  if (answer?.ok !== true) throw movedMeanwhile();
}

/** Something was posted since the balance was read: all of it is done again. */
function movedMeanwhile(): Fault {
  return new Fault('account_moved_while_closing', { retryable: true });
}

async function endHolders(tx: Transaction, { id, owners }: BankAccount): Promise<void> {
  const holdings = await selectHoldings(tx, id);
  await endHoldings(
    tx,
    holdings.map((holding): Uuid => holding.id),
  );
  await endHeldGrants(
    tx,
    holdings.map(({ grantId }): Id<'grt'> => grantId),
  );
  await record(
    tx,
    owners.map((holder) => holderEnded(id, holder)),
  );
}
