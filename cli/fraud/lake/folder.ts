// Owns a copy of a lake in a folder of plain files: written by `florin fraud lake copy`, read by
// whatever reads Parquet, and by training and back-tests on another machine.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CopyTarget, LakeReading } from '#fraud';
import { writeWhole } from '../files.ts';

/** Files appear whole under their names; what was cut short ends in ".part". */
export function openLakeFolder(folder: string): CopyTarget {
  return {
    list: async (inner) => filesIn(folder, inner),
    put: async (inner, content) => {
      const file = path.join(folder, inner);
      mkdirSync(path.dirname(file), { recursive: true });
      writeWhole({ file, replaces: true }, [content]);
    },
    remove: async (inner) => rmSync(path.join(folder, inner), { force: true }),
  };
}

const ROOT = 'fraud/';

/** The lake that a copy was made of, for reading alone. */
export function readLakeFolder(folder: string): LakeReading {
  return {
    get: async (key) => contentOf(path.join(folder, key.slice(ROOT.length))),
    async *list(prefix) {
      for (const inner of filesIn(folder, prefix.slice(ROOT.length))) {
        const { size: bytes } = statSync(path.join(folder, inner));
        yield { key: `${ROOT}${inner}`, bytes };
      }
    },
  };
}

function filesIn(folder: string, inner: string): string[] {
  const names = unlessAbsent(() => readdirSync(path.join(folder, inner))) ?? [];
  return names
    .filter((name) => name.endsWith('.parquet'))
    .toSorted()
    .map((name) => path.posix.join(inner, name));
}

function contentOf(file: string): Buffer | undefined {
  return unlessAbsent(() => readFileSync(file));
}

function unlessAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
