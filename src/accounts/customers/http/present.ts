// Customers as answers have them, and bodies as the verbs want them.

import { formatInstant, type Instant } from '#kernel';
import type { ChangeCustomer } from '../change.ts';
import type { Address, Customer, NewCustomer, Particulars } from '../customer.ts';
import type { Consent, StoredChange } from '../read.ts';
import { verificationAt, verificationStates } from '../verification.ts';
import type { ChangeCustomerBody, NewCustomerBody, ParticularsBody } from './customer-schemas.ts';

const timeText = (at: Instant | undefined): string | null =>
  at === undefined ? null : formatInstant(at);

/** Without what is known of the person: what changes are answered is kept with their keys. */
export function presentState(customer: Customer, now: Instant): object {
  const { id, externalId, kind, verification, revision } = customer;
  return {
    id,
    external_id: externalId ?? null,
    kind,
    verification: {
      state: verificationAt(verification, now),
      method: verification.method ?? null,
      by: verification.by ?? null,
      at: timeText(verification.at),
      expires_at: timeText(verification.expiresAt),
    },
    revision,
    created_at: formatInstant(customer.createdAt),
    changed_at: formatInstant(customer.changedAt),
    erased_at: timeText(customer.erasedAt),
  };
}

export function presentCustomer(customer: Customer, now: Instant): object {
  const { particulars } = customer;
  const known = particulars === undefined ? null : presentParticulars(particulars);
  return { ...presentState(customer, now), particulars: known };
}

function presentParticulars(particulars: Particulars): object {
  const { name, email, phone, birthDate, taxId, registrationNumber, address } = particulars;
  return {
    name,
    email,
    phone,
    birth_date: birthDate,
    tax_id: taxId,
    registration_number: registrationNumber,
    address: address && presentAddress(address),
  };
}

function presentAddress({ lines, city, postalCode, country }: Address): object {
  return { lines, city, postal_code: postalCode, country };
}

export function presentConsent({ purpose, isGiven, textVersion, at, by }: Consent): object {
  const version = textVersion ?? null;
  return { purpose, is_given: isGiven, text_version: version, at: formatInstant(at), by };
}

export function presentChange({
  revision,
  action,
  details,
  changedAt,
  actor,
}: StoredChange): object {
  const { fields, verification, purpose, text_version: version } = details;
  const state = verificationStates.find((each) => each === verification);
  return {
    revision,
    action,
    fields: Array.isArray(fields) ? fields : [],
    verification: state ?? null,
    purpose: purpose ?? null,
    text_version: version ?? null,
    at: formatInstant(changedAt),
    by: actor,
  };
}

export function newCustomerOf(body: NewCustomerBody): NewCustomer {
  const { external_id: externalId, kind, particulars } = body;
  return { externalId, kind, particulars: particularsOf(particulars) };
}

function particularsOf(body: ParticularsBody): Particulars {
  const { name, email, phone, birth_date: birthDate, tax_id: taxId } = body;
  const { registration_number: registrationNumber, address } = body;
  const postal = address && addressOf(address);
  return { name, email, phone, birthDate, taxId, registrationNumber, address: postal };
}

function addressOf(body: NonNullable<ParticularsBody['address']>): Address {
  const { lines, city, postal_code: postalCode, country } = body;
  return { lines, city, postalCode, country };
}

export function changeOf(body: ChangeCustomerBody): Omit<ChangeCustomer, 'id'> {
  const { revision, particulars } = body;
  const { name, email, phone, birth_date: birthDate, tax_id: taxId } = particulars;
  const { registration_number: registrationNumber, address } = particulars;
  const postal = address ? addressOf(address) : address;
  const change = { name, email, phone, birthDate, taxId, registrationNumber, address: postal };
  return { revision, change };
}
