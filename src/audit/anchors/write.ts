// The verb that writes anchors: one for each hour that is over and in which the log grew. The
// object is stored before the database knows of it. Where a crash came in between, or another
// process was faster, the object that is there is the anchor, if it says what one must say there.

import { limits, settings } from '#config';
import { assert, DAY_US, Fault, formatInstant, HOUR_US, type Instant } from '#kernel';
import type { Database, Objects, Queryable, TransactionContext } from '#platform';
import { auditActions } from '../actions.ts';
import { isSigningKey, selectManifests } from '../archive/store/manifest-store.ts';
import { checkpointOf, latestCheckpoint, type Checkpoint } from '../proofs/checkpoint-store.ts';
import { record } from '../record.ts';
import { SIGNING_KEY } from '../sequence.ts';
import {
  checkpointAbove,
  checkpointBelow,
  insertAnchor,
  latestAnchor,
  logFacts,
  type Anchor,
} from './anchor-store.ts';
import { anchorKey, formatDigest, hourOf, parseDigest, type AnchorDigest } from './digest.ts';
import {
  flawOfSignature,
  parseSignedLines,
  sha256Of,
  signatureLine,
  signingString,
  type SignedFacts,
} from './signed-lines.ts';
import { nextEnd } from './state.ts';

export interface WriteOptions {
  /** How long nobody can remove an anchor; the setting's default unless given. */
  readonly retentionDays?: number | undefined;
}

/** Writes every anchor that is due, oldest first; answers those that this process added. */
export async function writeAnchors(
  database: Database,
  objects: Objects,
  context: TransactionContext,
  { retentionDays = settings.audit.anchorRetentionDays.default }: WriteOptions = {},
): Promise<Anchor[]> {
  const written: Anchor[] = [];
  for (let count = 0; count < limits.auditAnchorsPerRunMax.value; count += 1) {
    const latest = await latestAnchor(database);
    const end = await nextEnd(database, latest);
    if (end === undefined || end > context.now) break;
    const digest = await makeDigest(database, latest, end);
    const retainUntil = (end + retentionDays * DAY_US) as Instant;
    const anchor = await store(database, objects, { digest, latest, retainUntil });
    if (await add(database, context, anchor)) written.push(anchor);
  }
  return written;
}

async function makeDigest(
  database: Database,
  latest: Anchor | undefined,
  end: Instant,
): Promise<AnchorDigest> {
  const log = await logFacts(database);
  const checkpoint = await checkpointAt(database, latest, end);
  assert(log !== undefined && checkpoint !== undefined, 'a log that grew has a name');
  const begun = Math.min(hourOf(log.begunAt), end - HOUR_US) as Instant;
  const manifests = await selectManifests(database, latest?.manifestsThrough ?? 0);
  return {
    number: (latest?.number ?? 0) + 1,
    origin: log.origin,
    start: latest?.end ?? begun,
    end,
    checkpoint: checkpoint.note,
    size: checkpoint.size,
    root: checkpoint.root,
    manifests: manifests.map(({ key, sha256 }) => ({ key, sha256: sha256.toString('hex') })),
    previous: previousOf(latest),
  };
}

// The last of the hour. It stays the same however late the anchor is written.
async function checkpointAt(
  queryable: Queryable,
  latest: Anchor | undefined,
  end: Instant,
): Promise<Checkpoint | undefined> {
  const next = await checkpointAbove(queryable, { size: latest?.size ?? 0, notBefore: end });
  if (next === undefined) return await latestCheckpoint(queryable);
  return await checkpointBelow(queryable, next.size);
}

function previousOf(latest: Anchor | undefined): AnchorDigest['previous'] {
  if (latest === undefined) return undefined;
  const { key, sha256, signature } = latest;
  return { key, sha256: sha256.toString('hex'), signature };
}

interface Draft {
  readonly digest: AnchorDigest;
  readonly latest: Anchor | undefined;
  readonly retainUntil: Instant;
}

