// Keeps what was judged in the transaction of what came of it: rows, one audit record and one event
// for each batch. It may be done again when the transaction is.

import { record } from '#audit';
import { assert, isId, uuidOf, type Uuid } from '#kernel';
import { emit, FIRST_TENANT, type Transaction } from '#platform';
import {
  insertBatches,
  insertDecisions,
  type StoredBatch,
  type StoredDecision,
} from './decision-store.ts';
import { batchDigest } from './digest.ts';
import { eventOfBatch, recordOfBatch } from './facts.ts';
import type { Judged } from './item.ts';

/** `subjects` are the payments that came of them, in order; undefined where none did. */
export async function keepJudged(
  tx: Transaction,
  judged: readonly Judged[],
  subjects: readonly (string | undefined)[],
): Promise<void> {
  assert(judged.length === subjects.length, 'what was judged has a payment each, or none');
  const decisions = judged.flatMap((each, index) =>
    each.isScreened ? [{ judged: each, kept: storedOf(each, subjects[index]) }] : [],
  );
  if (decisions.length === 0) return;
  const batches = Array.from(
    Map.groupBy(decisions, (each) => each.judged.batch),
    ([batch, own]): StoredBatch => {
      assert(batch.tenant === (tx.tenant ?? FIRST_TENANT), 'a batch is of the tenant it is for');
      const content = { ...batch, decisions: own.map(({ kept }) => kept) };
      return { ...content, sha256: batchDigest(content) };
    },
  );
  // Sent together: none of them needs the answer of another.
  await Promise.all([
    insertBatches(tx, batches),
    insertDecisions(
      tx,
      decisions.map(({ kept }) => kept),
    ),
    record(tx, batches.map(recordOfBatch)),
    emit(tx, batches.map(eventOfBatch)),
  ]);
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
