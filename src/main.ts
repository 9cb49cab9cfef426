// The composition root: settings, database, ledger, gateway, schedules, and the way back. Whatever
// was started is stopped in the reverse order. Nothing needs that order to be safe: an answer is
// given only when its money is on the disk, so a stop at any moment loses nothing.

import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { createGateway, FIRST_VERSION, openVersions, tlsOptionsOf, versionChanges } from '#gateway';
import type { ThreadConnection } from '#fraud';
import type { FirstInvitation } from '#identity';
import { loadConfig, unknownSettings, type Config } from '#config';
import {
  measureOutbound,
  openDatabase,
  openLogger,
  openMetrics,
  readServerLine,
  refusedChangeInLine,
  systemClock,
  withoutPassword,
  type Database,
  type Logger,
  type Metrics,
  type ObservedClock,
  type OpenedDatabase,
  type RefusedChange,
} from '#platform';
import { bannerOf, type BannerFacts } from './banner.ts';
import { listenForEnding, type Ending } from './ending.ts';
import { reachDatabase, readLedgerSize, readServerFacts } from './facts-store.ts';
import { keepLog, type KeptLog } from './keep-log.ts';
import { openDoors, type Doors } from './open-doors.ts';
import { openWork, type Work } from './open-work.ts';
import { problemTables, routesOf, tags } from './routes.ts';
import { runSchedules } from './run-schedules.ts';
import { schedulesOf } from './schedules.ts';

// Batches of thousands leave much garbage at once. Left alone, the heap grows to several times what
// is in use before it is collected; these keep it to twice as much at most.
const MEMORY_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=100'];

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every step of the start needs. */
interface Starting {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: ObservedClock;
  readonly metrics: Metrics;
  readonly ending: Ending;
  /** Closes what the steps opened, the latest first. */
  readonly open: AsyncDisposableStack;
}

/** Runs the bank until it is asked to stop. Answers the exit code; a start that fails throws. */
export async function main(env: Environment): Promise<number> {
  const startedMs = performance.now();
  for (const flag of MEMORY_FLAGS) setFlagsFromString(flag);
  const config = loadConfig(env);
  const logger = openLogger({ level: config.log.level });
  for (const name of unknownSettings(env)) {
    logger.warn(`there is no setting ${name}: is it misspelt?`);
  }
  const ending = listenForEnding({
    onAsked: () => print('\nFlorin is stopping: it finishes what it has begun ...\n'),
    onAskedAgain: () => {
      print('Florin stops at once.\n');
      // The embedded server is told to stop as the process exits.
      process.exit(1);
    },
  });
  // Nobody reading our output any more is no reason to end.
  process.stdout.on('error', () => undefined);
  print(`Florin ${versionOf()} is starting ...\n`);
  try {
    await using open = new AsyncDisposableStack();
    const metrics = openMetrics({ isProcessMeasured: true });
    const banner = await start({ config, logger, clock: systemClock(), metrics, ending, open });
    print(banner(performance.now() - startedMs));
    await ending.reached;
  } catch (error) {
    // Asked to stop while starting: that is no failure.
    if (!(ending.signal.aborted && error === ending.signal.reason)) throw error;
    await ending.reached;
  } finally {
    ending.close();
  }
  print('Florin has stopped.\n');
  return 0;
}

function print(text: string): void {
  process.stdout.write(text);
}

/** Starts everything and answers the banner, which lacks only how long that took. */
async function start(starting: Starting): Promise<(startedInMs: number) => string> {
  const { config, logger, clock, ending, open } = starting;
  // What is refused before the log is open is told to it when it is.
  const refusals: RefusedChange[] = [];
  let refused = (change: RefusedChange): void => void refusals.push(change);
  const opened = await openBooks(starting, (change) => refused(change));
  ending.signal.throwIfAborted();
  const { database } = opened;
  const log = await keepLog({ ...starting, database, version: versionOf() });
  open.defer(() => log.close());
  refused = log.refused;
  refusals.forEach(refused);
  const isSampleLoaded = await loadSample(starting, opened);
  await log.sequence();
  ending.signal.throwIfAborted();

  const outside = { ...starting, database, measure: measureOutbound(starting.metrics) };
  const doors = await openDoors({ ...outside, issuer: issuerOf(config) });
  open.defer(() => doors.close());
  const connection = connectionOf(config, opened);
  const work = openWork({ ...outside, objects: log.objects, connection });
  open.defer(() => work.close());
  const table = schedulesOf({
    database,
    log: log.schedules,
    doors: doors.schedules,
    work: work.schedules,
  });
  await work.start();
  const schedules = runSchedules(table, { clock, logger });
  open.defer(() => schedules.stop());
  open.defer(() => log.hurry());
  const url = await listen(starting, { database, log, doors, work });
  ending.signal.throwIfAborted();

  const [server, size] = await Promise.all([readServerFacts(database), readLedgerSize(database)]);
  const facts = {
    version: versionOf(),
    nodeVersion: process.versions.node,
    processId: process.pid,
    url,
    server,
    dataFolder: opened.embedded?.dataFolder,
    isShared: opened.embedded?.isShared ?? true,
    databaseUrl: withoutPassword(opened.ownerUrl),
    schemaVersion: opened.migrated.version,
    size,
    isSampleLoaded,
    invitation: doors.invitation && invitationOf(doors.invitation, issuerOf(config)),
  };
  return (startedInMs) => bannerOf({ ...facts, startedInMs });
}

