// The rules of the house that need more than one file: folders, migration numbers, links,
// decisions. Pure functions over the list of files, like the rules that look at one file alone.
import { posix } from 'node:path';
import type { Finding } from './tidy.ts';
import type { TextFile } from './tree.ts';

/** "About twelve": a folder's listing is its table of contents, read at a glance. */
const filesPerFolderMax = 14;

export interface TreeRule {
  readonly name: string;
  readonly find: (files: readonly TextFile[]) => Iterable<Omit<Finding, 'rule'>>;
}

export const treeRules: readonly TreeRule[] = [
  { name: 'folder-size', find: findFullFolders },
  { name: 'migration-number', find: findRepeatedMigrations },
  { name: 'dead-link', find: findDeadLinks },
  { name: 'undecided-dependency', find: findUndecidedDependencies },
  { name: 'incomplete-lock', find: findIncompleteLock },
];

export function findingsAcross(files: readonly TextFile[]): Finding[] {
  return treeRules.flatMap((rule) =>
    Array.from(rule.find(files), (finding) => ({ rule: rule.name, ...finding })),
  );
}

function* findFullFolders(files: readonly TextFile[]) {
  const sources = files.filter(({ path }) => /[.](ts|mjs)$/.test(path) && !/[.]test[.]/.test(path));
  for (const [path, inside] of Map.groupBy(sources, (file) => posix.dirname(file.path))) {
    if (inside.length > filesPerFolderMax) {
      yield { path, line: 1, message: `${inside.length} files; at most ${filesPerFolderMax}` };
    }
  }
}

function* findRepeatedMigrations(files: readonly TextFile[]) {
  const migrations = files.filter(({ path }) => /\/migrations\/\d+_[^/]*[.]sql$/.test(path));
  const numberOf = ({ path }: TextFile) => posix.basename(path).split('_')[0];
  for (const [number, sharers] of Map.groupBy(migrations, numberOf)) {
    for (const { path } of sharers.slice(1)) {
      yield { path, line: 1, message: `${number} is taken by ${sharers[0]?.path}` };
    }
  }
}

function* findDeadLinks(files: readonly TextFile[]) {
  const paths = new Set(files.flatMap(({ path }) => [path, ...foldersAbove(path)]));
  for (const { path, text } of files.filter((file) => file.path.endsWith('.md'))) {
    // Code is blanked, not removed, so that the line numbers stay.
    const prose = text.replace(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replace(/[^\n]/g, ' '));
    for (const match of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      const target = (match[1] ?? '').split('#')[0] ?? '';
      const isOutside = /^[a-z]+:/.test(target) || target === '';
      const resolved = posix.join(posix.dirname(path), target).replace(/\/$/, '');
      if (!isOutside && !paths.has(resolved)) {
        const line = prose.slice(0, match.index).split('\n').length;
        yield { path, line, message: `${target} does not exist` };
      }
    }
  }
}

function foldersAbove(path: string): string[] {
  const folder = posix.dirname(path);
  return folder === '.' ? [folder] : [folder, ...foldersAbove(folder)];
}

/** A package we run or build with is a decision, written down with what it replaces. */
function* findUndecidedDependencies(files: readonly TextFile[]) {
  const manifest = files.find(({ path }) => path === 'package.json');
  const decisions = files
    .filter(({ path }) => path.startsWith('docs/decisions/'))
    .map(({ text }) => text)
    .join('\n');
  const parsed = JSON.parse(manifest?.text ?? '{}') as Record<string, Record<string, string>>;
  const names = ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((kind) =>
    Object.keys(parsed[kind] ?? {}),
  );
  for (const name of names) {
    if (!decisions.includes(`\`${name}\``)) {
      yield {
        path: 'package.json',
        line: 1,
        message: `\`${name}\` has no record in docs/decisions`,
      };
    }
  }
}

/**
 * npm leaves a platform's package out of the lock file when the registry does not have it (yet), or
 * when it was not installed here; "npm ci" then fails everywhere.
 */
function* findIncompleteLock(files: readonly TextFile[]) {
  const path = 'package-lock.json';
  const text = files.find((file) => file.path === path)?.text ?? '{ "packages": {} }';
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const locked = new Set(Object.keys(packages).map((key) => key.split('node_modules/').at(-1)));
  for (const [owner, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies).filter((one) => !locked.has(one))) {
      yield { path, line: 1, message: `${name}, optional for "${owner}", is not locked` };
    }
  }
}
