// The verbs of lists: entries are put and taken by the thousand in one change, which ends those
// whose time is over too. An entry that is there already is replaced by the one that is put.

import { bankAccounts, existingCustomers } from '#accounts';
import { record } from '#audit';
import { limits } from '#config';
import { accept, idOf, isId, msOf, newUuid, uuidBatch, type Instant, type Result } from '#kernel';
import { emit, type Transaction } from '#platform';
import type { ListPurpose } from '../rules/rule-set.ts';
import { registryActions } from './audit-actions.ts';
import { digestOfChange, factsOfListChange, tenantOf, type DigestedEntry } from './facts.ts';
import { no, type RegistryRefusal } from './refusals.ts';
import {
  countForChange,
  findShortened,
  insertEntries,
  insertListChange,
  takeEnded,
  takeEntries,
  type ListChange,
  type ListKey,
} from './store/list-store.ts';
import { lockRevision, writeRevision, type Revision } from './store/revision-store.ts';

export interface NewListEntry extends ListKey {
  /** From now on unless given. */
  readonly from?: Instant | undefined;
  readonly until?: Instant | undefined;
  readonly note?: string | undefined;
}

export async function putListEntries(
  tx: Transaction,
  purpose: ListPurpose,
  entries: readonly NewListEntry[],
): Promise<Result<ListChange, RegistryRefusal>> {
  const flaw = flawOf(entries, tx.now) ?? (await strangerAmong(tx, entries));
  if (flaw !== undefined) return flaw;
  const tenant = tenantOf(tx);
  const now = await lockRevision(tx, tenant);
  const { there, ended } = await countForChange(tx, { tenant, purpose, now: tx.now }, entries);
  const endedNow = Math.min(ended, limits.fraudListEndedMax.value);
  const room = limits.fraudListEntriesMax.value - now.listEntries + there + endedNow;
  if (entries.length > room) {
    const message = `The lists have room for ${room} more entries, and ${entries.length} are put.`;
    return no('list_full', message, 'entries');
  }
  const ids = uuidBatch(msOf(tx.now));
  const added = entries.map(({ kind, value, from = tx.now, until, note }) => {
    return { id: ids.next(), kind, value, from, until, note };
  });
  // Otherwise whoever may block alone could let go alone, by blocking anew until a second later.
  const shortened = purpose === 'block' ? await findShortened(tx, tenant, added) : undefined;
  if (shortened !== undefined) {
    const param = `entries[${shortened}]`;
    const message = `What ${param} is for is blocked for longer: take it off the list first.`;
    return no('list_block_shortened', message, param);
  }
  return accept(await change(tx, { tenant, now, purpose }, added, entries));
}

/** Those that are not there are passed over. */
export async function takeListEntries(
  tx: Transaction,
  purpose: ListPurpose,
  keys: readonly ListKey[],
): Promise<Result<ListChange, RegistryRefusal>> {
  const tenant = tenantOf(tx);
  const now = await lockRevision(tx, tenant);
  return accept(await change(tx, { tenant, now, purpose }, [], keys));
}

function flawOf(entries: readonly NewListEntry[], now: Instant) {
  const seen = new Map<string, number>();
  for (const [place, { kind, value, from = now, until }] of entries.entries()) {
    const param = `entries[${place}]`;
    if (until !== undefined && until <= from) {
      const message = `The entry for the ${kind} at ${param} ends at or before it begins.`;
      return no('list_time_empty', message, `${param}.until`);
    }
    const key = JSON.stringify([kind, value]);
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      const message = `The entry at ${param} is for what entries[${earlier}] is for.`;
      return no('list_entry_repeated', message, param);
    }
    seen.set(key, place);
  }
  return undefined;
}

/** An account or a customer has an id, which may be mistyped; any other key is a text of events. */
async function strangerAmong(tx: Transaction, entries: readonly NewListEntry[]) {
  const accounts = entries.flatMap(({ kind, value }) =>
    kind === 'account' && isId('acc', value) ? [value] : [],
  );
  const customers = entries.flatMap(({ kind, value }) =>
    kind === 'customer' && isId('cus', value) ? [value] : [],
  );
  const there = new Set<string>();
  for (const account of await bankAccounts(tx, accounts)) if (account) there.add(account.id);
  if (customers.length > 0) {
    for (const id of await existingCustomers(tx, customers)) there.add(idOf('cus', id));
  }
  for (const [place, { kind, value }] of entries.entries()) {
    if (kind !== 'account' && kind !== 'customer') continue;
    const param = `entries[${place}].value`;
    if (!isId(kind === 'account' ? 'acc' : 'cus', value)) {
      const message = `The value at ${param} is no id of a bank account or customer of ours.`;
      return no('list_value_malformed', message, param);
    }
    if (there.has(value)) continue;
    return no('list_subject_unknown', `There is no ${kind} ${value}.`, param);
  }
  return undefined;
}

interface Lists {
  readonly tenant: string;
  readonly now: Revision;
  readonly purpose: ListPurpose;
}

type Added = Parameters<typeof insertEntries>[1]['entries'];

async function change(
  tx: Transaction,
  { tenant, now, purpose }: Lists,
  added: Added,
  replaced: readonly ListKey[],
): Promise<ListChange> {
  const revision = now.revision + 1;
  const taken = await takeEntries(tx, { tenant, revision, purpose }, replaced);
  const endedMax = limits.fraudListEndedMax.value;
  taken.push(...(await takeEnded(tx, { tenant, revision }, endedMax)));
  if (added.length > 0) await insertEntries(tx, { tenant, revision, purpose, entries: added });
  const listEntries = now.listEntries - taken.length + added.length;
  await writeRevision(tx, tenant, { revision, listEntries });
  const id = idOf('flc', newUuid(msOf(tx.now)));
  const made: ListChange = {
    id,
    tenant,
    revision,
    purpose,
    put: added.length,
    taken: taken.length,
  };
  await insertListChange(tx, made);
  await tell(tx, made, digestOfChange(added.map(digested), taken.toSorted()));
  return made;
}

/** The ids of one change ascend as they are made. */
function digested({ id, kind, value, from, until }: Added[number]): DigestedEntry {
  return { id, kind, value, from, until };
}

async function tell(tx: Transaction, made: ListChange, digest: string): Promise<void> {
  const { id, purpose, put, taken, revision } = made;
  const action = registryActions['fraud.list.change'];
  await record(tx, [{ action, target: id, after: factsOfListChange(made, digest) }]);
  const data = { purpose, put, taken, revision };
  await emit(tx, [{ type: 'fraud.list_changed', subject: id, data }]);
}
