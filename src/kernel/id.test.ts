import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, isId, newId, newUuid, uuidBatch, uuidOf } from './id.ts';

const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const clockMs = 1_795_291_200_123;

test('a new id has its prefix and a UUID of version 7 that begins with the time', () => {
  const id = newId('acc', clockMs);
  assert.match(uuidOf(id), VERSION_7);
  assert.equal(id, `acc_${uuidOf(id)}`);
  assert.equal(Number.parseInt(uuidOf(id).replaceAll('-', '').slice(0, 12), 16), clockMs);
  assert.equal(idOf('acc', uuidOf(id)), id);
});

test('ten thousand new ids differ', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => newUuid(clockMs)));
  assert.equal(ids.size, 10_000);
});

test('the ids of a batch are of version 7, sorted, and share all but the counter', () => {
  const batch = uuidBatch(clockMs);
  const ids = Array.from({ length: 70_000 }, () => batch.next());
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, VERSION_7);
  assert.equal(new Set(ids.map((id) => id.slice(0, 31))).size, 1);
  assert.notEqual(uuidBatch(clockMs).next(), ids[0]);
});

test('an id is recognised only in its one spelling', () => {
  const id = newId('trf', clockMs);
  assert.ok(isId('trf', id));
  const refused = [id.toUpperCase(), ` ${id}`, `${id} `, uuidOf(id), id.replaceAll('-', ''), ''];
  for (const text of refused) assert.ok(!isId('trf', text), text);
  assert.ok(!isId('acc', id));
  assert.ok(!isId('trf', `trf-${uuidOf(id)}`));
});

test('an id cannot be made for a time before 1970', () => {
  assert.throws(() => newUuid(-1), /between 1970/);
});
