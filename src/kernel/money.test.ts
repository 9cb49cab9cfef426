import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { currencyOf } from './currency.ts';
import type { Currency } from './currency.ts';
import * as money from './money.ts';
import type { Rate, Rounding } from './money.ts';

const czk = currencyOf('CZK') as Currency;
const jpy = currencyOf('JPY') as Currency;
const bhd = currencyOf('BHD') as Currency;

function rate(text: string): Rate {
  const parsed = money.parseRate(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

test('minor units are read exactly, beyond what a double holds', () => {
  assert.equal(money.parseMinorUnits('0'), 0n);
  assert.equal(money.parseMinorUnits('1050'), 1050n);
  assert.equal(money.parseMinorUnits('9007199254740993'), 9007199254740993n);
  assert.equal(money.parseMinorUnits('999999999999999999'), money.AMOUNT_MAX);
});

test('minor units with a sign, a point, a leading zero or 19 digits are refused', () => {
  const refused = ['', ' 1', '1 ', '-1', '+1', '1.0', '1e3', '0x10', '007', '1_000', '１', '1\n'];
  for (const text of [...refused, '1000000000000000000']) {
    assert.equal(money.parseMinorUnits(text), undefined, text);
  }
});

test('decimals are those of the currency', () => {
  assert.equal(money.formatDecimal(1050n, czk), '10.50');
  assert.equal(money.formatDecimal(-5n, czk), '-0.05');
  assert.equal(money.formatDecimal(1050n, jpy), '1050');
  assert.equal(money.formatDecimal(1050n, bhd), '1.050');
  assert.equal(money.parseDecimal('10.5', czk), 1050n);
  assert.equal(money.parseDecimal('-0.05', czk), -5n);
  assert.equal(money.parseDecimal('7', bhd), 7000n);
});

test('a decimal with too many digits, or not a decimal, is refused rather than rounded', () => {
  for (const text of [
    '10.505',
    '.5',
    '5.',
    '1,5',
    '1e2',
    '--1',
    '',
    '01.00',
    '99999999999999999',
  ]) {
    assert.equal(money.parseDecimal(text, czk), undefined, text);
  }
  assert.equal(money.parseDecimal('10.0', jpy), undefined);
});

test('every amount reads back from its decimal text', () => {
  const amounts = fc.bigInt({ min: -money.AMOUNT_MAX, max: money.AMOUNT_MAX });
  fc.assert(
    fc.property(amounts, fc.constantFrom(czk, jpy, bhd), (amount, currency) => {
      assert.equal(money.parseDecimal(money.formatDecimal(amount, currency), currency), amount);
    }),
  );
});

test('money of one currency adds and subtracts, of two it is a bug', () => {
  const ten = { amount: 10n, currency: czk };
  assert.deepEqual(money.add(ten, { amount: 5n, currency: czk }), { amount: 15n, currency: czk });
  assert.deepEqual(money.subtract(ten, ten), { amount: 0n, currency: czk });
  assert.throws(() => money.add(ten, { amount: 5n, currency: jpy }), /two currencies/);
  assert.throws(() => money.subtract(ten, { amount: 5n, currency: jpy }), /two currencies/);
});

test('an allocation gives the odd units to the largest remainders, then to the earliest', () => {
  assert.deepEqual(money.allocate(100n, [1n, 1n, 1n]), [34n, 33n, 33n]);
  assert.deepEqual(money.allocate(-100n, [1n, 1n, 1n]), [-34n, -33n, -33n]);
  assert.deepEqual(money.allocate(5n, [30n, 70n]), [2n, 3n]);
  assert.deepEqual(money.allocate(1n, [0n, 1n, 9n]), [0n, 0n, 1n]);
  assert.throws(() => money.allocate(1n, [0n]), /greater than zero/);
  assert.throws(() => money.allocate(1n, [-1n, 2n]), /not negative/);
});

test('the parts of any allocation sum to the whole and are within one of their share', () => {
  const weights = fc
    .array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 12 })
    .filter((list) => list.some((weight) => weight > 0n));
  const amounts = fc.bigInt({ min: -money.AMOUNT_MAX, max: money.AMOUNT_MAX });
  fc.assert(
    fc.property(amounts, weights, (amount, list) => {
      const total = list.reduce((sum, weight) => sum + weight, 0n);
      const parts = money.allocate(amount, list);
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0n),
        amount,
      );
      parts.forEach((part, index) => {
        const difference = part * total - amount * (list[index] ?? 0n);
        assert.ok(difference < total && difference > -total);
      });
    }),
  );
});

test('each rounding decides the half and the sign as its name says', () => {
  const half = rate('0.5');
  const cases: readonly [Rounding, bigint[]][] = [
    ['half_even', [0n, 2n, 0n, -2n]],
    ['half_away_from_zero', [1n, 2n, -1n, -2n]],
    ['toward_zero', [0n, 1n, 0n, -1n]],
    ['away_from_zero', [1n, 2n, -1n, -2n]],
  ];
  for (const [rounding, expected] of cases) {
    assert.deepEqual(
      [1n, 3n, -1n, -3n].map((amount) => money.multiply(amount, half, rounding)),
      expected,
      rounding,
    );
  }
  assert.equal(money.multiply(10n, rate('0.26'), 'half_even'), 3n);
  assert.equal(money.multiply(10n, rate('0.24'), 'half_even'), 2n);
});

test('a conversion respects the minor units of both currencies', () => {
  const yen = money.convert({ amount: 1050n, currency: czk }, rate('6.4'), jpy, 'half_even');
  assert.deepEqual(yen, { amount: 67n, currency: jpy });
  const dinar = money.convert({ amount: 1000n, currency: jpy }, rate('0.0025'), bhd, 'half_even');
  assert.deepEqual(dinar, { amount: 2500n, currency: bhd });
});

test('a rate is positive, has at most twelve decimals, and prints without spare zeros', () => {
  assert.equal(money.formatRate(rate('24.315000')), '24.315');
  assert.equal(money.formatRate(rate('10')), '10');
  assert.equal(money.formatRate(rate('0.000000000001')), '0.000000000001');
  for (const text of ['0', '-1', '1.0000000000001', 'abc', '']) {
    assert.equal(money.parseRate(text), undefined, text);
  }
});
