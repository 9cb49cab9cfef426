// florin doctor: looks at everything a start needs, at every promise the bank makes to its disk,
// and at secrets that lie about, and says for each what is wrong and what to do. It writes nothing
// but a small file that it removes; an embedded database that is not running is started for the
// look.

import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { loadConfig, unknownSettings, type Config } from '#config';
import {
  keysFolderOf,
  openSession,
  startEmbedded,
  systemClock,
  withoutPassword,
  type EmbeddedPostgres,
  type Session,
} from '#platform';
import { msOf } from '#kernel';
import {
  readClockMs,
  readMigrations,
  readServerFacts,
  type ServerFacts,
} from '../src/facts-store.ts';
import type { Finding, Health } from './doctor/finding.ts';
import { lookAtSecrets } from './doctor/secrets.ts';
import { EXIT_DONE, EXIT_FAILED, parseStrictly, type Environment } from './usage.ts';

const NODE_MAJOR_MIN = 24;
const SERVER_VERSION_MIN = 150_000;
const GIB = 1024 ** 3;
const FREE_BROKEN_GIB = 0.5;
const FREE_WARNING_GIB = 5;
const MEMORY_WARNING_GIB = 1;
const CLOCK_SKEW_WARNING_MS = 1_000;
const SYNCS = 11;
/** No disk that keeps what it was given is this fast; a volatile cache or a memory disk is. */
const SYNC_SUSPICIOUS_MS = 0.02;
const PROBE_MS = 2_000;

export async function runDoctor(args: string[], env: Environment): Promise<number> {
  const { values } = parseStrictly({ args, options: { json: { type: 'boolean' } } });
  const findings: Finding[] = [...lookAtProcess(env)];
  const config = readConfig(env, findings);
  if (config !== undefined) {
    findings.push(await lookAtPort(config));
    findings.push(...(await lookAtDatabase(config)));
    const checkout = path.join(import.meta.dirname, '..');
    const keysFolder = keysFolderOf(config.database);
    const nowMs = msOf(systemClock().now());
    findings.push(
      ...(await lookAtSecrets({ checkout, home: env['HOME'], keysFolder, env, nowMs })),
    );
  }
  const isBroken = findings.some(({ health }) => health === 'broken');
  const text =
    values.json === true ? JSON.stringify({ healthy: !isBroken, findings }) : reportOf(findings);
  process.stdout.write(`${text}\n`);
  return isBroken ? EXIT_FAILED : EXIT_DONE;
}

function lookAtProcess(env: Environment): Finding[] {
  const { node } = process.versions;
  const isNew = Number(node.split('.')[0]) >= NODE_MAJOR_MIN;
  const memory = process.constrainedMemory() || os.totalmem();
  const bytes = Math.min(memory, os.totalmem());
  const processors = `${os.availableParallelism()} processors`;
  return [
    {
      subject: 'node',
      health: isNew ? 'ok' : 'broken',
      found: `${node} on ${process.platform}-${process.arch}`,
      ...(isNew ? {} : { advice: 'start Florin with npm start or npx florin, which pin Node 24' }),
    },
    {
      subject: 'machine',
      health: bytes < MEMORY_WARNING_GIB * GIB ? 'warning' : 'ok',
      found: `${processors}, ${gib(bytes)} of memory`,
      ...(bytes < MEMORY_WARNING_GIB * GIB ? { advice: 'give it 1 GiB of memory or more' } : {}),
    },
    ...unknownSettings(env).map((name): Finding => {
      const advice = 'correct its name, or unset it';
      return {
        subject: 'settings',
        health: 'warning',
        found: `no setting is called ${name}`,
        advice,
      };
    }),
  ];
}

function readConfig(env: Environment, findings: Finding[]): Config | undefined {
  try {
    return loadConfig(env);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    findings.push({ subject: 'settings', health: 'broken', found, advice: 'correct the variable' });
    return undefined;
  }
}

async function lookAtPort({ server }: Config): Promise<Finding> {
  const { host, port } = server;
  const subject = 'port';
  const code = await tryToListen(host, port);
  if (code === undefined) return { subject, health: 'ok', found: `${port} on ${host} is free` };
  if (code === 'EACCES') {
    const found = `this user may not listen on port ${port}`;
    return { subject, health: 'broken', found, advice: 'set FLORIN_PORT to one above 1023' };
  }
  if (code === 'EADDRINUSE' && (await isFlorin(host, port))) {
    return { subject, health: 'ok', found: `${port} on ${host} is where Florin is listening` };
  }
  const found = `port ${port} on ${host} cannot be used (${code})`;
  const advice = 'stop the program that uses it, or set FLORIN_PORT';
  return { subject, health: 'broken', found, advice };
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? 'unknown'));
  server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  return promise;
}

