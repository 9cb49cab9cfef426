// Keeps objects in a folder, durably: an answer is given when the disk has what it says. A key is
// taken by linking its facts into place, which one process of several can do; a crash at any step
// leaves the object whole or absent, and its remains are removed when the folder is opened again.

import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, formatInstant, type Clock, type Instant } from '#kernel';
import {
  contentOf,
  hasCode,
  linkOnce,
  makeFolder,
  replaceFile,
  syncFolder,
  syncFolders,
  unlessAbsent,
  writeSynced,
} from '../files/durable.ts';
import {
  dropContent,
  inFolder,
  placeContent,
  readContent,
  removeIfEmpty,
  requireSound,
  writeContent,
} from './folder-blobs.ts';
import {
  formatFacts,
  holdName,
  marksOf,
  parseFacts,
  readFacts,
  requireRemovable,
  retained,
  retentionName,
  withMarks,
  type StoredFacts,
} from './folder-facts.ts';
import { FolderLayout } from './folder-layout.ts';
import type { ObjectFacts, Objects, PutOptions } from './port.ts';

export interface FolderObjectsOptions {
  /** Made if it is not there. */
  readonly folder: string;
  readonly clock: Clock;
  /** What is unfinished for longer was left by a crash, and is removed. A day unless given. */
  readonly unfinishedMs?: number | undefined;
}

const UNFINISHED_MS = 86_400_000;
const FOLDER_MODE = 0o750;
const FILE_MODE = 0o640;
// A removal takes milliseconds between hiding an object and looking at its retention once more.
const REMOVAL_POLL_MS = 10;
const REMOVAL_POLLS_MAX = 100;

/** Opens the folder, and removes what a crash has left in it. */
export async function openFolderObjects(options: FolderObjectsOptions): Promise<Objects> {
  const layout = new FolderLayout(path.resolve(options.folder));
  const { root, blobs, objects, pointers, unfinished } = layout;
  for (const folder of [root, blobs, objects, pointers, unfinished]) {
    await makeFolder(folder, FOLDER_MODE);
  }
  const opened = new FolderObjects(layout, options.clock);
  await opened.removeRemains(options.unfinishedMs ?? UNFINISHED_MS);
  return opened;
}

class FolderObjects implements Objects {
  readonly #layout: FolderLayout;
  readonly #clock: Clock;
  /** Those whose names are on the disk for good. */
  readonly #pointerFolders = new Set<string>();

  constructor(layout: FolderLayout, clock: Clock) {
    this.#layout = layout;
    this.#clock = clock;
  }

  async put(
    key: string,
    content: Buffer | AsyncIterable<Buffer>,
    { retainUntil }: PutOptions = {},
  ): Promise<ObjectFacts> {
    const factsFile = this.#layout.factsFile(key);
    const id = newId();
    const draft = this.#layout.unfinishedFile(id, 'content');
    try {
      const written = await writeContent(draft, content);
      const storedAt = this.#clock.now();
      const facts = { key, ...written, storedAt, retainUntil, isHeld: false, id };
      const earlier = await readFacts(factsFile, key);
      if (earlier !== undefined) return await this.#confirm(earlier, facts);
      return await this.#take(draft, facts);
    } finally {
      await rm(draft, { force: true });
    }
  }

