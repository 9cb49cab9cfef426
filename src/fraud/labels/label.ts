// Owns the noun label: that it became known whether something was fraud, who says so and since
// when. A label is never changed; a later one about the same decision counts instead.

import type { JsonObject } from '#audit';
import { formatInstant, type Id, type Instant } from '#kernel';
import type { DecisionId } from '../screening/item.ts';

export type LabelId = Id<'lab'>;

/** case: people of the bank found it out. import: a system outside says so. */
export const labelSources = ['case', 'chargeback', 'customer', 'import'] as const;
export type LabelSource = (typeof labelSources)[number];

export interface Label {
  readonly id: LabelId;
  readonly tenant: string;
  readonly decisionId: DecisionId;
  readonly isFraud: boolean;
  readonly knownAt: Instant;
  readonly source: LabelSource;
  /** What kind of fraud, where somebody knows. */
  readonly pattern: string | undefined;
  readonly caseId: Id<'cse'> | undefined;
  /** The name that the source has for it. */
  readonly externalId: string | undefined;
  readonly madeBy: string;
}

export interface NewLabel {
  readonly decisionId: DecisionId;
  readonly isFraud: boolean;
  /** Now, unless given. */
  readonly knownAt?: Instant | undefined;
  readonly source: LabelSource;
  readonly pattern?: string | undefined;
  readonly caseId?: Id<'cse'> | undefined;
  /** The same of the same source is said once. */
  readonly externalId?: string | undefined;
}

/** A difference between what is said and what was said under the same name, by its member. */
export function differenceOf(asked: NewLabel, known: Label): string | undefined {
  if (asked.decisionId !== known.decisionId) return 'decision_id';
  if (asked.isFraud !== known.isFraud) return 'is_fraud';
  if (asked.pattern !== known.pattern) return 'pattern';
  const isOtherTime = asked.knownAt !== undefined && asked.knownAt !== known.knownAt;
  return isOtherTime ? 'known_at' : undefined;
}

export function factsOfLabel(label: Label): JsonObject {
  return {
    case_id: label.caseId,
    decision_id: label.decisionId,
    external_id: label.externalId,
    is_fraud: label.isFraud,
    known_at: formatInstant(label.knownAt),
    pattern: label.pattern,
    source: label.source,
  };
}
