// Owns the recognition of an attempt that the database refused: a right that the role lacks, or a
// change of append-only history. Seen in the error of a session of ours, or in a line of the
// server's log, which tells of the sessions of others too. Of the statement only the verb is told:
// the rest is customer data.

import type { Caller, Query } from './port.ts';
import { sqlStateOf } from './failure.ts';

/** An attempt to do what the database does not let anybody, or not this role, do. */
export interface RefusedChange {
  /** no_right: the role may not. append_only: nobody may. */
  readonly reason: 'no_right' | 'append_only';
  /** What the server said, without values: "permission denied for table bundles". */
  readonly message: string;
  /** "update", "drop", …; undefined where the server's log does not tell. */
  readonly verb: string | undefined;
  /** "audit.bundles", or "table bundles" where the server names no schema. */
  readonly target: string;
  readonly seenIn: 'session' | 'server_log';
  /** The server's process, by which the two ways of seeing one attempt are matched. */
  readonly backendId: number | undefined;
  /** On whose behalf our own session did it. */
  readonly caller: Caller | undefined;
  /** Who the server's log says was connected, as user@address. */
  readonly login: string | undefined;
}

// insufficient_privilege, and restrict_violation, which the triggers of append-only tables raise.
const NO_RIGHT = '42501';
const APPEND_ONLY = '23001';

const DENIED = /(?:permission denied (?:for|to)|must be (?:owner|superuser|member)(?: of)?) (.+)$/;
const REFUSED = /append-only: (\w+) on (\S+) is refused/;
const VERB = /^\s*(\w+)/;

/** The attempt that an error tells of; undefined for every other error. */
export function refusedChangeOf(
  error: unknown,
  seen: {
    readonly query: Query;
    readonly backendId: number | undefined;
    readonly caller: Caller | undefined;
  },
): RefusedChange | undefined {
  const state = sqlStateOf(error);
  if (state !== NO_RIGHT && state !== APPEND_ONLY) return undefined;
  const { message } = error as Error;
  const found = readMessage(message);
  // PostgreSQL 18 gives the same state to foreign keys.
  if (found === undefined && state === APPEND_ONLY) return undefined;
  const verb = VERB.exec(seen.query.text)?.[1]?.toLowerCase();
  return {
    reason: 'no_right',
    target: 'unknown',
    verb,
    ...found,
    message,
    seenIn: 'session',
    backendId: seen.backendId,
    caller: seen.caller,
    login: undefined,
  };
}

/** A line that the server wrote about one of its sessions, or about itself. */
export interface ServerLine {
  readonly processId: number;
  /** user@address, of a session. */
  readonly login: string | undefined;
  readonly sqlState: string | undefined;
  /** "ERROR", "LOG", … */
  readonly level: string;
  readonly message: string;
}

// As log_line_prefix says: time, process, and for a session its login and the state of the error.
const LINE =
  /^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[(\d+)\] (?:(\S+@\S+) ([0-9A-Z]{5}) )?([A-Z]+\d?): {1,2}(.*)$/;

/** Undefined for a line that is not the server's, or the continuation of one. */
export function readServerLine(line: string): ServerLine | undefined {
  const part = LINE.exec(line);
  if (part === null) return undefined;
  const [, processId = '', login, sqlState, level = '', message = ''] = part;
  return { processId: Number(processId), login, sqlState, level, message };
}

/** The attempt that a line of the server's log tells of; undefined for every other line. */
export function refusedChangeInLine(line: string): RefusedChange | undefined {
  const read = readServerLine(line);
  if (read === undefined || !/^(ERROR|FATAL)$/.test(read.level)) return undefined;
  const { sqlState, message, login, processId } = read;
  const found = readMessage(message);
  // A server with another prefix gives no state; one in another language only that.
  const isDenied = sqlState === NO_RIGHT || (sqlState === undefined && found !== undefined);
  if (!isDenied && !(sqlState === APPEND_ONLY && found !== undefined)) return undefined;
  return {
    reason: 'no_right',
    target: 'unknown',
    verb: undefined,
    ...found,
    message,
    seenIn: 'server_log',
    backendId: processId,
    caller: undefined,
    login,
  };
}

function readMessage(
  message: string,
): (Pick<RefusedChange, 'reason' | 'target'> & { verb?: string }) | undefined {
  const refused = REFUSED.exec(message);
  if (refused !== null) {
    const [, verb = '', target = ''] = refused;
    return { reason: 'append_only', verb: verb.toLowerCase(), target };
  }
  const denied = DENIED.exec(message);
  return denied === null ? undefined : { reason: 'no_right', target: denied[1] ?? 'unknown' };
}
