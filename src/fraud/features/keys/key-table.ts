// Owns where the history of a key is found: a table of hashes, of which at most half of the places
// are taken, so that mostly the first one looked at is the one; and the order in which the keys
// were queued. Two keys with the same hash are told apart by their texts.

import { hashText } from '../hash.ts';
import type { History } from '../history.ts';

export interface KeyTable {
  /** By place the hash of the key that is there; 0 where the place is free. */
  marks: Int32Array;
  histories: (History | undefined)[];
  size: number;
  /** The ends of the queue, whose links are in the histories. */
  first: History | undefined;
  last: History | undefined;
}

const FIRST_PLACES = 16;

export function openKeyTable(): KeyTable {
  return { ...placesOf(FIRST_PLACES), size: 0, first: undefined, last: undefined };
}

function placesOf(places: number): Pick<KeyTable, 'marks' | 'histories'> {
  const histories = Array.from<History | undefined>({ length: places }).fill(undefined);
  return { marks: new Int32Array(places), histories };
}

/** Of a hash of a key's text, as much as is kept; never 0. */
export function markOf(hash: number): number {
  return hash | 0 || 1;
}

export function findKey(
  { marks, histories }: KeyTable,
  key: string,
  mark: number,
): History | undefined {
  const mask = marks.length - 1;
  for (let place = mark & mask; ; place = (place + 1) & mask) {
    const found = marks[place];
    if (found === 0) return undefined;
    if (found !== mark) continue;
    const history = histories[place];
    if (history?.key === key) return history;
  }
}

export function keyIn(table: KeyTable, key: string): History | undefined {
  return findKey(table, key, markOf(hashText(key)));
}

/** Of a key that is not there; it comes last in the queue. */
export function putKey(table: KeyTable, history: History): void {
  table.size += 1;
  if (2 * table.size > table.marks.length) grow(table);
  settle(table, history, markOf(hashText(history.key)));
  queue(table, history);
}

export function takeKey(table: KeyTable, history: History): void {
  const { marks, histories } = table;
  const mask = marks.length - 1;
  let gap = markOf(hashText(history.key)) & mask;
  while (histories[gap] !== history) gap = (gap + 1) & mask;
  // Those behind move up, so that each is found from its own place on.
  for (let at = (gap + 1) & mask; marks[at] !== 0; at = (at + 1) & mask) {
    const mark = marks[at] ?? 0;
    if (((at - mark) & mask) < ((at - gap) & mask)) continue;
    marks[gap] = mark;
    histories[gap] = histories[at];
    gap = at;
  }
  marks[gap] = 0;
  histories[gap] = undefined;
  table.size -= 1;
  unqueue(table, history);
}

/** Puts what is in the queue at its end. */
export function queueAgain(table: KeyTable, history: History): void {
  unqueue(table, history);
  queue(table, history);
}

/** The histories in the order of the queue; the one at hand may be taken out meanwhile. */
export function* queuedKeys({ first }: KeyTable): Generator<History> {
  for (let history = first; history !== undefined; history = history.after) yield history;
}

function settle({ marks, histories }: KeyTable, history: History, mark: number): void {
  const mask = marks.length - 1;
  let at = mark & mask;
  while (marks[at] !== 0) at = (at + 1) & mask;
  marks[at] = mark;
  histories[at] = history;
}

function grow(table: KeyTable): void {
  const { marks, histories } = table;
  const wider = placesOf(2 * marks.length);
  table.marks = wider.marks;
  table.histories = wider.histories;
  for (const [at, history] of histories.entries()) {
    if (history !== undefined) settle(table, history, marks[at] ?? 0);
  }
}

function queue(table: KeyTable, history: History): void {
  const { last } = table;
  history.before = last;
  history.after = undefined;
  if (last === undefined) table.first = history;
  else last.after = history;
  table.last = history;
}

function unqueue(table: KeyTable, { before, after }: History): void {
  if (before === undefined) table.first = after;
  else before.after = after;
  if (after === undefined) table.last = before;
  else after.before = before;
}
