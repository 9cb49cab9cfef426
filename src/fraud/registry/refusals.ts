// Every way the registry says no. Codes are stable for ever; the reference page lists each.

import { refuse, type Refusal, type Refused } from '#kernel';
import type { RefusalKind } from '#ledger';

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const registryRefusals = {
  rule_set_malformed: kind(422, 'The rule set has faults'),
  rule_set_exists: kind(409, 'There is a rule set of this version already'),
  rule_set_unknown: kind(404, 'No such rule set'),
  rule_set_in_force: kind(409, 'The rule set is in force already'),
  list_full: kind(422, 'The lists have no room for so many entries'),
  list_time_empty: kind(422, 'The entry would end before it begins'),
  list_entry_repeated: kind(422, 'An entry is given twice'),
  list_value_malformed: kind(422, 'The entry is for no id of its kind'),
  list_subject_unknown: kind(422, 'The entry is for nobody that there is'),
  list_block_shortened: kind(409, 'The entry is blocked for longer'),
  policy_product_unknown: kind(422, 'There is no such product'),
  model_unknown: kind(404, 'No such model'),
  model_exists: kind(409, 'The model is there already'),
  model_too_large: kind(422, 'The model is too large'),
  model_unreadable: kind(422, 'This is no model'),
  model_version_unknown: kind(422, 'The model is of a version that cannot be used'),
  model_damaged: kind(422, 'The model is not what was written'),
  model_features_differ: kind(422, 'The model is made for other features'),
  drift_reference_malformed: kind(422, 'The reference of drift cannot be used'),
  model_in_place: kind(409, 'The model has this place already'),
  model_not_in_place: kind(409, 'The model has no place that it could leave'),
  model_not_better: kind(422, 'The challenger has not been better'),
  contest_missing: kind(409, 'There is nothing to compare'),
  contest_under_way: kind(409, 'Two models are being compared already', true),
  contest_too_large: kind(422, 'There is too much to compare'),
  fraud_choice_changed: kind(409, 'Another is in force than was said'),
} as const satisfies Record<string, RefusalKind>;

export interface RegistryRefusal extends Refusal {
  readonly code: keyof typeof registryRefusals;
}

export function no(
  code: RegistryRefusal['code'],
  message: string,
  param?: string,
): Refused<RegistryRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
