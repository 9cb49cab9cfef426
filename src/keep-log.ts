// What the server does for its audit log: opens what it needs, says when recording begins and ends,
// and keeps it going by its schedules. Records wait in the database when this stops; nothing is
// lost.

import os from 'node:os';
import path from 'node:path';
import { limits, type Config } from '#config';
import {
  archivedLeaves,
  auditActions,
  expireCollected,
  indexTerms,
  openSequencer,
  openWatch,
  record,
  runArchive,
  writeAnchors,
  type Watch,
} from '#audit';
import { openAccessRecorder, type AccessRecorder } from '#gateway';
import {
  dataFolderOf,
  openFolderObjects,
  type Database,
  type Logger,
  type Metrics,
  type Objects,
  type ObservedClock,
  type RefusedChange,
  type TransactionContext,
} from '#platform';
import { scheduleContext, type Schedule } from './schedules.ts';

export interface LogKeeping {
  readonly config: Config;
  readonly database: Database;
  readonly clock: ObservedClock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly version: string;
}

export interface KeptLog {
  readonly objects: Objects;
  readonly access: AccessRecorder;
  readonly schedules: readonly Schedule[];
  /** Gives everything recorded so far its place. */
  sequence(): Promise<void>;
  /** To be told of what the database refused. */
  readonly refused: (change: RefusedChange) => void;
  /** Ends what takes long; before the schedules are stopped. */
  hurry(): void;
  /** Says that recording ends, and gives everything recorded so far its place. */
  close(): Promise<void>;
}

const SEQUENCE_MS = 200;
const INDEX_MS = 1_000;
const LOOK_MS = 1_000;
const CHECK_MS = 30_000;
const CLOCK_MS = 60_000;
const ANCHOR_MS = 10_000;
const ARCHIVE_MS = 600_000;

/** Where anchors and archives are: beside the data, unless the settings say otherwise. */
export function objectsFolderOf({ audit, database }: Config): string {
  return audit.objectsDirectory ?? path.join(dataFolderOf(database.dataDirectory), 'objects');
}

export async function keepLog(keeping: LogKeeping): Promise<KeptLog> {
  const { config, database, clock, logger, metrics } = keeping;
  const folder = objectsFolderOf(config);
  const objects = await openFolderObjects({ folder, clock });
  const sequencer = openSequencer(database, { objects, origin: config.audit.origin });
  const watch = openWatch({
    database,
    clock,
    metrics,
    logger,
    objects,
    instance: `${os.hostname()}:${config.server.port}`,
    timeServer: config.audit.timeServer,
    folders: [folder, dataFolderOf(config.database.dataDirectory)],
  });
  const access = openAccessRecorder({ database, clock, logger, metrics, limits: config.limits });
  const say = async (name: 'audit.log.start' | 'audit.log.stop'): Promise<void> => {
    const after = { process_id: process.pid, host: os.hostname(), version: keeping.version };
    const context = scheduleContext(clock, 'keep-log');
    await database.transaction(context, (tx) =>
      record(tx, [{ action: auditActions[name], target: `process:${os.hostname()}`, after }]),
    );
  };
  const sequence = async (): Promise<void> => {
    await sequencer.run(scheduleContext(clock, 'sequence-audit'));
    watch.sequenced();
  };
  await say('audit.log.start');
  return {
    objects,
    access,
    sequence,
    refused: (change) => watch.refused(change),
    hurry: () => watch.stop(),
    schedules: schedulesOfLog(keeping, { objects, sequence, watch }),
    async close() {
      await access.close();
      await say('audit.log.stop');
      await sequence();
    },
  };
}

interface Kept {
  readonly objects: Objects;
  readonly watch: Watch;
  readonly sequence: () => Promise<void>;
}

function schedulesOfLog(
  { config, database }: LogKeeping,
  { objects, sequence, watch }: Kept,
): readonly Schedule[] {
  return [
    {
      name: 'sequence-audit',
      everyMs: SEQUENCE_MS,
      run: sequence,
    },
    {
      name: 'index-audit',
      everyMs: INDEX_MS,
      run: (context) => index(database, objects, context),
    },
    { name: 'watch-audit', everyMs: LOOK_MS, run: (context) => watch.look(context) },
    { name: 'self-check-audit', everyMs: CHECK_MS, run: (context) => watch.check(context) },
    { name: 'measure-clock', everyMs: CLOCK_MS, run: (context) => watch.measureClock(context) },
    {
      name: 'anchor-audit',
      everyMs: ANCHOR_MS,
      run: (context) =>
        writeAnchors(database, objects, context, {
          retentionDays: config.audit.anchorRetentionDays,
        }),
    },
    {
      name: 'archive-audit',
      everyMs: ARCHIVE_MS,
      run: (context) => runArchive(database, objects, context),
    },
    {
      name: 'expire-collected-logs',
      everyMs: ARCHIVE_MS,
      run: (context) => expireCollected(database, objects, context),
    },
  ];
}

const INDEX_BLOCKS_MAX = 20;
const INDEX_SHARE = limits.auditIndexShare.value / 100;

/** Appends blocks while there are full ones, and lets the next run do the rest. */
async function index(
  database: Database,
  objects: Objects,
  context: TransactionContext,
): Promise<void> {
  const archive = archivedLeaves(database, objects);
  for (let blocks = 0; blocks < INDEX_BLOCKS_MAX; blocks += 1) {
    const { leaves } = await indexTerms(database, context, { archive, share: INDEX_SHARE });
    if (leaves === 0) return;
  }
}
