// Runs reads in both cores at once. The caller hears the one that the rule names and waits for no
// other; the two answers are compared, and where they differ, a sample says in which places.
import { msOf, newId } from '#kernel';
import type { Clock } from '#kernel';
import type { Database, Logger, Metrics, OutboundAnswer } from '#platform';
import { compareAnswers } from './difference.ts';
import type { ComparableAnswer, Difference } from './difference.ts';
import { insertDifference } from './difference-store.ts';
import type { LegacyRule } from './rule.ts';

/** A read that was sent to the other core as well. */
export interface Shadowed {
  readonly rule: LegacyRule;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly requestId: string;
  /** What the other core answers; undefined where it does not. */
  readonly there: Promise<OutboundAnswer<Buffer> | undefined>;
}

export interface Comparer {
  /** Compares when the other answer is there. Never throws. */
  compare(shadowed: Shadowed, here: ComparableAnswer): Promise<void>;
  /** Resolves when nothing is being compared or stored. */
  drain(): Promise<void>;
}

export interface ComparerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What one process stores in a second at most: a wrong rule makes every answer differ. */
const SAMPLES_PER_S = 5;
/** What keys wrap is at most 4 KiB. */
const VALUES_BYTES_MAX = 4_000;
const PATH_LENGTH_MAX = 2_000;
const VALUE_LENGTH_MAX = 500;

export function openComparer(options: ComparerOptions): Comparer {
  const { database, clock, logger } = options;
  const counter = options.metrics.counter({
    name: 'florin_legacy_compared_total',
    help: 'Reads that both cores answered, by whether they answered alike.',
    labels: ['outcome'],
  });
  const running = new Set<Promise<void>>();
  const allow = everySecond(SAMPLES_PER_S);

  const compare = async (shadowed: Shadowed, here: ComparableAnswer): Promise<void> => {
    const there = await shadowed.there;
    if (there === undefined) {
      counter.add(1, { outcome: 'unanswered' });
      return;
    }
    const found = compareAnswers(here, comparable(there), shadowed.rule.ignored);
    counter.add(1, { outcome: found.length === 0 ? 'same' : 'different' });
    if (found.length > 0 && allow()) await store(shadowed, found);
  };

  const store = async (shadowed: Shadowed, found: readonly Difference[]): Promise<void> => {
    const { rule, method, path, requestId } = shadowed;
    const at = clock.now();
    const id = newId('lgd', msOf(at));
    await insertDifference(database, {
      id,
      ruleId: rule.id,
      method,
      path: path.slice(0, PATH_LENGTH_MAX).toWellFormed(),
      requestId,
      findings: found.map(({ place, kind }) => ({ place, kind })),
      wrappedValues: await database.keys.wrap(valuesText(found), `legacy-difference:${id}`),
      at,
    });
  };

  return {
    compare(shadowed, here) {
      const work = compare(shadowed, here)
        .catch((error: unknown) => {
          logger.warn('answers of two cores could not be compared', { error });
        })
        .finally(() => running.delete(work));
      running.add(work);
      return work;
    },
    async drain() {
      await Promise.all(running);
    },
  };
}

export function comparable({ status, headers, body }: OutboundAnswer<Buffer>): ComparableAnswer {
  const mediaType = headers['content-type'];
  return {
    status,
    mediaType: typeof mediaType === 'string' ? mediaType : undefined,
    body: body.toString('utf8'),
  };
}

/** As many differences with their values as can be wrapped, each value bounded. */
function valuesText(found: readonly Difference[]): Buffer {
  const shown = found.map(({ place, here, there }) => ({
    place: place.slice(0, VALUE_LENGTH_MAX),
    here: shortened(here),
    there: shortened(there),
  }));
  for (let count = shown.length; count > 0; count -= 1) {
    const text = Buffer.from(JSON.stringify(shown.slice(0, count)));
    if (text.length <= VALUES_BYTES_MAX) return text;
  }
  return Buffer.from('[]');
}

function shortened(value: unknown): string | null {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return null;
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}

/** Says yes so often in each second, and no after that. */
function everySecond(countMax: number): () => boolean {
  let second = 0;
  let count = 0;
  return () => {
    const now = Math.floor(performance.now() / 1_000);
    count = now === second ? count + 1 : 1;
    second = now;
    return count <= countMax;
  };
}
