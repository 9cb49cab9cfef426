// florin verify: recomputes the ledger from its entries and prints what differs. It changes nothing
// in the database, also not its schema, and ends with 0 only for sound books.

import { availableParallelism } from 'node:os';
import { loadConfig } from '#config';
import { verify, type Finding, type RuleOutcome, type Verification } from '#ledger';
import { openSession, startEmbedded, withoutPassword } from '#platform';
import { explain } from './failure.ts';
import { createProgress, silentProgress } from './progress.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseCount,
  parseStrictly,
  type Environment,
} from './usage.ts';

const FINDINGS_DEFAULT = '20';
const CONNECTIONS_MAX = 4;

interface Request {
  readonly isJson: boolean;
  readonly findingsPerRuleMax: number;
  readonly connections: number;
}

export async function runVerify(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  try {
    const { verification, database } = await verifyDatabase(request, env);
    const text = request.isJson
      ? jsonOf(verification, database)
      : reportOf(verification, database, request.findingsPerRuleMax);
    process.stdout.write(`${text}\n`);
    return verification.isSound ? EXIT_DONE : EXIT_FAILED;
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
      connections: {
        type: 'string',
        default: String(Math.min(availableParallelism(), CONNECTIONS_MAX)),
      },
    },
  });
  const { findings, connections, json } = values;
  return {
    isJson: json,
    findingsPerRuleMax: parseCount(findings, { name: 'findings', min: 1, max: 100_000 }),
    connections: parseCount(connections, { name: 'connections', min: 1, max: 16 }),
  };
}

async function verifyDatabase(
  request: Request,
  env: Environment,
): Promise<{ verification: Verification; database: string }> {
  const { url: given, dataDirectory, connectTimeoutMs } = loadConfig(env).database;
  const embedded =
    given === undefined
      ? await startEmbedded(dataDirectory === undefined ? {} : { dataFolder: dataDirectory })
      : undefined;
  const url = embedded?.url ?? given ?? '';
  const progress = request.isJson ? silentProgress : createProgress(process.stderr);
  try {
    const verification = await verify({
      open: () => openSession(url, connectTimeoutMs),
      connections: request.connections,
      findingsPerRuleMax: request.findingsPerRuleMax,
      onProgress: ({ done, of }) => {
        if (done === 0) progress.start('Verifying', { total: of, unit: 'checks' });
        else progress.advance(1);
      },
    });
    const database =
      embedded === undefined
        ? `PostgreSQL at ${withoutPassword(url)}`
        : `PostgreSQL ${embedded.version} in ${embedded.dataFolder}`;
    return { verification, database };
  } finally {
    progress.finish();
    await embedded?.close();
  }
}

function jsonOf(verification: Verification, database: string): string {
  const { isSound, at, elapsedMs, counts, rules, findings } = verification;
  return JSON.stringify({
    sound: isSound,
    database,
    at,
    elapsed_ms: Math.round(elapsedMs),
    counts: Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, Number(n)])),
    rules: rules.map(({ rule, meaning, subject, checked, breaches }) => {
      return { rule, meaning, subject, checked: Number(checked), breaches: Number(breaches) };
    }),
    findings: findings.map(({ accountId, transferId, ...rest }) => ({
      ...rest,
      ...(accountId === undefined ? {} : { account: accountId }),
      ...(transferId === undefined ? {} : { transfer: transferId }),
    })),
  });
}

function reportOf(verification: Verification, database: string, findingsMax: number): string {
  const { at, rules, findings, counts, elapsedMs, isSound } = verification;
  const lines = [`Books of ${database}, as of ${at}:`, '', ...tableOf(rules), ''];
  for (const { rule, breaches } of rules) {
    const listed = findings.filter((finding) => finding.rule === rule);
    if (listed.length === 0) continue;
    lines.push(...listed.map(lineOf));
    const hidden = breaches - BigInt(listed.length);
    if (hidden > 0n) {
      const hint = `--findings lists more than ${findingsMax}`;
      lines.push(`  and ${grouped(hidden)} more of ${rule} (${hint})`);
    }
    lines.push('');
  }
  const seconds = (Math.round(elapsedMs / 100) / 10).toString();
  const checked = `${grouped(counts.entries)} entries in ${seconds} s`;
  const broken = rules.filter(({ breaches }) => breaches > 0n).length;
  const warnings = broken === 0 ? '' : `, with warnings under ${broken} of them`;
  lines.push(
    isSound
      ? `The books are sound: all ${rules.length} rules hold${warnings} (${checked}).`
      : `THE BOOKS ARE NOT SOUND: ${broken} of ${rules.length} rules are broken (${checked}).`,
  );
  return lines.join('\n');
}

function tableOf(rules: readonly RuleOutcome[]): string[] {
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

function lineOf({ rule, severity, place, expected, found }: Finding): string {
  const mark = severity === 'warning' ? 'warning' : 'WRONG';
  return `  ${mark} ${rule}: ${place}: expected ${expected}; found ${found}`;
}

function grouped(count: bigint): string {
  return count.toLocaleString('en-GB');
}
