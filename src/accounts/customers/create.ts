// Takes customers on. An external id names one customer for ever: asked again with the same content
// the answer is that customer, with another content it is a refusal that names no values.

import { record, seal, type AuditRecord, type Sealed } from '#audit';
import { accept, assert, idOf, msOf, uuidBatch, type Result } from '#kernel';
import { emit, FIRST_TENANT, type Transaction } from '#platform';
import { accountsActions } from '../audit-actions.ts';
import type { Customer, CustomerId, NewCustomer } from './customer.ts';
import { insertChanges, insertCustomers, selectByExternalId } from './store/customer-store.ts';
import { lookupsOf } from './lookup.ts';
import { insertLookups } from './store/lookup-store.ts';
import { changedFields, fieldsOf, misplacedField } from './particulars.ts';
import { openCustomers } from './read.ts';
import { no, type CustomerRefusal } from './refusals.ts';
import { unverified } from './verification.ts';

export type CustomerResult = Result<Customer, CustomerRefusal>;

export interface CreateAnswer {
  readonly result: CustomerResult;
  /** The customer had been taken on before under this external id. */
  readonly isReplay: boolean;
}

/** One result per customer asked for, in order. A refused one leaves nothing behind. */
export async function createCustomers(
  tx: Transaction,
  asked: readonly NewCustomer[],
): Promise<CustomerResult[]> {
  return (await createCustomersOrReplay(tx, asked)).map(({ result }) => result);
}

interface Fresh {
  readonly id: CustomerId;
  readonly asked: NewCustomer;
}

export async function createCustomersOrReplay(
  tx: Transaction,
  asked: readonly NewCustomer[],
): Promise<CreateAnswer[]> {
  const ids = uuidBatch(msOf(tx.now));
  const faults = asked.map(faultOf);
  const byPlace = new Map<number, Fresh>();
  const taken = new Set<string>();
  for (const [index, each] of asked.entries()) {
    const { externalId } = each;
    if (faults[index] !== undefined) continue;
    if (externalId !== undefined && taken.has(externalId)) continue;
    if (externalId !== undefined) taken.add(externalId);
    byPlace.set(index, { id: idOf('cus', ids.next()), asked: each });
  }
  // In one order, so that two transactions with the same external ids wait and do not deadlock.
  const wanted = [...byPlace.values()].toSorted((a, b) =>
    compare(a.asked.externalId ?? '', b.asked.externalId ?? ''),
  );
  const created = await create(tx, wanted);
  const known = await knownUnder(tx, taken, created);
  const answers = asked.map((each, index): CreateAnswer => {
    const fault = faults[index];
    if (fault !== undefined) return { result: fault, isReplay: false };
    const fresh = byPlace.get(index);
    const own = fresh && created.get(fresh.id);
    if (own !== undefined) return { result: accept(own), isReplay: false };
    const other = known.get(each.externalId ?? '');
    assert(other !== undefined, 'a customer was neither taken on nor known');
    return { result: replay(each, other), isReplay: true };
  });
  await record(tx, answers.flatMap(refusalOf));
  return answers;
}

function faultOf({ kind, particulars }: NewCustomer) {
  const field = misplacedField(kind, particulars);
  if (field === undefined) return undefined;
  return no('customer_particulars_invalid', `A ${kind} has no ${field}.`, field);
}

/** Those whose external id was free. */
async function create(
  tx: Transaction,
  wanted: readonly Fresh[],
): Promise<ReadonlyMap<CustomerId, Customer>> {
  if (wanted.length === 0) return new Map();
  const inserted = await insertCustomers(
    tx,
    wanted.map(({ id, asked: { externalId, kind } }) => ({ id, externalId, kind })),
  );
  const fresh = wanted.filter(({ id }) => inserted.has(id));
  if (fresh.length === 0) return new Map();
  const tenant = tx.tenant ?? FIRST_TENANT;
  const sensitive = fresh.map(({ id, asked: { particulars } }) => ({
    sensitive: [{ subject: id, fields: fieldsOf(particulars) }],
  }));
  const sealed = await seal(tx, sensitive);
  const action = accountsActions['accounts.customer.create'];
  const changes = fresh.map(({ id, asked: { kind, particulars } }, index) => {
    const [own] = sealed.get(index) as readonly [Sealed];
    const fields = Object.keys(fieldsOf(particulars)).toSorted();
    const { commitment } = own;
    const named = tenant === FIRST_TENANT ? undefined : tenant;
    const details = { commitment, fields, kind, revision: 1, tenant: named };
    return { id, tenant, revision: 1, action: action.name, details, sealed: own };
  });
  await insertChanges(tx, changes);
  const known = fresh.map(({ id, asked: { particulars } }) => ({ id, tenant, particulars }));
  await insertLookups(tx, await lookupsOf(tx, known));
  const records = changes.map(({ id, details }, index): AuditRecord => {
    return { action, target: id, after: details, ...sensitive[index] };
  });
  await record(tx, records);
  const events = fresh.map(({ id, asked: { kind } }) => {
    return { type: 'customer.created', subject: id, data: { kind } };
  });
  await emit(tx, events);
  return new Map(fresh.map((each) => [each.id, customerCreated(tx, each)]));
}

function customerCreated(tx: Transaction, { id, asked }: Fresh): Customer {
  return {
    id,
    tenant: tx.tenant ?? FIRST_TENANT,
    externalId: asked.externalId,
    kind: asked.kind,
    particulars: asked.particulars,
    verification: unverified,
    revision: 1,
    createdAt: tx.now,
    changedAt: tx.now,
    erasedAt: undefined,
  };
}

/** By external id: the customers just taken on, and those that others were. */
async function knownUnder(
  tx: Transaction,
  externalIds: ReadonlySet<string>,
  created: ReadonlyMap<CustomerId, Customer>,
): Promise<ReadonlyMap<string, Customer>> {
  const known = new Map<string, Customer>();
  const note = (each: Customer): void => {
    if (each.externalId !== undefined) known.set(each.externalId, each);
  };
  created.forEach(note);
  const others = [...externalIds].filter((externalId) => !known.has(externalId));
  if (others.length === 0) return known;
  (await openCustomers(tx, await selectByExternalId(tx, others))).forEach(note);
  return known;
}

function replay(asked: NewCustomer, known: Customer): CustomerResult {
  const differs = differenceOf(asked, known);
  if (differs === undefined) return accept(known);
  const { externalId } = asked;
  const message = `External id ${externalId} belongs to ${known.id}, whose ${differs} differs.`;
  return no('customer_exists_with_different_content', message, differs);
}

function differenceOf({ kind, particulars }: NewCustomer, known: Customer): string | undefined {
  if (kind !== known.kind) return 'kind';
  if (known.particulars === undefined) return 'erasure';
  return changedFields(fieldsOf(particulars), fieldsOf(known.particulars))[0];
}

function refusalOf({ result }: CreateAnswer): AuditRecord[] {
  if (result.ok) return [];
  const action = accountsActions['accounts.customer.create'];
  const { code: reason } = result.refusal;
  return [{ action, target: 'accounts.customers', outcome: 'refused', reason }];
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
