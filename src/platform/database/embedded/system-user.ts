// Owns as which system user PostgreSQL runs. It refuses root, so for root another user is found or
// made; an ordinary user runs it as himself.

import { spawnSync, type SpawnOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import { Fault } from '#kernel';

/** A user to become; undefined stands for the user who runs Florin. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

// A user of its own is made only where the distribution's postgres is missing. nobody is the last
// resort: it works, but shares its rights with other programs.
const CANDIDATES = ['postgres', 'florin'];
const CREATED = 'florin';
const LAST_RESORT = 'nobody';

const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** The user for a cluster: its owner when it exists already, else the first that can be had. */
export function databaseUser(clusterFolder: string): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterFolder, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) {
    return { uid: owner.uid, gid: owner.gid, name: `the owner of ${clusterFolder}` };
  }
  for (const name of CANDIDATES) {
    const user = lookUp(name);
    if (user !== undefined) return user;
  }
  const user = create() ?? lookUp(LAST_RESORT);
  if (user !== undefined) return user;
  throw new Fault('no_database_user', {
    retryable: false,
    message:
      'PostgreSQL refuses to run as root, and this system has no user postgres and lets none be ' +
      'created; create one, or start Florin as an ordinary user.',
  });
}

/** The spawn options that run a program as that user, with nothing of our environment. */
export function asUser(user: SystemUser | undefined): SpawnOptions {
  const env = { PATH: SYSTEM_PATH, LC_ALL: 'C', HOME: '/' };
  // Our own working folder may be closed to that user.
  const options = { cwd: '/', env };
  return user === undefined ? options : { ...options, uid: user.uid, gid: user.gid };
}

/** Whether the user can enter a folder: asked of the system, as modes are not the whole truth. */
export function canEnter(folder: string, user: SystemUser | undefined): boolean {
  const shell = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], asUser(user));
  return shell.status === 0;
}

function lookUp(name: string): SystemUser | undefined {
  const uid = idOf('-u', name);
  const gid = idOf('-g', name);
  return uid === undefined || uid === 0 || gid === undefined ? undefined : { uid, gid, name };
}

function idOf(flag: '-u' | '-g', name: string): number | undefined {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return status === 0 && /^\d+\n$/.test(stdout) ? Number(stdout) : undefined;
}

// useradd is everywhere but in BusyBox, whose adduser has other flags.
function create(): SystemUser | undefined {
  const home = ['--home-dir', '/nonexistent', '--no-create-home'];
  const shell = ['--shell', '/usr/sbin/nologin'];
  spawnSync('useradd', ['--system', '--user-group', ...home, ...shell, CREATED]);
  const user = lookUp(CREATED);
  if (user !== undefined) return user;
  spawnSync('adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', CREATED]);
  return lookUp(CREATED);
}
