import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDate, type Instant } from '#kernel';
import { matchEntries, type Candidate, type Matching } from './match.ts';
import { defaultRules } from './rule.ts';

const entry = (amount: number, day = 10, ...references: string[]): Candidate => {
  const on = parseDate(`2026-03-${String(day).padStart(2, '0')}`) as Instant;
  return { amount: BigInt(amount), on, references };
};

function told({ matches, differences }: Matching): string[] {
  return [
    ...matches.map(
      ({ rule, statement, books }) => `${rule} ${statement.join(',')} = ${books.join(',')}`,
    ),
    ...differences.map(({ statement, book }) => `differs ${statement} ${book}`),
  ];
}

const of = (statement: readonly Candidate[], books: readonly Candidate[]): string[] =>
  told(matchEntries(statement, books, defaultRules));

test('an entry is matched by its reference and amount first, whatever else could be meant', () => {
  const statement = [entry(100, 10, 'b'), entry(100, 10, 'a')];
  const books = [entry(100, 10, 'a', 'x'), entry(100, 10, 'y', 'b')];
  assert.deepEqual(of(statement, books), [
    'reference_and_amount 0 = 1',
    'reference_and_amount 1 = 0',
  ]);
});

test('the same reference with another amount is told as a difference, and no rule tears it apart', () => {
  assert.deepEqual(of([entry(90, 10, 'a')], [entry(100, 10, 'a'), entry(90, 10)]), ['differs 0 0']);
});

test('an amount alone is enough within the days of the rule, where nothing else could be meant', () => {
  assert.deepEqual(of([entry(100, 12)], [entry(100, 10)]), ['amount_and_date 0 = 0']);
  assert.deepEqual(of([entry(100, 13)], [entry(100, 10)]), []);
  assert.deepEqual(of([entry(100, 10)], [entry(100, 10), entry(100, 11)]), []);
  assert.deepEqual(of([entry(100, 10), entry(100, 11)], [entry(100, 10)]), []);
  assert.deepEqual(of([entry(100, 10)], [entry(-100, 10)]), []);
});

test('one entry of the statement is matched with the several of the books that it is the sum of', () => {
  const books = [entry(30), entry(50), entry(7), entry(-80), entry(20)];
  assert.deepEqual(of([entry(80)], [entry(30), entry(50), entry(7)]), ['one_to_many 0 = 1,0']);
  assert.deepEqual(of([entry(-80)], books), ['amount_and_date 0 = 3']);
});

test('several entries of the statement are matched with the one of the books', () => {
  assert.deepEqual(of([entry(-30), entry(-50)], [entry(-80)]), ['many_to_one 1,0 = 0']);
});

test('a sum that can be made in two ways is left to a person', () => {
  assert.deepEqual(of([entry(80)], [entry(30), entry(50), entry(20), entry(60)]), []);
});

test('parts that share a reference with the whole are taken together, also where others add up', () => {
  const books = [entry(30, 10, 'p1'), entry(50, 10, 'p2'), entry(20), entry(60)];
  assert.deepEqual(of([entry(80, 10, 'p1', 'p2')], books), [
    // The first two names point to parts, of which neither alone is meant.
    'one_to_many 0 = 0,1',
  ]);
});

test('the search for a sum ends, however many entries there are', () => {
  const books = Array.from({ length: 400 }, (_, index) => entry(1_000_003 + index * 7));
  assert.deepEqual(of([entry(9_999_999)], books), []);
});

test('rules are tried in their order, and one that is not given is not tried', () => {
  const rules = defaultRules.filter(({ kind }) => kind === 'amount_and_date');
  assert.deepEqual(told(matchEntries([entry(100, 10, 'a')], [entry(100, 10, 'b')], rules)), [
    'amount_and_date 0 = 0',
  ]);
});