  async get(key: string): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of this.read(key)) pieces.push(piece);
    } catch (error) {
      if (error instanceof Fault && error.code === 'object_unknown') return undefined;
      throw error;
    }
    return Buffer.concat(pieces);
  }

  async *read(key: string): AsyncGenerator<Buffer> {
    const facts = await this.#require(key);
    try {
      yield* readContent(this.#layout.contentFile(facts), facts);
    } catch (error) {
      // Removed since its facts were read: not damaged, but no more there.
      const latest = await readFacts(this.#layout.factsFile(key), key);
      throw latest?.id === facts.id ? error : unknown(key);
    }
  }

  async facts(key: string): Promise<ObjectFacts | undefined> {
    const facts = await readFacts(this.#layout.factsFile(key), key);
    return facts === undefined ? undefined : shown(facts);
  }

  async *list(prefix: string): AsyncGenerator<ObjectFacts> {
    for await (const key of this.#layout.keys(prefix)) {
      const facts = await this.facts(key);
      if (facts !== undefined) yield facts;
    }
  }

  async retain(key: string, until: Instant): Promise<void> {
    const facts = await this.#require(key);
    const { retainUntil } = facts;
    if (retainUntil === until) return;
    if (retainUntil !== undefined && until < retainUntil) {
      const dates = `${formatInstant(retainUntil)} and not ${formatInstant(until)}`;
      throw retained(`The object "${key}" stays retained until ${dates}, which is earlier.`);
    }
    await this.#mark(facts, retentionName(facts.id, until));
  }

  async hold(key: string, isHeld: boolean): Promise<void> {
    const facts = await this.#require(key);
    if (facts.isHeld === isHeld) return;
    if (isHeld) return await this.#mark(facts, holdName(facts.id));
    const folder = this.#layout.objectFolder(key);
    await rm(path.join(folder, holdName(facts.id)), { force: true });
    await syncFolder(folder);
  }

  async remove(key: string, now: Instant): Promise<void> {
    const facts = await readFacts(this.#layout.factsFile(key), key);
    if (facts === undefined) return;
    // A caller whose clock runs ahead cannot end a retention early.
    const asOf = Math.min(now, this.#clock.now()) as Instant;
    requireRemovable(facts, asOf);
    const removal = this.#layout.unfinishedFile(`${facts.id}.${newId()}`, 'removal');
    const hiding = rename(this.#layout.factsFile(key), removal);
    if (await isDone(hiding)) await this.#finishRemoval(facts, removal, asOf);
  }

  async point(key: string, content: Buffer): Promise<void> {
    const file = this.#layout.pointerFile(key);
    const draft = this.#layout.unfinishedFile(newId(), 'pointer');
    const folder = path.dirname(file);
    await inFolder(folder, () => replaceFile(file, { file: draft, content, mode: FILE_MODE }));
    // A pointer is never removed, so neither is its folder.
    if (this.#pointerFolders.has(folder)) return;
    await syncFolders(folder, this.#layout.root);
    this.#pointerFolders.add(folder);
  }

  async pointed(key: string): Promise<Buffer | undefined> {
    return await contentOf(this.#layout.pointerFile(key));
  }

  async #require(key: string): Promise<StoredFacts> {
    const facts = await readFacts(this.#layout.factsFile(key), key);
    if (facts !== undefined) return facts;
    throw unknown(key);
  }

  /** The draft of the facts outlives a crash, and leads to the content it may have left. */
  async #take(draft: string, facts: StoredFacts): Promise<ObjectFacts> {
    const factsFile = this.#layout.factsFile(facts.key);
    const draftFile = this.#layout.unfinishedFile(facts.id, 'facts');
    const folder = path.dirname(factsFile);
    await writeSynced(draftFile, formatFacts(facts), FILE_MODE);
    await syncFolder(this.#layout.unfinished);
    await placeContent(this.#layout, draft, facts);
    const isTaken = await inFolder(folder, () => linkOnce(draftFile, factsFile));
    await syncFolders(folder, this.#layout.root);
    if (!isTaken) await dropContent(this.#layout, facts);
    await rm(draftFile, { force: true });
    if (isTaken) return shown(facts);
    return await this.#confirm(await this.#require(facts.key), facts);
  }

  /** The key was taken before: with the same content, that is what was asked for. */
  async #confirm(earlier: StoredFacts, wanted: StoredFacts): Promise<ObjectFacts> {
    const { key, retainUntil } = wanted;
    if (earlier.sha256 !== wanted.sha256) {
      throw new Fault('object_exists', {
        retryable: false,
        message: `There is an object "${key}" with other content; an object never changes.`,
      });
    }
    await requireSound(this.#layout.contentFile(earlier), earlier);
    if (retainUntil !== undefined && retainUntil > (earlier.retainUntil ?? -Infinity)) {
      await this.retain(key, retainUntil);
    }
    return shown(await this.#require(key));
  }

  /**
   * Adds a file that keeps the object. A removal hides the object first and looks for such files
   * after, so when the object is seen once more the file was in time.
   */
  async #mark({ key, id }: StoredFacts, name: string): Promise<void> {
    const folder = this.#layout.objectFolder(key);
    const mark = path.join(folder, name);
    await isDone(createEmpty(mark).then(() => syncFolder(folder)));
    for (let polls = 0; polls < REMOVAL_POLLS_MAX; polls += 1) {
      const isRemoving = await this.#isRemoving(id);
      const latest = await readFacts(this.#layout.factsFile(key), key);
      if (latest?.id === id) return;
      if (!isRemoving) break;
      await sleep(REMOVAL_POLL_MS);
    }
    await rm(mark, { force: true });
    await removeIfEmpty(folder);
    throw unknown(key);
  }

  /** The object is hidden; unless it was extended or held in that moment, it goes. */
  async #finishRemoval(hidden: StoredFacts, removal: string, asOf: Instant): Promise<void> {
    const folder = this.#layout.objectFolder(hidden.key);
    try {
      requireRemovable(await withMarks(folder, hidden), asOf);
    } catch (error) {
      await inFolder(folder, () => linkOnce(removal, this.#layout.factsFile(hidden.key)));
      await syncFolders(folder, this.#layout.root);
      await rm(removal, { force: true });
      throw error;
    }
    await unlessAbsent(syncFolder(folder));
    await dropContent(this.#layout, hidden);
    for (const name of await marksOf(folder, hidden.id)) {
      await rm(path.join(folder, name), { force: true });
    }
    await removeIfEmpty(folder);
    await rm(removal, { force: true });
    await syncFolder(this.#layout.unfinished);
  }

  /** Removes what puts and removals that were cut off have left, unless they may still be at it. */
  async removeRemains(unfinishedMs: number): Promise<void> {
    for (const name of await readdir(this.#layout.unfinished)) {
      const file = path.join(this.#layout.unfinished, name);
      const found = await unlessAbsent(stat(file));
      if (found === undefined || Date.now() - found.ctimeMs < unfinishedMs) continue;
      const content = name.endsWith('.content') ? undefined : await contentOf(file);
      const facts = content === undefined ? undefined : parseFacts(content);
      if (facts !== undefined) await this.#settle(facts, file);
      await rm(file, { force: true });
    }
  }

  async #settle(facts: StoredFacts, file: string): Promise<void> {
    const latest = await readFacts(this.#layout.factsFile(facts.key), facts.key);
    // The put had been completed, or the removal taken back.
    if (latest?.id === facts.id) return;
    if (!file.endsWith('.removal')) return await dropContent(this.#layout, facts);
    try {
      await this.#finishRemoval(facts, file, this.#clock.now());
    } catch (error) {
      // Kept after all: it is back under its key.
      if (!(error instanceof Fault && error.code === 'object_retained')) throw error;
    }
  }

  async #isRemoving(id: string): Promise<boolean> {
    const names = await readdir(this.#layout.unfinished);
    return names.some((name) => name.startsWith(`${id}.`) && name.endsWith('.removal'));
  }
}

async function createEmpty(file: string): Promise<void> {
  try {
    await writeSynced(file, Buffer.alloc(0), FILE_MODE);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

/** False when a file or folder of the step is not there. */
async function isDone(step: Promise<void>): Promise<boolean> {
  return (await unlessAbsent(step.then(() => true))) ?? false;
}

function newId(): string {
  return randomBytes(16).toString('hex');
}

function shown(facts: StoredFacts): ObjectFacts {
  const { key, bytes, sha256, storedAt, retainUntil, isHeld } = facts;
  return { key, bytes, sha256, storedAt, retainUntil, isHeld };
}

function unknown(key: string): Fault {
  return new Fault('object_unknown', {
    retryable: false,
    message: `There is no object "${key}".`,
  });
}
