// Owns the noun case: what people find out about the alerts of one account, and how it ended. Pure.
// An account has at most one case that is not closed; what happened to a case is its journal.

import type { JsonObject } from '#audit';
import { formatInstant, type AccountId, type Id, type Instant } from '#kernel';

export type CaseId = Id<'cse'>;

/** The most pressing first. */
export const casePriorities = ['urgent', 'high', 'normal'] as const;
export type CasePriority = (typeof casePriorities)[number];

/**
 * open: nobody works on it. assigned: somebody does. waiting: somebody does, and for now for an
 * answer; the service-level clock stands still. closed: there is an outcome.
 */
export const caseStates = ['open', 'assigned', 'waiting', 'closed'] as const;
export type CaseState = (typeof caseStates)[number];

/** Fraud and genuine are said of every decision of the case; inconclusive is said of none. */
export const caseOutcomes = ['fraud', 'genuine', 'inconclusive'] as const;
export type CaseOutcome = (typeof caseOutcomes)[number];

export interface Case {
  readonly id: CaseId;
  readonly tenant: string;
  readonly accountId: AccountId;
  readonly queue: string;
  readonly priority: CasePriority;
  readonly state: CaseState;
  /** Of an open one there is none; of a closed one it is whoever closed it. */
  readonly assignee: string | undefined;
  readonly waitUntil: Instant | undefined;
  /** While it waits: when it will be due if it waits until then. */
  readonly dueAt: Instant;
  /** Whether its being overdue was told; it is so until the case is reopened. */
  readonly isOverdue: boolean;
  readonly alerts: number;
  readonly outcome: CaseOutcome | undefined;
  /** What kind of fraud, where somebody knows. */
  readonly pattern: string | undefined;
  readonly openedAt: Instant;
  readonly changedAt: Instant;
  readonly closedAt: Instant | undefined;
  /** How many entries the journal has. */
  readonly entries: number;
  /** Of the journal, as far as it goes. */
  readonly journal: Buffer;
}

/** What can happen to a case. */
export const entryKinds = [
  'opened',
  'alerts',
  'assigned',
  'released',
  'moved',
  'noted',
  'waiting',
  'resumed',
  'overdue',
  'closed',
  'reopened',
  'reported',
] as const;
export type EntryKind = (typeof entryKinds)[number];

export interface CaseEntry {
  readonly caseId: CaseId;
  /** From 1, without gaps. */
  readonly ordinal: number;
  readonly kind: EntryKind;
  readonly madeBy: string;
  readonly madeAt: Instant;
  /** What a person wrote. */
  readonly text: string | undefined;
  /** What changed: texts and whole numbers. */
  readonly details: JsonObject;
}

/** What the audit log says of a case; what people wrote is in it as its place in the chain. */
export function factsOfCase(given: Case): JsonObject {
  return {
    account_id: given.accountId,
    alerts: given.alerts,
    assignee: given.assignee,
    due_at: formatInstant(given.dueAt),
    entries: given.entries,
    is_overdue: given.isOverdue,
    journal: given.journal.toString('hex'),
    outcome: given.outcome,
    pattern: given.pattern,
    priority: given.priority,
    queue: given.queue,
    state: given.state,
    wait_until: given.waitUntil && formatInstant(given.waitUntil),
  };
}
