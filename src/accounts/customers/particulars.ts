// Owns what is known of a customer, which is sealed wherever it is stored: its fields as texts, for
// sealing, and what differs between two states of it. Pure.

import type { Address, CustomerKind, Particulars } from './customer.ts';

type Fields = Readonly<Record<string, string>>;

/** The texts that are sealed, by stable names. */
export function fieldsOf(particulars: Particulars): Fields {
  const { address, birthDate, email, name, phone, registrationNumber, taxId } = particulars;
  const given: Readonly<Record<string, string | undefined>> = {
    address: address === undefined ? undefined : addressText(address),
    birth_date: birthDate,
    email,
    name,
    phone,
    registration_number: registrationNumber,
    tax_id: taxId,
  };
  const fields: Record<string, string> = {};
  for (const [field, value] of Object.entries(given)) {
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}

// Members in one order, so that equal addresses have equal texts.
function addressText({ lines, city, postalCode, country }: Address): string {
  return JSON.stringify({ lines, city, postalCode, country });
}

export function particularsOf(fields: Fields): Particulars {
  const { address } = fields;
  return {
    name: fields['name'] ?? '',
    email: fields['email'],
    phone: fields['phone'],
    birthDate: fields['birth_date'],
    taxId: fields['tax_id'],
    registrationNumber: fields['registration_number'],
    // Nobody but this file could have sealed it.
    address: address === undefined ? undefined : (JSON.parse(address) as Address),
  };
}

/** Names of the fields that differ, in order. */
export function changedFields(before: Fields, after: Fields): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).toSorted();
}

/** Fields that a verification proves: when one changes it has to be proven again. */
export const provenFields: ReadonlySet<string> = new Set([
  'birth_date',
  'name',
  'registration_number',
  'tax_id',
]);

/** The field that a customer of this kind does not have, if there is one. */
export function misplacedField(kind: CustomerKind, given: Particulars): string | undefined {
  if (kind === 'company') return given.birthDate === undefined ? undefined : 'birth_date';
  return given.registrationNumber === undefined ? undefined : 'registration_number';
}
