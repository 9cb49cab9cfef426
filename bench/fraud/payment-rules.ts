// TABLE  twenty rules as a bank might have for payments, with bounds that the payments of the
// benchmark seldom reach: nearly all of them are asked everything, and pass.

const alike = { outcome: 'review', reason: 'amount_unusual', missing: 'ignore' } as const;
const velocity = { ...alike, reason: 'velocity_unusual' };
const recent = { ...alike, reason: 'fraud_recent' };
const declined = {
  outcome: 'decline',
  decline_limit: { max: 500, window_seconds: 86_400 },
} as const;

const feature = (name: string): object => ({ feature: name });
const above = (name: string, bound: number): object => ({ gt: [feature(name), bound] });
const amountAbove = (minor: number): object => ({ gt: [{ event: 'amount' }, minor] });
const listed = (purpose: string, kind: string): object => ({ listed: [purpose, kind] });
const all = (...conditions: readonly object[]): object => ({ and: conditions });

const LARGE_MINOR = 10_000_000;
const atNight = { between: [{ hour_of: { event: 'at' } }, 0, 5] };
const onWeekend = { ge: [{ weekday_of: { event: 'at' } }, 6] };
const muchToday = { gt: [feature('payer_sum_1d'), { multiply: [feature('payer_max_7d'), 500] }] };
const moreThanUsual = {
  gt: [feature('payer_count_1d'), { add: [5_000, { divide: [feature('payer_count_30d'), 10] }] }],
};

const rules = [
  { ...alike, id: 'cleared', when: listed('allow', 'payer'), outcome: 'approve' },
  { ...recent, id: 'blocked_payee', when: listed('block', 'payee'), ...declined, absolute: true },
  { ...recent, id: 'blocked_device', when: listed('block', 'device'), ...declined },
  { ...recent, id: 'watched_payer', when: listed('watch', 'payer') },
  { ...alike, id: 'very_large', when: amountAbove(LARGE_MINOR), ...declined },
  { ...alike, id: 'above_median', when: all(above('payer_amount_to_median', 50), atNight) },
  { ...alike, id: 'above_average', when: above('payer_amount_to_average_30d', 5_000) },
  { ...alike, id: 'above_all_before', when: above('payer_amount_to_max_30d', 5_000) },
  { ...alike, id: 'deviating', when: above('payer_amount_z_score_30d', 500) },
  { ...recent, id: 'streak', when: above('payee_fraud_streak', 2), outcome: 'challenge' },
  { ...recent, id: 'risky_payee', when: above('payee_risk_30d', 0.5) },
  { ...recent, id: 'risky_device', when: above('device_risk_30d', 0.5) },
  { ...velocity, id: 'many_in_an_hour', when: above('payer_count_1h', 5_000) },
  { ...velocity, id: 'more_than_usual', when: moreThanUsual },
  { ...velocity, id: 'much_today', when: muchToday },
  { ...velocity, id: 'many_payees', when: above('payer_distinct_payees_1d', 5_000) },
  { ...velocity, id: 'gathering', when: above('payee_payers_count_1d', 5_000) },
  { ...alike, id: 'large_at_night', when: all(atNight, amountAbove(LARGE_MINOR)) },
  { ...alike, id: 'large_on_weekend', when: all(onWeekend, amountAbove(LARGE_MINOR)) },
  { ...alike, id: 'scored', when: { ge: [{ score: 'model' }, 0.999] } },
];

export const paymentRules = JSON.stringify({ format: 1, name: 'bench', version: 1, rules });
