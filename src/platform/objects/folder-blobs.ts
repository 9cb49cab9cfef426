// Owns the contents in a folder of objects: each is stored once under its SHA-256, as read-only
// files that are hard links of one another, one for each key. With the last link the content goes,
// and no count of them can be wrong.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '#kernel';
import { hasCode, syncFolders, unlessAbsent } from '../files/durable.ts';
import type { FolderLayout } from './folder-layout.ts';
import type { ObjectFacts } from './port.ts';

const READ_ONLY = 0o444;
const PIECE_BYTES = 256 * 1024;
/** How often a folder may be removed by another process between being made and being used. */
const FOLDER_ATTEMPTS = 16;

interface Content {
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes the content to a new file, durably, with memory bounded. */
export async function writeContent(
  file: string,
  content: Buffer | AsyncIterable<Buffer>,
): Promise<Content> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(file, 'wx', READ_ONLY);
  try {
    for await (const piece of Buffer.isBuffer(content) ? [content] : content) {
      hash.update(piece);
      bytes += piece.length;
      await handle.writeFile(piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The pieces of a content; the step after the last throws when they are not what was put. */
export async function* readContent(file: string, facts: ObjectFacts): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
      hash.update(piece as Buffer);
      yield piece as Buffer;
    }
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EIO')) throw error;
    throw corrupt(facts.key, error);
  }
  if (hash.digest('hex') !== facts.sha256) throw corrupt(facts.key);
}

function corrupt(key: string, cause?: unknown): Fault {
  return new Fault('object_corrupt', {
    retryable: false,
    message: `The content of the object "${key}" is not what was put.`,
    cause,
  });
}

/** Reads a content through, to know that it is sound. */
export async function requireSound(file: string, facts: ObjectFacts): Promise<void> {
  for await (const _ of readContent(file, facts));
}

/** Gives a content its place: as a link of one that is there and sound, else of the draft. */
export async function placeContent(
  layout: FolderLayout,
  draft: string,
  facts: ObjectFacts & { readonly id: string },
): Promise<void> {
  const folder = layout.blobFolder(facts.sha256);
  await inFolder(folder, async () => {
    for (const sibling of await readdir(folder)) {
      if (await tryLink(path.join(folder, sibling), layout.contentFile(facts), facts)) return;
    }
    await link(draft, layout.contentFile(facts));
  });
  await syncFolders(folder, layout.root);
}

// Fails where the other is damaged, was removed just now, or has as many links as the file system
// allows; the draft can always be had.
async function tryLink(from: string, to: string, facts: ObjectFacts): Promise<boolean> {
  try {
    await requireSound(from, facts);
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Fault || hasCode(error, 'ENOENT', 'EMLINK')) return false;
    throw error;
  }
}

/** Removes one link of a content, and the content with the last. */
export async function dropContent(
  layout: FolderLayout,
  facts: { readonly sha256: string; readonly id: string },
): Promise<void> {
  await rm(layout.contentFile(facts), { force: true });
  await removeIfEmpty(layout.blobFolder(facts.sha256));
}

/** Runs in a folder that is made for it, again if another process finds it empty meanwhile. */
export async function inFolder<T>(folder: string, run: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    await mkdir(folder, { recursive: true });
    try {
      return await run();
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || attempts >= FOLDER_ATTEMPTS) throw error;
    }
  }
}

export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await unlessAbsent(rmdir(folder));
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}
