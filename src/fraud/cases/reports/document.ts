// Owns what a document about suspicious activity says: who, what, when, how much, why, what was
// done about it, and the analyst's narrative. Pure: the same facts give the same bytes. People are
// named by the ids of customers and accounts, so that what is kept names nobody who was erased.

import { createHash } from 'node:crypto';
import type { BankAccount } from '#accounts';
import { canonical, type Json, type JsonObject } from '#audit';
import { formatInstant, type Id, type Instant } from '#kernel';
import type { Label } from '../../labels/label.ts';
import { reasons } from '../../reasons.ts';
import { noRules, type StoredDecision } from '../../screening/decision-store.ts';
import type { Alert } from '../alerts/alert.ts';
import type { Case, CaseEntry, CaseId } from '../case.ts';
import { sumsOf } from './sums.ts';

export type ReportId = Id<'sar'>;

/** Increased when a member changes its meaning. */
const FORMAT = 'florin suspicious activity 1';

/** As the context of payments knows it. */
export interface ReportedPayment {
  readonly id: Id<'pay'>;
  readonly kind: string;
  readonly rail?: string | undefined;
  readonly status: string;
  readonly reason?: string | undefined;
  /** Minor units. */
  readonly amount: bigint;
  readonly currency: string;
  readonly acceptedAt: Instant;
  readonly changedAt: Instant;
}

export interface ReportFacts {
  readonly id: ReportId;
  /** From 1: a later one of the case takes the place of the ones before. */
  readonly version: number;
  readonly amends: { readonly id: ReportId; readonly sha256: Buffer } | undefined;
  readonly madeBy: string;
  readonly madeAt: Instant;
  /** Of the analyst: what happened, in words. */
  readonly narrative: string;
  /** What kinds of activity the analyst suspects. */
  readonly kinds: readonly string[];
  readonly case: Case;
  readonly journal: readonly CaseEntry[];
  readonly account: BankAccount | undefined;
  readonly alerts: readonly Alert[];
  readonly decisions: readonly StoredDecision[];
  readonly labels: readonly Label[];
  readonly payments: readonly ReportedPayment[];
}

export interface Document {
  readonly bytes: Buffer;
  readonly sha256: Buffer;
}

export function documentOf(facts: ReportFacts): Document {
  const bytes = Buffer.from(canonical(contentOf(facts)));
  return { bytes, sha256: createHash('sha256').update(bytes).digest() };
}

function contentOf(facts: ReportFacts): JsonObject {
  const { amends, alerts, decisions, labels, payments } = facts;
  const alertOf = new Map(alerts.map(({ id, decisionId }) => [decisionId, id]));
  const labelsOf = Map.groupBy(labels, ({ decisionId }) => decisionId);
  return {
    format: FORMAT,
    id: facts.id,
    version: facts.version,
    amends: amends && { id: amends.id, sha256: amends.sha256.toString('hex') },
    tenant: facts.case.tenant,
    prepared_at: formatInstant(facts.madeAt),
    prepared_by: facts.madeBy,
    case: caseOf(facts.case),
    activity: activityOf(facts),
    subjects: [subjectOf(facts)],
    counterparties: counterpartiesOf(decisions),
    payments: payments.map(paymentOf),
    decisions: decisions.map((decision) => ({
      ...decisionOf(decision),
      alert_id: alertOf.get(decision.id),
      labels: (labelsOf.get(decision.id) ?? []).map(labelOf),
    })),
    journal: facts.journal.map(entryOf),
    narrative: facts.narrative,
  };
}

function caseOf(given: Case): JsonObject {
  return {
    id: given.id,
    state: given.state,
    queue: given.queue,
    priority: given.priority,
    assignee: given.assignee,
    outcome: given.outcome,
    pattern: given.pattern,
    opened_at: formatInstant(given.openedAt),
    closed_at: given.closedAt && formatInstant(given.closedAt),
    is_overdue: given.isOverdue,
    journal_sha256: given.journal.toString('hex'),
  };
}

