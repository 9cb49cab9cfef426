// Owns what a rule set is once it has been read: rules in order, each with a condition whose types
// are known. It is data: it can be kept, compared by its fingerprint, and compiled.

import type { KeyKind } from '../event.ts';
import type { ReasonCode } from '../reasons.ts';

/** From the weakest to the strongest. */
export const outcomes = ['approve', 'review', 'challenge', 'decline'] as const;
export type Outcome = (typeof outcomes)[number];

/** What a rule asks for when a value that its condition needs is not known. */
export const missingMeanings = ['review', 'challenge', 'decline', 'ignore'] as const;
export type MissingMeaning = (typeof missingMeanings)[number];

export const listPurposes = ['allow', 'block', 'watch'] as const;
export type ListPurpose = (typeof listPurposes)[number];

export type ValueType = 'number' | 'boolean' | 'text' | 'instant';

export interface RuleSet {
  readonly name: string;
  readonly version: number;
  /** The features that a row holds, in order; the conditions name them by their place. */
  readonly features: readonly string[];
  readonly rules: readonly Rule[];
  /** SHA-256 over everything above, so that two sets of one version cannot be confused. */
  readonly fingerprint: string;
}

export interface Rule {
  readonly id: string;
  readonly description: string;
  readonly condition: Expression;
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  readonly missing: MissingMeaning;
  /** Reported, and never part of the outcome. */
  readonly shadow: boolean;
  /** No approving rule sets it aside. */
  readonly absolute: boolean;
  readonly declineLimit?: DeclineLimit | undefined;
}

/** At most so many declines in a window; what exceeds it becomes a review. */
export interface DeclineLimit {
  readonly max: number;
  readonly windowSeconds: number;
}

export type Expression = Literal | Reading | Choice | Operation;

export type Literal =
  | {
      readonly op: 'number' | 'instant';
      readonly type: 'number' | 'instant';
      readonly value: number;
    }
  | { readonly op: 'text'; readonly type: 'text'; readonly value: string }
  | { readonly op: 'boolean'; readonly type: 'boolean'; readonly value: boolean };

/** What is read of the event and of what is known about it. */
export type Reading =
  | {
      readonly op: 'feature';
      readonly type: 'number';
      readonly name: string;
      readonly place: number;
    }
  | { readonly op: 'score' | 'amount'; readonly type: 'number' }
  | { readonly op: 'at' | 'now'; readonly type: 'instant' }
  | { readonly op: 'id'; readonly type: 'text' }
  | { readonly op: 'key'; readonly type: 'text'; readonly kind: KeyKind }
  | {
      readonly op: 'listed';
      readonly type: 'boolean';
      readonly purpose: ListPurpose;
      readonly kind: KeyKind;
    };

export interface Choice {
  readonly op: 'in';
  readonly type: 'boolean';
  readonly operand: Expression;
  readonly values: readonly (string | number)[];
}

export interface Operation {
  readonly op: OperatorName;
  readonly type: ValueType;
  readonly operands: readonly Expression[];
}

export type OperatorName =
  | 'and'
  | 'or'
  | 'not'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'between'
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'min'
  | 'max'
  | 'abs'
  | 'seconds_between'
  | 'hour_of'
  | 'weekday_of'
  | 'starts_with'
  | 'present'
  | 'or_else';
