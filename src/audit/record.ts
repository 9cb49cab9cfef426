// The verb that writes the audit log, called by every verb in the transaction of what it does: both
// commit, or neither. What one call records is one bundle; each record in it is one leaf of the
// tree, spelled in canonical JSON, and never changes again.

import { assert, formatInstant, idOf, msOf, uuidBatch, type Id, type Uuid } from '#kernel';
import type { Caller, Transaction } from '#platform';
import type { Action } from './action.ts';
import { canonical, type JsonObject } from './canonical.ts';
import { seal } from './sealing/seal.ts';
import type { Sealed, Sensitive } from './sealing/sealed.ts';
import { insertBundle } from './store/bundle-store.ts';

/** Increased when a member changes its meaning; readers of the log switch on it. */
export const RECORD_VERSION = 1;

/** tlog-tiles counts the bytes of an entry in 16 bits. */
export const LEAF_BYTES_MAX = 65_535;

export type AuditRecordId = Id<'aud'>;

/**
 * success: done. refused: an expected no of a verb. denied: the caller may not, or is not known.
 * failed: the world misbehaved.
 */
export type Outcome = 'success' | 'refused' | 'denied' | 'failed';

/** Something that was done, or tried. */
export interface AuditRecord {
  readonly action: Action;
  /** The id of what it was done to. Never a person's name or account number. */
  readonly target: string;
  /** success unless given. */
  readonly outcome?: Outcome | undefined;
  /** The stable code of a refusal or fault. */
  readonly reason?: string | undefined;
  /** What it was before, and what it is since, as far as it matters. In clear, for ever. */
  readonly before?: JsonObject | undefined;
  readonly after?: JsonObject | undefined;
  /** What can be read only until its subject is erased. */
  readonly sensitive?: readonly Sensitive[] | undefined;
  /** Who asked, where one transaction serves several; the transaction's caller unless given. */
  readonly caller?: Caller | undefined;
}

/** Stores the records; answers their ids, in order. */
export async function record(
  tx: Transaction,
  records: readonly AuditRecord[],
): Promise<AuditRecordId[]> {
  if (records.length === 0) return [];
  const sealed = await seal(tx, records);
  const ids = uuidBatch(msOf(tx.now));
  // The bundle's id is the first of the run, so that a record's id leads to its bundle.
  const bundleId = ids.next();
  const writer = new LeafWriter(tx);
  const recordIds: AuditRecordId[] = [];
  const leaves = records.map((each, index) => {
    const id = ids.next();
    recordIds.push(idOf('aud', id));
    return writer.leafOf(each, id, sealed.get(index));
  });
  await insertBundle(tx, { id: bundleId, recordedAt: tx.now, leaves });
  return recordIds;
}

// The members of a leaf in canonical order; all but those of the item itself are the same for
// thousands of records, so their text is made once.
class LeafWriter {
  readonly #at: string;
  readonly #offset: string;
  readonly #callers = new Map<Caller, { readonly actor: string; readonly origin: string }>();
  readonly #tx: Transaction;

  constructor(tx: Transaction) {
    this.#tx = tx;
    this.#at = `"at":"${formatInstant(tx.now)}",`;
    this.#offset =
      tx.clockOffsetUs === undefined ? '' : `"clock_offset_us":${Math.round(tx.clockOffsetUs)},`;
  }

  leafOf(item: AuditRecord, id: Uuid, sealed: readonly Sealed[] | undefined): string {
    const { action, target, outcome = 'success', reason, before, after } = item;
    const { actor, origin } = this.#callerText(item.caller ?? this.#tx);
    const leaf =
      `{"action":"${action.name}",${actor}` +
      (after === undefined ? '' : `"after":${canonical(after)},`) +
      this.#at +
      (before === undefined ? '' : `"before":${canonical(before)},`) +
      `${this.#offset}"id":"aud_${id}",${origin}"outcome":"${outcome}",` +
      (reason === undefined ? '' : `"reason":${canonical(reason)},`) +
      `"retention":"${action.retention}",` +
      (sealed === undefined ? '' : `"sealed":${canonical(sealed as unknown as [])},`) +
      `"target":${canonical(target)},"version":${RECORD_VERSION}}`;
    // A line is a leaf, and JSON text has no line feed outside of its strings, which escape theirs.
    assert(Buffer.byteLength(leaf) <= LEAF_BYTES_MAX, `an audit record is over its limit`);
    return leaf;
  }

  #callerText(caller: Caller): { readonly actor: string; readonly origin: string } {
    const known = this.#callers.get(caller);
    if (known !== undefined) return known;
    const { actor: id, authentication = 'none', roles = [], correlationId } = caller;
    const { address, userAgent, traceId } = caller;
    const origin = { address, request_id: correlationId, trace_id: traceId, user_agent: userAgent };
    const text = {
      actor: `"actor":${canonical({ authentication, id, roles })},`,
      origin: `"origin":${canonical(origin)},`,
    };
    this.#callers.set(caller, text);
    return text;
  }
}
