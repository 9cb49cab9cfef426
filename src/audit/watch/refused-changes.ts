// Owns what was seen of attempts that the database refused, until they are recorded. Equal attempts
// are counted in one record, so that who tries a million times cannot drown the log.

import type { Caller, RefusedChange } from '#platform';
import { auditActions } from '../actions.ts';
import type { AuditRecord } from '../record.ts';

const KINDS_MAX = 100;
const UNMATCHED_MAX = 1_000;

interface Kind {
  readonly change: RefusedChange;
  attempts: number;
}

export class RefusedChanges {
  #kinds = new Map<string, Kind>();
  /** Attempts of our own sessions, which the server's log will tell of too, by process. */
  readonly #expected = new Map<string, number>();

  /** False where the attempt had been seen before, in the session that made it. */
  add(change: RefusedChange): boolean {
    if (this.#wasExpected(change)) return false;
    const key = [change.seenIn, change.message, change.verb, change.caller?.correlationId].join(
      ' ',
    );
    const known = this.#kinds.get(key);
    if (known !== undefined) known.attempts += 1;
    else if (this.#kinds.size < KINDS_MAX) this.#kinds.set(key, { change, attempts: 1 });
    else this.#addToRest(change);
    return true;
  }

  /** What is to be recorded. Until `settle` is called with it, it stays. */
  pending(): readonly Kind[] {
    return [...this.#kinds.values()].map((kind) => ({ ...kind }));
  }

  /** Takes away what was recorded. */
  settle(recorded: readonly Kind[]): void {
    for (const [key, kind] of this.#kinds) {
      const attempts = recorded.find(({ change }) => change === kind.change)?.attempts ?? 0;
      kind.attempts -= attempts;
      if (kind.attempts === 0) this.#kinds.delete(key);
    }
  }

  // Beyond so many kinds in a second only their count is kept.
  #addToRest(change: RefusedChange): void {
    const rest = this.#kinds.get('');
    if (rest !== undefined) rest.attempts += 1;
    else {
      const { reason, seenIn } = change;
      const one = { reason, seenIn, verb: undefined, backendId: undefined, login: undefined };
      const told = {
        ...one,
        caller: undefined,
        target: 'several',
        message: 'attempts of many kinds',
      };
      this.#kinds.set('', { change: told, attempts: 1 });
    }
  }

  #wasExpected({ seenIn, backendId, message }: RefusedChange): boolean {
    if (backendId === undefined) return false;
    const key = `${backendId} ${message}`;
    const expected = this.#expected.get(key) ?? 0;
    if (seenIn === 'session') {
      // Without a log to follow nothing ever matches, so the oldest are forgotten.
      const [oldest] = this.#expected.keys();
      if (this.#expected.size >= UNMATCHED_MAX && oldest !== undefined)
        this.#expected.delete(oldest);
      this.#expected.set(key, expected + 1);
      return false;
    }
    if (expected === 0) return false;
    if (expected === 1) this.#expected.delete(key);
    else this.#expected.set(key, expected - 1);
    return true;
  }
}

/** The record of an attempt: by whom our session acted for, or by whom the server's log names. */
export function refusedRecord({ change, attempts }: Kind, correlationId: string): AuditRecord {
  const { reason, target, verb, seenIn: seen_in, message } = change;
  const isOurs = change.seenIn === 'session';
  return {
    action: auditActions['audit.change.refused'],
    target,
    outcome: 'denied',
    reason,
    after: { attempts, message, seen_in, ...(verb === undefined ? {} : { verb }) },
    caller: isOurs ? change.caller : strangerOf(change.login ?? '', correlationId),
  };
}

// "user@address(port)", or "user@[local]" through the socket.
function strangerOf(login: string, correlationId: string): Caller {
  const part = /^(.+)@([^@(]+)/.exec(login);
  return {
    actor: `database:${part?.[1] ?? 'unknown'}`,
    correlationId,
    address: part?.[2],
  };
}
