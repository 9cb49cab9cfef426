import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { newSecret, openFields, sealFields, subjectKeyOf } from './subject-key.ts';

const fields = {
  name: 'Ada Müller',
  address: '1 Main Street, Springfield',
  account: '000123456789',
};
const key = subjectKeyOf(newSecret());

test('fields that were sealed are opened with the same key', () => {
  for (const some of [fields, {}, { note: '' }, { note: 'ж\u{1F600}"\n\\'.repeat(500) }]) {
    assert.deepEqual(openFields(key, sealFields(key, { subject: 'cus_1', fields: some })), some);
  }
});

test('what is sealed shows nothing of the fields', () => {
  const sealed = sealFields(key, { subject: 'cus_1', fields });
  assert.deepEqual(Object.keys(sealed), ['ciphertext', 'commitment', 'subject']);
  const bytes = [sealed.ciphertext, sealed.commitment].map((text) => Buffer.from(text, 'base64'));
  for (const text of Object.values(fields)) {
    assert.ok(bytes.every((some) => !some.includes(text)));
    assert.ok(!JSON.stringify(sealed).includes(text));
  }
});

test('the commitment is SHA-256 of the salt and the canonical fields', () => {
  const secret = newSecret();
  const sealed = sealFields(subjectKeyOf(secret), { subject: 'cus_1', fields: { b: '2', a: '1' } });
  const hash = createHash('sha256').update(secret.subarray(32)).update('{"a":"1","b":"2"}');
  assert.equal(sealed.commitment, hash.digest('base64'));
});

test('without the salt a guess of the fields cannot be confirmed', () => {
  const { commitment } = sealFields(key, { subject: 'cus_1', fields });
  const other = sealFields(subjectKeyOf(newSecret()), { subject: 'cus_1', fields });
  assert.notEqual(commitment, other.commitment);
});

test('sealing the same fields twice gives two ciphertexts', () => {
  const [one, two] = [1, 2].map(() => sealFields(key, { subject: 'cus_1', fields }));
  assert.notEqual(one?.ciphertext, two?.ciphertext);
});

test('nothing opens with another key, for another subject, or after any byte was altered', () => {
  const sealed = sealFields(key, { subject: 'cus_1', fields: { name: 'Ada' } });
  assert.equal(openFields(subjectKeyOf(newSecret()), sealed), undefined);
  assert.equal(openFields(key, { ...sealed, subject: 'cus_2' }), undefined);
  for (const member of ['ciphertext', 'commitment'] as const) {
    const bytes = Buffer.from(sealed[member], 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      for (const wrong of [altered, bytes.subarray(0, at)]) {
        const text = wrong.toString('base64');
        assert.equal(openFields(key, { ...sealed, [member]: text }), undefined);
      }
    }
  }
});

test('a ciphertext with the commitment of another is damaged', () => {
  const one = sealFields(key, { subject: 'cus_1', fields: { name: 'Ada' } });
  const two = sealFields(key, { subject: 'cus_1', fields: { name: 'Eve' } });
  assert.equal(openFields(key, { ...one, commitment: two.commitment }), undefined);
});
