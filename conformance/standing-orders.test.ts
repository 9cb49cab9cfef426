// The permanent orders of the published data set, run as standing orders over the days of its
// history: each order is known only by its first transfer, and must make all the others on their
// days, and none besides.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { DAY_US, formatDate, manualClock, parseInstant, type Instant } from '#kernel';
import { openAccounts, verify } from '#ledger';
import { createStandingOrders, railBooks, runStandingOrders } from '#payments';
import { openSession, type TransactionContext } from '#platform';
import {
  monthlyFrom,
  nameOfOrder,
  nameOfTransfer,
  orderFrom,
  outgoingTransfers,
  planOrders,
} from '../cli/berka/bank/orders.ts';
import { customerAccountId } from '../cli/berka/chart.ts';
import { readBank, type BankFiles } from '../cli/berka/read.ts';
import { CURRENCY, type Transaction } from '../cli/berka/tables.ts';
import { testDatabase, type TestDatabase } from '../src/platform/database/testing.ts';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');
const directory = path.join(shared, 'berka');
const SOURCE = 'berka';

const facts = { orders: 6_471, transfers: 6_343, paying: 1_150, samePurpose: 5_905 };

const clock = manualClock(parseInstant('1993-01-01T06:00:00Z') as Instant);
const context = (): TransactionContext => {
  return { now: clock.now(), actor: 'tester', correlationId: 'test', tenant: 'main' };
};

let bank: TestDatabase;
let files: BankFiles;
let transfers: readonly Transaction[];

before(async () => {
  const read = await readBank(directory);
  assert.ok(read.ok, 'the data set is readable');
  files = read.value;
  transfers = outgoingTransfers(files.transactions);
  bank = await testDatabase('standing orders of a bank');
});

after(async () => {
  await bank?.drop();
});

test('every outgoing transfer of the history is one of a permanent order, by payee and amount', (t) => {
  const orders = new Set(files.orders.map(nameOfOrder));
  const matching = transfers.filter((transfer) => orders.has(nameOfTransfer(transfer)));
  t.diagnostic(`${matching.length} of ${transfers.length} transfers match an order`);
  assert.deepEqual([files.orders.length, transfers.length], [facts.orders, facts.transfers]);
  assert.equal(matching.length, facts.transfers);
});

test('5,905 of them carry the purpose of the order too, letter for letter', async () => {
  // The reader takes a blank for nothing, so the files are asked for their letters.
  const cellsOf = async (file: string): Promise<string[][]> => {
    const text = await readFile(path.join(directory, file), 'latin1');
    const lines = text.split(/\r?\n/).slice(1);
    return lines.filter((line) => line !== '').map((line) => line.split(';'));
  };
  const named = (await cellsOf('order.asc')).map(([, account, to, number, amount, purpose]) =>
    [account, to, number, amount, purpose].join(';'),
  );
  const orders = new Set(named);
  const rows = (await cellsOf('trans.asc')).filter(([, , , , word]) => word === '"PREVOD NA UCET"');
  const same = rows.filter(([, account, , , , amount, , purpose, to, number]) =>
    orders.has([account, to, number, amount, purpose].join(';')),
  );
  assert.equal(same.length, facts.samePurpose);
});

test('the orders, known by their first transfer alone, make every transfer of the history', async (t) => {
  const planned = planOrders(files.orders, files.transactions);
  const accountIds = await openPayers();
  const paying = planned.filter(({ paidOn }) => paidOn.length > 0);
  assert.equal(paying.length, facts.paying);
  await bank.database.transaction(context(), async (tx) => {
    const orders = paying.flatMap((each) => {
      const [first] = each.paidOn;
      const accountId = accountIds.get(customerAccountId(SOURCE, each.order.account_id));
      if (first === undefined || accountId === undefined) return [];
      return [orderFrom(each, monthlyFrom(first), { source: SOURCE, accountId })];
    });
    for (const { result } of await createStandingOrders(tx, orders)) assert.ok(result.ok);
  });
  const lastDay = parseInstant('1994-03-31T23:00:00Z') as Instant;
  const started = performance.now();
  let paid = 0;
  while (clock.now() <= lastDay) {
    paid += (await runStandingOrders(bank.database, context(), undefined)).paid;
    clock.advance(DAY_US);
  }
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const expected = transfers.map((each) => `${nameOfTransfer(each)} ${formatDate(each.date)}`);
  const made = await paymentsMade(accountIds);
  const known = new Set(made);
  const missing = expected.filter((name) => !known.has(name));
  t.diagnostic(
    `${expected.length - missing.length} of ${expected.length} transfers were made on their day, ` +
      `${made.length - expected.length} besides; 15 months took ${seconds} s`,
  );
  assert.equal(paid, facts.transfers);
  assert.deepEqual(made.toSorted(), expected.toSorted());
});

test('what the orders paid is in transit, and the books are without any error', async () => {
  const total = transfers.reduce((sum, { amount }) => sum + amount, 0n);
  const { transit } = await bank.database.transaction(context(), (tx) =>
    railBooks(tx, 'sct_inst', CURRENCY),
  );
  const [row] = await bank.database.query<{ held: bigint }>({
    text: `select b.posted_credits - b.posted_debits as held from ledger.balances b
      where b.account_id = $1`,
    values: [transit.slice(4)],
  });
  assert.equal(row?.held, total);
  const open = () => openSession(bank.url);
  const verification = await verify({ open, connections: 2, findingsPerRuleMax: 3 });
  assert.deepEqual(verification.findings, []);
});

/** Without limits: what else moved on the accounts is not what is tested. */
async function openPayers() {
  const names = files.accounts.map(({ account_id: id }) => customerAccountId(SOURCE, id));
  const opened = await bank.database.transaction(context(), (tx) =>
    openAccounts(
      tx,
      names.map((externalId) => {
        const path_ = 'liabilities:deposits';
        return { externalId, path: path_, currency: CURRENCY, normalSide: 'credit' };
      }),
    ),
  );
  return new Map(
    opened.map((result, index) => {
      assert.ok(result.ok);
      return [names[index] ?? '', result.value.id];
    }),
  );
}

/** Spelled as the transfers of the history are. */
async function paymentsMade(accountIds: ReadonlyMap<string, string>): Promise<string[]> {
  const numberOf = new Map(
    Array.from(accountIds, ([name, id]) => [id.slice(4), name.split(':').at(-1)]),
  );
  const rows = await bank.database.query<{
    account_id: string;
    agent: string;
    number: string;
    amount: bigint;
    paid_on: string;
  }>({
    text: `select p.account_id, p.party ->> 'agent' as agent, p.party ->> 'account' as number,
        p.amount, (p.accepted_at at time zone 'UTC')::date::text as paid_on
      from payments.payments p`,
  });
  return rows.map(({ account_id: id, agent, number, amount, paid_on: paidOn }) => {
    return `${numberOf.get(id) ?? ''};${agent};${number};${amount} ${paidOn}`;
  });
}
