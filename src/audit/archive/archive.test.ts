import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatInstant, parseInstant, type Instant } from '#kernel';
import { canonical } from '../canonical.ts';
import { ChunkBuilder, retentionOf } from './chunk.ts';
import {
  addMonths,
  endOfMonth,
  formatMonth,
  latestToArchive,
  parseMonth,
  retainUntil,
} from './month.ts';
import { formatRuns, parseRuns, RunBuilder, RunIndex } from './runs.ts';

const at = (text: string) => parseInstant(text) as Instant;

test('months are written and read in one way only', () => {
  assert.equal(formatMonth(202611), '2026-11');
  assert.equal(parseMonth('2026-11'), 202611);
  for (const text of ['2026-13', '2026-00', '2026-1', '202611', '2026-11-01', ' 2026-11', '']) {
    assert.equal(parseMonth(text), undefined, text);
  }
});

test('months are counted across years', () => {
  assert.equal(addMonths(202611, 2), 202701);
  assert.equal(addMonths(202601, -1), 202512);
  assert.equal(addMonths(202602, -26), 202312);
  assert.equal(formatInstant(endOfMonth(202612)), '2027-01-01T00:00:00.000Z');
  assert.equal(formatInstant(endOfMonth(202402)), '2024-03-01T00:00:00.000Z');
});

test('this month and the two before it are at hand', () => {
  assert.equal(latestToArchive(at('2026-11-01T00:00:00Z')), 202608);
  assert.equal(latestToArchive(at('2026-11-30T23:59:59Z')), 202608);
  assert.equal(latestToArchive(at('2027-02-01T00:00:00Z')), 202611);
});

test('records are kept for 12 months, 7 and 10 years from the end of their month', () => {
  assert.equal(formatInstant(retainUntil(202611, 'security')), '2027-12-01T00:00:00.000Z');
  assert.equal(formatInstant(retainUntil(202611, 'books')), '2033-12-01T00:00:00.000Z');
  assert.equal(formatInstant(retainUntil(202612, 'aml')), '2037-01-01T00:00:00.000Z');
});

test('runs are collected, written as PostgreSQL does, and found again by line', () => {
  const builder = new RunBuilder();
  const leaves = [3, 4, 5, 9, 12, 13];
  for (const leaf of leaves) builder.add(leaf);
  assert.equal(formatRuns(builder.runs), '{[3,6),[9,10),[12,14)}');
  assert.deepEqual(parseRuns(formatRuns(builder.runs)), builder.runs);
  const index = new RunIndex(builder.runs);
  for (let leaf = 0; leaf < 20; leaf += 1) {
    const line = leaves.indexOf(leaf);
    assert.equal(index.lineOf(leaf), line < 0 ? undefined : line, `leaf ${leaf}`);
  }
  assert.throws(() => builder.add(13), /rise/);
});

test('the class of a leaf is its own, whatever its texts and other members say', () => {
  const leaf = (members: object) => Buffer.from(canonical({ action: 'a.b', ...members }));
  const forged = ',"retention":"aml","target":"';
  assert.equal(retentionOf(leaf({ retention: 'books', target: 'x', version: 1 })), 'books');
  assert.equal(
    retentionOf(leaf({ after: { b: 1, retention: 'aml' }, retention: 'security', target: forged })),
    'security',
  );
  const sealed = [{ ciphertext: forged, commitment: 'b', subject: forged }];
  assert.equal(
    retentionOf(
      leaf({ before: { a: forged }, reason: forged, retention: 'aml', sealed, target: 't' }),
    ),
    'aml',
  );
  assert.equal(retentionOf(leaf({ retention: 'forever', target: 't' })), undefined);
  assert.equal(retentionOf(Buffer.from('{}')), undefined);
});

test('a chunk is full by count or by bytes, copies what it takes, and begins anew', () => {
  const builder = new ChunkBuilder('books', { leavesMax: 3, bytesMax: 200_000 });
  const leaf = Buffer.from('first');
  builder.add(7, leaf, at('2026-01-02T00:00:00Z'));
  leaf.fill('x');
  builder.add(9, Buffer.from('second'), at('2026-01-01T00:00:00Z'));
  assert.equal(builder.isFull, false);
  builder.add(10, Buffer.from('third'), at('2026-01-03T00:00:00Z'));
  assert.equal(builder.isFull, true);
  const { lines, leafCount, runs, firstAt, lastAt } = builder.take();
  assert.equal(lines.toString(), 'first\nsecond\nthird\n');
  assert.deepEqual([leafCount, formatRuns(runs)], [3, '{[7,8),[9,11)}']);
  assert.deepEqual([firstAt, lastAt], [at('2026-01-01T00:00:00Z'), at('2026-01-03T00:00:00Z')]);
  assert.equal(builder.isEmpty, true);
  builder.add(11, Buffer.alloc(200_000, 'y'), at('2026-01-03T00:00:00Z'));
  assert.equal(builder.isFull, true);
  assert.equal(builder.take().lines.length, 200_001);
});
