// The rules that anchors must satisfy, and the reading of all of them that finds every breach. Each
// anchor is judged by its own bytes, by the one before it, and by the log as the database has it.

import { Fault, formatInstant, HOUR_US, type Instant } from '#kernel';
import type { Objects, Queryable } from '#platform';
import { isManifest } from '../archive/store/manifest-store.ts';
import { latestCheckpoint } from '../proofs/checkpoint-store.ts';
import { rootAt } from '../proofs/proofs.ts';
import { openNote, type NoteKey } from '../tree/note.ts';
import { checkpointAbove, selectAnchors, selectUnknownKeys, type Anchor } from './anchor-store.ts';
import { ANCHORS_PREFIX, flawOfSummary, parseDigest, type AnchorDigest } from './digest.ts';
import { flawOfSignature, parseSignedLines, type SignedLines } from './signed-lines.ts';
import { nextEnd } from './state.ts';

/** Names are stable: alarms and the reference page refer to them. */
export const anchorRules = {
  anchor_missing: 'every hour in which the log grew has its anchor, and every anchor its object',
  anchor_rewritten: 'an anchor is byte for byte what was written and signed',
  anchor_reordered: 'every anchor stands under its own number',
  anchor_chain_broken: 'an anchor names the one before it and begins where that one ends',
  anchor_unknown: 'every object among the anchors is one that the database knows',
  anchor_checkpoint_contradicts: "an anchor's checkpoint is signed, and is what the log gives",
  anchor_manifest_contradicts: 'every manifest that an anchor lists is in the database',
} as const;

