// Owns what is in force for a tenant's screening: rules, lists, models and what the products ask
// for, named together by one number. Whatever was decided under a number can be decided again.

import { limits } from '#config';
import type { DriftReference } from '../model/drift.ts';
import type { FraudModel } from '../model/trees/model-file.ts';
import type { Lists } from '../rules/lists.ts';
import type { RuleSet } from '../rules/rule-set.ts';

export interface ScreeningConfig {
  readonly tenant: string;
  /** Counts the changes of what is in force; 0 before the first. */
  readonly revision: number;
  /** Undefined where there is none that can be used. */
  readonly ruleSet: RuleSet | undefined;
  /** One object for the life of the process, changed in step with the revision. */
  readonly lists: Lists;
  readonly champion: ServedModel | undefined;
  readonly challenger: ServedModel | undefined;
  policyOf(product: string | undefined): Policy;
}

export interface ServedModel {
  /** Follows from the trees. */
  readonly version: string;
  readonly model: FraudModel;
  /** What it was trained on, where that was given with it. */
  readonly drift: DriftReference | undefined;
}

/** What happens to a payment that nothing could be asked about. */
export const failureMeanings = ['open', 'closed'] as const;

/** What a product asks of screening. */
export interface Policy {
  readonly isScreened: boolean;
  readonly onFailure: (typeof failureMeanings)[number];
  /** How long judging one event may take before it goes on without the model. */
  readonly deadlineUs: number;
}

/** Where a tenant has said nothing. */
export const usualPolicy: Policy = {
  isScreened: true,
  onFailure: 'open',
  deadlineUs: limits.fraudDeadlineUs.value,
};
