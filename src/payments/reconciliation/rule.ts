// Owns the rules by which entries of a statement are matched with entries of the books: data, tried
// in their order. Pure.

/**
 * reference_and_amount: both agree. reference: the reference agrees and the amount does not, which
 * is told as a difference. amount_and_date: the amount agrees within some days, and nothing else
 * could be meant. one_to_many: one entry of the statement is the sum of several of the books.
 * many_to_one: the reverse.
 */
export const ruleKinds = [
  'reference_and_amount',
  'reference',
  'amount_and_date',
  'one_to_many',
  'many_to_one',
] as const;
export type RuleKind = (typeof ruleKinds)[number];

export interface Rule {
  readonly kind: RuleKind;
  /** Days between the two dates, at most; of rules that go by dates. */
  readonly days: number;
  /** Entries that one sum may have, at most; of rules that add up. */
  readonly itemsMax: number;
}

export const defaultRules: readonly Rule[] = [
  { kind: 'reference_and_amount', days: 30, itemsMax: 1 },
  { kind: 'reference', days: 30, itemsMax: 1 },
  { kind: 'amount_and_date', days: 2, itemsMax: 1 },
  { kind: 'one_to_many', days: 2, itemsMax: 8 },
  { kind: 'many_to_one', days: 2, itemsMax: 8 },
];
