// Decisions as screening would keep them, for tests of what comes after.

import { record } from '#audit';
import { idOf, msOf, uuidBatch, uuidOf, type AccountId, type Id } from '#kernel';
import { emit, type Transaction } from '#platform';
import type { DecisionMode } from '../decision.ts';
import type { ReasonCode } from '../reasons.ts';
import type { Outcome } from '../rules/rule-set.ts';
import { insertBatch, type StoredBatch, type StoredDecision } from '../screening/decision-store.ts';
import { batchDigest } from '../screening/digest.ts';
import { eventOfBatch, recordOfBatch } from '../screening/facts.ts';

export interface Decided {
  readonly accountId: AccountId;
  readonly outcome?: Outcome;
  /** Hundredths. */
  readonly amount?: number;
  readonly rules?: readonly string[];
  readonly reason?: ReasonCode;
  readonly mode?: DecisionMode;
  readonly counterparty?: string;
  readonly paymentId?: Id<'pay'> | undefined;
}

interface BatchFacts {
  readonly at: StoredBatch['madeAt'];
  readonly tenant: string;
  readonly ordinal: bigint;
}

export function batchOf(
  items: readonly Decided[],
  { at, tenant, ordinal }: BatchFacts,
): StoredBatch {
  const ids = uuidBatch(msOf(at));
  const batch: Omit<StoredBatch, 'sha256' | 'decisions'> = {
    id: idOf('scb', ids.next()),
    tenant,
    madeAt: at,
    run: '01980a3e-4c00-7000-8000-000000000001',
    ordinal,
    foldedUpTo: 0n,
    revision: 1,
    featureSet: 'payments-1',
    ruleSetVersion: 3,
    ruleSetFingerprint: 'ab'.repeat(32),
    model: 'trees-1',
    challenger: undefined,
  };
  const decisions = items.map((item): StoredDecision => {
    const { accountId, outcome = 'review', amount = 12_345, rules = ['many_payees'] } = item;
    const { reason: code = 'velocity_unusual', mode = 'full', counterparty } = item;
    const id = idOf('dec', ids.next());
    const keys = { account: accountId, channel: 'credit_out', currency: 'CZK' };
    return {
      id,
      tenant,
      batch: batch.id,
      subject: item.paymentId && uuidOf(item.paymentId),
      accountId,
      event: {
        id,
        at,
        amount,
        keys: counterparty === undefined ? keys : { ...keys, counterparty },
      },
      challengerScore: undefined,
      eventId: id,
      eventAt: at,
      decidedAt: at,
      tookUs: 7.5,
      mode,
      outcome,
      shadowOutcome: outcome,
      score: mode === 'full' ? 0.75 : undefined,
      features: Float64Array.of(amount, Number.NaN),
      featureSetVersion: 'payments-1',
      modelVersion: 'trees-1',
      ruleSetVersion: 3,
      ruleSetFingerprint: 'ab'.repeat(32),
      ruleReasons: rules.map((rule) => ({ code, rule, shadow: false, outcome, setAside: false })),
      modelReasons: outcome === 'approve' ? [] : [{ code: 'amount_unusual', contribution: 1.25 }],
    };
  });
  return { ...batch, decisions, sha256: batchDigest({ ...batch, decisions }) };
}

/** As screening keeps them and tells of them. */
export async function keepDecided(tx: Transaction, batch: StoredBatch): Promise<void> {
  await insertBatch(tx, batch);
  await record(tx, [recordOfBatch(batch)]);
  await emit(tx, [eventOfBatch(batch)]);
}