function activityOf({ decisions, payments, kinds }: ReportFacts): JsonObject {
  const codes = new Set(decisions.flatMap(reasonCodesOf));
  const times = decisions.map(({ eventAt }) => eventAt);
  const [first] = times;
  return {
    kinds: [...kinds],
    from: first && formatInstant(times.reduce((least, at) => (at < least ? at : least), first)),
    until: first && formatInstant(times.reduce((most, at) => (at > most ? at : most), first)),
    decisions: decisions.length,
    payments: payments.length,
    attempted: sumsOf(decisions.map(summed)),
    stopped: sumsOf(decisions.filter(isStopped).map(summed)),
    reasons: [...codes].toSorted().map((code) => ({ code, says: reasons[code].says })),
  };
}

function reasonCodesOf({ ruleReasons, modelReasons }: StoredDecision) {
  return [...ruleReasons.filter(({ shadow }) => !shadow), ...modelReasons].map(({ code }) => code);
}

function summed({ event }: StoredDecision) {
  return { currency: event.keys['currency'] ?? '', hundredths: event.amount };
}

function isStopped({ outcome }: StoredDecision): boolean {
  return outcome === 'decline' || outcome === 'challenge';
}

function subjectOf({ case: { accountId }, account }: ReportFacts): JsonObject {
  if (account === undefined) return { account_id: accountId, customers: [] };
  return {
    account_id: accountId,
    product: account.product,
    currency: account.currency,
    status: account.status,
    opened_at: formatInstant(account.openedAt),
    customers: account.owners.map(({ customer, role }) => ({ id: customer, role })),
  };
}

function counterpartiesOf(decisions: readonly StoredDecision[]): Json {
  const byName = Map.groupBy(decisions, ({ event }) => event.keys['counterparty'] ?? '');
  byName.delete('');
  const entries = [...byName].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, own]) => {
    return { name, decisions: own.length, attempted: sumsOf(own.map(summed)) };
  });
}

function paymentOf(payment: ReportedPayment): JsonObject {
  return {
    id: payment.id,
    kind: payment.kind,
    rail: payment.rail,
    status: payment.status,
    reason: payment.reason,
    amount: String(payment.amount),
    currency: payment.currency,
    accepted_at: formatInstant(payment.acceptedAt),
    changed_at: formatInstant(payment.changedAt),
  };
}

/** Left out where none could be used: 0 is the version of the starter. */
function ruleSetOf(decision: StoredDecision): JsonObject | undefined {
  const { ruleSetVersion: version, ruleSetFingerprint: fingerprint } = decision;
  return fingerprint === noRules.fingerprint ? undefined : { version, fingerprint };
}

function decisionOf(decision: StoredDecision): JsonObject {
  const { id, subject, event, score } = decision;
  const { counterparty, device, channel, currency } = event.keys;
  return {
    id,
    payment_id: subject === undefined ? undefined : `pay_${subject}`,
    event_at: formatInstant(decision.eventAt),
    decided_at: formatInstant(decision.decidedAt),
    hundredths: event.amount,
    currency,
    channel,
    counterparty,
    device,
    mode: decision.mode,
    outcome: decision.outcome,
    score: score !== undefined && Number.isFinite(score) ? score : undefined,
    model: decision.modelVersion,
    feature_set: decision.featureSetVersion,
    rule_set: ruleSetOf(decision),
    rules: decision.ruleReasons.map((reason) => ({
      id: reason.rule,
      reason: reason.code,
      outcome: reason.outcome,
      is_shadow: reason.shadow,
      is_set_aside: reason.setAside,
    })),
    model_reasons: decision.modelReasons.map(({ code, contribution }) => ({ code, contribution })),
  };
}

function labelOf({ id, isFraud, source, pattern, knownAt }: Label): JsonObject {
  return { id, is_fraud: isFraud, source, pattern, known_at: formatInstant(knownAt) };
}

function entryOf({ ordinal, kind, madeBy, madeAt, text, details }: CaseEntry): JsonObject {
  return { ordinal, kind, by: madeBy, at: formatInstant(madeAt), text, details };
}

export interface Report {
  readonly id: ReportId;
  readonly tenant: string;
  readonly caseId: CaseId;
  readonly version: number;
  readonly madeBy: string;
  readonly madeAt: Instant;
  readonly sha256: Buffer;
  readonly bytes: number;
}
