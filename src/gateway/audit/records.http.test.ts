import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openNote, parseVerifierKey, verifyReceipt } from '#audit';
import type { AuditRecordId, ReceiptClaim } from '#audit';
import { DAY_US } from '#kernel';
import { testActions } from '../../audit/testing/log.ts';
import * as shapes from './shapes.ts';
import { assertShape, openAuditServer, recordsOf, told } from './testing.ts';
import type { AuditServer, Body } from './testing.ts';

const records = '/v1/audit/records';
const nobody = 'aud_019a0000-0000-7000-8000-000000000001';

let server: AuditServer;
let ids: AuditRecordId[];
before(async () => {
  server = await openAuditServer('audit records http');
  const { log } = server;
  ids = await log.recordSome(30, { bundle: 4 });
  log.clock.advance(DAY_US);
  ids.push(
    ...(await log.record(
      [
        {
          action: testActions['test.door.open'],
          target: 'acc_019abcde-1234-7abc-8def-0123456789ab',
          outcome: 'denied',
          reason: 'not_permitted',
          before: { state: 'open' },
          after: { note: 'Přístup odepřen', amount: '9007199254740993' },
        },
      ],
      { actor: 'mallory', correlationId: 'req-7', address: '192.0.2.7', userAgent: 'curl/8' },
    )),
  );
  await log.sequence();
});
after(async () => {
  await server.close();
});

async function targets(query: string): Promise<string[]> {
  const { status, body, text } = await server.get(`${records}?${query}`);
  assert.equal(status, 200, text);
  assertShape(shapes.recordPage, body);
  return body.data.map(({ record }) => record.target);
}

const door = 'acc_019abcde-1234-7abc-8def-0123456789ab';

test('records are found by everything that can be asked, newest first', async () => {
  const cases: readonly [query: string, found: readonly string[]][] = [
    ['actor=mallory', [door]],
    [`target=${door}`, [door]],
    ['target=thing-3', ['thing-3']],
    ['outcome=denied', [door]],
    ['reason=not_permitted', [door]],
    ['request_id=req-7', [door]],
    ['address=192.0.2.7', [door]],
    ['action=test.money.watch&to=2026-11-21&leaf_to=8', ['thing-8', 'thing-5', 'thing-2']],
    ['action=test.&leaf_from=2&leaf_to=4', ['thing-4', 'thing-3', 'thing-2']],
    ['from=2026-11-22&action=test.', [door]],
    [
      'from=2026-11-21T20:00:01Z&to=2026-11-21T20:00:01Z&action=test.door.open',
      ['thing-7', 'thing-4'],
    ],
    ['q=word11', ['thing-11']],
    ['q=PLAIN%20word12', ['thing-12']],
    ['q=p%C5%99%C3%ADstup', [door]],
    ['actor=nobody', []],
  ];
  for (const [query, found] of cases) assert.deepEqual(await targets(query), found, query);
});

test('pages follow one another without a gap or a repetition', async () => {
  const seen: string[] = [];
  let cursor = '';
  do {
    const { body } = await server.get(`${records}?action=test.&limit=7${cursor}`);
    seen.push(...body.data.map(({ record }) => record.id));
    assert.equal(body.has_more, body.next_cursor !== null);
    cursor = body.has_more ? `&cursor=${body.next_cursor}` : '';
  } while (cursor !== '');
  assert.deepEqual(seen, ids.toReversed());
});

test('a record is answered as it was hashed, with its index beside it', async () => {
  const id = String(ids.at(-1));
  const one = await server.get(`${records}/${id}`);
  assert.equal(one.status, 200);
  assertShape(shapes.placedRecord, one.body);
  const leaf = one.text.slice(one.text.indexOf('"record":') + 9, -1);
  const receipt = (await server.get(`${records}/${id}/receipt`)).body;
  assert.equal(leaf, receipt.leaf);
  assert.equal(one.body.leaf_index, receipt.index);
  assert.equal(one.body.record.after?.['amount'], '9007199254740993');
  assert.deepEqual(one.body.record.origin, {
    address: '192.0.2.7',
    request_id: 'req-7',
    user_agent: 'curl/8',
  });
});

