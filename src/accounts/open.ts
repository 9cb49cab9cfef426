// Opens bank accounts: the account in the ledger, its number, its holders with their mandates at
// the edge, the record and the event, all in the caller's transaction. A refused one leaves nothing
// behind. An external id names one account for ever.

import { limits } from '#config';
import { giveHeldGrants } from '#gateway';
import {
  accept,
  assert,
  Fault,
  idOf,
  msOf,
  startOfDay,
  uuidBatch,
  type AccountId,
  type Result,
} from '#kernel';
import { accountsById, openAccounts, type Account, type OpenAccount } from '#ledger';
import { record } from '#audit';
import { emit, FIRST_TENANT, type Transaction } from '#platform';
import { namesOf, type BankAccount, type CustomerId, type NewBankAccount } from './account.ts';
import { factsOf, holderAdded, openingOf, refusalOf } from './audit.ts';
import {
  insertBankAccounts,
  insertHolders,
  insertPositions,
  selectBankAccounts,
  selectByExternalIds,
  selectByNumbers,
  selectCustomers,
} from './bank-account-store.ts';
import { actsOf } from './holder.ts';
import { readIban } from './numbers/iban.ts';
import { isRoutingNumber, isUsAccountNumber } from './numbers/routing-number.ts';
import { issueNumbers } from './numbers/issue.ts';
import { productVersions } from './products/products.ts';
import { versionOn, type Product } from './products/product.ts';
import { no, type BankAccountRefusal } from './refusals.ts';

export type OpenBankAccountResult = Result<BankAccount, BankAccountRefusal>;

export interface OpenBankAccountAnswer {
  readonly result: OpenBankAccountResult;
  /** The account had been opened before under this external id. */
  readonly isReplay: boolean;
}

/** One result per account asked for, in order. */
export async function openBankAccounts(
  tx: Transaction,
  asked: readonly NewBankAccount[],
): Promise<OpenBankAccountResult[]> {
  const answers = await openBankAccountsOrReplay(tx, asked);
  return answers.map(({ result }) => result);
}

interface Opening {
  readonly asked: NewBankAccount;
  readonly product: Product;
  readonly adopted: Account | undefined;
}

export async function openBankAccountsOrReplay(
  tx: Transaction,
  asked: readonly NewBankAccount[],
): Promise<OpenBankAccountAnswer[]> {
  const checked = await check(tx, asked);
  const openings = checked.flatMap((each) => ('product' in each ? [each] : []));
  const opened = await openAll(tx, openings);
  const accountOf = new Map(openings.map((opening, index) => [opening, opened[index]]));
  const answers = checked.map((each): OpenBankAccountAnswer => {
    if (!('product' in each)) return each;
    return { result: accept(accountOf.get(each) as BankAccount), isReplay: false };
  });
  const refused = answers.flatMap(({ result }) => (result.ok ? [] : [result]));
  await record(tx, [
    ...refused.map((result) => refusalOf('accounts.account.open', result)),
    ...opened.flatMap((account) => [
      openingOf(account),
      ...account.owners.map((holder) => holderAdded(account.id, holder)),
    ]),
  ]);
  await emit(
    tx,
    opened.map((account) => ({
      type: 'account.opened',
      subject: account.id,
      data: factsOf(account),
    })),
  );
  return answers;
}

/** What of each is to be opened, or its answer. */
async function check(
  tx: Transaction,
  asked: readonly NewBankAccount[],
): Promise<(Opening | OpenBankAccountAnswer)[]> {
  const known = await knownOf(tx, asked);
  const taken = new Set<string>();
  return asked.map((each, index): Opening | OpenBankAccountAnswer => {
    const existing = known.byExternalId.get(each.externalId ?? '');
    if (existing !== undefined) return replay(each, existing);
    const product = versionOn(known.products.get(each.product) ?? [], tx.now);
    const adopted = known.ledger.get(each.ledgerAccount ?? idOf('acc', ''));
    const fault =
      product === undefined
        ? no('product_unknown', `There is no product ${each.product} yet.`, 'product')
        : (flawOfHolders(each, known.customers) ??
          flawOfNumber(each, known.numbered[index]) ??
          flawOfLimits(each, product) ??
          flawOfAdopted(each, product, {
            adopted,
            isTaken: known.adopted.has(each.ledgerAccount),
          }));
    if (fault !== undefined) return { result: fault, isReplay: false };
    const names = namesOf(each);
    const twice = names.find((name) => taken.has(name));
    if (twice !== undefined) {
      const message = 'An account before it in the list has the same number or external id.';
      return { result: no('account_number_taken', message, 'number'), isReplay: false };
    }
    for (const name of names) taken.add(name);
    return { asked: each, product: product as Product, adopted };
  });
}

