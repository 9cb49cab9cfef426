import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Fault, parseInstant, type Instant } from '#kernel';
import { runArchive } from '../archive/run.ts';
import { openBundle } from '../export/export-bundle.ts';
import { exportRecords } from '../export/export-records.ts';
import type { AuditRecordId } from '../record.ts';
import { testLog, type TestLog } from '../testing/log.ts';
import type { RecordFilter } from './filter.ts';
import { indexTerms } from './index-terms.ts';
import { archivedLeaves, type ArchivedLeaves } from './read-leaves.ts';
import { readRecord } from './read-record.ts';
import { searchRecords } from './search.ts';

const at = (text: string): Instant => parseInstant(text) as Instant;

let log: TestLog;
let archive: ArchivedLeaves;
let ids: AuditRecordId[];
/** What was found while everything was in the database. */
let known: { readonly pages: unknown[]; readonly lines: string; readonly bundle: string };

const filters: RecordFilter[] = [
  {},
  { target: 'old-7' },
  { action: 'test.door.open' },
  { text: 'word3' },
  { to: at('2021-02-01T00:00:00Z') },
];

before(async () => {
  log = await testLog('audit search archived');
  archive = archivedLeaves(log.database, log.objects);
  log.clock.set(at('2021-01-15T12:00:00Z'));
  ids = await log.recordSome(40, { bundle: 7, prefix: 'old' });
  await log.sequence();
  // Half of it is indexed while it is in the database, the rest is not.
  await indexTerms(log.database, log.context(), { leavesMax: 20 });
  known = await everything(undefined);
  log.clock.set(at('2021-05-02T00:00:00Z'));
  const { removed } = await runArchive(log.database, log.objects, log.context());
  assert.deepEqual(removed, [202_101]);
  await log.sequence();
});
after(async () => {
  await log.close();
});

async function everything(given: ArchivedLeaves | undefined): Promise<typeof known> {
  const old = { leafTo: 40 };
  const pages: unknown[] = [];
  for (const filter of filters) {
    pages.push(await searchRecords(log.database, { ...filter, ...old }, { limit: 100 }, given));
  }
  const lines = await textOf(exportRecords(log.database, old, 'jsonl', { archive: given }));
  const bundle = await openBundle(log.database, old, { archive: given });
  assert.ok(bundle.ok);
  const text = await textOf(bundle.value.text());
  return { pages, lines, bundle: text.slice(text.indexOf('\n') + 1) };
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

test('what left the database for the archive is found and exported as before', async () => {
  assert.deepEqual(await everything(archive), known);
  const read = await readRecord(log.database, ids[7] as string, archive);
  assert.ok(read.ok);
  assert.equal(read.value.record.target, 'old-7');
});

test('a month that left the database is indexed from the archive', async () => {
  const options = { leavesMax: 20, archive };
  while ((await indexTerms(log.database, log.context(), options)).leaves > 0);
  assert.deepEqual(await everything(archive), known);
});

test('without the archive a search says that something is out of its reach', async () => {
  const page = await searchRecords(log.database, { target: 'old-7' }, { limit: 5 });
  assert.equal(page.records.length, 0);
  assert.ok(page.unreadable.includes(7));
  await assert.rejects(everything(undefined), (error) => {
    return error instanceof Fault && error.code === 'audit_leaf_gone';
  });
});

test('what expired is gone, and what is kept longer is found', async () => {
  log.clock.set(at('2022-03-02T00:00:00Z'));
  const { expired } = await runArchive(log.database, log.objects, log.context());
  assert.ok(expired.leaves > 0);
  const doors = { action: 'test.door.open', leafTo: 40 };
  const none = await searchRecords(log.database, doors, { limit: 100 }, archive);
  assert.deepEqual([none.records, none.unreadable], [[], []]);
  const things = { action: 'test.thing.change', leafTo: 40 };
  const kept = (await searchRecords(log.database, things, { limit: 100 }, archive)).records;
  assert.equal(kept.length, 14);
  const gone = await readRecord(log.database, ids[1] as string, archive);
  assert.equal(gone.ok ? '' : gone.refusal.code, 'record_expired');
  const range = await openBundle(log.database, { leafTo: 40 }, { archive });
  assert.ok(range.ok);
  await assert.rejects(textOf(range.value.text()), { code: 'audit_leaf_gone' });
  const selection = await openBundle(log.database, things, { archive });
  assert.ok(selection.ok);
  assert.equal((await textOf(selection.value.text())).split('\n').length, 2 * 14 + 3);
});
