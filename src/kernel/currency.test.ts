import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currencyOf, currencyRecordOf, currencyRecords, minorUnitsOf } from './currency.ts';
import type { Currency } from './currency.ts';

test('the table holds every active code of ISO 4217 once', () => {
  assert.equal(currencyRecords.length, 179);
  assert.equal(new Set(currencyRecords.map(({ code }) => code)).size, 179);
  assert.equal(new Set(currencyRecords.map(({ number }) => number)).size, 179);
  for (const { code, number, minorUnits } of currencyRecords) {
    assert.match(code, /^[A-Z]{3}$/);
    assert.match(number, /^[0-9]{3}$/);
    assert.ok(minorUnits === null || [0, 2, 3, 4].includes(minorUnits), code);
  }
});

test('minor units are those of the standard, also where the runtime disagrees', () => {
  const expected = { CZK: 2, JPY: 0, BHD: 3, CLF: 4, UYW: 4, ISK: 0, HUF: 2, IRR: 2 };
  for (const [code, digits] of Object.entries(expected)) {
    const currency = currencyOf(code);
    assert.ok(currency !== undefined, code);
    assert.equal(minorUnitsOf(currency), digits, code);
  }
});

test('a code without minor units is known but is no currency of an account', () => {
  for (const code of ['XAU', 'XXX', 'XTS', 'XDR']) {
    assert.equal(currencyOf(code), undefined);
    assert.equal(currencyRecordOf(code)?.minorUnits, null);
  }
  assert.throws(() => minorUnitsOf('XAU' as Currency), /no minor units/);
});

test('an unknown or misspelt code is no currency', () => {
  for (const code of ['', 'czk', 'CZ', 'CZKK', 'ZZZ', 'constructor', '203']) {
    assert.equal(currencyOf(code), undefined);
  }
});
