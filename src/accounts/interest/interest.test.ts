import assert from 'node:assert/strict';
import test from 'node:test';
import { DAY_US, formatDate, idOf, parseDate, type Instant } from '#kernel';
import { seededRandom } from '../../audit/testing/tampering.ts';
import { product } from '../testing/bank.ts';
import { accrue, type Accrual, type Position } from './accrue.ts';
import { isPeriodEnd, periodEndFrom } from './period.ts';
import { civilOf, minorOf, unitsFor, UNITS_PER_MINOR } from './rate.ts';

const day = (text: string): Instant => parseDate(text) as Instant;
const percent = (rate: string, from = '0') => ({ from, rate });

function termsOf(
  part: Partial<NonNullable<Parameters<typeof product>[1]>['interest'] & object> = {},
) {
  const interest = {
    day_count: 'ACT/365',
    booking: 'monthly',
    method: 'portion',
    credit: [percent('0.0365')],
    debit: [percent('0.18')],
    ...part,
  } as const;
  return product({}, { interest }).terms.interest;
}

const january = { from: day('2026-01-01'), through: day('2026-01-31') };

test('interest of ACT/365 and ACT/360 counts every day, exactly', () => {
  const { credit, debit } = unitsFor(termsOf(), 1_000_000n, january);
  // 10,000.00 at 3.65 % is 1.00 a day.
  assert.equal(credit, 3_100n * UNITS_PER_MINOR);
  assert.equal(debit, 0n);
  const other = unitsFor(termsOf({ day_count: 'ACT/360', credit: [percent('0.036')] }), 10_000n, {
    from: day('2028-02-01'),
    through: day('2028-02-29'),
  });
  assert.equal(other.credit, 29n * UNITS_PER_MINOR);
});

test('30/360 counts thirty days a month, whatever its length', () => {
  const terms = termsOf({ day_count: '30/360', credit: [percent('0.036')] });
  for (const [from, through] of [
    ['2026-01-01', '2026-01-31'],
    ['2026-02-01', '2026-02-28'],
    ['2028-02-01', '2028-02-29'],
    ['2026-04-01', '2026-04-30'],
  ] as const) {
    const units = unitsFor(terms, 10_000n, { from: day(from), through: day(through) });
    assert.equal(units.credit, 30n * UNITS_PER_MINOR, from);
  }
});

test('the interest of days in a row is the sum of that of each', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 300; round += 1) {
    const dayCount = (['ACT/365', 'ACT/360', '30/360'] as const)[random(3)];
    assert.ok(dayCount !== undefined);
    const terms = termsOf({ day_count: dayCount, credit: [percent('0.0123456789')] });
    const from = (day('2023-12-15') + random(800) * DAY_US) as Instant;
    const count = 1 + random(100);
    const balance = BigInt(random(1_000_000_000)) - 500_000_000n;
    const through = (from + (count - 1) * DAY_US) as Instant;
    const whole = unitsFor(terms, balance, { from, through });
    let sum = 0n;
    for (let index = 0; index < count; index += 1) {
      const one = (from + index * DAY_US) as Instant;
      const units = unitsFor(terms, balance, { from: one, through: one });
      sum += units.credit + units.debit;
    }
    assert.equal(whole.credit + whole.debit, sum);
  }
});

test('a tier is for the part of the balance within it, or for all of it', () => {
  const credit = [percent('0'), percent('0.365', '1000'), percent('0.73', '2000')];
  const one = { from: day('2026-03-01'), through: day('2026-03-01') };
  const portion = (balance: bigint): bigint =>
    unitsFor(termsOf({ credit }), balance, one).credit * 1_000n;
  assert.equal(portion(1_000n), 0n);
  assert.equal(portion(1_500n), 500n * UNITS_PER_MINOR);
  assert.equal(portion(3_000n), (1_000n + 2_000n) * UNITS_PER_MINOR);
  const whole = unitsFor(termsOf({ credit, method: 'whole' }), 3_000n, one).credit;
  assert.equal(whole, 6n * UNITS_PER_MINOR);
  assert.equal(unitsFor(termsOf({ credit: [] }), 3_000n, one).credit, 0n);
});

test('units become minor units half to even, of either sign', () => {
  const half = UNITS_PER_MINOR / 2n;
  assert.deepEqual([half, half + 1n, 3n * half, -half, -half - 1n, -3n * half].map(minorOf), [
    0n,
    1n,
    2n,
    0n,
    -1n,
    -2n,
  ]);
});

