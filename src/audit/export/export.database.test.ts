import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SECOND_US, type Instant } from '#kernel';
import { latestCheckpoint } from '../proofs/checkpoint-store.ts';
import { consistencyReceiptOf, receiptOf } from '../proofs/receipt.ts';
import type { AuditRecordId } from '../record.ts';
import type { RecordFilter } from '../search/filter.ts';
import { indexTerms } from '../search/index-terms.ts';
import { searchRecords } from '../search/search.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import { paperFolder, type PaperFolder } from './bundle-testing.ts';
import { csvHeader } from './csv.ts';
import { openBundle, type BundleOptions } from './export-bundle.ts';
import { exportRecords, type TextFormat } from './export-records.ts';
import { selectVerifierKeys } from './key-store.ts';
import { consistencyFile, receiptFile, receiptProofFile } from './receipt-file.ts';
import { verifyBundleFile, type FileReport } from './verify/file.ts';

let log: TestLog;
let folder: PaperFolder;
let ids: AuditRecordId[];
let keys: string[];
/** Of an older checkpoint. */
let olderSize: number;

before(async () => {
  log = await testLog('audit export');
  folder = await paperFolder();
  ids = await log.recordSome(300, { bundle: 7 });
  await log.sequence();
  olderSize = (await latestCheckpoint(log.database))?.size ?? 0;
  await indexTerms(log.database, log.context(), { leavesMax: 100 });
  ids.push(...(await log.recordSome(1_300, { bundle: 100, prefix: 'later' })));
  await log.sequence();
  keys = await selectVerifierKeys(log.database);
});
after(async () => {
  await log.close();
  await folder.remove();
});

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

async function exported(filter: RecordFilter, format: TextFormat): Promise<string> {
  return await textOf(exportRecords(log.database, filter, format));
}

async function bundled(filter: RecordFilter, options: BundleOptions = {}): Promise<string> {
  const bundle = await openBundle(log.database, filter, options);
  assert.ok(bundle.ok);
  return await textOf(bundle.value.text());
}

async function verified(text: string, sincePath?: string): Promise<FileReport> {
  return await verifyBundleFile(await folder.write('bundle', text), {
    trustedKeys: keys,
    sincePath,
  });
}

/** All leaves that a filter finds, oldest first, by way of the search. */
async function found(filter: RecordFilter): Promise<string[]> {
  const leaves: string[] = [];
  let after: number | undefined;
  do {
    const page = await searchRecords(log.database, filter, { limit: 100, after });
    leaves.push(...page.records.map(({ leaf }) => leaf));
    after = page.next;
  } while (after !== undefined);
  return leaves.toReversed();
}

const filters: RecordFilter[] = [
  {},
  { action: 'test.door.open' },
  { target: 'later-17' },
  { text: 'word299' },
  { leafFrom: 10, leafTo: 19 },
  { outcome: 'denied' },
  { action: 'test.', leafTo: 250 },
];

test('JSON lines are the leaves that the search finds, byte for byte and oldest first', async () => {
  for (const filter of filters) {
    const wanted = (await found(filter)).map((leaf) => `${leaf}\n`).join('');
    assert.equal(await exported(filter, 'jsonl'), wanted, JSON.stringify(filter));
  }
});

test('an export is the log as it was when it began', async () => {
  const size = (await latestCheckpoint(log.database))?.size ?? 0;
  let lines = 0;
  for await (const piece of exportRecords(log.database, {}, 'jsonl')) {
    lines += piece.split('\n').length - 1;
    if (lines < 100) {
      ids.push(...(await log.recordSome(20)));
      await log.sequence();
    }
  }
  assert.equal(lines, size);
});

test('CSV has a header and one line a record, and no text that a spreadsheet would run', async () => {
  const actor = '=HYPERLINK("http://x")';
  await log.record(
    [
      {
        action: testActions['test.door.open'],
        target: '+1',
        reason: '-a "b",\nc',
        after: { n: -1 },
      },
    ],
    { actor, roles: ['@x', 'y'], address: '10.0.0.1', userAgent: '\tagent' },
  );
  await log.sequence();
  const text = await exported({ actor }, 'csv');
  assert.ok(text.startsWith(`${csvHeader}`));
  const [found] = (await searchRecords(log.database, { actor }, { limit: 1 })).records;
  const { index, record } = found ?? assert.fail();
  assert.equal(
    text.slice(csvHeader.length),
    `${index},${record.id},${record.at},test.door.open,'+1,success,"'-a ""b"",\nc",` +
      `"'=HYPERLINK(""http://x"")",none,'@x y,req-test,10.0.0.1,'\tagent,,,"{""n"":-1}",,` +
      'security,\r\n',
  );
  const lines = (await exported({ action: 'test.thing.change', leafTo: 200 }, 'csv')).split('\r\n');
  assert.equal(lines.length, 2 + (await found_count({ action: 'test.thing.change', leafTo: 200 })));
});

