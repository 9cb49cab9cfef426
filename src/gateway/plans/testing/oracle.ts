// An independent account of what a plan admits, to compare the limiter with: the bucket as a
// theoretical arrival time (GCRA) in whole numbers of any size, quotas as counts by the local date.

import type { PlanTerms } from '../plan.ts';

const PERIOD_US = { second: 1_000_000n, minute: 60_000_000n, hour: 3_600_000_000n } as const;

export class Oracle {
  readonly #terms: PlanTerms;
  readonly #used = new Map<string, number>();
  // When the bucket would be full again, in microseconds times the rate.
  #full = 0n;
  #nowUs = 0;

  constructor(terms: PlanTerms) {
    this.#terms = terms;
  }

  /** Whether a request is admitted at a time, which counts it if so. */
  ask(atUs: number, cost = 1): boolean {
    this.#nowUs = Math.max(this.#nowUs, atUs);
    const isAdmitted = this.peek(this.#nowUs, cost);
    if (!isAdmitted) return false;
    const { rate, ratePer } = this.#terms;
    const now = BigInt(this.#nowUs) * BigInt(rate);
    this.#full = (this.#full > now ? this.#full : now) + BigInt(cost) * PERIOD_US[ratePer];
    for (const [label] of this.#quotas(this.#nowUs)) {
      this.#used.set(label, (this.#used.get(label) ?? 0) + cost);
    }
    return true;
  }

  /** Whether it would be. */
  peek(atUs: number, cost = 1): boolean {
    const nowUs = Math.max(this.#nowUs, atUs);
    const { burst, rate, ratePer } = this.#terms;
    const now = BigInt(nowUs) * BigInt(rate);
    const full = this.#full > now ? this.#full : now;
    if (full + BigInt(cost) * PERIOD_US[ratePer] - now > BigInt(burst) * PERIOD_US[ratePer]) {
      return false;
    }
    return this.#quotas(nowUs).every(
      ([label, quota]) => (this.#used.get(label) ?? 0) + cost <= quota,
    );
  }

  /** What was admitted in the windows that hold a time. */
  used(atUs: number): number[] {
    return this.#quotas(atUs).map(([label]) => this.#used.get(label) ?? 0);
  }

  #quotas(atUs: number): [label: string, quota: number][] {
    const { daily, weekly, monthly, timeZone } = this.#terms;
    const day = localDate(timeZone, atUs);
    const inDay = new Date(`${day}T00:00:00Z`);
    const monday = new Date(inDay.getTime() - ((inDay.getUTCDay() + 6) % 7) * 86_400_000);
    return [
      [`day ${day}`, daily ?? Number.POSITIVE_INFINITY],
      [`week ${monday.toISOString().slice(0, 10)}`, weekly ?? Number.POSITIVE_INFINITY],
      [`month ${day.slice(0, 7)}`, monthly ?? Number.POSITIVE_INFINITY],
    ];
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localDate(timeZone: string, atUs: number): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
    formats.set(timeZone, format);
  }
  return format.format(Math.floor(atUs / 1_000));
}
