// Owns the digest of an anchor: which hours it closes, the checkpoint of the log at their end, the
// manifests written since, and the anchor before it by key, hash and signature. One line of
// canonical JSON; the same facts always give the same bytes.

import { accept, formatInstant, HOUR_US, parseInstant, type Instant } from '#kernel';
import { canonical } from '../canonical.ts';
import { parseCheckpoint } from '../tree/checkpoint.ts';
import { reject, type Judged } from '../tree/judged.ts';
import { bytesIn, membersOf } from './signed-lines.ts';

const DIGEST_VERSION = 1;
export const ANCHORS_PREFIX = 'audit/anchors/';

export interface ListedObject {
  readonly key: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

export interface PreviousAnchor extends ListedObject {
  readonly signature: Buffer;
}

export interface AnchorDigest {
  /** 1, 2, 3 … without a gap. */
  readonly number: number;
  readonly origin: string;
  /** The end of the anchor before it; of the first, the hour in which the log began. */
  readonly start: Instant;
  /** A whole hour. */
  readonly end: Instant;
  /** A signed note. */
  readonly checkpoint: string;
  readonly size: number;
  readonly root: Buffer;
  /** Manifests of the archive since the anchor before it. */
  readonly manifests: readonly ListedObject[];
  readonly previous: PreviousAnchor | undefined;
}

/** The start of the instant's hour. */
export function hourOf(instant: Instant): Instant {
  return (Math.floor(instant / HOUR_US) * HOUR_US) as Instant;
}

/** audit/anchors/000000000042-2026-11-21T13Z.jsonl; keys sort by number. */
export function anchorKey({ number, end }: Pick<AnchorDigest, 'number' | 'end'>): string {
  const hour = formatInstant(end).slice(0, 13);
  return `${ANCHORS_PREFIX}${String(number).padStart(12, '0')}-${hour}Z.jsonl`;
}

/** With its line feed. */
export function formatDigest(digest: AnchorDigest): Buffer {
  const { previous, start, end, root, manifests, ...plain } = digest;
  const members = {
    ...plain,
    start: formatInstant(start),
    end: formatInstant(end),
    root: root.toString('base64'),
    manifests: manifests.map(({ key, sha256 }) => ({ key, sha256 })),
    previous:
      previous === undefined
        ? undefined
        : { ...previous, signature: previous.signature.toString('base64') },
    version: DIGEST_VERSION,
  };
  return Buffer.from(`${canonical(members)}\n`);
}

/** Reads a digest that may have been written by anybody. */
export function parseDigest(line: string): Judged<AnchorDigest> {
  const members = membersOf(line);
  if (members?.['version'] !== DIGEST_VERSION) return reject('It is not a digest of version 1.');
  const { number, origin, checkpoint, size } = members;
  const start = instantIn(members['start']);
  const end = instantIn(members['end']);
  const root = bytesIn(members['root']);
  const manifests = manifestsIn(members['manifests']);
  const previous = previousIn(members['previous']);
  if (!isCount(number) || !isCount(size)) return reject('Its number or its size is no count.');
  if (typeof origin !== 'string' || typeof checkpoint !== 'string') {
    return reject('It has no origin or no checkpoint.');
  }
  if (start === undefined || end === undefined) return reject('It has no start or no end.');
  if (root === undefined) return reject('It has no root.');
  if (manifests === undefined) return reject('Its list of manifests is malformed.');
  if (previous === 'malformed') return reject('What it says of the anchor before is malformed.');
  const digest = { number, origin, start, end, checkpoint, size, root, manifests, previous };
  const isCanonical = formatDigest(digest).equals(Buffer.from(`${line}\n`));
  return isCanonical ? accept(digest) : reject('It is not canonical JSON.');
}

/** The checkpoint in the digest, as far as it can be read without knowing who signed it. */
export function flawOfSummary(digest: AnchorDigest, text: string): string | undefined {
  const parsed = parseCheckpoint(text);
  if (!parsed.ok) return parsed.why;
  const { origin, size, root } = parsed.value;
  const isSame = origin === digest.origin && size === digest.size && root.equals(digest.root);
  return isSame ? undefined : 'Its origin, size or root is not that of its checkpoint.';
}

function manifestsIn(value: unknown): ListedObject[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const listed = (value as unknown[]).map(listedIn);
  return listed.includes(undefined) ? undefined : (listed as ListedObject[]);
}

function listedIn(value: unknown): ListedObject | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { key, sha256 } = value as Record<string, unknown>;
  if (typeof key !== 'string' || typeof sha256 !== 'string') return undefined;
  return /^[0-9a-f]{64}$/.test(sha256) ? { key, sha256 } : undefined;
}

function previousIn(value: unknown): PreviousAnchor | undefined | 'malformed' {
  if (value === undefined) return undefined;
  const listed = listedIn(value);
  const signature = bytesIn((value as Record<string, unknown> | null)?.['signature']);
  if (listed === undefined || signature === undefined) return 'malformed';
  return { ...listed, signature };
}

function instantIn(value: unknown): Instant | undefined {
  return typeof value === 'string' ? parseInstant(value) : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