async function found_count(filter: RecordFilter): Promise<number> {
  return (await found(filter)).length;
}

test('a bundle of a run verifies offline and holds every leaf of the run', async () => {
  const size = (await latestCheckpoint(log.database))?.size ?? 0;
  const runs: RecordFilter[] = [
    {},
    { leafFrom: 10, leafTo: 19 },
    { leafTo: 0 },
    { leafFrom: size - 1 },
    { leafFrom: 255, leafTo: 256 },
    { leafFrom: size + 5 },
    { leafFrom: 3, leafTo: size + 9 },
  ];
  for (const filter of runs) {
    const text = await bundled(filter);
    const report = await verified(text);
    assert.deepEqual(report.findings, [], JSON.stringify(filter));
    assert.deepEqual([report.kind, report.head?.size], ['range', size]);
    const wanted = await exported(filter, 'jsonl');
    assert.equal(text.slice(text.indexOf('\n') + 1), wanted);
  }
});

test('a bundle of a time is the run from its first record to its last', async () => {
  const { record } =
    (await searchRecords(log.database, { leafTo: 20 }, { limit: 1 })).records[0] ?? {};
  const at = (Date.parse(record?.at ?? '') * 1_000) as Instant;
  const to = (at + 3 * SECOND_US) as Instant;
  const text = await bundled({ from: at, to });
  const report = await verified(text);
  assert.deepEqual([report.isSound, report.kind, report.first], [true, 'range', 14]);
  assert.equal(text.slice(text.indexOf('\n') + 1), await exported({ from: at, to }, 'jsonl'));
  const none = await verified(await bundled({ to: 0 as Instant }));
  assert.deepEqual([none.isSound, none.leaves], [true, 0]);
});

test('a bundle of other filters is a selection, each leaf with its own proof', async () => {
  for (const filter of filters.filter(({ action, target, text }) => action ?? target ?? text)) {
    const text = await bundled(filter);
    const report = await verified(text);
    assert.deepEqual(report.findings, []);
    assert.deepEqual([report.kind, report.leaves], ['selection', await found_count(filter)]);
    assert.ok(report.leaves > 0);
  }
});

test('a bundle proves that the log continues an older checkpoint', async () => {
  const older = await log.database.query<{ note: string }>({
    text: `select note from audit.checkpoints where size = ${olderSize}`,
  });
  const sincePath = await folder.write('older', older[0]?.note ?? '');
  const text = await bundled({ leafFrom: 500, leafTo: 501 }, { sinceSize: olderSize });
  const report = await verified(text, sincePath);
  assert.deepEqual([report.findings, report.since?.size], [[], olderSize]);
  const beyond = await openBundle(log.database, {}, { sinceSize: 10_000_000 });
  assert.equal(beyond.ok ? '' : beyond.refusal.code, 'checkpoint_order');
});

test('a receipt written to a file verifies offline, in both forms', async () => {
  for (const id of [ids[0], ids[299], ids[1_000]] as AuditRecordId[]) {
    const receipt = await receiptOf(log.database, id);
    assert.ok(receipt.ok);
    for (const text of [receiptFile(receipt.value, keys), receiptProofFile(receipt.value)]) {
      const report = await verified(text);
      assert.deepEqual([report.findings, report.kind], [[], 'receipt']);
    }
  }
});

test('a consistency proof written to a file verifies offline', async () => {
  const size = (await latestCheckpoint(log.database))?.size ?? 0;
  const receipt = await consistencyReceiptOf(log.database, { size1: olderSize, size2: size });
  assert.ok(receipt.ok);
  const text = consistencyFile(receipt.value, keys);
  const report = await verified(text);
  assert.deepEqual([report.findings, report.kind], [[], 'consistency']);
  assert.deepEqual([report.since?.size, report.head?.size], [olderSize, size]);
  const swapped = JSON.parse(text) as { older: string; newer: string };
  const other = JSON.stringify({ ...swapped, older: swapped.newer, newer: swapped.older });
  assert.ok(!(await verified(`${other}\n`)).isSound);
});

test('an empty log has nothing to bundle and exports nothing', async () => {
  const empty = await testLog('audit export empty');
  try {
    const bundle = await openBundle(empty.database, {});
    assert.equal(bundle.ok ? '' : bundle.refusal.code, 'checkpoint_unknown');
    assert.equal(await textOf(exportRecords(empty.database, {}, 'jsonl')), '');
  } finally {
    await empty.close();
  }
});
