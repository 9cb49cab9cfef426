import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { addDays, manualClock, parseDate, SECOND_US, startOfDay, type Instant } from '#kernel';
import { openFolderObjects } from '#platform';
import { readColumns, type Transactions } from '../src/fraud/cards/transactions.ts';
import { patternOf } from '../src/fraud/generator/patterns.ts';
import { lakeEvents, lakeLabels, type LakeLabel } from '../src/fraud/lake/events.ts';
import { readLakeTransactions } from '../src/fraud/lake/transactions.ts';
import { openLakeWriter } from '../src/fraud/lake/write.ts';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');
const file = path.join(shared, 'card-fraud/card_transactions.col.bin.gz');

/** The week that the Handbook trains on, and its counts. */
const from = instantOfDate('2018-07-25');
const until = addDays(from, 7);
const counts = { rows: 67_240, frauds: 598 };

function instantOfDate(text: string): Instant {
  const date = parseDate(text);
  assert.ok(date !== undefined);
  return date;
}

/** Every transaction of the week, as it becomes known seven days later. */
function labelsOfWeek(transactions: Transactions): LakeLabel[] {
  const { start, seconds, customers, terminals, amounts, patterns } = transactions;
  const first = seconds.findIndex((second) => start + second * SECOND_US >= from);
  const end = seconds.findIndex((second) => start + second * SECOND_US >= until);
  return Array.from({ length: end - first }, (_, index): LakeLabel => {
    const row = first + index;
    const at = (start + (seconds[row] ?? 0) * SECOND_US) as Instant;
    const keys = { customer: `c-${customers[row]}`, terminal: `t-${terminals[row]}` };
    const id = `card-${String(row).padStart(12, '0')}`;
    const pattern = patternOf(patterns[row] ?? 0);
    const event = { id, at, amount: amounts[row] ?? 0, keys };
    return { event, knownAt: addDays(at, 7), isFraud: pattern !== 'genuine', pattern };
  });
}

test('a week of the published transactions comes back from the lake as it was', async (context) => {
  const read = readColumns(readFileSync(file));
  assert.ok(read.ok);
  const labels = labelsOfWeek(read.value);
  const folder = await mkdtemp(path.join(tmpdir(), 'florin-lake-'));
  context.after(() => rm(folder, { recursive: true }));
  const objects = await openFolderObjects({ folder, clock: manualClock(from) });
  const events = openLakeWriter(objects, lakeEvents, { partRowsMax: 30_000 });
  await events.add(labels.map(({ event }) => event));
  assert.equal((await events.close()).rows, counts.rows);
  const known = openLakeWriter(objects, lakeLabels);
  await known.add(labels);
  await known.close();

  const knownUntil = addDays(until, 7);
  const found = await readLakeTransactions(objects, { from, until, knownUntil });
  assert.ok(found.ok);
  const { transactions, customers, terminals } = found.value;
  assert.equal(transactions.patterns.filter((pattern) => pattern > 0).length, counts.frauds);
  const rows = Array.from(transactions.seconds, (second, row) => [
    startOfDay(from) + second * SECOND_US,
    customers[transactions.customers[row] ?? -1],
    terminals[transactions.terminals[row] ?? -1],
    transactions.amounts[row],
    patternOf(transactions.patterns[row] ?? 0),
  ]);
  const expected = labels.map(({ event: { at, amount, keys }, pattern }) => [
    at,
    keys['customer'],
    keys['terminal'],
    amount,
    pattern,
  ]);
  assert.deepEqual(rows, expected);
});
