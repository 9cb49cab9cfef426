// Owns the text of a checkpoint (c2sp.org/tlog-checkpoint): the name of the log, how many leaves it
// has, and their root, each on a line. It is signed as a note.

import { accept, assert } from '#kernel';
import { EMPTY_ROOT, HASH_BYTES } from './hash.ts';
import { parseBase64, parseCount, reject, type Judged } from './judged.ts';

export interface TreeHead {
  /** The log's unique name. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

export function checkpointText({ origin, size, root }: TreeHead): string {
  assert(isLine(origin), 'an origin is one line');
  assert(Number.isSafeInteger(size) && size >= 0, 'a size is a whole number');
  assert(root.length === HASH_BYTES, 'a root has 32 bytes');
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Reads the text of an opened note. Extension lines are allowed and mean nothing. */
export function parseCheckpoint(text: string): Judged<TreeHead> {
  if (!text.endsWith('\n')) return reject('The checkpoint does not end with a line feed.');
  const lines = text.slice(0, -1).split('\n');
  const [origin, sizeText, rootText] = lines;
  if (origin === undefined || sizeText === undefined || rootText === undefined) {
    return reject('A checkpoint has at least three lines.');
  }
  if (!lines.every(isLine)) return reject('A line of the checkpoint is empty or malformed.');
  const size = parseCount(sizeText);
  if (size === undefined) return reject('The size in the checkpoint is not a plain number.');
  const root = parseBase64(rootText);
  if (root?.length !== HASH_BYTES) return reject('The root in the checkpoint is not a hash.');
  if (size === 0 && !root.equals(EMPTY_ROOT)) {
    return reject('The root of the empty tree is not the hash of nothing.');
  }
  return accept({ origin, size, root });
}

function isLine(text: string): boolean {
  return text !== '' && text.isWellFormed() && !/\p{Cc}/u.test(text);
}
