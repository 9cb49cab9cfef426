import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantOfMs, manualClock, MINUTE_US, SECOND_US } from '#kernel';
import { EdgeRefusal } from '../problems.ts';
import { networkOf } from '#platform';
import { AddressBuckets, openAddressLimiter } from './address.ts';
import { defaultTerms, measuresOf } from './plan.ts';

const START = instantOfMs(1_795_000_000_000);
const limits = {
  addressBurst: 3,
  addressRatePerSecond: 1,
  addressFailuresBurst: 2,
  addressFailuresPerMinute: 1,
  addressesKeptMax: 100,
};

function isRefused(act: () => void): boolean {
  try {
    act();
    return false;
  } catch (error) {
    assert.ok(error instanceof EdgeRefusal);
    assert.equal(error.code, 'quota_exceeded');
    assert.match(String(error.headers['retry-after']), /^\d+$/);
    return true;
  }
}

test('an address is refused when it asks too often, and others are not', () => {
  const clock = manualClock(START);
  const limiter = openAddressLimiter({ clock, limits });
  const visits = Array.from({ length: 5 }, () => isRefused(() => limiter.visit('10.0.0.1')));
  assert.deepEqual(visits, [false, false, false, true, true]);
  assert.equal(
    isRefused(() => limiter.visit('10.0.0.2')),
    false,
  );
  clock.advance(SECOND_US);
  assert.equal(
    isRefused(() => limiter.visit('10.0.0.1')),
    false,
  );
  assert.equal(
    isRefused(() => limiter.visit('10.0.0.1')),
    true,
  );
});

test('only attempts that failed count against further ones', () => {
  const clock = manualClock(START);
  const limiter = openAddressLimiter({ clock, limits });
  for (let attempt = 0; attempt < 10; attempt += 1) limiter.requireAttempt('10.0.0.1');
  limiter.fail('10.0.0.1');
  limiter.requireAttempt('10.0.0.1');
  limiter.fail('10.0.0.1');
  assert.equal(
    isRefused(() => limiter.requireAttempt('10.0.0.1')),
    true,
  );
  assert.equal(
    isRefused(() => limiter.requireAttempt('10.0.0.2')),
    false,
  );
  clock.advance(MINUTE_US);
  assert.equal(
    isRefused(() => limiter.requireAttempt('10.0.0.1')),
    false,
  );
});

test('one network of IPv6 is one address, however it is written', () => {
  assert.equal(networkOf('2001:db8:0:7::1'), networkOf('2001:0DB8:0000:0007:ffff::9'));
  assert.notEqual(networkOf('2001:db8:0:7::1'), networkOf('2001:db8:0:8::1'));
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0');
  assert.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(networkOf('10.0.0.1'), '10.0.0.1');
});

test('addresses beyond the limit share one bucket, and memory is bounded', () => {
  const measures = measuresOf({ ...defaultTerms, burst: 2, rate: 1, daily: undefined });
  const buckets = new AddressBuckets({ measures, addressesMax: 10 });
  const ask = (address: string, atUs = Number(START)): boolean =>
    buckets.ask(address, atUs, { isTaken: true }).isAdmitted;
  for (let index = 0; index < 10; index += 1) assert.equal(ask(`10.0.0.${index}`), true);
  const strangers = Array.from({ length: 50 }, (_, index) => ask(`10.0.1.${index}`));
  assert.equal(strangers.filter(Boolean).length, 2);
  assert.ok(buckets.size <= 11);
  assert.equal(ask('10.0.0.3'), true);
  // When the buckets of those who came first are full again, there is room for others.
  assert.equal(ask('10.0.2.1', START + 10 * SECOND_US), true);
  assert.equal(ask('10.0.2.2', START + 10 * SECOND_US), true);
  assert.ok(buckets.size <= 11);
});
