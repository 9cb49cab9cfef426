// florin audit verify: recomputes the whole audit log in the database, shows that it is complete,
// and prints what differs. Before it reads, it says so in the log; otherwise it changes nothing. It
// ends with 0 only for a sound log.

import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  auditActions,
  parseVerifierKey,
  SIGNING_KEY,
  verifyLog,
  type LogVerification,
} from '#audit';
import { loadConfig } from '#config';
import { keysFolderOf, openSession } from '#platform';
import { explain } from '../failure.ts';
import { createProgress, silentProgress, type Progress } from '../progress.ts';
import { grouped, linesOfRules, secondsOf, verdictOf } from '../rules-report.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseCount,
  parseStrictly,
  UsageError,
  type Environment,
} from '../usage.ts';
import { openLog, type OpenedLog } from './open.ts';
import { LOG_TARGET, recordRead } from './reads.ts';
import { reconcileSources } from '../../src/sources.ts';

const FINDINGS_DEFAULT = '20';

interface Request {
  readonly isJson: boolean;
  readonly findingsPerRuleMax: number;
  readonly connections: number;
  /** Undefined: the key of this installation. */
  readonly keys: readonly Buffer[] | undefined;
}

export async function runAuditVerify(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  try {
    // Opening the log makes keys where there are none, and those vouch for nothing.
    const hasKeys = areKeysThere(env);
    const log = await openLog(env);
    try {
      const verification = await verifyOpened(log, request, hasKeys);
      const text = request.isJson
        ? jsonOf(verification, log)
        : reportOf(verification, log, request.findingsPerRuleMax);
      process.stdout.write(`${text}\n`);
      return verification.isSound ? EXIT_DONE : EXIT_FAILED;
    } finally {
      await log.close();
    }
  } catch (error) {
    process.stderr.write(`${explain(error, env)}\n`);
    return EXIT_UNUSABLE;
  }
}

function parseRequest(args: string[]): Request {
  const { values } = parseStrictly({
    args,
    options: {
      json: { type: 'boolean', default: false },
      findings: { type: 'string', default: FINDINGS_DEFAULT },
      connections: { type: 'string', default: '2' },
      key: { type: 'string', multiple: true },
    },
  });
  const { findings, connections, json, key } = values;
  return {
    isJson: json,
    findingsPerRuleMax: parseCount(findings, { name: 'findings', min: 1, max: 100_000 }),
    connections: parseCount(connections, { name: 'connections', min: 1, max: 2 }),
    keys: key?.map((text) => {
      const parsed = parseVerifierKey(text);
      if (!parsed.ok) throw new UsageError(`--key: ${parsed.why}`);
      return parsed.value.publicKey;
    }),
  };
}

function areKeysThere(env: Environment): boolean {
  const folder = keysFolderOf(loadConfig(env).database);
  return existsSync(path.join(folder, `${SIGNING_KEY}.pem`));
}

async function verifyOpened(
  log: OpenedLog,
  request: Request,
  hasKeys: boolean,
): Promise<LogVerification> {
  await recordVerification(log);
  const { keys } = log.database;
  const progress = request.isJson ? silentProgress : createProgress(process.stderr);
  try {
    return await verifyLog({
      open: () => openSession(log.ownerUrl, log.config.database.connectTimeoutMs),
      connections: request.connections,
      findingsPerRuleMax: request.findingsPerRuleMax,
      trustedKeys: request.keys ?? (hasKeys ? [await keys.publicKey(SIGNING_KEY)] : undefined),
      keys: hasKeys ? keys : undefined,
      objects: log.objects,
      sources: reconcileSources,
      onProgress: showing(progress),
    });
  } finally {
    progress.finish();
  }
}

// A log that was tampered with may refuse its own records, and is verified all the same.
async function recordVerification(log: OpenedLog): Promise<void> {
  const action = auditActions['audit.log.verified'];
  try {
    await recordRead(log, { action, target: LOG_TARGET });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`This verification could not be recorded in the log: ${reason}\n`);
  }
}

function showing(progress: Progress): (seen: { done: number; of: number }) => void {
  let before: number | undefined;
  return ({ done, of }) => {
    if (before === undefined) progress.start('Verifying', { total: of, unit: 'records' });
    progress.advance(done - (before ?? 0));
    before = done;
  };
}

function jsonOf(verification: LogVerification, { database }: OpenedLog): string {
  const { isSound, at, elapsedMs, size, counts, rules, findings } = verification;
  return JSON.stringify({
    sound: isSound,
    database: database.description,
    at,
    elapsed_ms: Math.round(elapsedMs),
    size,
    counts,
    rules,
    findings,
  });
}

function reportOf(verification: LogVerification, log: OpenedLog, findingsMax: number): string {
  const { at, counts, elapsedMs } = verification;
  const amount = `${grouped(counts.leaves)} records and ${grouped(counts.changes)} changes`;
  return [
    `Audit log of ${log.database.description}, as of ${at}:`,
    ...linesOfRules(verification, `--findings lists more than ${findingsMax}`),
    `${verdictOf('The log is', verification)} (${amount} in ${secondsOf(elapsedMs)} s).`,
  ].join('\n');
}
