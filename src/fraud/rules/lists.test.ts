import assert from 'node:assert/strict';
import test from 'node:test';
import { type ListEntry, openLists } from './lists.ts';
import { after, listsOf, midnight } from './testing.ts';

const entry: ListEntry = { purpose: 'block', kind: 'terminal', value: 't1', from: midnight };

test('a value is listed from its time on and no longer at its end', () => {
  const lists = listsOf({ ...entry, from: after(10), until: after(20) });
  const listed = [9, 10, 19, 20].map((seconds) =>
    lists.has('block', 'terminal', 't1', after(seconds)),
  );
  assert.deepEqual(listed, [false, true, true, false]);
});

test('a value without an end is listed until it is taken off', () => {
  const lists = listsOf(entry);
  assert.equal(lists.has('block', 'terminal', 't1', after(1e9)), true);
  assert.equal(lists.take('block', 'terminal', 't1'), true);
  assert.equal(lists.has('block', 'terminal', 't1', midnight), false);
  assert.equal(lists.take('block', 'terminal', 't1'), false);
});

test('purposes and kinds are lists of their own', () => {
  const lists = listsOf(entry);
  assert.equal(lists.has('watch', 'terminal', 't1', midnight), false);
  assert.equal(lists.has('block', 'device', 't1', midnight), false);
});

test('a later entry for a value takes the place of the earlier one', () => {
  const lists = listsOf(entry, { ...entry, until: after(5) });
  assert.equal(lists.has('block', 'terminal', 't1', after(5)), false);
  assert.equal(lists.size, 1);
});

test('a sweep forgets what has ended and nothing else', () => {
  const lists = listsOf(entry, { ...entry, value: 't2', until: after(5) });
  assert.equal(lists.sweep(after(4)), 0);
  assert.equal(lists.sweep(after(5)), 1);
  assert.equal(lists.size, 1);
  assert.equal(lists.has('block', 'terminal', 't1', after(5)), true);
});

test('an entry that ends before it begins is refused', () => {
  const lists = openLists([{ ...entry, from: after(5), until: after(5) }]);
  assert.equal(lists.ok ? '' : lists.refusal.code, 'list_time_empty');
});

test('the lists are full at their limit, and then still take what they know', () => {
  const lists = openLists([entry, { ...entry, value: 't2' }], 2);
  assert.ok(lists.ok);
  const full = lists.value.put({ ...entry, value: 't3' });
  assert.equal(full.ok ? '' : full.refusal.code, 'list_full');
  assert.ok(lists.value.put({ ...entry, until: after(5) }).ok);
  lists.value.take('block', 'terminal', 't2');
  assert.ok(lists.value.put({ ...entry, value: 't3' }).ok);
});
