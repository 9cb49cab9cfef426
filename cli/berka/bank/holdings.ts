// Owns what an imported bank's clients hold: customers, the ledger's accounts as bank accounts of
// theirs with their mandates, and standing orders. Each is made once, under an external id.

import {
  addProduct,
  createCustomersOrReplay,
  customerIdsByExternalId,
  openBankAccountsOrReplay,
  type CustomerId,
  type Holder,
  type NewBankAccount,
} from '#accounts';
import { accept, formatDate, refuse, startOfDay } from '#kernel';
import type { AccountId, Instant, Refusal, Result } from '#kernel';
import { createStandingOrders } from '#payments';
import type { Database, Transaction, TransactionContext } from '#platform';
import type { Progress } from '../../progress.ts';
import { customerAccountId } from '../chart.ts';
import { roles } from '../mapping.ts';
import type { Plan } from '../plan.ts';
import type { BankFiles } from '../read.ts';
import { CURRENCY, type Client } from '../tables.ts';
import { orderFrom, planOrders, scheduleAfter, type PlannedOrder } from './orders.ts';

export interface Counted {
  readonly added: number;
  readonly existing: number;
}

export interface Holdings {
  readonly customers: Counted;
  readonly bankAccounts: Counted;
  readonly standingOrders: Counted;
}

export interface HoldingRefusal extends Refusal {
  readonly code: 'holding_not_made';
}

export interface HoldingInput {
  readonly source: string;
  readonly files: BankFiles;
  readonly plan: Plan;
  readonly accountIds: ReadonlyMap<string, AccountId>;
  readonly context: () => TransactionContext;
  readonly progress: Progress;
}

const ITEMS_PER_TRANSACTION = 1_000;
/** The accounts' own limits are in the files; the product allows all of them. */
const OVERDRAFT_MAX = 1_000_000_000_000n;

export async function makeHoldings(
  database: Database,
  input: HoldingInput,
): Promise<Result<Holdings, HoldingRefusal>> {
  try {
    const customers = await makeCustomers(database, input);
    const bankAccounts = await makeBankAccounts(database, input, customers.ids);
    const standingOrders = await makeOrders(database, input);
    return accept({ customers: customers.counted, bankAccounts, standingOrders });
  } catch (error) {
    if (error instanceof NotMade) return refuse(error.refusal);
    throw error;
  }
}

/** Rolls back the transaction it is thrown in. */
class NotMade extends Error {
  readonly refusal: HoldingRefusal;

  constructor(what: string, { message }: Refusal) {
    const text = `${what} was refused: ${message} No transaction was imported.`;
    super(text);
    this.refusal = { code: 'holding_not_made', message: text };
  }
}

/** In transactions of a bounded size, each with what it counts. */
async function inParts<Item>(
  database: Database,
  { context, progress }: HoldingInput,
  { label, items }: { readonly label: string; readonly items: readonly Item[] },
  work: (tx: Transaction, part: readonly Item[]) => Promise<number>,
): Promise<Counted> {
  progress.start(label, { total: items.length, unit: label.split(' ').at(-1) ?? label });
  let added = 0;
  for (let first = 0; first < items.length; first += ITEMS_PER_TRANSACTION) {
    const part = items.slice(first, first + ITEMS_PER_TRANSACTION);
    const own = { ...context(), tenant: 'main' };
    added += await database.transaction(own, (tx) => work(tx, part));
    progress.advance(part.length);
  }
  progress.finish();
  return { added, existing: items.length - added };
}

const clientName = (source: string, clientId: number): string => `${source}:client:${clientId}`;

async function makeCustomers(database: Database, input: HoldingInput) {
  const { source, files } = input;
  const ids = new Map<number, CustomerId>();
  const parts = { label: 'Taking on customers', items: files.clients };
  const counted = await inParts(database, input, parts, async (tx, part) => {
    const names = part.map(({ client_id: id }) => clientName(source, id));
    const known = await customerIdsByExternalId(tx, names);
    const missing = part.filter(({ client_id: id }) => !known.has(clientName(source, id)));
    const answers = await createCustomersOrReplay(
      tx,
      missing.map((each) => customerOf(source, each)),
    );
    for (const [index, { result }] of answers.entries()) {
      if (!result.ok) throw new NotMade('A customer', result.refusal);
      ids.set(missing[index]?.client_id ?? 0, result.value.id);
    }
    for (const { client_id: id } of part) {
      const found = known.get(clientName(source, id));
      if (found !== undefined) ids.set(id, found);
    }
    return answers.filter(({ isReplay }) => !isReplay).length;
  });
  return { ids, counted };
}

