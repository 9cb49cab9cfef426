import assert from 'node:assert/strict';
import test from 'node:test';
import { ibanOf, readIban } from './iban.ts';
import { flawOfNumbering, numberOfSerial, ownNumberingOf, type Numbering } from './own-number.ts';
import { isRoutingNumber, isUsAccountNumber } from './routing-number.ts';

test('an IBAN of the registry is read, and its check digits follow from the rest', () => {
  for (const text of ['CZ6508000000192000145399', 'DE89370400440532013000', 'NO9386011117947']) {
    assert.ok(readIban(text).ok, text);
    assert.equal(ibanOf(text.slice(0, 2), text.slice(4)), text);
  }
});

test('an IBAN is refused with what is wrong with it, and nothing of the number', () => {
  const flaws: Readonly<Record<string, RegExp>> = {
    CZ6508000000192000145390: /check digits/,
    CZ650800000019200014539: /structure/,
    'CZ65 0800 0000 1920 0014 5399': /structure/,
    cz6508000000192000145399: /country/,
    ZZ68539007547034: /country/,
    CZXX08000000192000145399: /no check digits/,
    '': /country/,
    [`CZ65${'0'.repeat(40)}`]: /too long/,
  };
  for (const [text, expected] of Object.entries(flaws)) {
    const read = readIban(text);
    assert.ok(!read.ok, text);
    assert.match(read.refusal.message, expected);
    assert.ok(text === '' || !read.refusal.message.includes(text));
  }
});

test('check digits that no bank makes are refused although the remainder fits', () => {
  // 97 and 00 leave the same remainder.
  const bban = Array.from({ length: 300 }, (_, index) => String(index).padStart(20, '0')).find(
    (text) => ibanOf('CZ', text).startsWith('CZ97'),
  );
  assert.ok(bban !== undefined);
  assert.ok(readIban(`CZ97${bban}`).ok);
  assert.ok(!readIban(`CZ00${bban}`).ok);
});

test('a routing number has nine digits, a known beginning and a sum that is a multiple of ten', () => {
  for (const text of ['021000021', '011401533', '091000019', '121042882', '231380104']) {
    assert.ok(isRoutingNumber(text), text);
  }
  for (const text of [
    '021000022',
    '000000000',
    '131000021',
    '02100002',
    '0210000210',
    'x21000021',
  ]) {
    assert.ok(!isRoutingNumber(text), text);
  }
  assert.ok(isUsAccountNumber('12345678901234567'));
  assert.ok(!isUsAccountNumber('123456789012345678'));
  assert.ok(!isUsAccountNumber(''));
});

const czech: Numbering = { scheme: 'iban', country: 'CZ', bankCode: '2999' };

test('a Czech number made by the bank has the national check digit, and some serials make none', () => {
  const weights = [6, 3, 7, 9, 10, 5, 8, 4, 2, 1];
  let passedOver = 0;
  for (let serial = 1n; serial <= 500n; serial += 1n) {
    const made = numberOfSerial(czech, serial);
    if (made === undefined) {
      passedOver += 1;
      continue;
    }
    assert.ok('iban' in made && readIban(made.iban).ok);
    const digits = Array.from(made.iban.slice(14), Number);
    const sum = digits.reduce((total, digit, at) => total + digit * Number(weights[at]), 0);
    assert.equal(sum % 11, 0, made.iban);
  }
  assert.ok(passedOver > 20 && passedOver < 80, String(passedOver));
});

test('a German number made by the bank ends in the digit of method 00', () => {
  // The example of the Bundesbank for method 00: 9290701 and 539290858.
  const numbering: Numbering = { scheme: 'iban', country: 'DE', bankCode: '37040044' };
  for (const [serial, account] of [
    [929_070n, '0009290701'],
    [53_929_085n, '0539290858'],
  ] as const) {
    const made = numberOfSerial(numbering, serial);
    assert.ok(made !== undefined && 'iban' in made && readIban(made.iban).ok);
    assert.equal(made.iban.slice(12), account);
  }
});

test('a US number made by the bank carries its routing number, and a serial too long makes none', () => {
  const numbering: Numbering = { scheme: 'us', routingNumber: '021000021' };
  assert.deepEqual(numberOfSerial(numbering, 7n), {
    routingNumber: '021000021',
    accountNumber: '0000000075',
  });
  assert.equal(numberOfSerial(numbering, 1_000_000_000n), undefined);
});

test("a numbering is refused where the bank's own part is not valid", () => {
  assert.equal(flawOfNumbering(czech), undefined);
  assert.equal(flawOfNumbering({ scheme: 'none' }), undefined);
  assert.match(flawOfNumbering({ ...czech, bankCode: '29' }) ?? '', /bank codes/);
  assert.match(flawOfNumbering({ scheme: 'us', routingNumber: '1' }) ?? '', /routing number/);
});

test('the settings name a numbering, or the bank does not start', () => {
  const none = { bankCountry: 'none', bankCode: undefined } as const;
  assert.deepEqual(ownNumberingOf(none), { scheme: 'none' });
  assert.deepEqual(ownNumberingOf({ bankCountry: 'CZ', bankCode: '2999' }), czech);
  const dollars = { bankCountry: 'US', bankCode: '021000021' } as const;
  assert.deepEqual(ownNumberingOf(dollars), { scheme: 'us', routingNumber: '021000021' });
  assert.throws(() => ownNumberingOf({ bankCountry: 'DE', bankCode: undefined }), /BANK_CODE/);
});
