// florin audit collect digests: verifies a copy of what CloudTrail delivered by its digest files.
// It needs no database, no network and nothing of Amazon's but its public keys.

import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { readTrailKeys, verifyDigests, type DigestReport, type TrailFiles } from '#audit';
import { explain } from '../../failure.ts';
import { createProgress, silentProgress } from '../../progress.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseStrictly,
  UsageError,
  type Environment,
} from '../../usage.ts';

interface Request {
  readonly folder: string;
  readonly keys: string;
  readonly isJson: boolean;
}

export async function runDigests(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  try {
    return await verify(request);
  } catch (error) {
    process.stderr.write(`${explain(error, env)}\n`);
    return EXIT_UNUSABLE;
  }
}

function parseRequest(args: string[]): Request {
  const { values, positionals } = parseStrictly({
    args,
    allowPositionals: true,
    options: { keys: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const [folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0 || values.keys === undefined) {
    throw new UsageError(
      'audit collect digests takes a FOLDER and --keys FILE, what "aws cloudtrail ' +
        'list-public-keys" printed.',
    );
  }
  return { folder, keys: values.keys, isJson: values.json };
}

async function verify({ folder, keys: keysFile, isJson }: Request): Promise<number> {
  const keys = readTrailKeys(await readFile(keysFile, 'utf8'));
  if (!keys.ok) throw new UsageError(keys.refusal.message);
  const files = await filesOf(folder);
  const progress = isJson ? silentProgress : createProgress(process.stderr);
  progress.start('Verifying', { total: files.paths.length, unit: 'files' });
  const report = await verifyDigests({
    files,
    publicKeys: keys.value,
    onFile: () => {
      progress.advance(1);
    },
  });
  progress.finish();
  if (report.digests === 0)
    throw new UsageError(`There are no digests of CloudTrail in ${folder}.`);
  process.stdout.write(`${isJson ? jsonOf(report) : textOf(report)}\n`);
  return report.isSound ? EXIT_DONE : EXIT_FAILED;
}

async function filesOf(folder: string): Promise<TrailFiles> {
  if (!(await stat(folder)).isDirectory()) throw new UsageError(`${folder} is no folder.`);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  return {
    paths: paths.map((one) => one.split(path.sep).join('/')),
    read: (one) => createReadStream(path.join(folder, one)),
  };
}

function jsonOf({ isSound, digests, logs, findings }: DigestReport): string {
  return JSON.stringify({ sound: isSound, digests, logs, findings });
}

function textOf({ isSound, digests, logs, findings }: DigestReport): string {
  const lines = findings.map(({ kind, path: file, message }) => `  ${kind} ${file}: ${message}`);
  const checked = `${digests} digests, ${logs} log files`;
  return [
    ...lines,
    isSound
      ? `The logs are as CloudTrail delivered them (${checked}).`
      : `THE LOGS ARE NOT AS CLOUDTRAIL DELIVERED THEM (${checked}).`,
  ].join('\n');
}
