// Every way the verbs on legacy rules say no. Codes are stable for ever; the reference page lists
// each of them.
import type { Refusal } from '#kernel';
import type { ProblemTable } from '../problems.ts';

export const legacyRefusals = {
  legacy_rule_unknown: { status: 404, title: 'No such rule', retryable: false },
  legacy_rule_invalid: { status: 422, title: 'The rule makes no sense', retryable: false },
  legacy_rule_changed: { status: 409, title: 'The rule has been changed', retryable: false },
  legacy_position_taken: { status: 409, title: 'Another rule has the position', retryable: false },
  legacy_rules_full: { status: 409, title: 'There are too many rules', retryable: false },
} as const satisfies ProblemTable;

export interface LegacyRefusal<Code extends keyof typeof legacyRefusals> extends Refusal {
  readonly code: Code;
}
