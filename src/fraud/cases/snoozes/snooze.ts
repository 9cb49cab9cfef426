// Owns the noun snooze: alerts of some kind raise no case for a while, for a reason. Decisions stay
// what they are. Pure.

import type { JsonObject } from '#audit';
import { formatInstant, type AccountId, type Id, type Instant } from '#kernel';
import type { DecisionMode } from '../../decision.ts';

export type SnoozeId = Id<'snz'>;

/** What is named must all fit; at least one is. */
export interface SnoozeScope {
  readonly accountId?: AccountId | undefined;
  readonly counterparty?: string | undefined;
  readonly rule?: string | undefined;
}

export interface Snooze extends SnoozeScope {
  readonly id: SnoozeId;
  readonly tenant: string;
  readonly until: Instant;
  readonly reason: string;
  readonly madeBy: string;
  readonly madeAt: Instant;
  readonly endedBy: string | undefined;
  readonly endedAt: Instant | undefined;
}

export interface Snoozable {
  readonly accountId: AccountId;
  readonly counterparty: string | undefined;
  readonly mode: DecisionMode;
  /** Those that count. */
  readonly rules: readonly string[];
  readonly decidedAt: Instant;
}

export function isOver({ until, endedAt }: Snooze, at: Instant): boolean {
  return until <= at || (endedAt !== undefined && endedAt <= at);
}

/**
 * The snooze that keeps the alert out of a case: each of its rules must be snoozed, because another
 * rule saw something else. What could not be judged as usual is never snoozed, because nobody has
 * looked at it.
 */
export function snoozeOf(alert: Snoozable, snoozes: readonly Snooze[]): Snooze | undefined {
  if (alert.mode === 'failed_open' || alert.mode === 'failed_closed') return undefined;
  const fitting = snoozes.filter((snooze) => fits(snooze, alert));
  const whole = fitting.find(({ rule }) => rule === undefined);
  if (whole !== undefined) return whole;
  const snoozed = new Set(fitting.map(({ rule }) => rule));
  const isAll = alert.rules.length > 0 && alert.rules.every((rule) => snoozed.has(rule));
  return isAll ? fitting.find(({ rule }) => rule === alert.rules[0]) : undefined;
}

function fits(snooze: Snooze, alert: Snoozable): boolean {
  if (isOver(snooze, alert.decidedAt)) return false;
  if (snooze.accountId !== undefined && snooze.accountId !== alert.accountId) return false;
  return snooze.counterparty === undefined || snooze.counterparty === alert.counterparty;
}

export function factsOfSnooze(snooze: Snooze): JsonObject {
  return {
    account_id: snooze.accountId,
    counterparty: snooze.counterparty,
    ended_at: snooze.endedAt && formatInstant(snooze.endedAt),
    ended_by: snooze.endedBy,
    reason: snooze.reason,
    rule: snooze.rule,
    until: formatInstant(snooze.until),
  };
}
