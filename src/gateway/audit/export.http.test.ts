import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { verifyBundleFile } from '#audit';
import { openSession } from '#platform';
import { openAuditServer, recordsOf, told } from './testing.ts';
import type { AuditServer, Reply } from './testing.ts';

const at = '/v1/audit/export';
const HUNDREDS = 1_200;

let server: AuditServer;
let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-export-'));
  server = await openAuditServer('audit export http');
  await server.log.recordSome(HUNDREDS, { bundle: 50 });
  await server.log.sequence();
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function exported(query: string): Promise<Reply> {
  const reply = await server.get(`${at}?${query}`);
  assert.equal(reply.status, 200, reply.text);
  return reply;
}

/** What "florin audit verify" says of the text as a file. */
async function judged(text: string): ReturnType<typeof verifyBundleFile> {
  const file = path.join(folder, 'judged');
  await writeFile(file, text);
  const { body } = await server.get('/v1/audit/keys');
  const trustedKeys = body.data.map(({ verifier_key: key }) => key);
  return await verifyBundleFile(file, { trustedKeys });
}

test('JSON lines are the records as they were hashed, oldest first, without a limit', async () => {
  const reply = await exported('action=test.');
  assert.equal(reply.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
  assert.equal(
    reply.headers.get('content-disposition'),
    'attachment; filename="audit-records.jsonl"',
  );
  const lines = reply.text.trimEnd().split('\n');
  assert.equal(lines.length, HUNDREDS);
  const targets = lines.map((line) => (JSON.parse(line) as { target: string }).target);
  assert.deepEqual(
    targets,
    Array.from({ length: HUNDREDS }, (_, number) => `thing-${number}`),
  );
  const { id } = JSON.parse(String(lines[700])) as { id: string };
  const receipt = await server.get(`/v1/audit/records/${id}/receipt`);
  assert.equal(receipt.body.leaf, lines[700]);
});

test('CSV has a heading and a line for each record that the filter asks for', async () => {
  const reply = await exported('format=csv&action=test.money.watch&leaf_to=20');
  assert.match(String(reply.headers.get('content-type')), /^text\/csv; charset=utf-8/);
  assert.equal(
    reply.headers.get('content-disposition'),
    'attachment; filename="audit-records.csv"',
  );
  const [heading, ...lines] = reply.text.trimEnd().split('\r\n');
  assert.match(String(heading), /^leaf_index,id,at,action,target,outcome/);
  assert.deepEqual(
    lines.map((line) => line.split(',')[4]),
    ['thing-2', 'thing-5', 'thing-8', 'thing-11', 'thing-14', 'thing-17', 'thing-20'],
  );
});

test('a bundle fetched over HTTP verifies offline: a run, a selection, since a checkpoint', async () => {
  const { body } = await server.get('/v1/audit/checkpoints?limit=1');
  const size = body.data[0]?.size;
  const run = await judged((await exported('format=bundle&leaf_from=100&leaf_to=900')).text);
  assert.deepEqual(
    [run.isSound, run.kind, run.leaves, run.isKeyTrusted],
    [true, 'range', 801, true],
  );
  const picked = await judged((await exported('format=bundle&q=word77')).text);
  assert.deepEqual([picked.isSound, picked.kind, picked.leaves], [true, 'selection', 1]);
  const since = await judged((await exported(`format=bundle&since_size=${String(size)}`)).text);
  assert.ok(since.isSound);
  const text = (await exported('format=bundle&leaf_to=99')).text;
  const forged = await judged(text.replace('thing-50', 'thing-51'));
  assert.equal(forged.isSound, false);
});

test('a receipt and a consistency proof fetched over HTTP are files that verify', async () => {
  const [line = ''] = (await exported('leaf_to=0')).text.split('\n');
  const { id } = JSON.parse(line) as { id: string };
  for (const form of ['json', 'tlog-proof']) {
    const { text } = await server.get(`/v1/audit/records/${id}/receipt?format=${form}`);
    const report = await judged(text);
    assert.deepEqual([report.isSound, report.kind], [true, 'receipt'], form);
  }
  await server.log.sequence();
  const { body } = await server.get('/v1/audit/checkpoints');
  const older = Number(body.data.at(-1)?.size);
  const report = await judged((await server.get(`/v1/audit/consistency?from=${older}`)).text);
  assert.deepEqual([report.isSound, report.kind, report.since?.size], [true, 'consistency', older]);
});

test('an export is recorded before its first piece, without the words it asked for', async () => {
  const earlier = (await recordsOf(server.log, 'audit.records.exported')).length;
  await exported('format=csv&actor=tester&q=secret%20name&from=2026-11-21');
  const refused = await server.get(`${at}?format=bundle&since_size=999999999`);
  assert.equal(told(refused), '422 checkpoint_order since_size');
  const [done, denied] = (await recordsOf(server.log, 'audit.records.exported')).slice(earlier);
  assert.deepEqual(
    [done?.target, done?.outcome, done?.after],
    [
      'audit-log',
      'success',
      { filter: { actor: 'tester', from: '2026-11-21T00:00:00.000Z', words: 2 }, format: 'csv' },
    ],
  );
  assert.deepEqual([denied?.outcome, denied?.reason], ['refused', 'checkpoint_order']);
});

test('bad input is refused by the name of its field, before anything is sent', async () => {
  const cases: readonly [query: string, expected: string][] = [
    ['format=xml', '400 field_invalid format'],
    ['since_size=5', '400 field_invalid since_size'],
    ['format=csv&since_size=5', '400 field_invalid since_size'],
    ['format=bundle&since_size=-1', '400 field_invalid since_size'],
    ['skip_unreadable=perhaps', '400 field_invalid skip_unreadable'],
    ['from=2026-11-22&to=2026-11-21', '400 field_invalid from'],
    ['limit=5', '400 field_unknown limit'],
    ['cursor=x', '400 field_unknown cursor'],
    ['outcome=none', '400 field_invalid outcome'],
  ];
  for (const [query, expected] of cases) {
    assert.equal(told(await server.get(`${at}?${query}`)), expected, query);
  }
});

test('an export that meets a damaged bundle is cut off, unless it was asked to go on', async () => {
  const owner = await openSession(server.log.url);
  await owner.query({ text: 'set session_replication_role = replica' });
  await owner.query({
    text: `update audit.bundles b set leaves = $1 from audit.places p
      where p.bundle_id = b.id and p.first_leaf = 600`,
    values: [Buffer.from('nothing')],
  });
  await owner.close();
  const response = await fetch(`${server.url}${at}?action=test.`);
  assert.equal(response.status, 200);
  await assert.rejects(response.text(), 'half an export is no export');
  assert.match(server.lines.join('\n'), /leaf 600.*answer cut off/);
  const lax = await exported('action=test.&skip_unreadable=true');
  assert.equal(lax.text.trimEnd().split('\n').length, HUNDREDS - 50);
  const search = await server.get('/v1/audit/records?action=test.&leaf_from=590&leaf_to=660');
  assert.deepEqual(search.body.unreadable_leaves, [600]);
});