async function store(database: Database, objects: Objects, draft: Draft): Promise<Anchor> {
  const { digest, latest, retainUntil } = draft;
  const key = anchorKey(digest);
  const line = formatDigest(digest);
  const facts = factsOf(draft, key, sha256Of(line));
  const publicKey = await database.keys.publicKey(SIGNING_KEY);
  const signature = await database.keys.sign(SIGNING_KEY, signingString(facts));
  const content = Buffer.concat([line, signatureLine({ publicKey, signature })]);
  try {
    await objects.put(key, content, { retainUntil });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'object_exists') throw error;
    return await adopt(database, objects, { ...draft, key, cause: error });
  }
  return anchorOf(digest, { ...facts, signature }, latest);
}

function factsOf({ digest, latest }: Draft, key: string, sha256: Buffer): SignedFacts {
  return { end: formatInstant(digest.end), key, sha256, previousSignature: latest?.signature };
}

function anchorOf(
  { number, start, end, size, root, manifests }: AnchorDigest,
  { key, sha256, signature }: Pick<Anchor, 'key' | 'sha256' | 'signature'>,
  latest: Anchor | undefined,
): Anchor {
  const manifestsThrough = (latest?.manifestsThrough ?? 0) + manifests.length;
  return { number, start, end, key, sha256, signature, size, root, manifestsThrough };
}

/** Takes the object under the key for the anchor, if it is one: it may know fewer leaves. */
async function adopt(
  database: Database,
  objects: Objects,
  draft: Draft & { readonly key: string; readonly cause: Fault },
): Promise<Anchor> {
  const { digest, latest, key, cause, retainUntil } = draft;
  const content = await objects.get(key);
  const signed = content === undefined ? undefined : parseSignedLines(content);
  const parsed = signed?.ok === true ? parseDigest(signed.value.lines.join('\n')) : undefined;
  if (signed?.ok !== true || parsed?.ok !== true) throw conflict(key, cause);
  const found = parsed.value;
  const { sha256, signature, publicKey } = signed.value;
  const isKnown = await isSigningKey(database, publicKey);
  const trusted = isKnown ? [{ name: digest.origin, publicKey }] : [];
  const flaw = flawOfSignature(signed.value, factsOf(draft, key, sha256), trusted);
  const isOfLog = (await checkpointOf(database, found.size))?.root.equals(found.root) === true;
  // All but the checkpoint and the manifests follows from the anchor before it.
  const { size, root, checkpoint } = found;
  const manifests = digest.manifests.slice(0, found.manifests.length);
  const expected = formatDigest({ ...digest, size, root, checkpoint, manifests });
  const isExpected = sha256Of(expected).equals(sha256);
  if (flaw !== undefined || !isOfLog || !isExpected || size <= (latest?.size ?? 0)) {
    throw conflict(key, cause);
  }
  const { retainUntil: kept } = (await objects.facts(key)) ?? {};
  if ((kept ?? -Infinity) < retainUntil) await objects.retain(key, retainUntil);
  return anchorOf(found, { key, sha256, signature }, latest);
}

function conflict(key: string, cause: Fault): Fault {
  return new Fault('anchor_conflict', {
    retryable: false,
    message: `The object "${key}" is there, and is not the anchor that the log would write.`,
    cause,
  });
}

async function add(
  database: Database,
  context: TransactionContext,
  anchor: Anchor,
): Promise<boolean> {
  return await database.transaction(context, async (tx) => {
    const isNew = await insertAnchor(tx, anchor);
    if (isNew) {
      const { number, key, sha256, size, start, end } = anchor;
      const after = {
        number,
        sha256: sha256.toString('hex'),
        size,
        start: formatInstant(start),
        end: formatInstant(end),
      };
      await record(tx, [{ action: auditActions['audit.anchor.written'], target: key, after }]);
    }
    return isNew;
  });
}
