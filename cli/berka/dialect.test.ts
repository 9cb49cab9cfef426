import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDate } from '#kernel';
import { describeProblem, tableReader, type TableRows } from './dialect.ts';
import { clientTable, transactionTable, type Transaction } from './tables.ts';

const header = Object.keys(transactionTable.columns)
  .map((name) => `"${name}"`)
  .join(';');
const good = '1;576;930101;"PRIJEM";"VKLAD";900.00;900.00;"";;';

function read(...lines: string[]): TableRows<Transaction> {
  const reader = tableReader(transactionTable);
  for (const line of lines) reader.take(line);
  return reader.finish();
}

function complaint(...lines: string[]): string | undefined {
  const [problem] = read(header, ...lines).problems;
  return problem === undefined ? undefined : describeProblem(problem);
}

test('a row is read into typed values, with amounts in haler and dates as instants', () => {
  const { rows, problems } = read(
    header,
    '276;2;930312;"PRIJEM";"PREVOD Z UCTU";20236.00;-21336.50;"DUCHOD";"ST";"66487163"',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(rows, [
    {
      line: 2,
      trans_id: 276,
      account_id: 2,
      date: parseDate('1993-03-12'),
      type: 'PRIJEM',
      operation: 'PREVOD Z UCTU',
      amount: 2_023_600n,
      balance: -2_133_650n,
      k_symbol: 'DUCHOD',
      bank: 'ST',
      account: '66487163',
    },
  ]);
});

test('lines may end as on DOS, and a blank in quotes is the same as nothing', () => {
  const [row] = read(`${header}\r`, '1;2;930312;"VYDAJ";"VYBER";1.00;-1.00;" ";;""\r').rows;
  assert.equal(row?.k_symbol, '');
  assert.equal(row?.account, '');
});

test('a malformed line is named by file, line, field and reason', () => {
  const cases: [line: string, expected: RegExp][] = [
    [good.replace('900.00', '900,00'), /^trans\.asc line 2, amount: 900,00 is not an amount above/],
    [good.replace('900.00', '900.001'), /, amount: 900\.001 is not/],
    [good.replace('900.00', '0.00'), /, amount: 0\.00 is not an amount above zero/],
    [good.replace('900.00', '"900.00"'), /, amount: the text "900\.00" is not/],
    [good.replace('900.00', ''), /, amount: nothing is not an amount/],
    [good.replace(';900.00;"', ';9e2;"'), /, balance: 9e2 is not a balance/],
    [good.replace('930101', '930231'), /, date: 930231 is not a date written YYMMDD/],
    [good.replace('576', '99999999999'), /, account_id: 99999999999 is not an id/],
    [good.replace('PRIJEM', 'PRIJM'), /, type: the text "PRIJM" is not one of "PRIJEM"/],
    [good.replace('"PRIJEM"', 'PRIJEM'), /, type: PRIJEM is not one of/],
    [good.replace(/;$/, ';"12a"'), /, account: the text "12a" is not an account number/],
    [`${good};`, /line 2: 11 fields where 10 belong/],
    ['1', /line 2: 1 field where 10 belong/],
    ['', /line 2: an empty line/],
    [good.replace('"VKLAD"', '"VKLAD'), /line 2: (text after the closing quote|an opening quote)/],
    [good.replace('"VKLAD"', '"VKLAD"x'), /line 2: text after the closing quote of field 5/],
    [good.replace('"VKLAD"', 'VK"LAD'), /line 2: a stray quote in field 5/],
    [good.replace('VKLAD', 'VKL\u00c1D'), /line 2: a byte that is not printable ASCII/],
    [`${good}${'0'.repeat(5_000)}`, /line 2: longer than 4096 bytes/],
  ];
  for (const [line, expected] of cases) assert.match(complaint(line) ?? 'no complaint', expected);
});

test('an unfinished quote at the end of a line is named', () => {
  assert.match(
    complaint(`${good}"1`) ?? '',
    /an opening quote without its closing one in field 10/,
  );
});

test('a key that comes twice is refused with the line of the first', () => {
  assert.match(complaint(good, good) ?? '', /line 3, trans_id: 1 is already on line 2/);
});

test('a file with another header, or none, is refused', () => {
  assert.match(read('"a";"b"').problems[0]?.why ?? '', /the header is not trans_id;account_id;/);
  assert.match(read().problems[0]?.why ?? '', /the file is empty/);
});

test('reading gives up on a file of another kind after a hundred lines', () => {
  const { problems } = read(header, ...Array.from({ length: 1_000 }, () => 'x'));
  assert.equal(problems.length, 100);
});

test("a birth number has fifty added to a woman's month", () => {
  const reader = tableReader(clientTable);
  const lines = ['1;"706213";18', '2;"450204";1', '3;"451304";1', '4;"456304";1'];
  for (const line of ['"client_id";"birth_number";"district_id"', ...lines]) reader.take(line);
  const { rows, problems } = reader.finish();
  const births = rows.map(({ birth_number }) => birth_number);
  assert.deepEqual(births, [
    { birthDate: parseDate('1970-12-13'), sex: 'female' },
    { birthDate: parseDate('1945-02-04'), sex: 'male' },
  ]);
  assert.deepEqual(
    problems.map(({ line }) => line),
    [4, 5],
  );
});