async function knownOf(tx: Transaction, asked: readonly NewBankAccount[]) {
  const externalIds = asked.flatMap(({ externalId }) => externalId ?? []);
  const adopting = asked.flatMap(({ ledgerAccount }) => ledgerAccount ?? []);
  const products = await productVersions(
    tx,
    asked.map(({ product }) => product),
  );
  const byExternalId = externalIds.length === 0 ? [] : await selectByExternalIds(tx, externalIds);
  const owners = asked.flatMap((each) => each.owners.map(({ customer }) => customer));
  const customers = await selectCustomers(tx, [...new Set(owners)]);
  const ledger = await accountsById(tx, adopting);
  const adopted = adopting.length === 0 ? [] : await selectBankAccounts(tx, adopting);
  const numbers = asked.map(({ number }) => number ?? { iban: '' });
  const hasNumbers = asked.some(({ number }) => number !== undefined);
  return {
    products,
    customers,
    byExternalId: new Map(byExternalId.map((account) => [account.externalId ?? '', account])),
    ledger: new Map(ledger.map((account) => [account.id, account])),
    adopted: new Set<AccountId | undefined>(adopted.map(({ id }) => id)),
    numbered: hasNumbers ? await selectByNumbers(tx, numbers) : [],
  };
}

function replay(asked: NewBankAccount, existing: BankAccount): OpenBankAccountAnswer {
  if (asked.product === existing.product) return { result: accept(existing), isReplay: true };
  const message = `External id ${asked.externalId} belongs to ${existing.id}, of another product.`;
  const refused = no('bank_account_exists_with_different_content', message, 'product');
  return { result: refused, isReplay: true };
}

function flawOfHolders({ owners }: NewBankAccount, customers: ReadonlySet<CustomerId>) {
  if (!owners.some(({ role }) => role === 'owner')) {
    return no('owner_required', 'The account has no owner.', 'owners');
  }
  if (owners.length > limits.accountHoldersMax.value) {
    const message = `An account has ${limits.accountHoldersMax.value} holders at most.`;
    return no('holders_too_many', message, 'owners');
  }
  if (new Set(owners.map(({ customer }) => customer)).size < owners.length) {
    return no('holder_exists', 'A customer is named twice.', 'owners');
  }
  const index = owners.findIndex(({ customer }) => !customers.has(customer));
  if (index === -1) return undefined;
  const message = `There is no customer ${owners[index]?.customer}.`;
  return no('holder_customer_unknown', message, `owners[${index}].customer`);
}

function flawOfNumber({ number }: NewBankAccount, taken: BankAccount | undefined) {
  if (number === undefined) return undefined;
  if (taken !== undefined) {
    return no('account_number_taken', 'The number belongs to another account.', 'number');
  }
  if ('iban' in number) {
    const read = readIban(number.iban);
    return read.ok ? undefined : no('account_number_invalid', read.refusal.message, 'number.iban');
  }
  const { routingNumber, accountNumber } = number;
  if (isRoutingNumber(routingNumber) && isUsAccountNumber(accountNumber)) return undefined;
  const message = 'The routing number or the account number is not valid.';
  return no('account_number_invalid', message, 'number.routing_number');
}

function flawOfLimits({ overdraft = 0n }: NewBankAccount, { terms, code }: Product) {
  if (overdraft <= terms.overdraftMax) return undefined;
  const message = `Accounts of product ${code} are overdrawn by ${terms.overdraftMax} at most.`;
  return no('overdraft_exceeded', message, 'overdraft');
}

