// Owns telling of drift: the index of each measure to telemetry, and an event when the level of a
// tenant changes. Every process sees rows of its own; the level is the worst that any of them sees,
// so that many processes tell of a change once.

import { limits } from '#config';
import { MILLISECOND_US, type Instant, type Uuid } from '#kernel';
import {
  emit,
  type Database,
  type Metrics,
  type Transaction,
  type TransactionContext,
} from '#platform';
import type { DriftReport, MeasuredDrift } from '../../model/drift.ts';
import type { Registry } from '../open.ts';
import { levelsSeen, lockTold, putSeen, updateTold } from './drift-store.ts';
import { isTold, worstOf, type ToldLevel } from './levels.ts';

export interface DriftWorld {
  readonly database: Database;
  readonly metrics: Metrics;
  readonly registry: Pick<Registry, 'configOf' | 'tenants'>;
  readonly screener: {
    /** Names this process. */
    readonly run: Uuid;
    drift(tenant: string): DriftReport | undefined;
  };
}

export interface DriftTeller {
  /** Looks at every tenant that this process screens. */
  tell(context: TransactionContext): Promise<void>;
}

interface Seen {
  readonly model: string;
  readonly level: ToldLevel;
  readonly at: Instant;
}

const MEASURES_TOLD = 5;

export function openDriftTeller({
  database,
  metrics,
  registry,
  screener,
}: DriftWorld): DriftTeller {
  const seen = new Map<string, Seen>();
  metrics.gauges<'measure'>(
    {
      name: 'florin_fraud_drift_index',
      help: 'Population stability of what models are given and answer, the worst of all tenants.',
      labels: ['measure'],
    },
    () => worstIndexes(registry.tenants().map((tenant) => screener.drift(tenant))),
  );
  async function tellOf(tenant: string, context: TransactionContext): Promise<void> {
    const model = registry.configOf(tenant)?.champion?.version;
    const report = screener.drift(tenant);
    if (model === undefined || report === undefined || !isTold(report.level)) return;
    const now: Seen = { model, level: report.level, at: context.now };
    if (!isNews(seen.get(tenant), now)) return;
    await database.transaction({ ...context, tenant }, (tx) =>
      tellIn(tx, { tenant, run: screener.run, report, ...now }),
    );
    seen.set(tenant, now);
  }
  return {
    async tell(context) {
      for (const tenant of registry.tenants()) await tellOf(tenant, context);
    },
  };
}

const SEEN_US = limits.fraudDriftSeenMs.value * MILLISECOND_US;

/** Said again before it stops counting, though nothing has changed. */
function isNews(before: Seen | undefined, { model, level, at }: Seen): boolean {
  if (before?.model !== model || before.level !== level) return true;
  return at >= before.at + SEEN_US / 2;
}

interface Telling extends Seen {
  readonly tenant: string;
  readonly run: Uuid;
  readonly report: DriftReport;
}

async function tellIn(tx: Transaction, telling: Telling): Promise<void> {
  const { tenant, run, model, level, report } = telling;
  const told = await lockTold(tx, tenant, model);
  await putSeen(tx, { tenant, run, model, level }, (tx.now - SEEN_US) as Instant);
  const worst = worstOf(await levelsSeen(tx, tenant, model));
  // A new champion begins steady: what was said was said of another.
  const before = told.model === model ? told.level : 'steady';
  if (told.model !== model || before !== worst)
    await updateTold(tx, tenant, { model, level: worst });
  if (before === worst) return;
  const measures = report.measures
    .toSorted((left, right) => right.index - left.index)
    .slice(0, MEASURES_TOLD)
    .map(({ name, index }) => ({ name, index }));
  const data = { level: worst, before, rows: report.rows, measures };
  await emit(tx, [{ type: 'fraud.drift_changed', subject: model, data }]);
}

function worstIndexes(reports: readonly (DriftReport | undefined)[]) {
  const worst = new Map<string, number>();
  for (const { name, index } of reports.flatMap(measuresOf)) {
    worst.set(name, Math.max(index, worst.get(name) ?? 0));
  }
  return [...worst].map(([measure, value]) => ({ labels: { measure }, value }));
}

function measuresOf(report: DriftReport | undefined): readonly MeasuredDrift[] {
  return report?.measures ?? [];
}
