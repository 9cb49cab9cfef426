import assert from 'node:assert/strict';
import { createHash, createPublicKey } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openNote, parseCheckpoint, parseVerifierKey, verifyConsistency } from '#audit';
import type { TreeHead } from '#audit';
import { openSession } from '#platform';
import * as shapes from './shapes.ts';
import { assertShape, openAuditServer, recordsOf, told } from './testing.ts';
import type { AuditServer, Body, Reply } from './testing.ts';

const prefix = '/v1/audit/log';

let server: AuditServer;
before(async () => {
  server = await openAuditServer('audit proofs http');
});
after(async () => {
  await server.close();
});

async function get(path: string): Promise<Reply> {
  const reply = await server.get(`/v1/audit/${path}`);
  assert.equal(reply.status, 200, `${path} ${reply.text}`);
  return reply;
}

async function keys(): Promise<readonly Body[]> {
  const { body } = await get('keys');
  assertShape(shapes.wholeList(shapes.key), body);
  return body.data;
}

/** The tree head of a note that a published key signed. */
async function headOf(note: string): Promise<TreeHead> {
  const trusted = (await keys()).map(({ verifier_key: text }) => {
    const key = parseVerifierKey(text);
    assert.ok(key.ok);
    return key.value;
  });
  const opened = openNote(note, trusted);
  assert.ok(opened.ok);
  const head = parseCheckpoint(opened.value.text);
  assert.ok(head.ok);
  return head.value;
}

test('an empty log has no checkpoint, no key and no tile', async () => {
  assert.equal(told(await server.get(`${prefix}/checkpoint`)), '404 checkpoint_unknown -');
  const latest = await server.get('/v1/audit/checkpoints/latest');
  assert.equal(told(latest), '404 checkpoint_unknown -');
  const proof = await server.get('/v1/audit/consistency?from=0');
  assert.equal(told(proof), '404 checkpoint_unknown -');
  assert.deepEqual((await get('checkpoints')).body.data, []);
  assert.deepEqual((await get('keys')).body.data, []);
  assert.equal(told(await server.get(`${prefix}/tile/0/000.p/1`)), '404 tile_unknown index');
});

test('the keys are given as a verifier key, as bytes and as PEM, all the same', async () => {
  await server.log.recordSome(3);
  await server.log.sequence();
  const [key, ...others] = await keys();
  assert.ok(key !== undefined && others.length === 0);
  const parsed = parseVerifierKey(key.verifier_key);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.name, key.name);
  assert.equal(parsed.value.publicKey.toString('base64'), key.public_key);
  const { x } = createPublicKey(key.public_key_pem).export({ format: 'jwk' });
  assert.equal(x, parsed.value.publicKey.toString('base64url'));
  assert.equal(key.since_size, 0);
});

