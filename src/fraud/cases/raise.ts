// The verb by which decisions that were not to approve become alerts, and alerts cases: an
// account's alerts are gathered in the case it has under way, and a snoozed one is kept aside. A
// decision has one alert, however often it is told of.

import { record } from '#audit';
import { assert, formatInstant, idOf, msOf, uuidBatch, type UuidBatch } from '#kernel';
import { emit, FIRST_TENANT, type NewEvent, type Transaction } from '#platform';
import { outcomes, type Outcome } from '../rules/rule-set.ts';
import type { StoredDecision } from '../screening/decision-store.ts';
import { factsOfAlert, type Alert } from './alerts/alert.ts';
import { alertedDecisions, insertAlerts } from './alerts/alert-store.ts';
import { fraudCaseActions } from './audit-actions.ts';
import type { Case } from './case.ts';
import { lockCasesOf } from './case-store.ts';
import { changeCases, noJournal, type CaseChange, type NewEntry } from './change.ts';
import { dueFrom, earlier, morePressing, priorityOf, resumed } from './clock.ts';
import { insertUndocumented } from './search/undocumented-store.ts';
import { snoozeOf, type Snooze } from './snoozes/snooze.ts';
import { snoozesFor } from './snoozes/snooze-store.ts';

type Found = Omit<Alert, 'caseId' | 'snoozeId'>;

export async function raiseAlerts(
  tx: Transaction,
  decisions: readonly StoredDecision[],
): Promise<readonly Alert[]> {
  const suspicious = decisions.filter(({ outcome }) => outcome !== 'approve');
  if (suspicious.length === 0) return [];
  const ids = suspicious.map(({ id }) => id);
  const known = await alertedDecisions(tx, ids);
  const batch = uuidBatch(msOf(tx.now));
  const found = suspicious
    .filter(({ id }) => !known.has(id))
    .map((decision) => alertOf(tx, decision, batch));
  if (found.length === 0) return [];
  const placed = await place(tx, found, batch);
  const cases = await changeCases(tx, placed.changes);
  await insertAlerts(tx, placed.alerts);
  await insertUndocumented(
    tx,
    cases.map(({ id }) => id),
  );
  const action = fraudCaseActions['fraud.alert.raise'];
  await record(
    tx,
    placed.alerts.map((alert) => ({ action, target: alert.id, after: factsOfAlert(alert) })),
  );
  const opened = cases.filter((_, index) => placed.changes[index]?.before === undefined);
  await emit(tx, [...placed.alerts.map(eventOfAlert), ...opened.map(eventOfOpened)]);
  return placed.alerts;
}

function alertOf(tx: Transaction, decision: StoredDecision, batch: UuidBatch): Found {
  const { outcome, subject, ruleReasons, modelReasons } = decision;
  assert(outcome !== 'approve', 'what is approved raises no alert');
  const { keys, amount } = decision.event;
  const counting = ruleReasons.filter(({ shadow, setAside }) => !shadow && !setAside);
  const asking = counting.filter((reason) => reason.outcome !== 'approve');
  const codes = [...asking, ...modelReasons].map(({ code }) => code);
  return {
    id: idOf('alr', batch.next()),
    tenant: tx.tenant ?? FIRST_TENANT,
    decisionId: decision.id,
    accountId: decision.accountId,
    counterparty: keys['counterparty'],
    paymentId: subject === undefined ? undefined : idOf('pay', subject),
    channel: keys['channel'],
    currency: keys['currency'],
    amount,
    mode: decision.mode,
    outcome,
    score: decision.score,
    rules: [...new Set(asking.map(({ rule }) => rule))],
    reasons: [...new Set(codes)],
    eventAt: decision.eventAt,
    decidedAt: decision.decidedAt,
    raisedAt: tx.now,
  };
}

interface Placed {
  readonly alerts: readonly Alert[];
  readonly changes: readonly CaseChange[];
}

