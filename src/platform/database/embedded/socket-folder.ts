// Owns where the server's socket is: a folder that only the database's user and root can enter,
// with a path short enough for the kernel.

import { createHash } from 'node:crypto';
import { chown, lstat, mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Fault } from '#kernel';
import type { SystemUser } from './system-user.ts';

// sockaddr_un.sun_path has 108 bytes on Linux and 104 on macOS, one of them for the end.
const SOCKET_PATH_MAX_BYTES = 103;
export const SOCKET_NAME = '.s.PGSQL.5432';

/** Whether a socket in this folder can be named to the kernel. */
export function isShortEnough(folder: string): boolean {
  return Buffer.byteLength(path.join(folder, SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES;
}

/** The same folder at each start: in the data folder, or a short one when that lies too deep. */
export function socketFolderFor(
  dataFolder: string,
  uid: number,
  temporaryFolders: readonly string[] = [os.tmpdir(), '/tmp'],
): string {
  const inside = path.join(dataFolder, 'socket');
  if (isShortEnough(inside)) return inside;
  const hash = createHash('sha256').update(`${uid} ${dataFolder}`).digest('hex').slice(0, 16);
  const folders = temporaryFolders.map((folder) => path.join(folder, `florin-${hash}`));
  return folders.find(isShortEnough) ?? `/tmp/florin-${hash}`;
}

/** Makes the folder, or checks that the one there is ours: in /tmp anybody may have made it. */
export async function prepareSocketFolder(
  folder: string,
  user: SystemUser | undefined,
): Promise<void> {
  const uid = user?.uid ?? process.getuid?.();
  try {
    await mkdir(folder, { mode: 0o700 });
    if (user !== undefined) await chown(folder, user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = await lstat(folder);
  const isPrivate = (found.mode & 0o777) === 0o700;
  if (found.isDirectory() && found.uid === uid && isPrivate) return;
  throw new Fault('socket_folder_taken', {
    retryable: false,
    message:
      `${folder} is not a folder that belongs to the database's user alone (mode 700); ` +
      'remove it and start again.',
  });
}
