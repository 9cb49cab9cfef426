// Reads one record by its id, which leads to its bundle: also a record that has no place in the log
// yet, and one whose month is in the archive.

import { accept, Fault, instantOfMs, isId, refuse, uuidOf, type Result, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { AuditRefusal } from '../refusals.ts';
import { monthOf, readableLeaves, selectBundles } from '../store/bundle-store.ts';
import { msOfUuid } from './index-terms.ts';
import { parseLeaf, type Leaf } from './leaf.ts';
import { selectPlaceOf, type Place } from './place-store.ts';
import type { ArchivedLeaves } from './read-leaves.ts';

interface ReadRecord {
  /** The index of its leaf in the tree; undefined while it waits for its place. */
  readonly index: number | undefined;
  /** The leaf, as it is hashed. */
  readonly leaf: string;
  readonly record: Leaf;
}

// The ids of a call share all but their last 20 bits, which count them; 0 is the bundle's own.
const COUNTER_DIGITS = 5;

export async function readRecord(
  queryable: Queryable,
  recordId: string,
  archive?: ArchivedLeaves,
): Promise<Result<ReadRecord, AuditRefusal>> {
  const unknown = refuse({
    code: 'record_unknown' as const,
    message: `There is no audit record ${recordId}.`,
    param: 'record_id',
  });
  if (!isId('aud', recordId)) return unknown;
  const uuid = uuidOf(recordId);
  const bundleId = `${uuid.slice(0, -COUNTER_DIGITS)}${'0'.repeat(COUNTER_DIGITS)}`;
  const number = Number.parseInt(uuid.slice(-COUNTER_DIGITS), 16);
  const place = await selectPlaceOf(queryable, bundleId);
  const found = await leafOf(queryable, { bundleId, number }, place, archive);
  if (found === 'unknown') return unknown;
  if (found === 'expired') {
    const message = `The record ${recordId} was kept as long as its class asks, and is gone.`;
    return refuse({ code: 'record_expired', message, param: 'record_id' });
  }
  const record = parseLeaf(found);
  if (record?.id !== recordId) throw damaged(recordId);
  const index = place === undefined ? undefined : place.firstLeaf + number - 1;
  return accept({ index, leaf: found.toString(), record });
}

async function leafOf(
  queryable: Queryable,
  { bundleId, number }: { readonly bundleId: Uuid; readonly number: number },
  place: Place | undefined,
  archive: ArchivedLeaves | undefined,
): Promise<Buffer | 'unknown' | 'expired'> {
  const month = monthOf(instantOfMs(msOfUuid(bundleId)));
  const bundle = (await selectBundles(queryable, [{ id: bundleId, month }])).get(bundleId);
  const count = bundle?.leaf_count ?? place?.leafCount ?? 0;
  if (number < 1 || number > count) return 'unknown';
  if (bundle !== undefined) {
    const leaf = readableLeaves(bundle)?.[number - 1];
    if (leaf === undefined) throw damaged(bundleId);
    return leaf;
  }
  const index = (place?.firstLeaf ?? 0) + number - 1;
  const [archived] = (await archive?.readLeaves(index, 1)) ?? [];
  if (archived !== undefined) return archived;
  const expired = await archive?.expiredLeaves(index, 1);
  if (expired?.has(index) === true) return 'expired';
  throw damaged(bundleId);
}

function damaged(what: string): Fault {
  const message = `The bundle of ${what} is gone or damaged; "florin audit verify" says how.`;
  return new Fault('audit_bundle_damaged', { retryable: false, message });
}