export interface AnchorFinding {
  readonly rule: keyof typeof anchorRules;
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

/** Reads every anchor, oldest first, and yields what is wrong. */
export async function* verifyAnchors(
  queryable: Queryable,
  objects: Objects,
  trusted: readonly NoteKey[],
): AsyncGenerator<AnchorFinding> {
  yield* unknownObjects(queryable, objects);
  const verifier = new AnchorVerifier(queryable, objects, trusted);
  let before: Known | undefined;
  for await (const anchor of listAnchors(queryable)) {
    yield* missingBetween(before, anchor);
    const read = await verifier.read(anchor);
    const known: Known = { anchor, digest: read.digest };
    yield* read.findings;
    if (read.digest !== undefined) yield* verifier.judge(known, before);
    yield* verifier.judgeHours(anchor, before);
    before = known;
  }
  yield* missingLast(queryable, before?.anchor);
}

interface Known {
  readonly anchor: Anchor;
  /** Undefined where the object is gone, or is not an anchor. */
  readonly digest: AnchorDigest | undefined;
}

const PAGE = 128;

/** Every anchor, oldest first. */
export async function* listAnchors(queryable: Queryable): AsyncGenerator<Anchor> {
  let after = 0;
  for (;;) {
    const page = await selectAnchors(queryable, { after, countMax: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.number;
  }
}

async function* unknownObjects(
  queryable: Queryable,
  objects: Objects,
): AsyncGenerator<AnchorFinding> {
  let keys: string[] = [];
  for await (const { key } of objects.list(ANCHORS_PREFIX)) {
    keys.push(key);
    if (keys.length < PAGE) continue;
    yield* (await selectUnknownKeys(queryable, keys)).map(unknownOf);
    keys = [];
  }
  if (keys.length > 0) yield* (await selectUnknownKeys(queryable, keys)).map(unknownOf);
}

function unknownOf(key: string): AnchorFinding {
  return {
    rule: 'anchor_unknown',
    place: `object ${key}`,
    expected: 'an anchor in the database',
    found: 'none',
  };
}

function* missingBetween(before: Known | undefined, anchor: Anchor): Generator<AnchorFinding> {
  const expected = (before?.anchor.number ?? 0) + 1;
  if (anchor.number === expected) return;
  const last = anchor.number - 1;
  yield {
    rule: 'anchor_missing',
    place: expected === last ? `anchor ${expected}` : `anchors ${expected} to ${last}`,
    expected: 'numbers without a gap',
    found: `anchor ${anchor.number} follows ${expected - 1}`,
  };
}

// An anchor is late, and not missing, until the log was seen at work for an hour without it: a
// system that was switched off before the hour was over has done nothing wrong.
async function* missingLast(
  queryable: Queryable,
  latest: Anchor | undefined,
): AsyncGenerator<AnchorFinding> {
  const end = await nextEnd(queryable, latest);
  const last = await latestCheckpoint(queryable);
  if (end === undefined || last === undefined) return;
  const next = await checkpointAbove(queryable, { size: latest?.size ?? 0, notBefore: end });
  if (next === undefined || last.createdAt - next.createdAt < HOUR_US) return;
  yield {
    rule: 'anchor_missing',
    place: hourBefore(end),
    expected: `anchor ${(latest?.number ?? 0) + 1}`,
    found: 'none, though the log went on',
  };
}

function hourBefore(end: Instant): string {
  return `the hour before ${formatInstant(end)}`;
}

class AnchorVerifier {
  readonly #queryable: Queryable;
  readonly #objects: Objects;
  readonly #trusted: readonly NoteKey[];

  constructor(queryable: Queryable, objects: Objects, trusted: readonly NoteKey[]) {
    this.#queryable = queryable;
    this.#objects = objects;
    this.#trusted = trusted;
  }

  /** The digest of an anchor as its object has it, and what is wrong with its bytes. */
  async read(
    anchor: Anchor,
  ): Promise<{ digest: AnchorDigest | undefined; findings: AnchorFinding[] }> {
    const content = await this.#content(anchor);
    if (!Buffer.isBuffer(content)) return { digest: undefined, findings: [content] };
    const signed = parseSignedLines(content);
    if (!signed.ok) return { digest: undefined, findings: [rewritten(anchor, signed.why)] };
    const parsed = parseDigest(signed.value.lines.join('\n'));
    if (!parsed.ok) return { digest: undefined, findings: [rewritten(anchor, parsed.why)] };
    const digest = parsed.value;
    if (digest.number !== anchor.number) {
      const finding: AnchorFinding = {
        rule: 'anchor_reordered',
        place: placeOf(anchor),
        expected: `anchor ${anchor.number} in its object`,
        found: `anchor ${digest.number}`,
      };
      return { digest: undefined, findings: [finding] };
    }
    const flaw = this.#flawOfBytes(anchor, digest, signed.value);
    return { digest, findings: flaw === undefined ? [] : [rewritten(anchor, flaw)] };
  }

  async #content(anchor: Anchor): Promise<Buffer | AnchorFinding> {
    try {
      const content = await this.#objects.get(anchor.key);
      if (content !== undefined) return content;
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'object_corrupt') throw error;
      return rewritten(anchor, error.message);
    }
    return {
      rule: 'anchor_missing',
      place: placeOf(anchor),
      expected: `the object ${anchor.key}`,
      found: 'none',
    };
  }

  #flawOfBytes(anchor: Anchor, digest: AnchorDigest, signed: SignedLines): string | undefined {
    const { sha256, signature } = signed;
    const facts = {
      end: formatInstant(digest.end),
      key: anchor.key,
      sha256,
      previousSignature: digest.previous?.signature,
    };
    const flaw = flawOfSignature(signed, facts, this.#trusted);
    if (flaw !== undefined) return flaw;
    if (!sha256.equals(anchor.sha256)) return `Its SHA-256 is ${sha256.toString('hex')}.`;
    if (!signature.equals(anchor.signature)) return 'It has another signature.';
    const { start, end, size, root } = digest;
    const isSame =
      start === anchor.start &&
      end === anchor.end &&
      size === anchor.size &&
      root.equals(anchor.root);
    return isSame ? undefined : 'Its hours, size or root are not those in the database.';
  }

  async *judge(
    { anchor, digest }: Known,
    before: Known | undefined,
  ): AsyncGenerator<AnchorFinding> {
    if (digest === undefined) return;
    const break_ = flawOfChain(digest, before?.anchor);
    if (break_ !== undefined) {
      yield { rule: 'anchor_chain_broken', place: placeOf(anchor), ...break_ };
    }
    const why = await this.#flawOfCheckpoint(digest);
    if (why !== undefined) {
      yield {
        rule: 'anchor_checkpoint_contradicts',
        place: placeOf(anchor),
        expected: `a signed checkpoint of ${digest.size} records, with the root the log gives`,
        found: why,
      };
    }
    for (const listed of digest.manifests) {
      if (await isManifest(this.#queryable, listed)) continue;
      yield {
        rule: 'anchor_manifest_contradicts',
        place: placeOf(anchor),
        expected: `the manifest ${listed.key} with the SHA-256 ${listed.sha256}`,
        found: 'none, or another',
      };
    }
  }

  async #flawOfCheckpoint(digest: AnchorDigest): Promise<string | undefined> {
    const note = openNote(digest.checkpoint, this.#trusted);
    if (!note.ok) return note.why;
    const flaw = flawOfSummary(digest, note.value.text);
    if (flaw !== undefined) return flaw;
    const latest = await latestCheckpoint(this.#queryable);
    if (digest.size > (latest?.size ?? 0)) return `The log has ${latest?.size ?? 0} records.`;
    try {
      const root = await rootAt(this.#queryable, digest.size);
      if (root.equals(digest.root)) return undefined;
      return `The log gives the root ${root.toString('base64')}.`;
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'audit_tree_damaged') throw error;
      return `The log gives no root: ${error.message}.`;
    }
  }

  /** An anchor closes the first hour that needs one: what it spans before that was quiet. */
  async *judgeHours(anchor: Anchor, before: Known | undefined): AsyncGenerator<AnchorFinding> {
    const end = await nextEnd(this.#queryable, before?.anchor);
    if (end === undefined || end >= anchor.end) return;
    yield {
      rule: 'anchor_missing',
      place: hourBefore(end),
      expected: 'an anchor, as the log grew',
      found: `anchor ${anchor.number} for the hour before ${formatInstant(anchor.end)}`,
    };
  }
}

function flawOfChain(
  digest: AnchorDigest,
  before: Anchor | undefined,
): Pick<AnchorFinding, 'expected' | 'found'> | undefined {
  const { previous, start, size } = digest;
  const named = previous === undefined ? 'none' : `${previous.key} ${previous.sha256}`;
  const actual = before === undefined ? 'none' : `${before.key} ${before.sha256.toString('hex')}`;
  if (named !== actual) return { expected: `${actual} before it`, found: named };
  if (previous === undefined || before === undefined) return undefined;
  if (!previous.signature.equals(before.signature)) {
    return { expected: 'the signature of the anchor before it', found: 'another' };
  }
  if (start !== before.end) {
    return { expected: `a start at ${formatInstant(before.end)}`, found: formatInstant(start) };
  }
  if (size > before.size) return undefined;
  return { expected: `more than ${before.size} records`, found: String(size) };
}

function rewritten(anchor: Anchor, found: string): AnchorFinding {
  return {
    rule: 'anchor_rewritten',
    place: placeOf(anchor),
    expected: `the digest with the SHA-256 ${anchor.sha256.toString('hex')}`,
    found,
  };
}

function placeOf({ number, key }: Anchor): string {
  return `anchor ${number} (${key})`;
}