async function place(tx: Transaction, found: readonly Found[], batch: UuidBatch): Promise<Placed> {
  const snoozes = await snoozesFor(tx, {
    accountIds: [...new Set(found.map(({ accountId }) => accountId))],
    counterparties: [...new Set(found.flatMap(({ counterparty }) => counterparty ?? []))],
    rules: [...new Set(found.flatMap(({ rules }) => rules))],
    since: found.map(({ decidedAt }) => decidedAt).reduce(earlier),
  });
  const asleep = new Map<Found, Snooze>();
  for (const alert of found) {
    const snooze = snoozeOf(alert, snoozes);
    if (snooze !== undefined) asleep.set(alert, snooze);
  }
  const awake = found.filter((alert) => !asleep.has(alert));
  const byAccount = Map.groupBy(awake, ({ accountId }) => accountId);
  const locked = await lockCasesOf(tx, [...byAccount.keys()]);
  const underWay = new Map(locked.map((each) => [each.accountId, each]));
  const changes = [...byAccount].map(([accountId, alerts]) => {
    const before = underWay.get(accountId);
    return before === undefined ? opening(tx, alerts, batch) : joining(tx, before, alerts);
  });
  const caseOf = new Map(changes.map(({ after }) => [after.accountId, after.id]));
  const alerts = found.map((alert): Alert => {
    const snoozeId = asleep.get(alert)?.id;
    const caseId = snoozeId === undefined ? caseOf.get(alert.accountId) : undefined;
    return { ...alert, snoozeId, caseId };
  });
  return { alerts, changes };
}

function opening(tx: Transaction, alerts: readonly Found[], batch: UuidBatch): CaseChange {
  const [first] = alerts;
  assert(first !== undefined, 'a case is opened for an alert');
  const priority = alerts.map(priorityOf).reduce(morePressing);
  const dueAt = alerts.map(dueOf).reduce(earlier);
  const after: Case = {
    id: idOf('cse', batch.next()),
    tenant: first.tenant,
    accountId: first.accountId,
    queue: alerts.map(({ outcome }) => outcome).reduce(stronger),
    priority,
    state: 'open',
    assignee: undefined,
    waitUntil: undefined,
    dueAt,
    isOverdue: false,
    alerts: alerts.length,
    outcome: undefined,
    pattern: undefined,
    openedAt: tx.now,
    changedAt: tx.now,
    closedAt: undefined,
    ...noJournal,
  };
  return { after, entries: [{ kind: 'opened', details: detailsOf(after, alerts) }] };
}

function stronger<Name extends Outcome>(one: Name, other: Name): Name {
  return outcomes.indexOf(one) >= outcomes.indexOf(other) ? one : other;
}

/** Queues that people have named are theirs; the others are of the strongest outcome. */
function queueWith(queue: string, alerts: readonly Found[]): string {
  const own = outcomes.find((outcome) => outcome === queue);
  if (own === undefined) return queue;
  return alerts.map(({ outcome }): Outcome => outcome).reduce(stronger, own);
}

function dueOf(alert: Found) {
  return dueFrom(alert.decidedAt, priorityOf(alert));
}

/** News about a case that waits is what it waits for, as likely as not: its clock goes on. */
function joining(tx: Transaction, before: Case, alerts: readonly Found[]): CaseChange {
  const running = { ...before, ...resumed(before, tx.now) };
  const after: Case = {
    ...running,
    queue: queueWith(before.queue, alerts),
    state: before.state === 'waiting' ? 'assigned' : before.state,
    priority: alerts.map(priorityOf).reduce(morePressing, before.priority),
    dueAt: alerts.map(dueOf).reduce(earlier, running.dueAt),
    alerts: before.alerts + alerts.length,
  };
  const entries: NewEntry[] = [{ kind: 'alerts', details: detailsOf(after, alerts) }];
  if (before.state === 'waiting') entries.push({ kind: 'resumed', details: { why: 'alerts' } });
  return { before, after, entries };
}

const NAMED_MAX = 100;

function detailsOf(after: Case, alerts: readonly Found[]) {
  return {
    alerts: alerts.length,
    alert_ids: alerts.slice(0, NAMED_MAX).map(({ id }) => id),
    due_at: formatInstant(after.dueAt),
    priority: after.priority,
    queue: after.queue,
  };
}

function eventOfAlert(alert: Alert): NewEvent {
  const { id, accountId, caseId = null, decisionId, outcome, paymentId = null } = alert;
  return {
    type: 'fraud.alert_raised',
    subject: id,
    data: {
      account_id: accountId,
      case_id: caseId,
      decision_id: decisionId,
      outcome,
      payment_id: paymentId,
      is_snoozed: alert.snoozeId !== undefined,
    },
  };
}

function eventOfOpened({ id, accountId, queue, priority, dueAt }: Case): NewEvent {
  const data = { account_id: accountId, queue, priority, due_at: formatInstant(dueAt) };
  return { type: 'fraud.case_opened', subject: id, data };
}
