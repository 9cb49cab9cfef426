// Owns how cases, their journals, alerts and snoozes are shown in answers.

import { formatInstant, type Instant } from '#kernel';
import type { Alert } from '../alerts/alert.ts';
import type { Exposure } from '../alerts/alert-store.ts';
import type { Case, CaseEntry } from '../case.ts';
import type { Report } from '../reports/document.ts';
import type { Snooze } from '../snoozes/snooze.ts';

const at = (instant: Instant | undefined): string | null =>
  instant === undefined ? null : formatInstant(instant);

export function presentCase(given: Case, exposure: readonly Exposure[] = []): object {
  return {
    id: given.id,
    account_id: given.accountId,
    queue: given.queue,
    priority: given.priority,
    state: given.state,
    assignee: given.assignee ?? null,
    wait_until: at(given.waitUntil),
    due_at: formatInstant(given.dueAt),
    is_overdue: given.isOverdue,
    alerts: given.alerts,
    outcome: given.outcome ?? null,
    pattern: given.pattern ?? null,
    opened_at: formatInstant(given.openedAt),
    changed_at: formatInstant(given.changedAt),
    closed_at: at(given.closedAt),
    exposure: exposure.map(({ currency, amount, alerts }) => {
      return { currency: currency ?? null, amount: String(amount), alerts };
    }),
  };
}

export function presentEntry({ ordinal, kind, madeBy, madeAt, text, details }: CaseEntry): object {
  const made = { made_by: madeBy, made_at: formatInstant(madeAt) };
  return { ordinal, kind, ...made, text: text ?? null, details };
}

export function presentAlert(alert: Alert): object {
  return {
    id: alert.id,
    decision_id: alert.decisionId,
    payment_id: alert.paymentId ?? null,
    case_id: alert.caseId ?? null,
    snooze_id: alert.snoozeId ?? null,
    account_id: alert.accountId,
    counterparty: alert.counterparty ?? null,
    channel: alert.channel ?? null,
    currency: alert.currency ?? null,
    amount: String(alert.amount),
    mode: alert.mode,
    outcome: alert.outcome,
    score: alert.score ?? null,
    rules: alert.rules,
    reasons: alert.reasons,
    event_at: formatInstant(alert.eventAt),
    raised_at: formatInstant(alert.raisedAt),
  };
}

export function presentSnooze(snooze: Snooze): object {
  return {
    id: snooze.id,
    account_id: snooze.accountId ?? null,
    counterparty: snooze.counterparty ?? null,
    rule: snooze.rule ?? null,
    until: formatInstant(snooze.until),
    reason: snooze.reason,
    made_by: snooze.madeBy,
    made_at: formatInstant(snooze.madeAt),
    ended_by: snooze.endedBy ?? null,
    ended_at: at(snooze.endedAt),
  };
}

export function presentReport(report: Report): object {
  return {
    id: report.id,
    case_id: report.caseId,
    version: report.version,
    made_by: report.madeBy,
    made_at: formatInstant(report.madeAt),
    sha256: report.sha256.toString('hex'),
    bytes: report.bytes,
  };
}