test('a record without a place can be read, but has no receipt yet', async () => {
  const [id] = await server.log.recordSome(1, { prefix: 'late' });
  const one = await server.get(`${records}/${String(id)}`);
  assert.deepEqual([one.status, one.body.leaf_index], [200, null]);
  const receipt = await server.get(`${records}/${String(id)}/receipt`);
  assert.equal(told(receipt), '409 record_without_proof id');
  assert.equal(receipt.body.retryable, true);
  await server.log.sequence();
  assert.equal((await server.get(`${records}/${String(id)}/receipt`)).status, 200);
});

/** RFC 9162 §2.1.3.2, from nothing but a hash function. */
function rootFrom(receipt: Body): string {
  const sha = (...parts: Buffer[]): Buffer =>
    createHash('sha256').update(Buffer.concat(parts)).digest();
  let hash = sha(Buffer.of(0), Buffer.from(receipt.leaf));
  assert.equal(hash.toString('base64'), receipt.leaf_hash);
  let node = receipt.index;
  let last = receipt.size - 1;
  for (const text of receipt.proof) {
    const sibling = Buffer.from(text, 'base64');
    if (node % 2 === 1 || node === last) {
      hash = sha(Buffer.of(1), sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node >> 1, last >> 1];
    } else {
      hash = sha(Buffer.of(1), hash, sibling);
    }
    [node, last] = [node >> 1, last >> 1];
  }
  assert.equal(last, 0);
  return hash.toString('base64');
}

test('a receipt verifies offline, with a hash, a public key and nothing else', async () => {
  const [key] = (await server.get('/v1/audit/keys')).body.data;
  const publicKey = createPublicKey(String(key?.public_key_pem));
  for (const id of [ids[0], ids[17], ids.at(-1)]) {
    const { body } = await server.get(`${records}/${String(id)}/receipt`);
    assertShape(shapes.receipt, body);
    const root = rootFrom(body);
    assert.equal(root, body.root);
    const note = body.checkpoint;
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    assert.deepEqual(text, `${body.origin}\n${body.size}\n${root}\n`);
    const signature = Buffer.from(note.trimEnd().split(' ').at(-1) ?? '', 'base64').subarray(4);
    assert.ok(verify(null, Buffer.from(text), publicKey, signature));
    assert.deepEqual(body.verifier_keys, [key?.verifier_key]);
    assert.match(body.leaf, new RegExp(`"id":"${String(id)}"`));
  }
});

