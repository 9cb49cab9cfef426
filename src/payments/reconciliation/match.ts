// Decides which entries of a statement and of the books belong together, by rules in their order.
// Pure. A match always adds up exactly; where two answers are possible there is none, because a
// wrong match hides two errors.

import { limits } from '#config';
import { DAY_US, type Instant } from '#kernel';
import type { Rule } from './rule.ts';

/** An entry of either side. */
export interface Candidate {
  /** Minor units: above zero what comes to us. */
  readonly amount: bigint;
  readonly on: Instant;
  /** All names by which it may be known to the other side. */
  readonly references: readonly string[];
}

export interface Matched {
  readonly rule: Rule['kind'];
  /** Places in the lists. */
  readonly statement: readonly number[];
  readonly books: readonly number[];
}

export interface Matching {
  readonly matches: readonly Matched[];
  /** The same reference with another amount. */
  readonly differences: readonly { readonly statement: number; readonly book: number }[];
}

interface Sides {
  readonly statement: readonly Candidate[];
  readonly books: readonly Candidate[];
  /** Places that are not matched yet, in order. */
  readonly openStatement: Set<number>;
  readonly openBooks: Set<number>;
  readonly matches: Matched[];
  readonly differences: { readonly statement: number; readonly book: number }[];
}

export function matchEntries(
  statement: readonly Candidate[],
  books: readonly Candidate[],
  rules: readonly Rule[],
): Matching {
  const sides: Sides = {
    statement,
    books,
    openStatement: new Set(statement.keys()),
    openBooks: new Set(books.keys()),
    matches: [],
    differences: [],
  };
  for (const rule of rules) apply(sides, rule);
  return { matches: sides.matches, differences: sides.differences };
}

function apply(sides: Sides, rule: Rule): void {
  switch (rule.kind) {
    case 'reference_and_amount':
    case 'reference':
      byReference(sides, rule);
      return;
    case 'amount_and_date':
      byAmount(sides, rule);
      return;
    case 'one_to_many':
    case 'many_to_one':
      bySum(sides, rule);
  }
}

function accept(sides: Sides, matched: Matched): void {
  for (const place of matched.statement) sides.openStatement.delete(place);
  for (const place of matched.books) sides.openBooks.delete(place);
  sides.matches.push(matched);
}

function byReference(sides: Sides, rule: Rule): void {
  const { statement, books } = sides;
  const named = new Map<string, number[]>();
  for (const place of sides.openBooks) {
    for (const reference of books[place]?.references ?? []) {
      const places = named.get(reference);
      if (places === undefined) named.set(reference, [place]);
      else places.push(place);
    }
  }
  for (const place of sides.openStatement) {
    const entry = statement[place] as Candidate;
    const found = new Set(entry.references.flatMap((reference) => named.get(reference) ?? []));
    const near = [...found].filter((book) => {
      return sides.openBooks.has(book) && isNear(entry, books[book] as Candidate, rule.days);
    });
    if (rule.kind === 'reference_and_amount') {
      // Several of one reference and amount are one another's equals: the oldest is as good.
      const book = near.find((each) => books[each]?.amount === entry.amount);
      if (book !== undefined) accept(sides, { rule: rule.kind, statement: [place], books: [book] });
    } else if (near.length === 1 && near[0] !== undefined) {
      tellDifference(sides, place, near[0]);
    }
  }
}

// Neither is open any more for rules that do not look at references: those would tear them apart.
function tellDifference(sides: Sides, statement: number, book: number): void {
  sides.openStatement.delete(statement);
  sides.openBooks.delete(book);
  sides.differences.push({ statement, book });
}

function byAmount(sides: Sides, { kind, days }: Rule): void {
  const { statement, books } = sides;
  const byAmountOf = (list: readonly Candidate[], open: ReadonlySet<number>) =>
    Map.groupBy(open, (place) => (list[place] as Candidate).amount);
  const ofBooks = byAmountOf(books, sides.openBooks);
  for (const [amount, places] of byAmountOf(statement, sides.openStatement)) {
    const others = ofBooks.get(amount) ?? [];
    for (const place of places) {
      const entry = statement[place] as Candidate;
      const near = others.filter((book) => isNear(entry, books[book] as Candidate, days));
      const [only] = near;
      if (near.length !== 1 || only === undefined || !sides.openBooks.has(only)) continue;
      const book = books[only] as Candidate;
      const rivals = places.filter((each) => isNear(statement[each] as Candidate, book, days));
      if (rivals.length === 1) accept(sides, { rule: kind, statement: [place], books: [only] });
    }
  }
}

function bySum(sides: Sides, { kind, days, itemsMax }: Rule): void {
  const isOneOfStatement = kind === 'one_to_many';
  const wholes = isOneOfStatement ? sides.openStatement : sides.openBooks;
  const parts = isOneOfStatement ? sides.openBooks : sides.openStatement;
  // What is left after the other rules is little, or no sum would be told from another anyway.
  if (wholes.size * parts.size > limits.reconciliationSumPairsMax.value) return;
  const wholeList = isOneOfStatement ? sides.statement : sides.books;
  const partList = isOneOfStatement ? sides.books : sides.statement;
  for (const place of wholes) {
    const whole = wholeList[place] as Candidate;
    const isCredit = whole.amount > 0n;
    const near = [...parts].filter((part) => {
      const { amount } = partList[part] as Candidate;
      return amount > 0n === isCredit && isNear(whole, partList[part] as Candidate, days);
    });
    const found = sumOf(
      whole,
      near,
      partList,
      Math.min(itemsMax, limits.reconciliationSumItemsMax.value),
    );
    if (found === undefined) continue;
    const [statement, books] = isOneOfStatement ? [[place], found] : [found, [place]];
    accept(sides, { rule: kind, statement, books });
  }
}

/** The one way to make the amount of several parts: all that share a reference, or else any. */
function sumOf(
  whole: Candidate,
  near: readonly number[],
  list: readonly Candidate[],
  itemsMax: number,
): number[] | undefined {
  const references = new Set(whole.references);
  const named = near.filter((place) => {
    return list[place]?.references.some((reference) => references.has(reference)) === true;
  });
  const total = named.reduce((sum, place) => sum + (list[place]?.amount ?? 0n), 0n);
  if (named.length > 1 && total === whole.amount) return named;
  return onlySum(whole.amount, near, list, itemsMax);
}

function onlySum(
  amount: bigint,
  near: readonly number[],
  list: readonly Candidate[],
  itemsMax: number,
): number[] | undefined {
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  const target = size(amount);
  const parts = near
    .map((place) => ({ place, size: size(list[place]?.amount ?? 0n) }))
    .filter((part) => part.size < target)
    .toSorted((left, right) => (left.size < right.size ? 1 : left.size > right.size ? -1 : 0));
  const found: number[][] = [];
  let stepsLeft = limits.reconciliationSumStepsMax.value;
  const chosen: number[] = [];
  const search = (from: number, left: bigint): void => {
    stepsLeft -= 1;
    if (left === 0n && chosen.length > 1) found.push([...chosen]);
    if (left === 0n || chosen.length === itemsMax) return;
    for (let next = from; next < parts.length; next += 1) {
      const part = parts[next];
      if (part === undefined || stepsLeft <= 0 || found.length > 1) return;
      if (part.size > left) continue;
      chosen.push(part.place);
      search(next + 1, left - part.size);
      chosen.pop();
    }
  };
  search(0, target);
  return found.length === 1 && stepsLeft > 0 ? found[0] : undefined;
}

function isNear(left: Candidate, right: Candidate, days: number): boolean {
  return Math.abs(left.on - right.on) <= days * DAY_US;
}