async function isFlorin(host: string, port: number): Promise<boolean> {
  const name = host.includes(':') ? `[${host}]` : host;
  try {
    const signal = AbortSignal.timeout(PROBE_MS);
    const answer = await fetch(`http://${name}:${port}/`, { signal });
    const body = (await answer.json()) as { name?: unknown };
    return body.name === 'Florin';
  } catch {
    return false;
  }
}

async function lookAtDatabase(config: Config): Promise<Finding[]> {
  const { url: given, dataDirectory, connectTimeoutMs } = config.database;
  let embedded: EmbeddedPostgres | undefined;
  let session: Session | undefined;
  const findings: Finding[] = [];
  try {
    const startedMs = performance.now();
    if (given === undefined) {
      const options = dataDirectory === undefined ? {} : { dataFolder: dataDirectory };
      embedded = await startEmbedded(options);
    }
    const url = embedded?.url ?? given ?? '';
    session = await openSession(url, connectTimeoutMs);
    const facts = await readServerFacts(session);
    findings.push(reached(facts, embedded, { url, ms: performance.now() - startedMs }));
    if (embedded !== undefined) findings.push(...(await lookAtDisk(embedded.dataFolder)));
    findings.push(...lookAtServer(facts, config), await lookAtClock(session));
    findings.push(await lookAtSchema(session));
  } catch (error) {
    const found = rootMessage(error);
    const advice =
      given === undefined
        ? 'see the sentence above; FLORIN_DATA_DIR and FLORIN_DATABASE_URL choose another place'
        : 'check FLORIN_DATABASE_URL, and that the server runs and lets this user in';
    findings.push({ subject: 'database', health: 'broken', found, advice });
  } finally {
    await session?.close();
    await embedded?.close();
  }
  return findings;
}

function rootMessage(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return rootMessage(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const isGeneral = error.cause !== undefined && 'code' in error && error.name === 'Fault';
  return isGeneral ? `${error.message} ${rootMessage(error.cause)}` : error.message;
}

function reached(
  facts: ServerFacts,
  embedded: EmbeddedPostgres | undefined,
  { url, ms }: { readonly url: string; readonly ms: number },
): Finding {
  const where =
    embedded === undefined
      ? withoutPassword(url)
      : `embedded in ${embedded.dataFolder}, ${embedded.isShared ? 'running' : 'started for this'}`;
  const found = `PostgreSQL ${facts.version}, ${where}, reached in ${Math.round(ms)} ms`;
  if (facts.versionNumber < SERVER_VERSION_MIN) {
    return { subject: 'database', health: 'broken', found, advice: 'use PostgreSQL 15 or later' };
  }
  if (facts.isStandby) {
    const advice = 'this is a standby: point FLORIN_DATABASE_URL at the primary';
    return { subject: 'database', health: 'broken', found, advice };
  }
  return { subject: 'database', health: 'ok', found };
}

function lookAtServer(facts: ServerFacts, { database }: Config): Finding[] {
  const durable = (name: string, value: string, wanted: readonly string[]): Finding => {
    const subject = 'durability';
    const found = `${name} is ${value}`;
    if (wanted.includes(value)) return { subject, health: 'ok', found };
    const advice = `set ${name} = on: without it the server may lose committed money in a crash`;
    return { subject, health: 'broken', found, advice };
  };
  const free = facts.connectionsMax - facts.connections;
  const isTight = free < database.poolSize;
  const checksums: Finding =
    facts.dataChecksums === 'on'
      ? { subject: 'durability', health: 'ok', found: 'data_checksums is on' }
      : {
          subject: 'durability',
          health: 'warning',
          found: `data_checksums is ${facts.dataChecksums}`,
          advice: 'enable checksums (pg_checksums) so that a failing disk is noticed',
        };
  return [
    durable('fsync', facts.fsync, ['on']),
    durable('full_page_writes', facts.fullPageWrites, ['on']),
    // Every session of Florin sets it; the server's own default matters to other programs.
    durable('synchronous_commit', facts.synchronousCommit, ['on', 'remote_apply']),
    checksums,
    {
      subject: 'connections',
      health: isTight ? 'warning' : 'ok',
      found:
        `${facts.connections} of ${facts.connectionsMax} in use, ` +
        `Florin wants ${database.poolSize}`,
      ...(isTight ? { advice: 'raise max_connections, or lower FLORIN_DATABASE_POOL_SIZE' } : {}),
    },
  ];
}

async function lookAtDisk(folder: string): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const health =
    free < FREE_BROKEN_GIB * GIB ? 'broken' : free < FREE_WARNING_GIB * GIB ? 'warning' : 'ok';
  const advice = 'free some space, or move the folder and set FLORIN_DATA_DIR';
  return [
    {
      subject: 'disk',
      health,
      found: `${gib(free)} free in ${folder}`,
      ...(health === 'ok' ? {} : { advice }),
    },
    lookAtSync(folder),
  ];
}