function flawOfAdopted(
  { ledgerAccount }: NewBankAccount,
  product: Product,
  { adopted, isTaken }: { readonly adopted: Account | undefined; readonly isTaken: boolean },
) {
  if (ledgerAccount === undefined) return undefined;
  const side = product.kind === 'loan' ? 'debit' : 'credit';
  const isFit =
    adopted?.state === 'open' &&
    adopted.currency === product.currency &&
    adopted.normalSide === side;
  if (isFit && !isTaken) return undefined;
  const message = `${ledgerAccount} is not an open account in ${product.currency} of that kind.`;
  return no('ledger_account_unfit', message, 'ledger_account');
}

async function openAll(tx: Transaction, openings: readonly Opening[]): Promise<BankAccount[]> {
  if (openings.length === 0) return [];
  const ids = await ledgerAccountsOf(tx, openings);
  const numbers = await issueNumbers(
    tx,
    openings.map(({ asked, product }) => ({
      given: asked.number,
      numbering: product.terms.numbering,
    })),
  );
  const accounts = openings.map(({ asked, product, adopted }, index): BankAccount => {
    return {
      id: ids[index] as AccountId,
      tenant: tx.tenant ?? FIRST_TENANT,
      product: product.code,
      currency: product.currency,
      status: 'active',
      statusReason: undefined,
      owners: asked.owners.toSorted((a, b) => (a.role < b.role ? 1 : a.role > b.role ? -1 : 0)),
      externalId: asked.externalId,
      overdraft: asked.overdraft ?? adopted?.creditLimit ?? 0n,
      openedAt: tx.now,
      changedAt: tx.now,
      iban: numbers[index]?.iban,
      routingNumber: numbers[index]?.routingNumber,
      accountNumber: numbers[index]?.accountNumber,
    };
  });
  if (!(await insertBankAccounts(tx, accounts))) {
    // Another transaction took a name meanwhile: asked again, it is seen and refused.
    throw new Fault('account_name_taken_meanwhile', { retryable: true });
  }
  await addHolders(tx, accounts);
  const begins = startOfDay(tx.now);
  await insertPositions(
    tx,
    accounts.map(({ id }) => ({ account: id, begins })),
  );
  return accounts;
}

async function ledgerAccountsOf(
  tx: Transaction,
  openings: readonly Opening[],
): Promise<AccountId[]> {
  const fresh = openings.filter(({ adopted }) => adopted === undefined);
  const opened = await openAccounts(tx, fresh.map(ledgerAccountOf));
  const made = opened.values();
  return openings.map(({ adopted }) => {
    if (adopted !== undefined) return adopted.id;
    const next = made.next().value;
    assert(next?.ok === true, 'the ledger refused an account that was checked');
    return next.value.id;
  });
}

function ledgerAccountOf({ asked, product }: Opening): OpenAccount {
  const { code, currency, kind, terms } = product;
  const common = { currency, ceiling: terms.balanceMax ?? null, floor: 0n };
  if (kind === 'loan') return { ...common, path: `assets:loans:${code}`, normalSide: 'debit' };
  return {
    ...common,
    path: `liabilities:deposits:${code}`,
    normalSide: 'credit',
    creditLimit: asked.overdraft ?? 0n,
  };
}

async function addHolders(tx: Transaction, accounts: readonly BankAccount[]): Promise<void> {
  const ids = uuidBatch(msOf(tx.now));
  const held = accounts.flatMap((account) => {
    return account.owners.map((holder) => ({ account, ...holder }));
  });
  const grants = await giveHeldGrants(
    tx,
    held.map(({ account, customer, role }) => {
      return { customer, account: account.id, acts: actsOf(role), currency: account.currency };
    }),
  );
  const rows = held.map(({ account, customer, role }, index) => {
    const grantId = grants[index];
    assert(grantId !== undefined, 'a holder was given no mandate');
    return { id: ids.next(), account: account.id, customer, role, grantId };
  });
  await insertHolders(tx, rows);
}
