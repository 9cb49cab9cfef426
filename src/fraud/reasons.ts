// TABLE  the reasons that a decision may give: stable codes, what each says to a person, and which
// features speak for it. A code is never renamed or given another meaning, because decisions that
// are kept for years name it.

interface Reason {
  /** A sentence for the person who looks at the case. */
  readonly says: string;
  /** Features whose contribution to a score is told by this reason, by a part of their name. */
  readonly features?: RegExp;
  /** Given by the engine itself, so that no rule may give it. */
  readonly isOwn?: true;
}

/** Of the features the first reason that fits is taken, so the narrower ones come first. */
const table = {
  feature_missing: { says: 'A value that a rule needs was not known.', isOwn: true },
  declines_limited: {
    says: 'A rule would decline, but has declined too often lately, so it asks for a review.',
    isOwn: true,
  },
  clock_implausible: {
    says: 'The time of the event cannot be right, so nothing was asked about it.',
    isOwn: true,
  },
  listed_allowed: { says: 'A key of the event is on the list of those to allow.' },
  listed_blocked: { says: 'A key of the event is on the list of those to block.' },
  listed_watched: { says: 'A key of the event is on the list of those to watch.' },
  score_high: { says: 'The model gives the event a high score.' },
  card_testing: { says: 'Many small amounts in a short time, as when stolen cards are tried out.' },
  account_takeover: { says: 'The account is used in a way that suggests another hand.' },
  mule_pattern: { says: 'Money arrives and leaves as in the account of a money mule.' },
  policy: { says: 'A policy of the bank forbids or limits this.' },
  fraud_recent: {
    says: 'Fraud was reported lately at this terminal, payee or device.',
    features: /risk|fraud|streak|label/i,
  },
  amount_unusual: {
    says: 'The amount is unusual beside what this customer has paid before.',
    features: /ratio|z_?score|_to_|_over_|median|quantile|_q\d/i,
  },
  gap_unusual: {
    says: 'The time since the previous event of this customer is unusual.',
    features: /gap|since|previous/i,
  },
  time_unusual: {
    says: 'The event is at an unusual time of the day or of the week.',
    features: /weekend|night|hour|weekday/i,
  },
  place_activity_unusual: {
    says: 'The terminal, the payee or the device has been used unusually often or seldom.',
    features: /(terminal|counterparty|payee|device).*(nb_tx|count)/i,
  },
  velocity_unusual: {
    says: 'The number of events lately is unusual for this customer.',
    features: /nb_tx|count|distinct|velocity/i,
  },
  spending_unusual: {
    says: 'What this customer has paid lately is unusual.',
    features: /avg_amount|average|sum|min|max|mean/i,
  },
  amount_large: { says: 'The amount is large.', features: /amount/i },
  model_other: { says: 'The model sees a pattern that no other reason describes.', features: /./ },
} as const satisfies Readonly<Record<string, Reason>>;

export type ReasonCode = keyof typeof table;

export const reasons: Readonly<Record<ReasonCode, Reason>> = table;

/** In the order of the table, which is the order that ties are told in. */
export const reasonCodes = Object.keys(table).filter(isReasonCode);

export function isReasonCode(code: string): code is ReasonCode {
  return Object.hasOwn(table, code);
}

/** Whether a rule may give it; the others are the engine's own. */
export function isRuleReason(code: string): code is ReasonCode {
  return isReasonCode(code) && reasons[code].isOwn !== true;
}

/** The reason that tells of a feature's part in a score. */
export function reasonOfFeature(name: string): ReasonCode {
  return reasonCodes.find((code) => reasons[code].features?.test(name) === true) ?? 'model_other';
}

export interface ReasonShare {
  readonly code: ReasonCode;
  /** The contributions of its features together, in the unit of the contributions. */
  readonly contribution: number;
}

/**
 * Names once the reason of every feature, so that telling the reasons of a score costs a few
 * additions. What speaks against fraud is not a reason; the strongest come first.
 */
export function openReasonTeller(
  names: readonly string[],
): (contributions: Float64Array, countMax: number) => ReasonShare[] {
  const codes = [...new Set(names.map(reasonOfFeature))];
  codes.sort((a, b) => reasonCodes.indexOf(a) - reasonCodes.indexOf(b));
  const places = Uint8Array.from(names, (name) => codes.indexOf(reasonOfFeature(name)));
  const sums = new Float64Array(codes.length);
  return (contributions, countMax) => {
    sums.fill(0);
    for (let feature = 0; feature < places.length; feature += 1) {
      const place = places[feature] ?? 0;
      sums[place] = (sums[place] ?? 0) + (contributions[feature] ?? 0);
    }
    return codes
      .map((code, place) => ({ code, contribution: sums[place] ?? 0 }))
      .filter(({ contribution }) => contribution > 0)
      .sort((a, b) => b.contribution - a.contribution)
      .slice(0, countMax);
  };
}
