// Reads the repository as a list of text files: what a commit would hold, without asking git, so
// that a copy of the tree without its history is checked in the same way. Paths are relative.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

const ignored = new Set(['node_modules', '.git', '.florin', '.florin-install.lock']);
const textEndings =
  /[.](ts|mjs|cjs|js|json|sql|md|yml|yaml|css|html|csv|tsv|asc|sh)$|(^|\/)[^./]+$|rc$/;

/** Made anew by the checks, and in no commit. */
const generated = new Set(['sdk/src/api.ts']);

export const root = join(import.meta.dirname, '..');

export function readTree(folder: string = root): readonly TextFile[] {
  return pathsIn(folder, '')
    .filter((path) => textEndings.test(path))
    .filter((path) => !generated.has(path))
    .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
}

export function pathsIn(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .filter((entry) => !ignored.has(entry.name) && !entry.name.endsWith('.log'))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      return entry.isDirectory() ? pathsIn(folder, path) : [path];
    });
}
