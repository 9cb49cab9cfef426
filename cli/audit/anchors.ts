// florin audit anchors: verifies every hourly anchor, each by its own bytes, the one before it and
// the log, and lists the latest of them.

import {
  listAnchors,
  logFacts,
  parseVerifierKey,
  SIGNING_KEY,
  verifyAnchors,
  type Anchor,
  type AnchorFinding,
  type NoteKey,
} from '#audit';
import { formatInstant } from '#kernel';
import {
  EXIT_DONE,
  EXIT_FAILED,
  parseCount,
  parseStrictly,
  UsageError,
  type Environment,
} from '../usage.ts';
import { withLog, type OpenedLog } from './open.ts';

interface Request {
  /** Undefined: this installation's own key. */
  readonly keys: readonly NoteKey[] | undefined;
  readonly lastMax: number;
}

export async function runAnchors(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  return await withLog(env, (log) => show(log, request));
}

function parseRequest(args: string[]): Request {
  const { values } = parseStrictly({
    args,
    options: {
      key: { type: 'string', multiple: true },
      last: { type: 'string', default: '24' },
    },
  });
  const keys = values.key?.map((text) => {
    const parsed = parseVerifierKey(text);
    if (!parsed.ok) throw new UsageError(`--key: ${parsed.why}`);
    return parsed.value;
  });
  return { keys, lastMax: parseCount(values.last, { name: 'last', min: 0, max: 1_000_000 }) };
}

async function show(log: OpenedLog, { keys, lastMax }: Request): Promise<number> {
  const trusted = keys ?? (await ownKeys(log));
  let count = 0;
  const latest: Anchor[] = [];
  for await (const anchor of listAnchors(log.database)) {
    count += 1;
    latest.push(anchor);
    if (latest.length > lastMax) latest.shift();
  }
  for (const anchor of latest) process.stdout.write(`${lineOf(anchor)}\n`);
  const hidden = count - latest.length;
  if (hidden > 0) process.stdout.write(`and ${hidden} before them (--last lists more)\n`);
  let breaches = 0;
  for await (const finding of verifyAnchors(log.database, log.objects, trusted)) {
    breaches += 1;
    process.stdout.write(`${wrongOf(finding)}\n`);
  }
  const anchors = count === 1 ? '1 anchor' : `${count} anchors`;
  process.stdout.write(
    breaches === 0
      ? `The chain of ${anchors} is sound.\n`
      : `THE ANCHORS ARE NOT SOUND: ${breaches} findings on ${anchors}.\n`,
  );
  return breaches === 0 ? EXIT_DONE : EXIT_FAILED;
}

async function ownKeys({ database }: OpenedLog): Promise<NoteKey[]> {
  const log = await logFacts(database);
  if (log === undefined) return [];
  return [{ name: log.origin, publicKey: await database.keys.publicKey(SIGNING_KEY) }];
}

function lineOf({ number, start, end, size, sha256, key }: Anchor): string {
  const hours = `${formatInstant(start).slice(0, 16)}Z to ${formatInstant(end).slice(0, 16)}Z`;
  const digest = sha256.toString('hex');
  return `${String(number).padStart(6)}  ${hours}  ${size} records  ${digest}  ${key}`;
}

function wrongOf({ rule, place, expected, found }: AnchorFinding): string {
  return `WRONG ${rule}: ${place}: expected ${expected}; found ${found}`;
}