const sha = (...parts: Buffer[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

/** MTH of RFC 6962 §2.1, of the hashes of leaves. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  const [first] = hashes;
  if (first !== undefined && hashes.length === 1) return first;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return sha(Buffer.of(1), rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split)));
}

function pieces(tile: Buffer): Buffer[] {
  assert.equal(tile.length % 32, 0);
  return Array.from({ length: tile.length / 32 }, (_, at) => tile.subarray(at * 32, at * 32 + 32));
}

function entriesIn(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length;) {
    const end = at + 2 + bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

function tilePath(kind: string, index: number, width: number): string {
  const partial = width === 256 ? '' : `.p/${width}`;
  return `log/tile/${kind}/${String(index).padStart(3, '0')}${partial}`;
}

test('tiles and entries fetched over HTTP rebuild the root that was signed', async () => {
  await server.log.recordSome(700, { bundle: 33, prefix: 'tiled' });
  await server.log.sequence();
  const note = (await get('log/checkpoint')).text;
  const { size, root } = await headOf(note);
  assert.ok(size > 512);
  const hashes: Buffer[] = [];
  const tops: Buffer[] = [];
  for (let index = 0; index * 256 < size; index += 1) {
    const width = Math.min(256, size - index * 256);
    const tile = (await get(tilePath('0', index, width))).bytes;
    const entries = entriesIn((await get(tilePath('entries', index, width))).bytes);
    assert.deepEqual(
      entries.map((entry) => sha(Buffer.of(0), entry)),
      pieces(tile),
    );
    hashes.push(...pieces(tile));
    if (width === 256) tops.push(rootOf(pieces(tile)));
  }
  assert.equal(hashes.length, size);
  assert.deepEqual(rootOf(hashes), root);
  const above = (await get(tilePath('1', 0, tops.length))).bytes;
  assert.deepEqual(pieces(above), tops);
});

test('tiles are bytes that caches may keep, full ones for ever; a checkpoint is text', async () => {
  const full = (await get('log/tile/0/000')).headers;
  assert.equal(full.get('content-type'), 'application/octet-stream');
  assert.equal(full.get('cache-control'), 'public, max-age=31536000, immutable');
  const partial = (await get('log/tile/0/000.p/7')).headers;
  assert.equal(partial.get('cache-control'), 'public, max-age=3600');
  const checkpoint = (await get('log/checkpoint')).headers;
  assert.equal(checkpoint.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(checkpoint.get('cache-control'), 'no-store');
});

test('entries disclose records: reading them is recorded, and no cache may keep them', async () => {
  const counts = async (): Promise<number> =>
    (await recordsOf(server.log, 'audit.records.read')).length;
  const earlier = await counts();
  await get('log/tile/0/000');
  await get('log/checkpoint');
  assert.equal(await counts(), earlier, 'hashes say nothing of any record');
  const { headers } = await get('log/tile/entries/001');
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('content-type'), 'application/octet-stream');
  assert.equal((await server.get(`${prefix}/tile/entries/999`)).status, 404);
  const noted = (await recordsOf(server.log, 'audit.records.read')).slice(earlier);
  assert.deepEqual(
    noted.map(({ target, outcome, reason }) => [target, outcome, reason]),
    [
      ['tile/entries/001', 'success', undefined],
      ['tile/entries/999', 'refused', 'tile_unknown'],
    ],
  );
});

test('entries are compressed for who accepts it, and the same for who does not', async () => {
  const path = `${server.url}${prefix}/tile/entries/000`;
  const ask = async (accepted: string): Promise<[string | null, Buffer]> => {
    // The client would decompress by itself, so its answer has lost the difference in length.
    const response = await fetch(path, { headers: { 'accept-encoding': accepted } });
    const bytes = Buffer.from(await response.arrayBuffer());
    return [response.headers.get('content-encoding'), bytes];
  };
  const [plainEncoding, plain] = await ask('identity');
  const [zippedEncoding, zipped] = await ask('gzip, identity');
  assert.deepEqual([plainEncoding, zippedEncoding], [null, 'gzip']);
  assert.deepEqual(zipped, plain);
  assert.equal((await ask('gzip;q=0'))[0], null);
  assert.equal((await ask('br'))[0], null);
});

test('a tile of another spelling is refused, one that does not exist is unknown', async () => {
  const cases: readonly [path: string, expected: string][] = [
    ['tile/0/0', '400 field_invalid index'],
    ['tile/0/0000', '400 field_invalid index'],
    ['tile/0/x000/000', '400 field_invalid index'],
    ['tile/0/000.p/0', '400 field_invalid index'],
    ['tile/0/000.p/256', '400 field_invalid index'],
    ['tile/0/000.p/07', '400 field_invalid index'],
    ['tile/0/000.p', '400 field_invalid index'],
    ['tile/0/000/', '400 field_invalid index'],
    ['tile/0/', '400 field_invalid index'],
    ['tile/0/000%00', '400 field_invalid index'],
    ['tile/0/..%2F..%2Fetc%2Fpasswd', '400 field_invalid index'],
    [`tile/0/${'x001/'.repeat(50)}001`, '400 field_invalid index'],
    ['tile/00/000', '400 field_invalid level'],
    ['tile/64/000', '400 field_invalid level'],
    ['tile/-1/000', '400 field_invalid level'],
    ['tile/x/000', '400 field_invalid level'],
    ['tile/entries/1', '400 field_invalid index'],
    ['tile/0/000?x=1', '400 field_unknown x'],
    ['checkpoint?x=1', '400 field_unknown x'],
    ['tile/0/x999/999', '404 tile_unknown index'],
    ['tile/0/x999/x999/x999/x999/x999/999', '400 field_invalid index'],
    ['tile/1/000', '404 tile_unknown index'],
    ['tile/63/000.p/1', '404 tile_unknown index'],
    ['tile/entries/x999/999.p/3', '404 tile_unknown index'],
    ['tile', '404 path_not_found path'],
    ['', '404 path_not_found path'],
  ];
  for (const [path, expected] of cases) {
    assert.equal(told(await server.get(`${prefix}/${path}`)), expected, path);
  }
});

test('checkpoints are listed newest first, in pages, and the first is the latest', async () => {
  const sizes: number[] = [];
  let cursor = '';
  do {
    const { body } = await get(`checkpoints?limit=2${cursor}`);
    assertShape(shapes.checkpoint, body.data[0]);
    for (const { size, root, note } of body.data) {
      const head = await headOf(note);
      assert.deepEqual([head.size, head.root.toString('base64')], [size, root]);
      sizes.push(size);
    }
    cursor = body.has_more ? `&cursor=${String(body.next_cursor)}` : '';
  } while (cursor !== '');
  assert.ok(sizes.length > 3);
  assert.deepEqual(
    sizes,
    [...new Set(sizes)].toSorted((left, right) => right - left),
  );
  const latest = (await get('checkpoints/latest')).body;
  assert.equal(latest.size, sizes[0]);
  assert.equal(latest.note, (await get('log/checkpoint')).text);
});

test('between any two checkpoints there is a proof that one continues the other', async () => {
  const { data } = (await get('checkpoints?limit=100')).body;
  const [newest, ...olders] = data;
  for (const older of [...olders, newest]) {
    const { body } = await get(`consistency?from=${String(older?.size)}`);
    assertShape(shapes.consistency, body);
    const [from, to] = [await headOf(body.older), await headOf(body.newer)];
    assert.deepEqual([from.size, to.size], [older?.size, newest?.size]);
    const claim = {
      size1: from.size,
      size2: to.size,
      root1: from.root,
      root2: to.root,
      proof: body.proof.map((text) => Buffer.from(text, 'base64')),
    };
    assert.equal(verifyConsistency(claim), undefined);
    if (from.size === to.size) continue;
    assert.notEqual(verifyConsistency({ ...claim, root1: to.root }), undefined);
  }
});

test('a consistency proof is refused for sizes without a checkpoint, by name', async () => {
  const { data } = (await get('checkpoints?limit=100')).body;
  const newest = Number(data[0]?.size);
  const oldest = Number(data.at(-1)?.size);
  const cases: readonly [query: string, expected: string][] = [
    ['', '400 field_missing from'],
    ['?from=x', '400 field_invalid from'],
    ['?from=-1', '400 field_invalid from'],
    ['?from=1.5', '400 field_invalid from'],
    [`?from=${oldest}&to=`, '400 field_invalid to'],
    ['?from=999999999999999', '404 checkpoint_unknown from'],
    [`?from=${oldest}&to=${newest + 1}`, '404 checkpoint_unknown to'],
    [`?from=${newest}&to=${oldest}`, '422 checkpoint_order from'],
    [`?from=${oldest}&since=1`, '400 field_unknown since'],
  ];
  for (const [query, expected] of cases) {
    assert.equal(told(await server.get(`/v1/audit/consistency${query}`)), expected, query);
  }
});

test('bad input to the lists is refused by the name of its field', async () => {
  const cursor = Buffer.from('["audit.records",5]').toString('base64url');
  const cases: readonly [path: string, expected: string][] = [
    ['checkpoints?limit=0', '400 field_invalid limit'],
    ['checkpoints?cursor=x', '400 field_invalid cursor'],
    [`checkpoints?cursor=${cursor}`, '400 field_invalid cursor'],
    ['checkpoints?size=1', '400 field_unknown size'],
    ['checkpoints/latest?x=1', '400 field_unknown x'],
    ['checkpoints/5', '404 path_not_found path'],
    ['keys?x=1', '400 field_unknown x'],
    ['alarms?x=1', '400 field_unknown x'],
  ];
  for (const [path, expected] of cases) {
    assert.equal(told(await server.get(`/v1/audit/${path}`)), expected, path);
  }
});

test('every alarm is listed, raised or not, and one of a process for each process', async () => {
  const { body } = await get('alarms');
  assertShape(shapes.wholeList(shapes.alarm), body);
  const names = body.data.map(({ alarm }) => alarm);
  assert.ok(names.includes('sequencer_lag') && names.includes('anchor_failed'));
  assert.ok(body.data.every((one) => !one.is_raised && one.since === null));

  const owner = await openSession(server.log.url);
  await owner.query({
    text: `insert into audit.alarms (alarm, instance, turn, is_raised, since, at, figures) values
      ('clock_offset', 'one:1', 1, true, '2026-11-21Z', '2026-11-21Z', '{"offset_us":1500}'),
      ('clock_offset', 'two:1', 1, true, '2026-11-21Z', '2026-11-21Z', '{}'),
      ('clock_offset', 'two:1', 2, false, '2026-11-21Z', '2026-11-22Z', '{}')`,
  });
  await owner.close();
  const raised = (await get('alarms')).body;
  assertShape(shapes.wholeList(shapes.alarm), raised);
  assert.deepEqual(
    raised.data
      .filter(({ alarm }) => alarm === 'clock_offset')
      .map((one) => [one.instance, one.is_raised, one.since, one.figures]),
    [
      ['one:1', true, '2026-11-21T00:00:00.000Z', { offset_us: 1500 }],
      ['two:1', false, '2026-11-21T00:00:00.000Z', {}],
    ],
  );
});
