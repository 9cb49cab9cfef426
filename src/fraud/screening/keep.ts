// Keeps what was judged in the transaction of what came of it: rows, one audit record and one event
// for each batch. It may be done again when the transaction is.

import { record, type AuditRecord } from '#audit';
import { assert, isId, uuidOf, type Uuid } from '#kernel';
import { emit, FIRST_TENANT, type NewEvent, type Transaction } from '#platform';
import { insertBatch, type StoredBatch, type StoredDecision } from './decision-store.ts';
import { batchDigest } from './digest.ts';
import { eventOfBatch, recordOfBatch } from './facts.ts';
import type { Judged } from './item.ts';

/** What is to be kept, for a transaction that has records and events of its own to go with it. */
export interface Keeping {
  readonly records: readonly AuditRecord[];
  readonly events: readonly NewEvent[];
  /** The rows. */
  store(): Promise<void>;
}

export const nothingToKeep: Keeping = { records: [], events: [], store: () => Promise.resolve() };

/** `subjects` are the payments that came of them, in order; undefined where none did. */
export function keepingOf(
  tx: Transaction,
  judged: readonly Judged[],
  subjects: readonly (string | undefined)[],
): Keeping {
  assert(judged.length === subjects.length, 'what was judged has a payment each, or none');
  const decisions = judged.flatMap((each, index) =>
    each.isScreened ? [{ judged: each, kept: storedOf(each, subjects[index]) }] : [],
  );
  if (decisions.length === 0) return nothingToKeep;
  const batches = Array.from(
    Map.groupBy(decisions, (each) => each.judged.batch),
    ([batch, own]): StoredBatch => {
      assert(batch.tenant === (tx.tenant ?? FIRST_TENANT), 'a batch is of the tenant it is for');
      const content = { ...batch, decisions: own.map(({ kept }) => kept) };
      return { ...content, sha256: batchDigest(content) };
    },
  );
  return {
    records: batches.map(recordOfBatch),
    events: batches.map(eventOfBatch),
    async store() {
      // Mostly one: only a long list is judged in parts.
      await Promise.all(batches.map((batch) => insertBatch(tx, batch)));
    },
  };
}

export async function keepJudged(
  tx: Transaction,
  judged: readonly Judged[],
  subjects: readonly (string | undefined)[],
): Promise<void> {
  const keeping = keepingOf(tx, judged, subjects);
  // Sent together: none of them needs the answer of another.
  await Promise.all([keeping.store(), record(tx, keeping.records), emit(tx, keeping.events)]);
}

function storedOf(judged: Judged, subject: string | undefined): StoredDecision {
  const { id, batch, item, event, decision, challengerScore } = judged;
  return {
    ...decision,
    id,
    tenant: batch.tenant,
    batch: batch.id,
    subject: subject === undefined ? undefined : paymentOf(subject),
    accountId: item.accountId,
    event,
    challengerScore,
  };
}

function paymentOf(subject: string): Uuid {
  assert(isId('pay', subject), `${subject} is the id of a payment`);
  return uuidOf(subject);
}