/** For a thread that does one thing at a time. */
function connectionOf({ database }: Config, { ownerUrl }: OpenedDatabase): ThreadConnection {
  return { ...database, url: ownerUrl, poolSize: 1, as: 'application' };
}

async function openBooks(
  { config, logger, ending, open }: Starting,
  onRefusedChange: (change: RefusedChange) => void,
): Promise<OpenedDatabase> {
  const opened = await openDatabase(config.database, {
    log: (line) => {
      logDatabaseLine(logger, line, ending.signal.aborted);
      const change = refusedChangeInLine(line);
      if (change !== undefined) onRefusedChange(change);
    },
    onRefusedChange,
    onGone: (fault) => ending.fail(fault),
  });
  open.defer(() => opened.close());
  const { applied, functions, version } = opened.migrated;
  if (applied.length + functions.length > 0) {
    logger.info('the schema was brought up to date', { version, applied, functions });
  }
  return opened;
}

function logDatabaseLine(logger: Logger, line: string, isEnding: boolean): void {
  // Other lines tell what was done to have the server run.
  const level = readServerLine(line)?.level;
  // While ending, PostgreSQL complains of each connection it cuts off.
  const isRoutine = isEnding || (level === undefined && line.startsWith('applied '));
  if (isRoutine) logger.debug(line);
  else if (level === undefined) logger.info(line);
  else if (/^(WARNING|ERROR|FATAL|PANIC)$/.test(level)) logger.warn(line);
  else logger.debug(line);
}

/** A newcomer's ledger is not left empty; another database is the operator's and stays as it is. */
async function loadSample(
  { config, clock }: Starting,
  { embedded, database }: OpenedDatabase,
): Promise<boolean> {
  if (config.ledger.sample === 'off' || embedded === undefined) return false;
  const { transfers } = await readLedgerSize(database);
  if (transfers > 0) return false;
  const { loadSampleBank } = await import('../cli/berka/sample.ts');
  await loadSampleBank(database, clock);
  return true;
}

/** What a browser on this machine can be shown, unless the operator knows a better name. */
function issuerOf({ identity, server }: Config): string {
  const scheme = server.tlsCertificateFile === undefined ? 'http' : 'https';
  return identity.issuer ?? `${scheme}://localhost:${server.port}`;
}

function invitationOf({ path, code }: FirstInvitation, issuer: string): BannerFacts['invitation'] {
  return { page: `${issuer}${path}`, code };
}

interface Opened {
  readonly database: Database;
  readonly log: KeptLog;
  readonly doors: Doors;
  readonly work: Work;
}

async function listen(starting: Starting, { database, log, doors, work }: Opened): Promise<string> {
  const { config, logger, clock, metrics, open } = starting;
  const gateway = await createGateway({
    about: {
      title: 'Florin',
      version: versionOf(),
      description: 'An open-source core bank: a double-entry ledger on PostgreSQL.',
      tags,
    },
    routes: routesOf({
      ...doors,
      ...work.premises,
      objects: log.objects,
      limits: config.limits,
      planLimiter: doors.plans,
    }),
    problemTables,
    checks: [{ name: 'database', check: () => reachDatabase(database) }],
    logger,
    metrics,
    clock,
    onDenied: log.access.onDenied,
    onDisclosed: log.access.onDisclosed,
    host: config.server.host,
    port: config.server.port,
    limits: config.limits,
    access: doors.access,
    addresses: doors.addresses,
    limiter: doors.limiter,
    idempotency: doors.idempotency,
    mounts: doors.mounts,
    approvals: doors.approvals,
    legacy: doors.legacy,
    signatures: doors.signatures,
    versions: openVersions(FIRST_VERSION, versionChanges),
    tls: await tlsOptionsOf(config.server, { logger, metrics }),
    trustedProxies: config.server.trustedProxies,
    corsOrigins: config.server.corsOrigins,
    accessLog: config.server.accessLog,
    shedding: config.limits,
    issuer: issuerOf(config),
  });
  open.defer(() => gateway.close());
  const { url } = await gateway.listen();
  return url;
}

function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
