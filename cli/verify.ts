// florin verify: recomputes the ledger from its entries and prints what differs. It changes nothing
// in the database, also not its schema, and ends with 0 only for sound books.

import { availableParallelism } from 'node:os';
import { loadConfig } from '#config';
import { verify, type Verification } from '#ledger';
import { openSession, startEmbedded, withoutPassword } from '#platform';
import { explain } from './failure.ts';
import { createProgress, silentProgress } from './progress.ts';
import { grouped, linesOfRules, secondsOf, verdictOf } from './rules-report.ts';
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
  const { at, counts, elapsedMs } = verification;
  return [
    `Books of ${database}, as of ${at}:`,
    ...linesOfRules(verification, `--findings lists more than ${findingsMax}`),
    `${verdictOf('The books are', verification)} ` +
      `(${grouped(counts.entries)} entries in ${secondsOf(elapsedMs)} s).`,
  ].join('\n');
}
