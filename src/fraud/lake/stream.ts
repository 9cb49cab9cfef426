// Feeds the lake from the log of screening: each decision, its event and each label once. What is
// to be written next is settled before it is written, so that whoever goes on after a crash writes
// the very same files, and a row is never in two of them.

import { limits } from '#config';
import { idOf, type Uuid } from '#kernel';
import type { Database, Queryable, TransactionContext } from '#platform';
import { selectLog } from '../log/log-store.ts';
import { lakeLabels, type LakeLabel } from './events.ts';
import { fedDecisions } from './feed/columns.ts';
import { selectFeedBatches, selectFeedColumns, type FeedBatch } from './feed/feed-store.ts';
import { writeFed } from './feed/files.ts';
import {
  lockFeedPlace,
  selectFeedEnd,
  selectLakeLabels,
  updateFeedPlan,
  updateFeedPosition,
} from './lake-store.ts';
import { lakeOf, type LakeObjects } from './layout.ts';
import { openLakeWriter } from './write.ts';

export interface FeedWorld {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly objects: LakeObjects;
  /** Does what is not little; without one, all of it is done here. */
  readonly apart?: { feed(context: TransactionContext): Promise<FeedReport> } | undefined;
}

export interface FeedReport {
  /** Of the log. */
  readonly entries: number;
  readonly decisions: number;
  readonly labels: number;
}

interface Span {
  readonly after: bigint;
  readonly upTo: bigint;
}

interface Plan extends Span {
  /** Undefined where another process has settled it. */
  readonly decisions: number | undefined;
}

/** Writes what the log has that the lake has not, file by file until there is no more. */
export async function feedLake(world: FeedWorld, context: TransactionContext): Promise<FeedReport> {
  const { database, apart } = world;
  let fed: FeedReport = { entries: 0, decisions: 0, labels: 0 };
  for (;;) {
    const plan = await database.transaction(context, planFeed);
    if (plan === undefined) return fed;
    // Little is written faster than a thread is started.
    const isLittle = (plan.decisions ?? Infinity) <= limits.fraudLakeLittleRows.value;
    if (apart !== undefined && !isLittle) return sumOf(fed, await apart.feed(context));
    fed = sumOf(fed, await writeSpan(world, plan));
    await database.transaction(context, (tx) => updateFeedPosition(tx, plan));
  }
}

function sumOf(one: FeedReport, other: FeedReport): FeedReport {
  return {
    entries: one.entries + other.entries,
    decisions: one.decisions + other.decisions,
    labels: one.labels + other.labels,
  };
}

/** What a process settled and did not finish comes first. */
async function planFeed(tx: Queryable): Promise<Plan | undefined> {
  const { after, upTo } = await lockFeedPlace(tx);
  if (upTo !== undefined) return { after, upTo, decisions: undefined };
  const end = await selectFeedEnd(tx, {
    after,
    entriesMax: limits.fraudLakeFeedEntries.value,
    rowsMax: limits.fraudLakeFeedRows.value,
  });
  if (end === undefined) return undefined;
  await updateFeedPlan(tx, end.upTo);
  return { after, ...end };
}

async function writeSpan(
  { database, objects }: FeedWorld,
  { after, upTo }: Span,
): Promise<FeedReport> {
  // One that an older release has settled may have more than are settled now.
  const countMax = Number(upTo - after);
  const entries = await selectLog(database, { after, upTo, countMax });
  const idsOf = (kind: string): Uuid[] => {
    return entries.filter((entry) => entry.kind === kind).map(({ id }) => id);
  };
  const batches = await selectFeedBatches(
    database,
    idsOf('batch').map((id) => idOf('scb', id)),
  );
  let decisions = 0;
  for (const [tenant, own] of Map.groupBy(batches, (batch) => batch.tenant)) {
    decisions += await writeDecisions(database, lakeOf(objects, tenant), own);
  }
  const labels = await selectLakeLabels(database, idsOf('label'));
  for (const [tenant, own] of Map.groupBy(labels, (label) => label.tenant)) {
    await writeLabels(
      lakeOf(objects, tenant),
      own.map(({ label }) => label),
    );
  }
  return { entries: entries.length, decisions, labels: labels.length };
}

/** Of one tenant. */
async function writeDecisions(
  q: Queryable,
  lake: LakeObjects,
  batches: readonly FeedBatch[],
): Promise<number> {
  const decisions = fedDecisions(batches, await selectFeedColumns(q, batches));
  await writeFed(lake, decisions);
  return decisions.ids.length;
}

async function writeLabels(lake: LakeObjects, labels: readonly LakeLabel[]): Promise<void> {
  const writer = openLakeWriter(lake, lakeLabels);
  await writer.add(labels);
  await writer.close();
}