/** How long the disk takes to promise that it has something: what a lone commit costs. */
function lookAtSync(folder: string): Finding {
  const file = path.join(folder, `.doctor-${process.pid}`);
  const descriptor = openSync(file, 'wx', 0o600);
  const times: number[] = [];
  try {
    for (let round = 0; round < SYNCS; round += 1) {
      writeSync(descriptor, Buffer.alloc(8_192, round), 0, 8_192, 0);
      const startedMs = performance.now();
      fdatasyncSync(descriptor);
      times.push(performance.now() - startedMs);
    }
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
  const medianMs = times.toSorted((a, b) => a - b)[Math.floor(SYNCS / 2)] ?? 0;
  const found = `a write is durable after ${Math.round(medianMs * 100) / 100} ms`;
  if (medianMs >= SYNC_SUSPICIOUS_MS) return { subject: 'disk', health: 'ok', found };
  const advice = 'this is too fast for a disk: a memory disk or a volatile cache loses data';
  return { subject: 'disk', health: 'warning', found, advice };
}

async function lookAtClock(session: Session): Promise<Finding> {
  const clock = systemClock();
  const beforeMs = msOf(clock.now());
  const databaseMs = await readClockMs(session);
  const afterMs = msOf(clock.now());
  const skewMs = Math.max(beforeMs - databaseMs, databaseMs - afterMs, 0);
  const found = `the database's differs from ours by ${Math.round(skewMs)} ms`;
  if (skewMs < CLOCK_SKEW_WARNING_MS) return { subject: 'clock', health: 'ok', found };
  return { subject: 'clock', health: 'warning', found, advice: 'let NTP set both clocks' };
}

const sources = path.join(import.meta.dirname, '..', 'src');

async function lookAtSchema(session: Session): Promise<Finding> {
  const subject = 'schema';
  const known = await migrationNames();
  const applied = await readMigrations(session);
  if (applied === undefined) {
    return { subject, health: 'ok', found: 'none yet; the first start makes it' };
  }
  const foreign = applied.filter(({ name }) => !known.includes(name));
  const missing = known.length - (applied.length - foreign.length);
  const latest = `version ${applied.at(-1)?.number ?? 0}`;
  if (foreign.length > 0) {
    const found = `${latest}, with ${foreign[0]?.name}, which this Florin does not know`;
    const advice = 'start the version of Florin that made it, or a later one';
    return { subject, health: 'broken', found, advice };
  }
  const found = missing === 0 ? `${latest}, up to date` : `${latest}, ${missing} migrations behind`;
  return missing === 0
    ? { subject, health: 'ok', found }
    : { subject, health: 'warning', found, advice: 'the next start applies them' };
}

async function migrationNames(): Promise<string[]> {
  const entries = await readdir(sources, { recursive: true });
  return entries
    .filter((entry) => /^[^/]+[/\\]migrations[/\\]\d{4}_[^/\\]+\.sql$/.test(entry))
    .map((entry) => path.basename(entry));
}

function reportOf(findings: readonly Finding[]): string {
  const marks: Record<Health, string> = { ok: 'ok', warning: 'warning', broken: 'BROKEN' };
  const lines = findings.map(({ subject, health, found, advice }) => {
    const line = `  ${marks[health].padEnd(9)}${subject.padEnd(13)}${found}`;
    return advice === undefined ? line : `${line}\n${' '.repeat(24)}-> ${advice}`;
  });
  const broken = findings.filter(({ health }) => health === 'broken').length;
  const warnings = findings.filter(({ health }) => health === 'warning').length;
  const verdict =
    broken > 0
      ? `Broken: ${broken} of ${findings.length} checks.`
      : warnings > 0
        ? `Nothing is broken; warnings: ${warnings}.`
        : 'All is well.';
  return [...lines, '', `${verdict} florin verify looks into the books.`].join('\n');
}

function gib(bytes: number): string {
  return `${(Math.round((bytes / GIB) * 10) / 10).toString()} GiB`;
}