test('a receipt is had as a tlog-proof, by its format or by the Accept header', async () => {
  const id = String(ids[5]);
  const path = `${records}/${id}/receipt`;
  const { body } = await server.get(path);
  const trusted = parseVerifierKey(body.verifier_keys[0]);
  assert.ok(trusted.ok);
  const asked: readonly [string, Record<string, string>][] = [
    [`${path}?format=tlog-proof`, {}],
    [path, { accept: 'text/plain' }],
    [path, { accept: 'text/html, text/plain;q=0.9' }],
  ];
  for (const [url, headers] of asked) {
    const proof = await server.get(url, headers);
    assert.equal(proof.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(
      proof.headers.get('content-disposition'),
      `attachment; filename="${id}.tlog-proof"`,
    );
    const claim: ReceiptClaim = {
      leaf: body.leaf,
      proofText: proof.text,
      trusted: [trusted.value],
    };
    const verified = verifyReceipt(claim);
    assert.ok(verified.ok);
    assert.equal(verified.value.index, 5);
    const forged: ReceiptClaim = { ...claim, leaf: body.leaf.replace('thing', 'thong') };
    assert.equal(verifyReceipt(forged).ok, false);
  }
  for (const accept of ['*/*', 'application/json, text/plain', 'image/png']) {
    assert.equal((await server.get(path, { accept })).body.index, 5, accept);
  }
  const asJson = await server.get(`${path}?format=json`, { accept: 'text/plain' });
  assert.ok(openNote(String(asJson.body.checkpoint), [trusted.value]).ok);
});

test('reading the log is recorded before the answer, with what was asked', async () => {
  const earlier = (await recordsOf(server.log, 'audit.records.read')).length;
  const id = String(ids[3]);
  const headers = { 'x-request-id': 'auditor-1', 'user-agent': 'browser' };
  await server.get(`${records}?actor=mallory&q=secret%20name&limit=5`, headers);
  await server.get(`${records}/${id}`, headers);
  await server.get(`${records}/${nobody}`, headers);
  const [search, one, none] = (await recordsOf(server.log, 'audit.records.read')).slice(earlier);
  assert.deepEqual(
    [search?.target, search?.outcome, search?.after],
    ['audit-log', 'success', { filter: { actor: 'mallory', words: 2 }, records: 0 }],
  );
  assert.deepEqual(search?.actor, { authentication: 'none', id: 'local', roles: [] });
  assert.deepEqual(search?.origin, {
    address: '127.0.0.1',
    request_id: 'auditor-1',
    user_agent: 'browser',
  });
  assert.deepEqual([one?.target, one?.outcome], [id, 'success']);
  assert.deepEqual(
    [none?.target, none?.outcome, none?.reason],
    [nobody, 'refused', 'record_unknown'],
  );
  await server.get(`${records}/${id}/receipt`);
  await server.get(`${records}/${nobody}/receipt`);
  const receipts = await recordsOf(server.log, 'audit.receipt.read');
  assert.deepEqual(
    receipts.slice(-2).map(({ target, outcome }) => [target, outcome]),
    [
      [id, 'success'],
      [nobody, 'refused'],
    ],
  );
});

test('bad input is refused by the name of its field, and nothing is read', async () => {
  const earlier = (await recordsOf(server.log, 'audit.records.read')).length;
  const cases: readonly [path: string, expected: string][] = [
    ['?actor=', '400 field_invalid actor'],
    [`?actor=${'x'.repeat(256)}`, '400 field_invalid actor'],
    ['?target=%00', '400 field_unstorable target'],
    ['?action=Test', '400 field_invalid action'],
    ['?action=test..x', '400 field_invalid action'],
    ['?outcome=maybe', '400 field_invalid outcome'],
    ['?from=yesterday', '400 field_invalid from'],
    ['?to=2026-02-30', '400 field_invalid to'],
    ['?from=2026-11-22&to=2026-11-21', '400 field_invalid from'],
    ['?leaf_from=-1', '400 field_invalid leaf_from'],
    ['?leaf_from=2&leaf_to=1', '400 field_invalid leaf_from'],
    ['?leaf_to=9007199254740993', '400 field_invalid leaf_to'],
    ['?limit=0', '400 field_invalid limit'],
    ['?limit=101', '400 field_invalid limit'],
    ['?cursor=nonsense', '400 field_invalid cursor'],
    [`?cursor=${cursorOf(['audit.checkpoints', 5])}`, '400 field_invalid cursor'],
    [`?cursor=${cursorOf(['audit.records', 'x'])}`, '400 field_invalid cursor'],
    [`?cursor=${cursorOf(['audit.records', -1])}`, '400 field_invalid cursor'],
    [`?cursor=${cursorOf(['audit.records', 1, 2])}`, '400 field_invalid cursor'],
    [`?q=${'x'.repeat(501)}`, '400 field_invalid q'],
    ['?q=%22-%22', '400 field_invalid q'],
    ['?colour=red', '400 field_unknown colour'],
    ['?actor=a&actor=b', '400 field_duplicate actor'],
    ['/aud_1', '400 field_invalid id'],
    ['/thing', '400 field_invalid id'],
    [`/${nobody}?x=1`, '400 field_unknown x'],
    ['/aud_1/receipt', '400 field_invalid id'],
    [`/${nobody}/receipt?format=pdf`, '400 field_invalid format'],
  ];
  for (const [path, expected] of cases) {
    assert.equal(told(await server.get(`${records}${path}`)), expected, path);
  }
  assert.equal((await recordsOf(server.log, 'audit.records.read')).length, earlier);
  assert.equal(told(await server.get(`${records}/${nobody}`)), '404 record_unknown id');
  assert.equal(told(await server.get(`${records}/${nobody}/receipt`)), '404 record_unknown id');
});

function cursorOf(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

test('an index beyond every record is a page without records', async () => {
  const { body } = await server.get(`${records}?leaf_from=999999999999999`);
  assert.deepEqual([body.data, body.has_more], [[], false]);
});
