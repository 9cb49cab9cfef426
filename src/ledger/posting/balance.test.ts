import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  availableOf,
  balanceOf,
  expectedOf,
  pendingInOf,
  pendingOutOf,
  roomOf,
} from './balance.ts';
import type { Limits } from './balance.ts';
import type { Counters } from './transfer.ts';

const counters: Counters = {
  postedDebits: 300n,
  postedCredits: 1_000n,
  pendingDebits: 50n,
  pendingCredits: 20n,
};
const deposit: Limits = { normalSide: 'credit', floor: 0n, ceiling: null, creditLimit: 0n };
const asset: Limits = { normalSide: 'debit', floor: null, ceiling: null, creditLimit: 0n };

test('the balance is positive on the normal side and negative on the other', () => {
  assert.equal(balanceOf('credit', counters), 700n);
  assert.equal(balanceOf('debit', counters), -700n);
});

test('holds on the side that lowers the balance go out, those on the normal side come in', () => {
  assert.equal(pendingOutOf('credit', counters), 50n);
  assert.equal(pendingInOf('credit', counters), 20n);
  assert.equal(pendingOutOf('debit', counters), 20n);
  assert.equal(pendingInOf('debit', counters), 50n);
});

test('what is held against an account is not available, what is held in its favour not yet', () => {
  assert.equal(availableOf(deposit, counters), 650n);
  assert.equal(availableOf(asset, counters), -720n);
});

test('the credit limit adds to what is available and the floor takes from it', () => {
  assert.equal(availableOf({ ...deposit, creditLimit: 200n }, counters), 850n);
  assert.equal(availableOf({ ...deposit, floor: 100n }, counters), 550n);
  assert.equal(availableOf({ ...deposit, floor: -100n }, counters), 750n);
  assert.equal(availableOf({ ...deposit, floor: 100n, creditLimit: 30n }, counters), 580n);
});

test('the expected balance counts the holds in favour and not those against', () => {
  assert.equal(expectedOf('credit', counters), 720n);
  assert.equal(expectedOf('debit', counters), -650n);
});

test('without a limit on a side there is no bound to what may move there', () => {
  assert.equal(roomOf({ ...deposit, floor: null }, counters, 'debit'), undefined);
  assert.equal(roomOf(deposit, counters, 'credit'), undefined);
  assert.equal(roomOf(asset, counters, 'debit'), undefined);
  assert.equal(roomOf(asset, counters, 'credit'), undefined);
});

test('the room is what is available, or on the other side what the ceiling leaves', () => {
  const both: Limits = { normalSide: 'credit', floor: 0n, ceiling: 800n, creditLimit: 10n };
  assert.equal(roomOf(both, counters, 'debit'), 660n);
  assert.equal(roomOf(both, counters, 'credit'), 80n);
  const mirrored: Limits = { ...both, normalSide: 'debit', floor: -1_000n };
  assert.equal(roomOf(mirrored, counters, 'credit'), 290n);
  assert.equal(roomOf(mirrored, counters, 'debit'), 1_450n);
});

test('an account beyond its limits has no room, never less than none', () => {
  const tight: Limits = { normalSide: 'credit', floor: 700n, ceiling: 500n, creditLimit: 0n };
  assert.equal(roomOf(tight, counters, 'debit'), 0n);
  assert.equal(roomOf(tight, counters, 'credit'), 0n);
});
