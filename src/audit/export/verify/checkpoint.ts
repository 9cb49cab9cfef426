// Judges the checkpoint that a file stands on: whose key signed it, whether that key was known
// beforehand, and whether an older checkpoint is a beginning of the same log.

import { parseCheckpoint, type TreeHead } from '../../tree/checkpoint.ts';
import { openNote, parseVerifierKey, verifierKey, type NoteKey } from '../../tree/note.ts';
import { verifyConsistency } from '../../tree/proof.ts';
import type { Findings } from './finding.ts';
import type { ConsistencyPart } from '../header.ts';

/** What a file says of itself, to be compared with its checkpoint. */
interface Claimed {
  /** The signed note. */
  readonly checkpoint: string;
  readonly verifierKeys: readonly string[];
  readonly origin?: string | undefined;
  readonly size?: number | undefined;
  /** The line that says it. */
  readonly line?: number | undefined;
}

export interface SignedHead extends TreeHead {
  /** The verifier keys whose signature it has. */
  readonly signedBy: readonly string[];
}

/**
 * The tree head that a trusted key signed. Without trusted keys those that the file names are
 * taken, which shows that the file agrees with itself, and no more.
 */
export function openCheckpoint(
  claimed: Claimed,
  trustedKeys: readonly string[] | undefined,
  findings: Findings,
): SignedHead | undefined {
  const { line, origin, size } = claimed;
  const keys = parseKeys(trustedKeys ?? claimed.verifierKeys, trustedKeys !== undefined, findings);
  if (keys === undefined) return undefined;
  const opened = openNote(claimed.checkpoint, keys);
  if (!opened.ok) {
    findings.error('key', `${opened.why}${whose(trustedKeys, claimed)}`, line);
    return undefined;
  }
  const { text, signers } = opened.value;
  const head = parseCheckpoint(text);
  if (!head.ok) {
    findings.error('checkpoint', head.why, line);
    return undefined;
  }
  if (!signers.some(({ name }) => name === head.value.origin)) {
    const name = head.value.origin;
    findings.error('key', `The checkpoint is of the log ${name}, the key of another.`, line);
  }
  const differing = [
    ['origin', origin, head.value.origin],
    ['size', size, head.value.size],
  ] as const;
  for (const [name, said, signed] of differing) {
    if (said === undefined || said === signed) continue;
    const message = `The file says the ${name} ${said}, the signed checkpoint ${signed}.`;
    findings.error('checkpoint', message, line);
  }
  const signedBy = signers.map((key) => verifierKey(key.name, key.publicKey));
  return { ...head.value, signedBy };
}

function whose(trustedKeys: readonly string[] | undefined, { verifierKeys }: Claimed): string {
  if (trustedKeys === undefined) return '';
  const others = verifierKeys.filter((key) => !trustedKeys.includes(key));
  return others.length === 0 ? '' : ` The file names ${others.join(' and ')}.`;
}

function parseKeys(
  texts: readonly string[],
  isGiven: boolean,
  findings: Findings,
): NoteKey[] | undefined {
  const keys: NoteKey[] = [];
  for (const text of texts) {
    const key = parseVerifierKey(text);
    if (key.ok) {
      keys.push(key.value);
      continue;
    }
    findings.error('key', `${isGiven ? 'The given key' : 'A key of the file'}: ${key.why}`);
    return undefined;
  }
  return keys;
}

/** Whether the older head is of the beginning of the newer one's log; says why where it is not. */
export function judgeConsistency(
  heads: { readonly older: TreeHead; readonly newer: TreeHead },
  means: {
    readonly part?: ConsistencyPart | undefined;
    /** The root at the older size, where the leaves themselves lead to it. */
    readonly rootAtOlder?: Buffer | undefined;
  },
): string | undefined {
  const { older, newer } = heads;
  const { part, rootAtOlder } = means;
  if (older.origin !== newer.origin) {
    return `The older checkpoint is of the log ${older.origin}, this one of ${newer.origin}.`;
  }
  if (older.size > newer.size) {
    return `The checkpoint given as the older has ${older.size} records, this one ${newer.size}.`;
  }
  if (rootAtOlder !== undefined) {
    if (rootAtOlder.equals(older.root)) return undefined;
    return `The first ${older.size} records are others than those of the older checkpoint.`;
  }
  const isTrivial = older.size === newer.size || older.size === 0;
  if (!isTrivial && part?.size !== older.size) {
    return (
      `The file cannot prove that it goes on from ${older.size} records: ` +
      `export it with --since ${older.size}.`
    );
  }
  const { size: size1, root: root1 } = older;
  const { size: size2, root: root2 } = newer;
  const proof = isTrivial ? [] : (part?.proof ?? []);
  const why = verifyConsistency({ size1, size2, root1, root2, proof });
  return why === undefined ? undefined : `The log was changed since the older checkpoint: ${why}`;
}
