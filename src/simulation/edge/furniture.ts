// What a customer has at the bank under attack: accounts by mandate, money, a hold, a list, and
// texts that nobody else could know, so that an answer that tells of them gives itself away.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { addProduct, createCustomers, openBankAccounts, type CustomerId } from '#accounts';
import type { AccountId } from '#kernel';
import { systemClock } from '#platform';
import { product } from '../../accounts/testing/bank.ts';
import type { Json, WholeBank } from './whole-bank.ts';

export interface Furniture {
  readonly subject: string;
  readonly till: string;
  readonly deposit: string;
  readonly saving: string;
  readonly transfer: string;
  readonly hold: string;
  readonly batch: string;
  readonly grant: string;
  /** Her payment and her standing order. */
  readonly payment: string;
  readonly order: string;
  readonly ids: readonly string[];
  /** What only her own answers hold. */
  readonly secrets: readonly string[];
  token(): Promise<string>;
  /** One of hers for an id of this kind; undefined where she has none. */
  idFor(prefix: string, path: string, instead: string): string | undefined;
  /** Everything that may not change behind her back, as the bank's staff see it. */
  state(): Promise<unknown>;
}

/** An amount is told where it stands by itself: within an id its digits may come by chance. */
export function isToldIn(text: string, secret: string): boolean {
  if (!/^[0-9]+$/.test(secret)) return text.includes(secret);
  return new RegExp(`(?<![0-9a-f-])${secret}(?![0-9a-f-])`).test(text);
}

const LEDGER = '/v1/ledger';

/** Opens a customer's accounts, lets her use them, and moves money between them. */
export async function furnish(bank: WholeBank, name: string): Promise<Furniture> {
  const subject = `usr_${randomUUID()}`;
  const teller = await bank.token({ sub: 'usr_teller', roles: ['teller'] });
  const chief = await bank.token({ sub: 'usr_chief', roles: ['administrator'] });
  const mark = `${name}-${randomUUID()}`;
  const make = async (path: string, body: unknown, token = teller): Promise<Json> => {
    const reply = await bank.ask('POST', path, { token, body });
    assert.ok(reply.status < 300, `${path}: ${reply.text}`);
    return reply.body;
  };
  const open = async (part: Json): Promise<string> => {
    const base = { currency: 'CZK', name: `${mark} account` };
    return String((await make(`${LEDGER}/accounts`, { ...base, ...part }))['id']);
  };
  const till = await open({ path: 'assets:cash', normal_side: 'debit' });
  const own = { path: 'liabilities:deposits', normal_side: 'credit', floor: '0' };
  const deposit = await open(own);
  const saving = await open(own);
  const customer = await openForCustomer(bank, mark, [deposit, saving]);
  const grants: string[] = [];
  for (const id of [deposit, saving]) {
    const object = { object_kind: 'account', object_id: id };
    const acts = ['read', 'debit', 'credit', 'manage'];
    const body = { grantee_kind: 'customer', grantee: subject, ...object, acts };
    grants.push(String((await make('/v1/access/grants', body, chief))['id']));
  }
  const pay = (debit: string, credit: string, amount: string): Json => ({
    debit_account_id: debit,
    credit_account_id: credit,
    amount,
    currency: 'CZK',
    description: `${mark} payment`,
  });
  await make(`${LEDGER}/transfers`, pay(till, deposit, '777001'));
  const moved = await make(`${LEDGER}/transfers`, pay(deposit, saving, '1003'));
  const held = await make(`${LEDGER}/transfers`, { ...pay(deposit, saving, '2005'), kind: 'hold' });
  const listed = await make(`${LEDGER}/transfers/batch`, [pay(deposit, saving, '3007')]);
  const { payment, order } = await payForCustomer(make, { deposit, saving, mark });
  const [transfer, hold] = [String(moved['id']), String(held['id'])];
  const batch = String(listed['batch_id']);
  const [grant = ''] = grants;
  const books = [till, deposit, saving, transfer, hold, batch];
  const ids = [...books, payment, order, customer, ...grants];
  return {
    subject,
    till,
    deposit,
    saving,
    transfer,
    hold,
    batch,
    grant,
    payment,
    order,
    ids,
    secrets: [...ids, subject, mark, '777001', '770986'],
    token: () => bank.token({ sub: subject, customer: subject, roles: ['customer'] }),
    idFor(prefix, path, instead) {
      if (prefix === 'acc') return /[13579bdf]$/.test(instead) ? deposit : saving;
      if (prefix === 'trf') return /capture|increase|void|holds/.test(path) ? hold : transfer;
      return { bat: batch, cus: customer, grt: grant, pay: payment, sto: order }[prefix];
    },
    state: () => stateOf(bank, teller, [till, deposit, saving]),
  };
}

type Make = (path: string, body: unknown) => Promise<Json>;

/** Her payment, and her standing order, from one account to the other. */
async function payForCustomer(
  make: Make,
  { deposit, saving, mark }: Readonly<Record<'deposit' | 'saving' | 'mark', string>>,
): Promise<{ readonly payment: string; readonly order: string }> {
  const paid = await make('/v1/payments', {
    debtor_account_id: deposit,
    creditor: { account_id: saving },
    amount: '1',
    currency: 'CZK',
    remittance: `${mark} remittance`,
  });
  const ordered = await make('/v1/standing-orders', {
    account_id: deposit,
    creditor: { account_id: saving },
    amount: { fixed: '5' },
    currency: 'CZK',
    schedule: { frequency: 'monthly', day: 1, starts_on: '2099-01-01' },
  });
  return { payment: String(paid['id']), order: String(ordered['id']) };
}

/** Makes a customer whose bank accounts these are. */
async function openForCustomer(
  bank: WholeBank,
  name: string,
  accounts: readonly string[],
): Promise<CustomerId> {
  const now = systemClock().now();
  const context = { now, actor: 'test', correlationId: 'furnish', tenant: 'main' };
  return await bank.database.transaction(context, async (tx) => {
    const code = `product-${randomUUID()}`;
    const numbering = { scheme: 'none' } as const;
    const added = await addProduct(tx, product({ code }, { numbering }));
    assert.ok(added.ok, added.ok ? '' : added.refusal.message);
    const [made] = await createCustomers(tx, [{ kind: 'person', particulars: { name } }]);
    assert.ok(made?.ok === true, 'a customer was made');
    const { id: customer } = made.value;
    const opened = await openBankAccounts(
      tx,
      accounts.map((id) => ({
        product: code,
        owners: [{ customer, role: 'owner' as const }],
        ledgerAccount: id as AccountId,
      })),
    );
    for (const each of opened) assert.ok(each.ok, each.ok ? '' : each.refusal.message);
    return customer;
  });
}

async function stateOf(
  bank: WholeBank,
  token: string,
  accounts: readonly string[],
): Promise<unknown> {
  const read = async (path: string): Promise<string> => {
    const reply = await bank.ask('GET', path, { token });
    assert.equal(reply.status, 200, reply.text);
    return reply.text;
  };
  const paths = accounts.flatMap((id) => [
    `${LEDGER}/accounts/${id}`,
    `${LEDGER}/accounts/${id}/balance`,
    `${LEDGER}/accounts/${id}/holds`,
  ]);
  return await Promise.all(paths.map(read));
}
