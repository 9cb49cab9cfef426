// TABLE  twenty rules as a bank might have for cards, and the change of them that a back-test
// judges: more of every kind of condition than any one of them needs.

const alike = { outcome: 'review', reason: 'amount_unusual', missing: 'ignore' } as const;
const limit = { max: 500, window_seconds: 86_400 } as const;

const feature = (name: string): object => ({ feature: name });
const above = (name: string, bound: number): object => ({ gt: [feature(name), bound] });
const amountAbove = (minor: number): object => ({ gt: [{ event: 'amount' }, minor] });

/** Changed by the new version: the bound of an amount, and of recent fraud at the terminal. */
interface Bounds {
  readonly amountMinor: number;
  readonly risk: number;
}

function rulesOf({ amountMinor, risk }: Bounds): object[] {
  const recent = { ...alike, reason: 'fraud_recent' };
  const velocity = { ...alike, reason: 'velocity_unusual' };
  return [
    { ...alike, id: 'cleared', when: listed('allow', 'customer'), outcome: 'approve' },
    {
      ...recent,
      id: 'blocked_terminal',
      when: listed('block', 'terminal'),
      ...declined,
      absolute: true,
    },
    { ...recent, id: 'watched_customer', when: listed('watch', 'customer') },
    { ...alike, id: 'very_large', when: amountAbove(amountMinor), ...declined },
    { ...alike, id: 'far_above_median', when: farAbove('AMOUNT_TO_MEDIAN_LAST_100', 6) },
    { ...alike, id: 'far_above_mean', when: farAbove('AMOUNT_TO_MEAN_30DAY', 5), shadow: true },
    { ...alike, id: 'above_all_before', when: farAbove('AMOUNT_TO_MAX_30DAY', 2) },
    { ...alike, id: 'deviating', when: farAbove('AMOUNT_Z_SCORE_30DAY', 4) },
    { ...alike, id: 'above_q90', when: farAbove('AMOUNT_TO_Q90_LAST_100', 4), shadow: true },
    { ...recent, id: 'streak', when: above('TERMINAL_FRAUD_STREAK', 2), outcome: 'challenge' },
    { ...recent, id: 'risky_week', when: above('TERMINAL_ID_RISK_7DAY_WINDOW', risk) },
    { ...recent, id: 'risky_month', when: above('TERMINAL_ID_RISK_30DAY_WINDOW', risk / 2) },
    { ...recent, id: 'latest_labels', when: above('TERMINAL_FRAUD_SHARE_LAST_3', 0.6) },
    { ...velocity, id: 'many_today', when: above('CUSTOMER_ID_NB_TX_1DAY_WINDOW', 12) },
    { ...velocity, id: 'more_than_usual', when: moreThanUsual },
    { ...velocity, id: 'much_today', when: muchToday, shadow: true },
    { ...alike, id: 'large_at_night', when: { and: [atNight, amountAbove(15_000)] } },
    { ...alike, id: 'large_on_weekend', when: largeOnWeekend },
    { ...alike, id: 'large_after_silence', when: afterSilence, shadow: true },
    { ...alike, id: 'scored', when: { ge: [{ score: 'model' }, 0.9] }, ...declined },
  ];
}

const declined = { outcome: 'decline', decline_limit: limit } as const;

function listed(purpose: string, kind: string): object {
  return { listed: [purpose, kind] };
}

function farAbove(name: string, times: number): object {
  return { and: [above(name, times), amountAbove(5_000)] };
}

const atNight = { between: [{ hour_of: { event: 'at' } }, 0, 5] };

const moreThanUsual = {
  gt: [
    feature('CUSTOMER_ID_NB_TX_1DAY_WINDOW'),
    { add: [4, { divide: [feature('CUSTOMER_ID_NB_TX_30DAY_WINDOW'), 6] }] },
  ],
};

const muchToday = {
  gt: [
    {
      multiply: [
        feature('CUSTOMER_ID_NB_TX_1DAY_WINDOW'),
        feature('CUSTOMER_ID_AVG_AMOUNT_1DAY_WINDOW'),
      ],
    },
    800,
  ],
};

const largeOnWeekend = {
  and: [{ ge: [{ weekday_of: { event: 'at' } }, 6] }, above('AMOUNT_TO_MEDIAN_LAST_100', 4)],
};

const afterSilence = {
  and: [{ gt: [feature('CUSTOMER_HOURS_SINCE_PREVIOUS'), 168] }, amountAbove(12_000)],
};

/** The texts of the set in force and of the one that is to take its place. */
export const benchRuleSets = {
  before: textOf(1, { amountMinor: 25_000, risk: 0.5 }),
  after: textOf(2, { amountMinor: 22_000, risk: 0.3 }),
} as const;

function textOf(version: number, bounds: Bounds): string {
  return JSON.stringify({ format: 1, name: 'bench', version, rules: rulesOf(bounds) });
}
