// Owns telling processes apart. A process id alone proves nothing: ids are used again, so a process
// is its id together with the moment it started.

import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process only. Counted since the machine's start, which it names. */
  readonly startedAt: string;
}

const isLinux = process.platform === 'linux';

/** The process that has this id now; undefined when none has, or only its exit status remains. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startedAt = isLinux ? startOnLinux(pid) : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startedAt === identity.startedAt;
}

let own: ProcessIdentity | undefined;

/** This process. */
export function ownIdentity(): ProcessIdentity {
  own ??= identityOf(process.pid) ?? { pid: process.pid, startedAt: 'unknown' };
  return own;
}

export function formatIdentity(identity: ProcessIdentity): string {
  return `${identity.pid} ${identity.startedAt}\n`;
}

/** From the first line of a file; undefined for one that was never finished. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^(\d{1,9}) (.+)\n/.exec(text);
  const startedAt = match?.[2];
  return startedAt === undefined ? undefined : { pid: Number(match?.[1]), startedAt };
}

/** Whether a process runs the named program on a folder. */
export function isProgramIn(pid: number, program: string, folder: string): boolean {
  try {
    if (!isLinux) {
      const command = byPs(pid, 'command');
      return command.includes(program) && command.includes(folder);
    }
    // Only readable for our own processes and for root; a stranger's is no server of ours.
    if (readlinkSync(`/proc/${pid}/cwd`) !== folder) return false;
    const [command = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return command.includes(program);
  } catch {
    return false;
  }
}

let bootId: string | undefined;

// proc(5): after the name in parentheses come state (3rd) and, as the 22nd, start time in ticks.
function startOnLinux(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return state === 'Z' || state === 'X' ? undefined : `${bootId} ${fields[19]}`;
}

function startByPs(pid: number): string | undefined {
  try {
    const [state = '', ...started] = byPs(pid, 'state=,lstart').split(/\s+/);
    return state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}

function byPs(pid: number, column: string): string {
  const args = ['-o', `${column}=`, '-p', String(pid)];
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
  return execFileSync('ps', args, { encoding: 'utf8', env }).trim();
}
