// TABLE  the patterns of fraud that can be planted: their codes in columns and what each does.
// The first three are those of the Fraud Detection Handbook; codes are stable.

interface Pattern {
  /** 0 is genuine. */
  readonly code: number;
  readonly meaning: string;
  /** Beginnings a day among 5,000 customers and 10,000 terminals; undefined for what has none. */
  readonly perDay: number | undefined;
}

export const fraudPatterns = {
  large_amount: {
    code: 1,
    meaning: 'every amount above 220.00',
    perDay: undefined,
  },
  compromised_terminal: {
    code: 2,
    meaning: 'all that is paid at a terminal for 28 days',
    perDay: 2,
  },
  stolen_card: {
    code: 3,
    meaning: 'a third of what a customer pays for 14 days, at five times the amount',
    perDay: 3,
  },
  account_takeover: {
    code: 4,
    meaning: 'within hours, rising amounts from a new device at terminals the customer never used',
    perDay: 1,
  },
  card_testing: {
    code: 5,
    meaning: 'tiny amounts on many cards at one terminal from one device, then purchases',
    perDay: 0.2,
  },
  mule_ring: {
    code: 6,
    meaning: 'customers who pass money through one merchant for weeks, in like amounts',
    perDay: 0.07,
  },
  slow_misuse: {
    code: 7,
    meaning: 'a third of what a customer pays for 28 days, beginning unremarkably and growing',
    perDay: 0.5,
  },
} as const satisfies Readonly<Record<string, Pattern>>;

export type FraudPattern = keyof typeof fraudPatterns;

export const fraudPatternNames = Object.keys(fraudPatterns) as readonly FraudPattern[];

/** What the code in a column stands for. */
export function patternOf(code: number): FraudPattern | 'genuine' {
  return fraudPatternNames.find((name) => fraudPatterns[name].code === code) ?? 'genuine';
}
