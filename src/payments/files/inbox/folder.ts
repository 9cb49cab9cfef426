// A folder in which senders leave their files, each in a folder named after it. A file is whole
// when neither its size nor its time has changed for a while; what begins with a point or ends as
// files under way do is never looked at. Files that were taken go to `done`, others to `failed`
// with the reason beside them.

import { createReadStream } from 'node:fs';
import { access, lstat, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Disposal, Inbox, WaitingFile } from './port.ts';

export interface FolderInboxOptions {
  readonly folder: string;
  readonly stableMs: number;
}

const SENDER = /^[a-z0-9][a-z0-9-]{0,39}$/;
const UNFINISHED = /^\.|\.(part|tmp|filepart|crdownload)$/i;
const NAME_LENGTH_MAX = 200;

interface Seen {
  readonly bytes: number;
  readonly changedMs: number;
  readonly sinceMs: number;
}

export function openFolderInbox({ folder, stableMs }: FolderInboxOptions): Inbox {
  let seen = new Map<string, Seen>();
  const pathOf = ({ sender, name }: WaitingFile): string => path.join(folder, sender, name);
  const doneOf = (file: WaitingFile, id: string): string =>
    path.join(folder, file.sender, 'done', `${id}--${file.name}`);

  return {
    async waiting(countMax) {
      const now = new Map<string, Seen>();
      const stable: WaitingFile[] = [];
      for (const file of await filesIn(folder)) {
        const place = pathOf(file);
        const known = seen.get(place);
        const isSame = known?.bytes === file.bytes && known.changedMs === file.changedMs;
        const sinceMs = isSame ? known.sinceMs : performance.now();
        now.set(place, { bytes: file.bytes, changedMs: file.changedMs, sinceMs });
        if (isSame && performance.now() - sinceMs >= stableMs) stable.push(file);
      }
      seen = now;
      return stable.slice(0, countMax);
    },
    async *read(file) {
      for await (const piece of createReadStream(pathOf(file))) yield piece as Buffer;
    },
    async isDone(file, id) {
      try {
        await access(doneOf(file, id));
        return true;
      } catch {
        return false;
      }
    },
    async putAway(file, disposal) {
      const to = await placeFor(path.join(folder, file.sender), file, disposal);
      try {
        await rename(pathOf(file), to);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    },
  };
}

async function placeFor(
  folder: string,
  { name }: WaitingFile,
  disposal: Disposal,
): Promise<string> {
  const target = path.join(folder, disposal.as);
  await mkdir(target, { recursive: true });
  if (disposal.as === 'done') return path.join(target, `${disposal.id}--${name}`);
  await writeFile(path.join(target, `${name}.reason.txt`), `${disposal.reason}\n`);
  return path.join(target, name);
}

interface FoundFile extends WaitingFile {
  readonly changedMs: number;
}

async function filesIn(folder: string): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const sender of await readdir(folder, { withFileTypes: true })) {
    if (!sender.isDirectory() || !SENDER.test(sender.name)) continue;
    for (const each of await readdir(path.join(folder, sender.name), { withFileTypes: true })) {
      const { name } = each;
      if (!each.isFile() || UNFINISHED.test(name) || name.length > NAME_LENGTH_MAX) continue;
      try {
        const { size: bytes, mtimeMs: changedMs } = await lstat(
          path.join(folder, sender.name, name),
        );
        found.push({ sender: sender.name, name, bytes, changedMs });
      } catch {
        // It was taken between the two looks.
      }
    }
  }
  return found;
}
