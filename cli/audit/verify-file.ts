// florin audit verify FILE: verifies an exported bundle, a receipt or a consistency proof with
// nothing but the file and the log's public key: no database, no network, no trust in the operator.

import { readFile } from 'node:fs/promises';
import { parseVerifierKey, verifyBundleFile } from '#audit';
import { explain } from '../failure.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseStrictly,
  UsageError,
  type Environment,
} from '../usage.ts';

type FileReport = Awaited<ReturnType<typeof verifyBundleFile>>;
type FileFinding = FileReport['findings'][number];

interface Request {
  readonly file: string;
  readonly keys: readonly string[] | undefined;
  readonly since: string | undefined;
  readonly leaf: string | undefined;
  readonly isJson: boolean;
}

export async function runVerifyFile(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  try {
    const report = await verifyBundleFile(request.file, {
      trustedKeys: request.keys,
      sincePath: request.since,
      leaf: request.leaf === undefined ? undefined : await readLeaf(request.leaf),
    });
    const text = request.isJson ? jsonOf(report, request.file) : textOf(report, request.file);
    process.stdout.write(`${text}\n`);
    return report.isSound ? EXIT_DONE : EXIT_FAILED;
  } catch (error) {
    process.stderr.write(`${explain(error, env)}\n`);
    return EXIT_UNUSABLE;
  }
}

function parseRequest(args: string[]): Request {
  const { values, positionals } = parseStrictly({
    args,
    options: {
      key: { type: 'string', multiple: true },
      since: { type: 'string' },
      leaf: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError('audit verify takes one FILE.');
  for (const key of values.key ?? []) {
    const parsed = parseVerifierKey(key);
    if (!parsed.ok) throw new UsageError(`--key: ${parsed.why}`);
  }
  const { key: keys, since, leaf, json: isJson } = values;
  return { file, keys, since, leaf, isJson };
}

/** A record as it was handed out; the line feed that an editor adds is no part of it. */
async function readLeaf(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}

function jsonOf(report: FileReport, file: string): string {
  const { kind, head, isKeyTrusted, leaves, first, since, errors, warnings, findings } = report;
  return JSON.stringify({
    sound: report.isSound,
    key_trusted: isKeyTrusted,
    file,
    kind,
    leaves,
    first,
    checkpoint:
      head === undefined
        ? undefined
        : {
            origin: head.origin,
            size: head.size,
            root: head.root.toString('base64'),
            signed_by: head.signedBy,
          },
    continues: since === undefined ? undefined : { size: since.size },
    errors,
    warnings,
    findings,
  });
}

function textOf(report: FileReport, file: string): string {
  const { head, isKeyTrusted, errors, warnings, findings, since } = report;
  const lines = [`${file}: ${whatOf(report)}`];
  if (head !== undefined) {
    lines.push(
      `Log ${head.origin} at ${head.size} records, root ${head.root.toString('base64')},`,
      ...head.signedBy.map((key) => `signed by ${key}`),
    );
  }
  if (since !== undefined)
    lines.push(`It continues the log of ${since.size} records given as older.`);
  if (findings.length > 0) lines.push('', ...findings.map(lineOf));
  const unlisted = errors + warnings - findings.length;
  if (unlisted > 0) lines.push(`  and ${unlisted} more`);
  lines.push('');
  if (head !== undefined && !isKeyTrusted) {
    lines.push(
      'THE KEY IS FROM THE FILE ITSELF: whoever wrote the file may have made all of it. Compare',
      "the key above with the log's published one, and give that with --key.",
    );
  }
  const found = errors === 1 ? '1 error was' : `${errors} errors were`;
  lines.push(
    report.isSound
      ? `The file is sound${warnings === 0 ? '' : `, with ${warnings} warnings`}.`
      : `THE FILE IS NOT SOUND: ${found} found.`,
  );
  return lines.join('\n');
}

function whatOf({ kind, leaves, first }: FileReport): string {
  if (kind === 'receipt') return 'a receipt of one record';
  if (kind === 'consistency') return 'the proof that one checkpoint continues another';
  if (kind === 'selection') return `a selection of ${leaves} records, each with its own proof`;
  if (kind === undefined) return 'nothing that can be verified';
  return `all ${leaves} records from leaf ${first ?? 0} on, none left out`;
}

function lineOf({ rule, severity, line, message }: FileFinding): string {
  const mark = severity === 'warning' ? 'warning' : 'WRONG';
  return `  ${mark} ${rule}${line === undefined ? '' : `, line ${line}`}: ${message}`;
}
