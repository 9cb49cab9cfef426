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
  type LogFinding,
  type LogRuleOutcome,
  type LogVerification,
} from '#audit';
import { loadConfig } from '#config';
import { ledgerSources } from '#ledger';
import { keysFolderOf, openSession } from '#platform';
import { explain } from '../failure.ts';
import { createProgress, silentProgress, type Progress } from '../progress.ts';
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
      sources: ledgerSources,
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
  const { at, rules, findings, counts, elapsedMs, isSound } = verification;
  const lines = [
    `Audit log of ${log.database.description}, as of ${at}:`,
    '',
    ...tableOf(rules),
    '',
  ];
  for (const { rule, breaches } of rules) {
    const listed = findings.filter((finding) => finding.rule === rule);
    if (listed.length === 0) continue;
    lines.push(...listed.map(lineOf));
    const hidden = breaches - listed.length;
    if (hidden > 0) {
      const hint = `--findings=${findingsMax} lists more`;
      lines.push(`  and ${grouped(hidden)} more of ${rule} (${hint})`);
    }
    lines.push('');
  }
  const seconds = (Math.round(elapsedMs / 100) / 10).toString();
  const amount = `${grouped(counts.leaves)} records and ${grouped(counts.changes)} changes`;
  const broken = rules.filter(({ breaches }) => breaches > 0).length;
  const warnings = broken === 0 ? '' : `, with warnings under ${broken} of them`;
  const verdict = isSound
    ? `The log is sound: all ${rules.length} rules hold${warnings}`
    : `THE LOG IS NOT SOUND: ${broken} of ${rules.length} rules are broken`;
  lines.push(`${verdict} (${amount} in ${seconds} s).`);
  return lines.join('\n');
}

function tableOf(rules: readonly LogRuleOutcome[]): string[] {
  const rows = [
    ['rule', 'checked', '', 'breaches', 'meaning'],
    ...rules.map(({ rule, meaning, subject, checked, breaches }) => {
      return [rule, grouped(checked), subject, grouped(breaches), meaning];
    }),
  ];
  const width = (column: number): number =>
    Math.max(...rows.map((row) => (row[column] ?? '').length));
  return rows.map(([rule = '', checked = '', subject = '', breaches = '', meaning = '']) =>
    [
      `  ${rule.padEnd(width(0))}`,
      checked.padStart(width(1)),
      subject.padEnd(width(2)),
      breaches.padStart(width(3)),
      ` ${meaning}`,
    ].join(' '),
  );
}

function lineOf({ rule, severity, place, expected, found }: LogFinding): string {
  const mark = severity === 'warning' ? 'warning' : 'WRONG';
  return `  ${mark} ${rule}: ${place}: expected ${expected}; found ${found}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-GB');
}
