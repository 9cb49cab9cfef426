// Owns how a file reaches the disk for good: its bytes first, then its name, then the folder that
// holds the name. After a crash at any step a file is there whole or not there at all.

import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** Writes a file that must not be there yet, and waits until the disk has its bytes. */
export async function writeSynced(file: string, content: Buffer, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Waits until the disk has the names in a folder. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Waits for the names in a folder, and in those above it up to the root given. */
export async function syncFolders(folder: string, root: string): Promise<void> {
  for (let at = folder; ; at = path.dirname(at)) {
    await syncFolder(at);
    if (at === root || at === path.dirname(at)) return;
  }
}

/** Gives a file another name, unless something has that name: one process of several succeeds. */
export async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Makes a file with this content, unless there is one: one process of several succeeds. */
export async function createOnce(
  file: string,
  draft: { readonly file: string; readonly content: Buffer; readonly mode: number },
): Promise<boolean> {
  try {
    await writeSynced(draft.file, draft.content, draft.mode);
    const isMade = await linkOnce(draft.file, file);
    await syncFolder(path.dirname(file));
    return isMade;
  } finally {
    await rm(draft.file, { force: true });
  }
}

/** Replaces a file, or makes it: readers see the old content or the new. */
export async function replaceFile(
  file: string,
  draft: { readonly file: string; readonly content: Buffer; readonly mode: number },
): Promise<void> {
  try {
    await writeSynced(draft.file, draft.content, draft.mode);
    await rename(draft.file, file);
  } finally {
    await rm(draft.file, { force: true });
  }
  await syncFolder(path.dirname(file));
}

/** Makes a folder unless it is there, durably; its parents are made with the usual rights. */
export async function makeFolder(folder: string, mode: number): Promise<void> {
  const parent = path.dirname(folder);
  const firstMade = await mkdir(parent, { recursive: true });
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    throw error;
  }
  await syncFolders(parent, firstMade === undefined ? parent : path.dirname(firstMade));
}

/** The content of a file; undefined when there is none. */
export async function contentOf(file: string): Promise<Buffer | undefined> {
  return await unlessAbsent(readFile(file));
}

/** What an operation on a file gives; undefined when there is no such file. */
export async function unlessAbsent<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
