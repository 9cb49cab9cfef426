// Owns what is wrong with a rule set that cannot be used: every fault has the JSON path of the
// member, a stable code, and what was expected there. A set with any fault is not used at all.

import { limits } from '#config';

/** Stable for ever; the manual of the rule language lists them. */
export const ruleFaultCodes = [
  'json_malformed',
  'too_large',
  'too_many',
  'too_deep',
  'format_unknown',
  'type_wrong',
  'member_missing',
  'member_unknown',
  'name_malformed',
  'name_repeated',
  'value_unknown',
  'out_of_range',
  'instant_malformed',
  'operator_unknown',
  'operands_wrong',
  'operand_type_wrong',
  'condition_not_boolean',
  'feature_unknown',
  'reason_unknown',
  'approves_blindly',
  'absolute_idle',
  'decline_limit_missing',
  'decline_limit_idle',
] as const;
export type RuleFaultCode = (typeof ruleFaultCodes)[number];

export interface RuleFault {
  /** `rules[3].when.and[0].gt[1]`; empty for the whole text. */
  readonly path: string;
  readonly code: RuleFaultCode;
  /** One sentence: what was expected, and what is there. */
  readonly message: string;
}

export interface Faults {
  add(path: string, code: RuleFaultCode, message: string): undefined;
  readonly found: readonly RuleFault[];
  /** No more will be told, so there is no point in looking on. */
  isFull(): boolean;
}

export function openFaults(): Faults {
  const found: RuleFault[] = [];
  const isFull = (): boolean => found.length >= limits.ruleSetFaultsMax.value;
  return {
    found,
    isFull,
    add(path, code, message) {
      if (!isFull()) found.push({ path, code, message });
    },
  };
}

const SHOWN_MAX = 60;

/** A value as JSON for a message, cut where it is long. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}

/** A path one step on: `rules` and 3 make `rules[3]`, and that with `when` `rules[3].when`. */
export function at(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  return path === '' ? step : `${path}.${step}`;
}
