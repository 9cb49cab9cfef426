import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readTrailKeys } from './public-keys.ts';
import type { TrailFiles } from './trail-files.ts';
import { FINGERPRINT, listedKeys, Trail, trailOf } from './trail-testing.ts';
import { verifyDigests, type DigestReport } from './verify-digests.ts';

const read = readTrailKeys(listedKeys);
assert.ok(read.ok);
const publicKeys = read.value;

const verify = async (files: TrailFiles): Promise<DigestReport> =>
  await verifyDigests({ files, publicKeys });

/** Kind and file of every finding. */
const found = ({ findings }: DigestReport): string[] =>
  findings.map(({ kind, path }) => `${kind} ${path}`);

test('a whole trail is sound, wherever its folder lies', async () => {
  const trail = trailOf(5);
  for (const folder of ['', 'copies/of/bucket/']) {
    const report = await verify(trail.given(folder));
    assert.deepEqual(report, { isSound: true, digests: 5, logs: 10, findings: [] });
  }
  const inside = trail.given();
  const prefix = 'AWSLogs/111122223333/';
  const report = await verify({
    paths: inside.paths.map((path) => path.slice(prefix.length)),
    read: (path) => inside.read(`${prefix}${path}`),
  });
  assert.equal(report.isSound, true);
});

test('an hour without events has a digest too, and a trail may begin in its middle', async () => {
  const trail = trailOf(4, 0);
  assert.equal((await verify(trail.given())).isSound, true);
  const [first = ''] = trail.digests;
  trail.files.delete(first);
  trail.files.delete(`${first}.signature`);
  const report = await verify(trail.given());
  assert.equal(report.isSound, true);
  assert.deepEqual(found(report), [`chain_begins ${trail.digests[1]}`]);
});

test('a chain that was begun again is a remark, not a breach', async () => {
  const trail = trailOf(2);
  trail.breakChain();
  trail.addHour(7, 1);
  const report = await verify(trail.given());
  assert.equal(report.isSound, true);
  assert.deepEqual(found(report), [`chain_begins ${trail.digests[2]}`]);
});

test('a log that was altered, removed, cut off or added is named', async () => {
  const altered = trailOf(3);
  const [log = ''] = altered.logs;
  altered.edit(log, '0-0', '0-1');
  assert.deepEqual(found(await verify(altered.given())), [`log_altered ${log}`]);
  const removed = trailOf(3);
  removed.files.delete(log);
  assert.deepEqual(found(await verify(removed.given())), [`log_missing ${log}`]);
  const cutOff = trailOf(3);
  cutOff.files.set(log, cutOff.files.get(log)?.subarray(0, -4) ?? Buffer.alloc(0));
  assert.deepEqual(found(await verify(cutOff.given())), [`log_altered ${log}`]);
  const added = trailOf(3);
  const extra = log.replace('Unique', 'Forged');
  added.files.set(extra, gzipSync('{"Records":[]}'));
  assert.deepEqual(found(await verify(added.given())), [`log_extra ${extra}`]);
  const fresh = trailOf(3);
  const late = log.replace('T0010Z', 'T0355Z');
  fresh.files.set(late, gzipSync('{"Records":[]}'));
  const report = await verify(fresh.given());
  assert.equal(report.isSound, true);
  assert.deepEqual(found(report), [`log_not_yet_digested ${late}`]);
});

test('the same log compressed in another way is the same log', async () => {
  const trail = trailOf(2);
  const [log = ''] = trail.logs;
  const content = gunzipSync(trail.files.get(log) ?? Buffer.alloc(0));
  trail.files.set(log, gzipSync(content, { level: 0 }));
  assert.equal((await verify(trail.given())).isSound, true);
});

test('any member of a digest that is altered breaks its signature and its successor', async () => {
  const edits: [string, string][] = [
    ['T02:01:31Z', 'T02:01:32Z'],
    ['111122223333', '111122224444'],
    ['SHA-256', 'SHA-255'],
    ['"newestEventTime":null', '"newestEventTime":"2015-08-17T14:52:27Z"'],
  ];
  for (const [from, to] of edits) {
    const trail = trailOf(4);
    const [, digest = ''] = trail.digests;
    trail.edit(digest, from, to);
    const report = await verify(trail.given());
    assert.equal(report.isSound, false);
    assert.ok(found(report).includes(`signature_wrong ${digest}`), from);
    assert.ok(found(report).includes(`digest_altered ${digest}`), from);
  }
});

