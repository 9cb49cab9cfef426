// The reading verbs on customers. What was sealed is opened with the key each customer has at this
// moment, which nobody keeps: after an erasure nothing opens any more, in any process.

import { unseal, type Unsealed } from '#audit';
import { Fault } from '#kernel';
import type { Queryable } from '#platform';
import type { Customer, CustomerId, Particulars, SealedReader } from './customer.ts';
import {
  selectByExternalId,
  selectChanges,
  selectConsents,
  selectCustomers,
  selectPage,
  type CustomerFilter,
  type StoredChange,
  type StoredCustomer,
} from './store/customer-store.ts';
import { particularsOf } from './particulars.ts';

export type { CustomerFilter, StoredChange } from './store/customer-store.ts';

/** With what is known of them, as far as it is not erased. */
export async function openCustomers(
  reader: SealedReader,
  stored: readonly StoredCustomer[],
): Promise<Customer[]> {
  const readable = stored.filter(({ erasedAt }) => erasedAt === undefined);
  const sealed = readable.map(({ id, sealed: text }) => ({ ...text, subject: id }));
  const opened = await unseal(reader, reader.keys, sealed);
  const byId = new Map(readable.map(({ id }, index) => [id, opened[index]]));
  return stored.map((each) => customerOf(each, openedOf(each.id, byId.get(each.id))));
}

function customerOf(stored: StoredCustomer, particulars: Particulars | undefined): Customer {
  const { id, tenant, externalId, kind, verification, revision } = stored;
  const { createdAt, changedAt, erasedAt } = stored;
  const known = { id, tenant, externalId, kind, particulars, verification, revision };
  return { ...known, createdAt, changedAt, erasedAt };
}

function openedOf(id: CustomerId, unsealed: Unsealed | undefined): Particulars | undefined {
  if (unsealed === undefined || unsealed === 'erased') return undefined;
  if (unsealed !== 'damaged') return particularsOf(unsealed);
  const message = `What is stored of ${id} is not what was sealed.`;
  throw new Fault('customer_damaged', { retryable: false, message });
}

export async function customer(
  reader: SealedReader,
  id: CustomerId,
): Promise<Customer | undefined> {
  return (await customersById(reader, [id])).get(id);
}

/** Those there are. */
export async function customersById(
  reader: SealedReader,
  ids: readonly CustomerId[],
): Promise<ReadonlyMap<CustomerId, Customer>> {
  const found = await openCustomers(reader, await selectCustomers(reader, ids));
  return new Map(found.map((each) => [each.id, each]));
}

/** The ids behind external ids, without what is known of the customers. */
export async function customerIdsByExternalId(
  queryable: Queryable,
  externalIds: readonly string[],
): Promise<ReadonlyMap<string, CustomerId>> {
  const found = await selectByExternalId(queryable, externalIds);
  return new Map(found.flatMap(({ externalId, id }) => (externalId ? [[externalId, id]] : [])));
}

export interface CustomerPage {
  readonly customers: readonly Customer[];
  readonly hasMore: boolean;
}

/** Newest first. */
export async function listCustomers(
  reader: SealedReader,
  filter: CustomerFilter,
): Promise<CustomerPage> {
  const found = await selectPage(reader, { ...filter, limit: filter.limit + 1 });
  const page = found.slice(0, filter.limit);
  const customers = await openCustomers(reader, page);
  return { customers, hasMore: found.length > filter.limit };
}

export interface ChangePage {
  readonly changes: readonly StoredChange[];
  readonly hasMore: boolean;
}

/** What ever happened to a customer, newest first: which fields, and never their values. */
export async function listCustomerChanges(
  queryable: Queryable,
  id: CustomerId,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
): Promise<ChangePage> {
  const found = await selectChanges(queryable, id, { before, limit: limit + 1 });
  return { changes: found.slice(0, limit), hasMore: found.length > limit };
}

/** The latest word of a customer on one purpose of consent. */
export interface Consent {
  readonly purpose: string;
  readonly isGiven: boolean;
  /** Of the text consented to. */
  readonly textVersion: string | undefined;
  readonly at: StoredChange['changedAt'];
  readonly by: string;
}

export async function listConsents(queryable: Queryable, id: CustomerId): Promise<Consent[]> {
  return (await selectConsents(queryable, id)).map(consentOf);
}

export function consentOf({ action, details, changedAt, actor }: StoredChange): Consent {
  return {
    purpose: textIn(details, 'purpose') ?? '',
    isGiven: action === 'accounts.consent.give',
    textVersion: textIn(details, 'text_version'),
    at: changedAt,
    by: actor,
  };
}

function textIn(details: StoredChange['details'], name: string): string | undefined {
  const value = details[name];
  return typeof value === 'string' ? value : undefined;
}
