// Looks at the space that is left where the log is kept: a full disk stops recording, and with it
// every posting.

import { statfs } from 'node:fs/promises';
import { limits } from '#config';
import { well, type Condition } from './lamp.ts';

/** Undefined where no folder can be looked at. */
export async function freeSpace(folders: readonly string[]): Promise<Condition | undefined> {
  let least: { readonly folder: string; readonly bytes: number } | undefined;
  for (const folder of folders) {
    const bytes = await freeBytes(folder);
    if (bytes === undefined || (least !== undefined && least.bytes <= bytes)) continue;
    least = { folder, bytes };
  }
  if (least === undefined) return undefined;
  if (least.bytes >= limits.auditDiskFreeBytesMin.value) return well;
  return { isFailing: true, figures: { folder: least.folder, free_bytes: least.bytes } };
}

async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
