import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { DAY_US, type AccountId, type Instant } from '#kernel';
import { balanceAt, postBatch, type Instruction } from '#ledger';
import { createCustomers } from '../customers/create.ts';
import {
  day,
  openAccountsBank,
  owner,
  product,
  start,
  type AccountsBank,
} from '../testing/bank.ts';
import { csvOf } from './csv.ts';
import { jsonOf } from './json.ts';
import { pdfOf } from './pdf.ts';
import { statementFor, type AccountStatement } from './statement.ts';

let bank: AccountsBank;
let current: AccountId;
let loan: AccountId;

const texts = [
  '=SUM(A1)',
  '@cmd',
  'a "quoted", text',
  'two\r\nlines',
  'Příliš žluťoučký kůň',
  '+1',
];
const days = (count: number): Instant => (start + count * DAY_US) as Instant;

before(async () => {
  bank = await openAccountsBank('statements');
  await bank.addProducts(
    product({}, { overdraft_max: '100000000' }),
    product({ code: 'loan', kind: 'loan' } as never, { numbering: { scheme: 'none' } }),
  );
  const named = { kind: 'person', particulars: { name: 'Řehoř Dvořák' } } as const;
  const [made] = await bank.database.transaction(bank.context(), (tx) =>
    createCustomers(tx, [named]),
  );
  assert.ok(made?.ok === true);
  const owners = [owner(made.value.id)];
  current = (await bank.openOne({ owners, overdraft: 100_000_000n })).id;
  loan = (await bank.openOne({ owners, product: 'loan' })).id;
  await postHistory();
});
after(async () => {
  await bank.drop();
});

/** Of a hundred days, partly with value dates before and after the day they were recorded. */
async function postHistory(): Promise<void> {
  let seed = 1_717;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let index = 0; index < 100; index += 1) {
    bank.clock.set(days(index));
    const account = random(4) === 0 ? loan : current;
    const amount = BigInt(1 + random(9_000_000));
    const isIn = account === current && random(2) === 0;
    const [from, to] = isIn ? [bank.cash, account] : [account, bank.cash];
    const legs = [
      { accountId: from, side: 'debit', amount },
      { accountId: to, side: 'credit', amount },
    ] as const;
    const effectiveAt = days(index - random(20) + 2);
    const description = texts[index % texts.length] ?? '';
    await bank.post({ kind: 'transfer', legs, effectiveAt, description, externalId: `=t${index}` });
  }
}

