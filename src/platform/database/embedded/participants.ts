// Owns the list of Florin processes that use one embedded server. The last one to leave stops it; a
// process that was killed is no longer on the list, whatever its file says.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  formatIdentity,
  isRunning,
  ownIdentity,
  parseIdentity,
  type ProcessIdentity,
} from './process-identity.ts';

let entries = 0;

/** This process's entry; one process may hold several. */
export interface Entry {
  readonly file: string;
}

export async function enter(folder: string): Promise<Entry> {
  entries += 1;
  const file = path.join(folder, `${process.pid}-${entries}`);
  await writeFile(`${file}.new`, formatIdentity(ownIdentity()));
  await rename(`${file}.new`, file);
  return { file };
}

/** Synchronous, because it must also work while the process exits. */
export function leave(entry: Entry): void {
  rmSync(entry.file, { force: true });
}

/** Every other entry of a running process; those of dead processes are removed. */
export function others(folder: string, own: Entry): ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (file === own.file || !/^\d+-\d+$/.test(name)) continue;
    const identity = identityIn(file);
    if (identity !== undefined && isRunning(identity)) found.push(identity);
    else rmSync(file, { force: true });
  }
  return found;
}

function identityIn(file: string): ProcessIdentity | undefined {
  try {
    return parseIdentity(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