/** The files know nobody's name. */
function customerOf(source: string, { client_id: id, birth_number: birth }: Client) {
  const particulars = { name: `Client ${id}`, birthDate: formatDate(birth.birthDate) };
  return { externalId: clientName(source, id), kind: 'person', particulars } as const;
}

async function makeBankAccounts(
  database: Database,
  input: HoldingInput,
  customers: ReadonlyMap<number, CustomerId>,
): Promise<Counted> {
  const { source, files, accountIds, context } = input;
  const product = `${source}-current`;
  await database.transaction({ ...context(), tenant: 'main' }, async (tx) => {
    const terms = {
      overdraftMax: OVERDRAFT_MAX,
      balanceMax: undefined,
      numbering: { scheme: 'none' },
      interest: undefined,
      fees: [],
      dormancy: undefined,
    } as const;
    const version = { code: product, kind: 'current', currency: CURRENCY, terms } as const;
    const effectiveFrom = startOfDay(tx.now);
    // Where it is there already, the one of before holds.
    await addProduct(tx, { ...version, name: 'Imported current account', effectiveFrom });
  });
  const holders = Map.groupBy(files.dispositions, ({ account_id: id }) => id);
  const asked = files.accounts.map(({ account_id: id }): NewBankAccount => {
    const externalId = customerAccountId(source, id);
    const owners = (holders.get(id) ?? []).flatMap(({ client_id: client, type }): Holder[] => {
      const customer = customers.get(client);
      const role = roles[type] === 'owner' ? 'owner' : 'authorised';
      return customer === undefined ? [] : [{ customer, role }];
    });
    return { externalId, product, owners, ledgerAccount: accountIds.get(externalId) };
  });
  const parts = { label: 'Opening bank accounts', items: asked };
  return await inParts(database, input, parts, async (tx, part) => {
    const answers = await openBankAccountsOrReplay(tx, part);
    for (const { result } of answers) {
      if (!result.ok) throw new NotMade('A bank account', result.refusal);
    }
    return answers.filter(({ isReplay }) => !isReplay).length;
  });
}

async function makeOrders(database: Database, input: HoldingInput): Promise<Counted> {
  const { files, plan } = input;
  const { lastDay } = plan;
  if (lastDay === undefined) return { added: 0, existing: 0 };
  const items = planOrders(files.orders, files.transactions);
  const parts = { label: 'Taking standing orders', items };
  return await inParts(database, input, parts, async (tx, part) => {
    const known = part.filter(({ schedule }) => schedule !== undefined);
    const unknown = part.filter(({ schedule }) => schedule === undefined);
    // Nothing is paid of the years between the history and today before a person resumes it.
    const added = await takeOrders(tx, input, { orders: known, lastDay, reason: 'imported' });
    const others = { orders: unknown, lastDay, reason: 'schedule_unknown' };
    return added + (await takeOrders(tx, input, others));
  });
}

interface Taking {
  readonly orders: readonly PlannedOrder[];
  readonly lastDay: Instant;
  /** Why they begin suspended. */
  readonly reason: string;
}

async function takeOrders(
  tx: Transaction,
  { source, accountIds }: HoldingInput,
  { orders, lastDay, reason }: Taking,
): Promise<number> {
  const asked = orders.flatMap((each) => {
    const accountId = accountIds.get(customerAccountId(source, each.order.account_id));
    if (accountId === undefined) return [];
    return [orderFrom(each, scheduleAfter(each, lastDay), { source, accountId })];
  });
  const created = await createStandingOrders(tx, asked, { suspendedAs: reason });
  for (const { result } of created) {
    if (!result.ok) throw new NotMade('A standing order', result.refusal);
  }
  return created.filter(({ isReplay }) => !isReplay).length;
}
