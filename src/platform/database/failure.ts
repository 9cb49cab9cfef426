// Owns the meaning of PostgreSQL's and the network's errors: which are the world's (a Fault, with
// whether trying again may help) and which are ours (passed on untouched, a bug or a constraint).

import { Fault } from '#kernel';

interface Meaning {
  readonly code: string;
  readonly retryable: boolean;
  readonly message: string;
  /** The connection is of no further use. */
  readonly isConnectionLost?: boolean;
}

const unavailable: Meaning = {
  code: 'database_unavailable',
  retryable: true,
  message: 'The database cannot be reached at the moment.',
  isConnectionLost: true,
};

const full: Meaning = {
  code: 'database_full',
  retryable: false,
  message: 'The database has no disk space left.',
};

// PostgreSQL, Appendix A. Classes of two characters stand for all their codes.
const bySqlState: Readonly<Record<string, Meaning>> = {
  '40001': {
    code: 'serialization_failure',
    retryable: true,
    message: 'The transaction met a conflicting one.',
  },
  '40P01': {
    code: 'deadlock_detected',
    retryable: true,
    message: 'The transaction was chosen to end a deadlock.',
  },
  '55P03': {
    code: 'lock_timeout',
    retryable: true,
    message: 'Another transaction held a lock for too long.',
  },
  '57014': {
    code: 'statement_timeout',
    retryable: true,
    message: 'The database took too long over a statement.',
  },
  // After a failover the old primary may answer as a standby: a new connection finds the new one.
  '25006': unavailable,
  // Our transaction was ended because we fell silent; the connection is closed.
  '25P03': unavailable,
  // A statement prepared before a migration changed its result; a new connection prepares it anew.
  '0A000:plan': {
    code: 'plan_changed',
    retryable: true,
    message: 'The schema changed under a prepared statement.',
    isConnectionLost: true,
  },
  '53100': full,
  '53': { ...unavailable, message: 'The database is out of resources at the moment.' },
  '57': unavailable,
  '58': { ...unavailable, message: 'The database met an error of its disk or system.' },
  '08': unavailable,
  XX001: {
    code: 'database_corrupt',
    retryable: false,
    message: 'The database reports damaged data; stop and restore before going on.',
  },
  XX002: {
    code: 'database_corrupt',
    retryable: false,
    message: 'The database reports a damaged index; stop and restore before going on.',
  },
};

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

// The driver reports these without a code.
const driverMessages = [
  'Connection terminated',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
];

/** The SQLSTATE of an error PostgreSQL answered with; undefined for every other error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}

/** The statement was not looked at, because one before it in its transaction had failed. */
export function isAfterFailure(error: unknown): boolean {
  return sqlStateOf(error) === '25P02';
}

/** The constraint a statement violated (class 23), for a store that turns it into a refusal. */
export function violatedConstraint(error: unknown): string | undefined {
  if (sqlStateOf(error)?.startsWith('23') !== true) return undefined;
  const { constraint } = error as { constraint?: unknown };
  return typeof constraint === 'string' ? constraint : undefined;
}

/** The server ended the session with this error, rather than only the statement. */
export function isSessionEnd(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { severity } = error as { severity?: unknown };
  return severity === 'FATAL' || severity === 'PANIC';
}

/** No connection, or a connection on which nothing more can be asked. */
export function isConnectionLost(error: unknown): boolean {
  return isSessionEnd(error) || meaningOf(error)?.isConnectionLost === true;
}

/** The Fault an error stands for; an error that is not the world's fault is returned unchanged. */
export function faultOf(error: unknown): unknown {
  const meaning = meaningOf(error);
  if (meaning === undefined) return error;
  const { code, retryable, message } = meaning;
  return new Fault(code, { retryable, message, cause: error });
}

function meaningOf(error: unknown): Meaning | undefined {
  if (!(error instanceof Error) || error instanceof Fault) return undefined;
  const state = sqlStateOf(error);
  if (state !== undefined) {
    if (state === '0A000' && error.message.startsWith('cached plan')) {
      return bySqlState['0A000:plan'];
    }
    return bySqlState[state] ?? bySqlState[state.slice(0, 2)];
  }
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && networkCodes.has(code)) return unavailable;
  return driverMessages.some((start) => error.message.startsWith(start)) ? unavailable : undefined;
}
