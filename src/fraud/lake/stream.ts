// Feeds the lake from the log of screening: each decision, its event and each label once. What is
// to be written next is settled before it is written, so that whoever goes on after a crash writes
// the very same files, and a row is never in two of them.

import { limits } from '#config';
import { idOf } from '#kernel';
import type { Database, Objects, Queryable, TransactionContext } from '#platform';
import { selectLog, type LogRow } from '../log/log-store.ts';
import {
  selectBatches,
  type StoredBatch,
  type StoredDecision,
} from '../screening/decision-store.ts';
import { openLakeFiles, type LakeFiles } from './apart/files.ts';
import type { LakeRows } from './apart/task.ts';
import { openLakeThread } from './apart/thread.ts';
import type { LakeDecision } from './decisions.ts';
import {
  lockFeedPlace,
  selectFeedEnd,
  selectLakeLabels,
  updateFeedPlan,
  updateFeedPosition,
} from './lake-store.ts';

export interface FeedWorld {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly objects: Objects;
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

/** Writes what the log has that the lake has not, piece by piece until there is no more. */
export async function feedLake(world: FeedWorld, context: TransactionContext): Promise<FeedReport> {
  const { database, objects } = world;
  const fed = { entries: 0, decisions: 0, labels: 0 };
  await using threads = new AsyncDisposableStack();
  let thread: LakeFiles | undefined;
  for (;;) {
    const span = await database.transaction(context, planFeed);
    if (span === undefined) return fed;
    const first = await readPiece(database, span);
    // Little is written faster than a thread is started.
    if (!isLittle(first, span)) thread ??= threads.use(openLakeThread(objects));
    const files = thread ?? openLakeFiles(objects);
    for (let piece = first; ; piece = await readPiece(database, { ...span, after: piece.upTo })) {
      await files.add(piece.rows);
      fed.entries += piece.entries;
      fed.decisions += sum(piece.rows.map(({ decisions }) => decisions.length));
      fed.labels += sum(piece.rows.map(({ labels }) => labels.length));
      if (piece.upTo === span.upTo) break;
    }
    await files.close();
    await database.transaction(context, (tx) => updateFeedPosition(tx, span));
  }
}

function isLittle({ rows, upTo }: Piece, span: Span): boolean {
  const decisions = sum(rows.map((each) => each.decisions.length));
  return upTo === span.upTo && decisions <= limits.fraudLakeLittleRows.value;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** What a process settled and did not finish comes first. */
async function planFeed(tx: Queryable): Promise<Span | undefined> {
  const { after, upTo } = await lockFeedPlace(tx);
  if (upTo !== undefined) return { after, upTo };
  const end = await selectFeedEnd(tx, {
    after,
    entriesMax: limits.fraudLakeFeedEntries.value,
    rowsMax: limits.fraudLakeFeedRows.value,
  });
  if (end === undefined) return undefined;
  await updateFeedPlan(tx, end);
  return { after, upTo: end };
}

interface Piece {
  readonly rows: readonly LakeRows[];
  readonly entries: number;
  readonly upTo: bigint;
}

/** Some entries at a time, so that payments are not kept waiting for long. */
async function readPiece(q: Queryable, span: Span): Promise<Piece> {
  const countMax = limits.fraudLakePieceEntries.value;
  const entries = await selectLog(q, { ...span, countMax });
  const upTo = entries.length < countMax ? span.upTo : (entries.at(-1)?.position ?? span.upTo);
  return { rows: await rowsOf(q, entries), entries: entries.length, upTo };
}

async function rowsOf(q: Queryable, entries: readonly LogRow[]): Promise<LakeRows[]> {
  const idsOf = (kind: LogRow['kind']): string[] => {
    return entries.filter((entry) => entry.kind === kind).map(({ id }) => id);
  };
  const batches = idsOf('batch').map((id) => idOf('scb', id));
  const rows = (await selectBatches(q, batches)).map((batch): LakeRows => {
    const { tenant, decisions } = batch;
    return {
      tenant,
      events: decisions.map(({ event }) => event),
      decisions: decisions.map((decision) => decisionOf(batch, decision)),
      labels: [],
    };
  });
  for (const { tenant, label } of await selectLakeLabels(q, idsOf('label'))) {
    rows.push({ tenant, events: [], decisions: [], labels: [label] });
  }
  return rows;
}

function decisionOf(batch: StoredBatch, decision: StoredDecision): LakeDecision {
  const { subject } = decision;
  return {
    event: decision.event,
    batch: decision.batch,
    subject: subject === undefined ? undefined : idOf('pay', subject),
    accountId: decision.accountId,
    revision: batch.revision,
    decidedAt: decision.decidedAt,
    tookUs: decision.tookUs,
    mode: decision.mode,
    outcome: decision.outcome,
    shadowOutcome: decision.shadowOutcome,
    score: decision.score,
    challenger: batch.challenger,
    challengerScore: decision.challengerScore,
    features: decision.features,
    featureSetVersion: decision.featureSetVersion,
    modelVersion: decision.modelVersion,
    ruleSetVersion: decision.ruleSetVersion,
    ruleSetFingerprint: decision.ruleSetFingerprint,
    ruleReasons: decision.ruleReasons,
    modelReasons: decision.modelReasons,
  };
}
