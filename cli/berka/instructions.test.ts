import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId, parseDate, type AccountId, type Instant } from '#kernel';
import { customerAccountId, customerAccounts, ownAccountId, ownAccounts, slug } from './chart.ts';
import { instructionsOf, type Addressing } from './instructions.ts';
import { ownPaths, postingKindOf } from './mapping.ts';
import { planHistory } from './plan.ts';
import { crossCheck, type BankFiles } from './read.ts';
import type { Transaction } from './tables.ts';

const deposit: Transaction = {
  line: 2,
  trans_id: 9,
  account_id: 1,
  date: parseDate('1993-01-01') as Instant,
  type: 'PRIJEM',
  operation: 'VKLAD',
  amount: 90_000n,
  balance: 90_000n,
  k_symbol: '',
  bank: '',
  account: '',
};

const paths = [...ownPaths, 'assets:nostro:st'];
const accountIds = new Map<string, AccountId>(
  [customerAccountId('berka', 1), ...paths.map((path) => ownAccountId('berka', path))].map(
    (externalId, index) => [externalId, newId('acc', index)],
  ),
);
const addressing: Addressing = { source: 'berka', accountIds };
const names = new Map([...accountIds].map(([externalId, id]) => [id, externalId.slice(6)]));

/** "debit PATH AMOUNT" for each leg of each instruction. */
function legsOf(given: Partial<Transaction>): string[][] {
  const { rows } = planHistory([{ ...deposit, ...given }]);
  return rows
    .flatMap((row) => instructionsOf(row, addressing))
    .map(({ legs }) =>
      legs.map(({ accountId, side, amount }) => `${side} ${names.get(accountId)} ${amount}`),
    );
}

test('a cash deposit debits the vault and credits the customer', () => {
  assert.deepEqual(legsOf({}), [['debit assets:cash:vault 90000', 'credit account:1 90000']]);
});

test('a household payment passes its clearing account on the way to the other bank', () => {
  const words = { type: 'VYDAJ', operation: 'PREVOD NA UCET', k_symbol: 'SIPO' } as const;
  assert.deepEqual(legsOf({ ...words, bank: 'ST', balance: -90_000n }), [
    [
      'debit account:1 90000',
      'credit liabilities:clearing:household 90000',
      'debit liabilities:clearing:household 90000',
      'credit assets:nostro:st 90000',
    ],
  ]);
});

test('a rounding entry is a transfer of its own, linked to the row it corrects', () => {
  assert.deepEqual(legsOf({ balance: 89_990n })[1], [
    'debit account:1 10',
    'credit expenses:rounding 10',
  ]);
  assert.deepEqual(legsOf({ balance: 90_010n })[1], [
    'debit expenses:rounding 10',
    'credit account:1 10',
  ]);
  const [row] = planHistory([{ ...deposit, balance: 89_990n }]).rows;
  assert.ok(row !== undefined);
  const [main, correction] = instructionsOf(row, addressing);
  assert.deepEqual([main?.externalId, main?.linked], ['berka:trans:9', true]);
  assert.deepEqual([correction?.externalId, correction?.linked], ['berka:rounding:9', undefined]);
  assert.equal(correction?.effectiveAt, main?.effectiveAt);
});

test('a transfer keeps its own words beside ours', () => {
  const words = { operation: 'PREVOD Z UCTU', k_symbol: 'DUCHOD', bank: 'ST' } as const;
  const [row] = planHistory([{ ...deposit, ...words, account: '66487163' }]).rows;
  assert.ok(row !== undefined);
  const [main] = instructionsOf(row, addressing);
  assert.equal(main?.description, 'Pension from bank ST');
  assert.deepEqual(main?.metadata, {
    operation: 'pension',
    bank: 'ST',
    account: '66487163',
    original: 'PRIJEM;PREVOD Z UCTU;DUCHOD',
  });
});

test('a combination that nobody knows how to book has no kind', () => {
  assert.equal(postingKindOf({ ...deposit, k_symbol: 'SIPO' }), undefined);
  assert.equal(postingKindOf({ ...deposit, bank: 'ST' }), undefined);
});

const files: BankFiles = {
  districts: [
    {
      line: 2,
      A1: 5,
      A2: 'Brno - mesto',
      A3: 'south Moravia',
      A4: 1,
      A5: 1,
      A6: 1,
      A7: 1,
      A8: 1,
      A9: 1,
      A10: '',
      A11: '',
      A12: '',
      A13: '',
      A14: '',
      A15: '',
      A16: '',
    },
  ],
  accounts: [
    {
      line: 2,
      account_id: 1,
      district_id: 5,
      frequency: 'POPLATEK MESICNE',
      date: parseDate('1993-01-01') as Instant,
    },
  ],
  clients: [],
  dispositions: [{ line: 2, disp_id: 1, client_id: 3, account_id: 1, type: 'OWNER' }],
  orders: [],
  loans: [],
  cards: [],
  transactions: [deposit],
};

const whysOf = (given: Partial<BankFiles>): string[] =>
  crossCheck({ ...files, ...given }).map(({ file, field, why }) => `${file} ${field}: ${why}`);

test('a reference to nothing names the file, the line, the field and what is missing', () => {
  assert.deepEqual(whysOf({}), ['disp.asc client_id: client.asc has no 3']);
});

test('an account needs exactly one owner', () => {
  assert.deepEqual(whysOf({ dispositions: [] }), [
    'account.asc account_id: disp.asc gives account 1 0 owners, not one',
  ]);
});

test('a row of an unknown kind, or from before its account, is refused by name', () => {
  const early = { ...deposit, date: parseDate('1992-12-31') as Instant, bank: 'ST' };
  assert.deepEqual(whysOf({ transactions: [early], dispositions: [] }).slice(1), [
    'trans.asc operation: transaction 9 is of an unknown kind: ' +
      'type "PRIJEM", operation "VKLAD", k_symbol "", bank "ST"',
    'trans.asc date: 1992-12-31 is before account 1 was opened',
  ]);
});

test('customers have a floor of zero, and below it only what their history needs', () => {
  const [account] = customerAccounts('berka', files, new Map([[1, 500n]]));
  assert.equal(account?.path, 'liabilities:deposits:south_moravia:brno_mesto');
  assert.deepEqual([account?.floor, account?.creditLimit], [0n, 500n]);
  assert.equal(account?.metadata?.['opened'], '1993-01-01');
  assert.equal(account?.metadata?.['owner'], '3');
});

test("assets and expenses grow on debit, the bank's other accounts on credit", () => {
  for (const { path, normalSide } of ownAccounts('berka', files)) {
    assert.equal(normalSide, /^(assets|expenses):/.test(path) ? 'debit' : 'credit', path);
  }
});

test('a name becomes one step of a path', () => {
  assert.equal(slug('Jablonec n. Nisou'), 'jablonec_n_nisou');
});