test('a log edited together with its digest is found by the signature', async () => {
  const trail = trailOf(3);
  const [log = ''] = trail.logs;
  const [digest = ''] = trail.digests;
  const before = gunzipSync(trail.files.get(digest) ?? Buffer.alloc(0)).toString('utf8');
  const [, hash = ''] = /"hashValue":"([0-9a-f]{64})"/.exec(before) ?? [];
  trail.edit(log, '0-0', 'x-x');
  const { createHash } = await import('node:crypto');
  const content = gunzipSync(trail.files.get(log) ?? Buffer.alloc(0));
  trail.edit(digest, hash, createHash('sha256').update(content).digest('hex'));
  const findings = found(await verify(trail.given()));
  assert.deepEqual(findings.toSorted(), [`digest_altered ${digest}`, `signature_wrong ${digest}`]);
});

test('a digest that was removed is named, and its logs are no longer vouched for', async () => {
  const trail = trailOf(4, 1);
  const [, digest = ''] = trail.digests;
  trail.files.delete(digest);
  const report = await verify(trail.given());
  assert.deepEqual(found(report), [`digest_missing ${digest}`, `log_extra ${trail.logs[1]}`]);
});

test('a digest that was moved or cannot be read is named', async () => {
  const moved = trailOf(2);
  const [first = '', second = ''] = moved.digests;
  const elsewhere = first.replace('2015/08/17', '2015/08/18');
  for (const ending of ['', '.signature']) {
    moved.files.set(
      `${elsewhere}${ending}`,
      moved.files.get(`${first}${ending}`) ?? Buffer.alloc(0),
    );
    moved.files.delete(`${first}${ending}`);
  }
  assert.ok(found(await verify(moved.given())).includes(`digest_moved ${elsewhere}`));
  const damaged = trailOf(2);
  damaged.files.set(second, damaged.files.get(second)?.subarray(0, -20) ?? Buffer.alloc(0));
  assert.ok(found(await verify(damaged.given())).includes(`digest_unreadable ${second}`));
});

test('a signature stands beside its digest, or in the next digest', async () => {
  const trail = trailOf(3);
  for (const digest of trail.digests) trail.files.delete(`${digest}.signature`);
  const report = await verify(trail.given());
  assert.deepEqual(found(report), [`signature_missing ${trail.digests[2]}`]);
  const last = trailOf(3);
  const [, , digest = ''] = last.digests;
  const signature = last.files.get(`${digest}.signature`)?.toString('utf8').trim() ?? '';
  last.files.delete(`${digest}.signature`);
  const head = { Metadata: { signature, 'signature-algorithm': 'SHA256withRSA' } };
  last.files.set(`${digest}.metadata.json`, Buffer.from(JSON.stringify(head)));
  assert.equal((await verify(last.given())).isSound, true);
  const forged = `${signature.slice(0, -2)}${signature.endsWith('00') ? '01' : '00'}`;
  last.files.set(`${digest}.metadata.json`, Buffer.from(forged));
  assert.deepEqual(found(await verify(last.given())), [`signature_wrong ${digest}`]);
});

test('a digest signed with a key that is not listed is not taken on trust', async () => {
  const trail = trailOf(1, 1);
  const report = await verifyDigests({ files: trail.given(), publicKeys: new Map() });
  assert.equal(report.isSound, false);
  assert.deepEqual(found(report), [`key_unknown ${trail.digests[0]}`]);
});

test('what is no list of keys is refused', () => {
  const [row] = (JSON.parse(listedKeys) as { PublicKeyList: object[] }).PublicKeyList;
  assert.ok(readTrailKeys(JSON.stringify([row])).ok);
  for (const text of [
    '',
    '{}',
    '[]',
    '[{}]',
    `[{"Fingerprint":"${FINGERPRINT}","Value":"AAAA"}]`,
  ]) {
    assert.ok(!readTrailKeys(text).ok, text);
  }
});

test('a trail that is not there is no sound trail with nothing in it', async () => {
  const report = await verify(new Trail().given());
  assert.deepEqual([report.digests, report.logs], [0, 0]);
});
