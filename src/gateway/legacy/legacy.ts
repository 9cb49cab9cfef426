// The existing core behind the gateway (the strangler): which requests go to it, by rules in the
// database that every process reads anew each second. Without rules nothing is asked and nothing
// costs; while the database is away the last rules stay in force.
import type { Clock } from '#kernel';
import { openOutbound } from '#platform';
import type { Database, Logger, Metrics, Outbound, OutboundMeasure } from '#platform';
import { compileRules } from './rule.ts';
import type { LegacyRule, LegacyRules, Question } from './rule.ts';
import { selectRules } from './rule-store.ts';
import { deleteOldDifferences } from './difference-store.ts';
import { openComparer } from './shadow.ts';
import type { Comparer } from './shadow.ts';

export interface LegacyLimits {
  readonly legacyTimeoutMs: number;
  readonly legacyBytesMax: number;
  readonly legacyInFlightMax: number;
  readonly legacyComparedBytesMax: number;
  readonly legacyDifferencesKeptMax: number;
  readonly httpBodyBytesMax: number;
}

export interface LegacyOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly measure: OutboundMeasure;
  readonly limits: LegacyLimits;
  /** Of the other core, without a path; without it Florin answers everything. */
  readonly url: string | undefined;
}

/** What the server needs of the other core for each request. */
export interface Legacy {
  /** The rule by which a request is not only answered here; undefined for nearly all. */
  choose(question: Question): LegacyRule | undefined;
  /** Whether the path may be answered there, so that it is not unknown though no route has it. */
  covers(method: string, path: string): boolean;
  readonly origin: string;
  readonly bodyBytesMax: number;
  /** For what is passed on, and for what is only compared. */
  readonly passing: Outbound;
  readonly comparing: Outbound;
  readonly comparer: Comparer;
  /** Reads the rules anew; to be called each second or so, and after a change of this process. */
  refresh(): Promise<void>;
  /** Removes the oldest samples; to be called now and then. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}

/** A proxy's own failures; others are answers, and one broken route must not close all. */
const FAILURES = new Set([502, 503, 504]);

export async function openLegacy(options: LegacyOptions): Promise<Legacy> {
  const { database, url, limits, measure, logger } = options;
  const origin = url ?? '';
  const open = (name: string, bytesMax: number): Outbound =>
    openOutbound({
      name,
      timeoutMs: limits.legacyTimeoutMs,
      bytesMax,
      inFlightMax: limits.legacyInFlightMax,
      queuedMax: limits.legacyInFlightMax,
      trustedOrigins: url === undefined ? [] : [url],
      isFailure: (status) => FAILURES.has(status),
      measure,
      logger,
    });
  const passing = open('legacy', limits.legacyBytesMax);
  // Apart, so that what is only looked at never takes the place of what somebody waits for.
  const comparing = open('legacy-shadow', limits.legacyComparedBytesMax);
  const comparer = openComparer(options);
  let rules: LegacyRules = compileRules([]);
  let isWarned = false;
  const refresh = async (): Promise<void> => {
    const all = await selectRules(database);
    const isElsewhere = all.some(({ mode }) => mode !== 'here');
    if (url !== undefined) rules = compileRules(all);
    else if (isElsewhere && !isWarned) {
      isWarned = true;
      logger.warn(
        'there are rules of another core, and FLORIN_LEGACY_URL does not say where it is',
      );
    }
  };
  await refresh();
  return {
    choose(question) {
      const rule = rules.of(question);
      return rule?.mode === 'here' ? undefined : rule;
    },
    covers: (method, path) => rules.covers(method, path),
    origin,
    bodyBytesMax: limits.httpBodyBytesMax,
    passing,
    comparing,
    comparer,
    refresh,
    sweep: () => deleteOldDifferences(database, limits.legacyDifferencesKeptMax),
    async close() {
      await comparer.drain();
      passing.close();
      comparing.close();
    },
  };
}
