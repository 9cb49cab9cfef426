// The verbs of holders: a customer becomes a joint owner or is authorised, and ceases to be. The
// mandate at the edge begins and ends with it. The last owner stays.

import { record } from '#audit';
import { limits } from '#config';
import { endHeldGrants, giveHeldGrants, type ObjectUse } from '#gateway';
import { accept, assert, msOf, newUuid, type AccountId, type Instant, type Result } from '#kernel';
import { emit, type Transaction } from '#platform';
import type { BankAccount, CustomerId, HolderRole } from './account.ts';
import { holderAdded, holderEnded } from './audit.ts';
import {
  endHoldings,
  insertHolders,
  lockBankAccount,
  selectCustomers,
  selectHoldings,
} from './bank-account-store.ts';
import { unknown } from './change.ts';
import { actsOf } from './holder.ts';
import { no, type BankAccountRefusal } from './refusals.ts';

export interface AddHolder {
  readonly accountId: AccountId;
  readonly customer: CustomerId;
  readonly role: HolderRole;
  /** Of who is authorised: what they may do, all that an owner may unless given. */
  readonly acts?: readonly Exclude<ObjectUse['act'], 'manage'>[] | undefined;
  /** Minor units of one transfer, and of all of a day. */
  readonly transferMax?: bigint | undefined;
  readonly dayMax?: bigint | undefined;
  readonly validTo?: Instant | undefined;
}

export async function addHolder(
  tx: Transaction,
  added: AddHolder,
): Promise<Result<BankAccount, BankAccountRefusal>> {
  const { accountId, customer, role } = added;
  const account = await lockBankAccount(tx, accountId);
  if (account === undefined) return unknown(accountId);
  const flaw = flawOf(account, added) ?? (await flawOfCustomer(tx, customer));
  if (flaw !== undefined) return flaw;
  const [grantId] = await giveHeldGrants(tx, [
    {
      customer,
      account: accountId,
      acts: role === 'owner' ? actsOf(role) : (added.acts ?? actsOf(role)),
      currency: account.currency,
      transferMax: added.transferMax,
      dayMax: added.dayMax,
      validTo: added.validTo,
    },
  ]);
  assert(grantId !== undefined, 'a holder was given no mandate');
  const id = newUuid(msOf(tx.now));
  await insertHolders(tx, [{ id, account: accountId, customer, role, grantId }]);
  await record(tx, [holderAdded(accountId, { customer, role })]);
  await emit(tx, [{ type: 'account.holder_added', subject: accountId, data: { customer, role } }]);
  const owners = account.owners.filter((holder) => holder.role === 'owner');
  const others = account.owners.filter((holder) => holder.role !== 'owner');
  const holder = { customer, role };
  const holders = role === 'owner' ? [...owners, holder, ...others] : [...account.owners, holder];
  return accept({ ...account, owners: holders });
}

function flawOf({ id, owners, status }: BankAccount, { customer, validTo, role }: AddHolder) {
  if (status === 'closed') return no('bank_account_closed', `Account ${id} is closed.`);
  if (owners.some((holder) => holder.customer === customer)) {
    return no('holder_exists', `${customer} holds the account already.`, 'customer');
  }
  if (owners.length >= limits.accountHoldersMax.value) {
    return no('holders_too_many', `The account has ${owners.length} holders.`);
  }
  assert(role !== 'owner' || validTo === undefined, 'ownership ends when it is ended');
  return undefined;
}

async function flawOfCustomer(tx: Transaction, customer: CustomerId) {
  const known = await selectCustomers(tx, [customer]);
  if (known.has(customer)) return undefined;
  return no('holder_customer_unknown', `There is no customer ${customer}.`, 'customer');
}

export interface EndHolder {
  readonly accountId: AccountId;
  readonly customer: CustomerId;
}

export async function endHolder(
  tx: Transaction,
  { accountId, customer }: EndHolder,
): Promise<Result<BankAccount, BankAccountRefusal>> {
  const account = await lockBankAccount(tx, accountId);
  if (account === undefined) return unknown(accountId);
  const held = account.owners.find((holder) => holder.customer === customer);
  const holdings = await selectHoldings(tx, accountId);
  const row = holdings.find((holding) => holding.customer === customer);
  if (held === undefined || row === undefined) {
    return no('holder_unknown', `${customer} does not hold the account.`, 'customer');
  }
  const left = account.owners.filter((holder) => holder !== held);
  if (!left.some(({ role }) => role === 'owner')) {
    return no('owner_required', `${customer} is the last owner.`, 'customer');
  }
  await endHoldings(tx, [row.id]);
  await endHeldGrants(tx, [row.grantId]);
  await record(tx, [holderEnded(accountId, held)]);
  const data = { customer, role: held.role };
  await emit(tx, [{ type: 'account.holder_ended', subject: accountId, data }]);
  return accept({ ...account, owners: left });
}