async function statementOf(id: AccountId, from: Instant, to: Instant): Promise<AccountStatement> {
  const found = await statementFor(bank.database, id, { from, to }, bank.clock.now());
  assert.ok(found !== undefined);
  return found;
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

interface JsonStatement {
  readonly iban: string | null;
  readonly opening_balance: string;
  readonly closing_balance: string;
  readonly debits: string;
  readonly credits: string;
  readonly entry_count: number;
  readonly entries: readonly { readonly side: string; amount: string; balance: string }[];
}

async function read(id: AccountId, from: Instant, to: Instant): Promise<JsonStatement> {
  return JSON.parse(await textOf(jsonOf(await statementOf(id, from, to)))) as JsonStatement;
}

test('a statement of any period closes to the balance of the books', async () => {
  for (const account of [current, loan]) {
    for (let first = -20; first < 110; first += 13) {
      const [from, to] = [days(first), days(first + 31)];
      const found = await read(account, from, to);
      const asOf = { effectiveAt: to };
      const ledger = await balanceAt(bank.database, account, asOf, bank.clock.now());
      const { postedCredits = 0n, postedDebits = 0n } = ledger?.balances ?? {};
      assert.equal(BigInt(found.closing_balance), postedCredits - postedDebits);
      const moved = BigInt(found.credits) - BigInt(found.debits);
      assert.equal(BigInt(found.opening_balance) + moved, BigInt(found.closing_balance));
      assert.equal(found.entries.length, found.entry_count);
      let balance = BigInt(found.opening_balance);
      for (const entry of found.entries) {
        balance += entry.side === 'credit' ? BigInt(entry.amount) : -BigInt(entry.amount);
        assert.equal(BigInt(entry.balance), balance);
      }
    }
  }
});

test('a statement goes on where the one before it ended', async () => {
  const whole = await read(current, days(0), days(99));
  const middle = (days(50) - 1) as Instant;
  const first = await read(current, days(0), middle);
  const second = await read(current, days(50), days(99));
  assert.equal(first.closing_balance, second.opening_balance);
  assert.equal(first.entry_count + second.entry_count, whole.entry_count);
});

test('what is owed on a loan is below zero', async () => {
  const { closing_balance: closing } = await read(loan, days(-30), days(130));
  assert.ok(BigInt(closing) < 0n);
});

/** Cells by RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, cell = '', end] of text.matchAll(/("(?:[^"]|"")*"|[^,\r"]*)(,|\r\n|$)/g)) {
    const plain = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
    rows.at(-1)?.push(plain);
    if (end === '\r\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

test('as CSV each row has every column, closes, and holds no formula', async () => {
  const found = await statementOf(current, days(-30), days(130));
  const [header = [], ...rows] = parseCsv(await textOf(csvOf(found)));
  assert.ok(rows.every((row) => row.length === header.length));
  assert.equal(rows.length, found.entryCount + 2);
  const cells = (name: string): string[] => rows.map((row) => row[header.indexOf(name)] ?? '');
  const closing = cells('balance').at(-1) ?? '';
  assert.equal(BigInt(closing.replace('.', '')), found.closing);
  for (const name of ['description', 'external_id']) {
    for (const text of cells(name)) assert.doesNotMatch(text, /^[=+@]/);
  }
  assert.ok(cells('description').includes('two\r\nlines'));
  assert.ok(cells('description').includes("'=SUM(A1)"));
});

/** What the pages draw, bytes of letters as they are. */
function drawn(pdf: Buffer): string {
  let text = '';
  for (let from = 0; ;) {
    const begin = pdf.indexOf('stream\n', from);
    if (begin < 0) return text;
    const end = pdf.indexOf('endstream', begin);
    const content = inflateSync(pdf.subarray(begin + 7, end)).toString('latin1');
    const shown = content.replaceAll(/<([0-9A-F]*)> Tj/g, (_, hex: string) =>
      Buffer.from(hex, 'hex').toString('latin1'),
    );
    text += shown;
    from = end + 9;
  }
}

test('as PDF it has the balances on its pages, and always the same bytes', async () => {
  const found = await statementOf(current, days(-30), days(130));
  const pdf = await pdfOf(found);
  assert.deepEqual(await pdfOf(found), pdf);
  const text = drawn(pdf);
  const pages = Number(/Page 1 of (\d+)/.exec(text)?.[1]);
  assert.ok(pages >= 2);
  assert.ok(text.includes(`Page ${pages} of ${pages}`));
  assert.ok(text.includes('Brought forward') && text.includes('Closing balance'));
  const digits = String(found.closing).replace('-', '');
  const spaced = digits.slice(0, -2).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');
  assert.ok(text.includes(`${spaced}.${digits.slice(-2)}`));
});

test('what is posted while a statement is read is in none of its pages', async () => {
  const count = 11_000;
  const { id } = await bank.openOne();
  const pay = async (each: number): Promise<void> => {
    const legs = [
      { accountId: bank.cash, side: 'debit', amount: 1n },
      { accountId: id, side: 'credit', amount: 1n },
    ] as const;
    const list = Array.from({ length: each }, (): Instruction => ({ kind: 'transfer', legs }));
    await postBatch(bank.database, bank.context(), list);
  };
  for (let posted = 0; posted < count; posted += 1_000) await pay(1_000);
  const found = await statementOf(id, day('2020-01-01'), day('2040-01-01'));
  let seen = 0;
  let last = 0n;
  for await (const entries of found.pages()) {
    if (seen === 0) await pay(10);
    seen += entries.length;
    last = entries.at(-1)?.balance ?? last;
    assert.equal(entries.at(-1)?.number, seen);
  }
  assert.equal(seen, count);
  assert.equal(last, found.closing);
  assert.equal(found.closing, BigInt(count));
});

test('an account without entries has a statement of zeros', async () => {
  const { id, iban } = await bank.openOne();
  const found = await read(id, days(0), days(99));
  assert.equal(found.closing_balance, '0');
  assert.deepEqual(found.entries, []);
  assert.equal(found.iban, iban);
  assert.ok((await pdfOf(await statementOf(id, days(0), days(99)))).length > 0);
});
