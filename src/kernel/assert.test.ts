import nodeAssert from 'node:assert/strict';
import { test } from 'node:test';
import { Bug, assert, assertNever } from './assert.ts';

test('a failed assertion is thrown as a bug', () => {
  assert(true, 'never thrown');
  nodeAssert.throws(() => {
    assert([].length > 0, 'a leg is missing');
  }, new Bug('a leg is missing'));
});

test('a forgotten case is thrown as a bug that names the value', () => {
  nodeAssert.throws(() => assertNever('surprise' as never), /unexpected value: surprise/);
});
