import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instant } from '#kernel';
import type { Particulars } from './customer.ts';
import { changedFields, fieldsOf, misplacedField, particularsOf } from './particulars.ts';
import {
  unverified,
  verificationAt,
  verificationStates,
  verificationTransitions,
} from './verification.ts';

const whole: Particulars = {
  name: 'Eva Nováková',
  email: 'eva@example.com',
  phone: '+420601123456',
  birthDate: '1985-02-28',
  taxId: 'CZ8552281234',
  registrationNumber: '25596641',
  address: {
    lines: ['Dlouhá 17', '2nd floor'],
    city: 'Praha',
    postalCode: '110 00',
    country: 'CZ',
  },
};

test('particulars are what was made of them for sealing', () => {
  assert.deepEqual(particularsOf(fieldsOf(whole)), whole);
  assert.deepEqual(fieldsOf(particularsOf({ name: 'A' })), { name: 'A' });
});

test('every field that differs is named, whatever is known of it', () => {
  const names = Object.keys(fieldsOf(whole));
  assert.equal(names.length, 7);
  assert.deepEqual(changedFields({}, fieldsOf(whole)), names.toSorted());
  assert.deepEqual(changedFields(fieldsOf(whole), fieldsOf(whole)), []);
  const address = { city: 'Praha', country: 'CZ', lines: ['Dlouhá 17', '2nd floor'] };
  const reordered = { ...whole, address: { ...address, postalCode: '110 00' } };
  assert.deepEqual(changedFields(fieldsOf(whole), fieldsOf(reordered)), []);
  const moved = { ...whole, address: { ...address, postalCode: '120 00' } };
  assert.deepEqual(changedFields(fieldsOf(whole), fieldsOf(moved)), ['address']);
});

test('a company was not born, and a person is in no register', () => {
  assert.equal(misplacedField('company', whole), 'birth_date');
  assert.equal(misplacedField('person', whole), 'registration_number');
  assert.equal(misplacedField('person', { name: 'A', birthDate: '1985-02-28' }), undefined);
});

test('a verification is over at its deadline and not a microsecond before', () => {
  const expiresAt = 1_000 as Instant;
  const verified = { ...unverified, state: 'verified', expiresAt } as const;
  assert.equal(verificationAt(verified, 999 as Instant), 'verified');
  assert.equal(verificationAt(verified, expiresAt), 'expired');
  assert.equal(verificationAt({ ...verified, expiresAt: undefined }, expiresAt), 'verified');
  assert.equal(verificationAt({ ...verified, state: 'refused' }, expiresAt), 'refused');
});

test('nobody decides that a verification has expired, and no state is without a way out', () => {
  for (const state of verificationStates) {
    assert.ok(!verificationTransitions[state].includes('expired'), state);
    assert.ok(verificationTransitions[state].length > 0, state);
  }
});
