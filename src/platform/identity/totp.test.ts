import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTotpSecret, totpAt, totpStepOf, totpText, totpUri } from './totp.ts';

const rfcSecret = Buffer.from('12345678901234567890');

/** Appendix B of RFC 6238 has eight digits; the last six are what six digits give. */
const vectors = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
] as const;

for (const [seconds, code] of vectors) {
  test(`RFC 6238 appendix B: the code at ${seconds} s is ${code}`, () => {
    assert.equal(totpAt(rfcSecret, seconds * 1_000), code.slice(2));
    assert.equal(totpStepOf(rfcSecret, code.slice(2), seconds * 1_000), Math.floor(seconds / 30));
  });
}

test('a code is taken in its own step, the one before and the one after, and names its step', () => {
  const secret = newTotpSecret();
  const at = 1_800_000_000_000;
  const code = totpAt(secret, at);
  const taken = [-60_000, -30_000, 0, 29_999, 30_000, 59_999, 60_000].map((offset) =>
    totpStepOf(secret, code, at + offset),
  );
  const step = at / 30_000;
  assert.deepEqual(taken, [undefined, step, step, step, step, step, undefined]);
});

test('what is not six digits is no code', () => {
  for (const code of ['', '12345', '1234567', '12345a', '１２３４５６', ' 123456']) {
    assert.equal(totpStepOf(rfcSecret, code, 59_000), undefined);
  }
});

test('a secret is 160 bits, written in groups and as an address', () => {
  const secret = newTotpSecret();
  assert.equal(secret.length, 20);
  assert.match(totpText(secret), /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  const uri = new URL(totpUri({ secret: rfcSecret, issuer: 'Florin', label: 'ada' }));
  assert.equal(uri.protocol, 'otpauth:');
  assert.equal(uri.searchParams.get('secret'), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  assert.equal(uri.searchParams.get('issuer'), 'Florin');
});

test('a secret that is a window into a larger buffer gives its own codes', () => {
  const larger = Buffer.concat([Buffer.alloc(7, 1), rfcSecret, Buffer.alloc(9, 2)]);
  assert.equal(totpAt(larger.subarray(7, 27), 59_000), '287082');
});
