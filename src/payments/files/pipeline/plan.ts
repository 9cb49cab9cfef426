// Decides what each entry of a file is to become: a payment, or nothing, with the reason. Accounts
// are found for a whole run of entries at once; whether they can still take the payment is for the
// ledger to say when it is posted.

import { findByNumbers, type AccountNumber, type BankAccount } from '#accounts';
import { assert } from '#kernel';
import type { Queryable } from '#platform';
import type { NewPayment, PaymentKind } from '../../payment.ts';
import type { Agreement } from '../agreement.ts';
import type { FileId } from '../file.ts';
import type { FileEntry, FileParty } from '../format.ts';
import type { EntryOutcome } from '../store/entry-store.ts';
import { reasonFor, reasonOfStatus, type ReasonList, type ReasonName } from './reasons.ts';

export type PlannedEntry =
  | { readonly entry: FileEntry; readonly payment: NewPayment; readonly unposted?: undefined }
  | { readonly entry: FileEntry; readonly payment?: undefined; readonly unposted: EntryOutcome };

/** The file whose entries are planned. */
export interface Ground {
  readonly id: FileId;
  readonly agreement: Agreement;
  /** Batches and entries that the check found at fault. */
  readonly faultyBatches: ReadonlySet<number>;
  readonly faultyEntries: ReadonlySet<number>;
}

export function reasonListOf({ format }: Agreement): ReasonList {
  return format === 'nacha' ? 'nacha' : 'iso';
}

export async function planEntries(
  sees: Queryable,
  ground: Ground,
  entries: readonly FileEntry[],
): Promise<PlannedEntry[]> {
  const directory = await openDirectory(sees, entries);
  return entries.map((entry) => planEntry(ground, directory, entry));
}

type Directory = (party: FileParty) => BankAccount | undefined;

/** Those of the parties that have an account with us. */
async function openDirectory(sees: Queryable, entries: readonly FileEntry[]): Promise<Directory> {
  const numbers = new Map<string, AccountNumber>();
  for (const { debtor, creditor } of entries) {
    for (const party of [debtor, creditor]) {
      const number = numberOf(party);
      if (number !== undefined) numbers.set(keyOf(number), number);
    }
  }
  const asked = [...numbers.values()];
  const found = await findByNumbers(sees, asked);
  const accounts = new Map(asked.map((number, index) => [keyOf(number), found[index]]));
  return (party) => {
    const number = numberOf(party);
    return number === undefined ? undefined : accounts.get(keyOf(number));
  };
}

function numberOf({ iban, account, agent }: FileParty): AccountNumber | undefined {
  if (iban !== undefined) return { iban };
  if (account === undefined || agent === undefined) return undefined;
  return { routingNumber: agent, accountNumber: account };
}

function keyOf(number: AccountNumber): string {
  return 'iban' in number ? number.iban : `${number.routingNumber} ${number.accountNumber}`;
}

function planEntry(ground: Ground, directory: Directory, entry: FileEntry): PlannedEntry {
  const { faultyBatches, faultyEntries, agreement } = ground;
  if (faultyEntries.has(entry.index) || faultyBatches.has(entry.batch)) {
    return unposted(entry, { outcome: 'left_out', reason: 'file_has_faults' });
  }
  const { kind } = entry;
  const plan = { ground, directory, entry, list: reasonListOf(agreement) };
  if (kind === 'prenotification') return planPrenotification(plan);
  // What tells of earlier payments moves nothing by itself, and neither does an entry of zero that
  // only carries a remittance.
  if ((kind !== 'credit' && kind !== 'debit') || entry.amount === 0n) {
    return unposted(entry, { outcome: 'noted', reason: entry.reason });
  }
  return agreement.role === 'incoming' ? planIncoming(plan, kind) : planOutgoing(plan, kind);
}

interface Plan {
  readonly ground: Ground;
  readonly directory: Directory;
  readonly entry: FileEntry;
  readonly list: ReasonList;
}

type Unposted = Omit<EntryOutcome, 'entry' | 'record' | 'trace'>;

function unposted(entry: FileEntry, outcome: Unposted): PlannedEntry {
  const { index, record, trace } = entry;
  return { entry, unposted: { entry: index, record, trace: trace?.slice(0, 100), ...outcome } };
}

function returned({ entry, list }: Plan, reason: ReasonName, account?: BankAccount): PlannedEntry {
  return unposted(entry, {
    outcome: 'returned',
    reason: reasonFor(reason, list),
    accountId: account?.id,
  });
}

// Of an account of ours, whoever would be paid or pay (NACHA Rules 2.6).
function planPrenotification(plan: Plan): PlannedEntry {
  const { directory, entry, ground } = plan;
  const account = directory(entry.creditor) ?? directory(entry.debtor);
  if (account === undefined && ground.agreement.role === 'incoming') {
    return returned(plan, 'unknown_account');
  }
  if (account?.status === 'closed') return returned(plan, 'closed', account);
  return unposted(entry, { outcome: 'noted', accountId: account?.id });
}

function planIncoming(plan: Plan, side: 'credit' | 'debit'): PlannedEntry {
  const { directory, entry } = plan;
  const own = side === 'credit' ? entry.creditor : entry.debtor;
  const other = side === 'credit' ? entry.debtor : entry.creditor;
  const account = directory(own);
  if (account === undefined) return returned(plan, 'unknown_account');
  const reason =
    account.currency === entry.currency ? reasonOfStatus(account.status, side) : 'wrong_currency';
  const payment = paymentOf(plan, side === 'credit' ? 'credit_in' : 'debit_in', {
    accountId: account.id,
    party: other,
  });
  if (reason === undefined) return { entry, payment };
  return { entry, payment: { ...payment, rejection: reasonFor(reason, plan.list) } };
}

function planOutgoing(plan: Plan, side: 'credit' | 'debit'): PlannedEntry {
  const { directory, entry, ground } = plan;
  const { settlementAccount: accountId, currency } = ground.agreement;
  assert(accountId !== undefined, 'a customer of files has an account that pays and is paid');
  const own = side === 'credit' ? entry.debtor : entry.creditor;
  const other = side === 'credit' ? entry.creditor : entry.debtor;
  if (entry.currency !== currency) return returned(plan, 'wrong_currency');
  // A file may name the account again, but no other.
  if (numberOf(own) !== undefined && directory(own)?.id !== accountId) {
    return returned(plan, 'wrong_payer');
  }
  const ours = directory(other);
  if (ours === undefined) {
    const kind = side === 'credit' ? 'credit_out' : 'debit_out';
    return { entry, payment: paymentOf(plan, kind, { accountId, party: other }) };
  }
  // Nobody collects from a customer of ours without a mandate, and there is none on record.
  if (side === 'debit') return returned(plan, 'no_mandate', ours);
  const reason = reasonOfStatus(ours.status, 'credit');
  if (reason !== undefined) return returned(plan, reason, ours);
  const between = { accountId, counterAccountId: ours.id };
  return { entry, payment: paymentOf(plan, 'book', between) };
}

function paymentOf(
  { entry, ground }: Plan,
  kind: PaymentKind,
  sides: Pick<NewPayment, 'accountId' | 'counterAccountId' | 'party'>,
): NewPayment {
  return {
    ...sides,
    kind,
    rail: kind === 'book' ? undefined : ground.agreement.rail,
    amount: entry.amount,
    currency: entry.currency,
    endToEndId: entry.endToEndId,
    transactionId: entry.trace,
    remittance: entry.remittance,
    requestedOn: entry.requestedOn,
    origin: ground.id,
    originEntry: entry.index,
  };
}