test('months, quarters and years end on their last day', () => {
  const ends = (period: 'monthly' | 'quarterly' | 'yearly', from: string): string =>
    formatDate(periodEndFrom(period, day(from)));
  assert.equal(ends('monthly', '2028-02-01'), '2028-02-29');
  assert.equal(ends('monthly', '2026-02-28'), '2026-02-28');
  assert.equal(ends('quarterly', '2026-02-28'), '2026-03-31');
  assert.equal(ends('yearly', '2026-01-01'), '2026-12-31');
  assert.ok(!isPeriodEnd('monthly', day('2028-02-28')));
  assert.deepEqual(civilOf(day('2000-02-29')), { year: 2000, month: 2, day: 29 });
});

const accountId = idOf('acc', '019ca8d7-2d7b-726b-ad31-941ccf500000');

function positionAt(beginsOn: Instant): Position {
  const through = (beginsOn - DAY_US) as Instant;
  const none = { credit: 0n, debit: 0n };
  return {
    accountId,
    product: 'current',
    beginsOn,
    accruedThrough: through,
    seenVersion: 0n,
    balance: 0n,
    ahead: new Map(),
    places: 0,
    accrued: none,
    due: none,
    dueThrough: through,
    booked: none,
    nextBooking: undefined,
    lastActivityAt: beginsOn,
  };
}

interface Recorded {
  readonly on: number;
  readonly effective: number;
  readonly amount: bigint;
}

const noTiers = [percent('0.01'), percent('0.02', '50000'), percent('0.005', '200000')];

test('what is known late corrects exactly the days it changes, whatever the order of the runs', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = seededRandom(seed);
    const begins = day('2026-01-10');
    const at = (index: number): Instant => (begins + index * DAY_US) as Instant;
    const interest = { ...termsText, credit: noTiers, debit: [percent('0.2')] };
    const versions = [
      { ...product({}, { interest }), version: 1 },
      {
        ...product({ effectiveFrom: at(35) }, { interest: { ...interest, day_count: '30/360' } }),
        version: 2,
      },
    ].map((each) => ({ ...each, createdAt: begins, createdBy: 'test' }));
    const entries = Array.from({ length: 25 }, (): Recorded => {
      const on = random(80);
      const amount = BigInt(random(300_000)) - 100_000n;
      return { on, effective: on - 20 + random(25), amount };
    });
    let position = positionAt(begins);
    const history: Accrual[] = [];
    let seen = 0;
    for (let today = 1 + random(5); today <= 95; today += 1 + random(9)) {
      // Runs until nothing is behind: each stops where a period ends.
      for (;;) {
        const known = entries.filter(({ on }) => on >= seen && on < today);
        seen = today;
        const moved = new Map<Instant, bigint>();
        for (const { effective, amount } of known) {
          moved.set(at(effective), (moved.get(at(effective)) ?? 0n) + amount);
        }
        const since = { moved, version: BigInt(today), activityAt: undefined, history };
        const result = accrue(position, since, { versions, through: at(today - 1) });
        const isDone = result.position.accruedThrough === at(today - 1);
        position = result.position;
        history.push(...result.accruals);
        if (isDone) break;
      }
    }
    const last = position.accruedThrough;
    const expected = { credit: 0n, debit: 0n };
    for (let each = begins; each <= last; each = (each + DAY_US) as Instant) {
      const index = (each - begins) / DAY_US;
      const balance = entries
        .filter(({ effective, on }) => effective <= index && on < seen)
        .reduce((sum, { amount }) => sum + amount, 0n);
      const version = each >= at(35) ? versions[1] : versions[0];
      const units = unitsFor(version?.terms.interest, balance, { from: each, through: each });
      expected.credit += units.credit;
      expected.debit += units.debit;
    }
    assert.deepEqual(position.accrued, expected, `seed ${seed}`);
    const sums = history.reduce((sum, { units }) => sum + units.credit + units.debit, 0n);
    assert.equal(sums, expected.credit + expected.debit, `seed ${seed}`);
    assert.deepEqual(
      history.map(({ place }) => place),
      history.map((_, index) => index + 1),
    );
  }
});

const termsText = {
  day_count: 'ACT/365',
  booking: 'monthly',
  method: 'portion',
  credit: [percent('0.0365')],
  debit: [],
} as const;
