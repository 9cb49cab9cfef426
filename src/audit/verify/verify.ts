// Recomputes the whole audit log from its bundles and says where the database differs. It reads one
// snapshot, so that it is right while records are written and sequenced, and changes nothing.

import { Fault } from '#kernel';
import type { Keys, Objects, Queryable, Session } from '#platform';
import { Reconciling } from '../reconcile/reconcile.ts';
import type { ReconcileSource } from '../reconcile/source.ts';
import { ownSources } from '../reconcile/own-sources.ts';
import { CHECKPOINT_POINTER } from '../sequence.ts';
import { parseCheckpoint } from '../tree/checkpoint.ts';
import { openNote } from '../tree/note.ts';
import { BundleCheck } from './log/bundle-check.ts';
import { CheckpointCheck, type LogKeys } from './log/checkpoint-check.ts';
import { Findings, type Counts, type Finding, type RuleOutcome } from './finding.ts';
import { hashingHere, openHashing } from './log/hashing.ts';
import { LogCheck, type KeptCheckpoint } from './log/log-check.ts';
import { removedMonths } from './log/place-store.ts';
import { LeafReader } from './leaf-reader.ts';
import { inTurn } from './in-turn.ts';
import { checkIndex } from './index-check.ts';
import { checkOutside } from './outside/outside-check.ts';
import { checkProtection } from './protection.ts';
import { beginSame, beginSnapshot, isLogPresent, leafCount } from './structure-store.ts';
import { storedKeys, storedLogs } from './log/tree-store.ts';
import { checkWaiting } from './log/waiting-check.ts';

export interface LogProgress {
  /** Leaves that were read, and how many there are to read. */
  readonly done: number;
  readonly of: number;
}

export interface VerifyLogOptions {
  /** Opens one more connection to the database, as any role that may read the log. */
  readonly open: () => Promise<Session>;
  /** How many connections work at once, at most; two are of use, and a thread for a large log. */
  readonly connections: number;
  /** Breaches listed of one rule; all are counted. */
  readonly findingsPerRuleMax: number;
  /** Public keys known from outside the database; without them the database's own are believed. */
  readonly trustedKeys?: readonly Buffer[] | undefined;
  /** With the installation's keys, the keys of subjects are tried too. */
  readonly keys?: Keys | undefined;
  /** Where checkpoints, anchors and archives are kept. */
  readonly objects?: Objects | undefined;
  /** The business tables whose changes must be recorded. */
  readonly sources?: readonly ReconcileSource[] | undefined;
  readonly onProgress?: ((progress: LogProgress) => void) | undefined;
}

export interface LogVerification {
  /** No rule whose breach is an error is broken; warnings do not count. */
  readonly isSound: boolean;
  /** The moment of the snapshot, as PostgreSQL writes it. */
  readonly at: string;
  readonly elapsedMs: number;
  /** How many leaves have a place. */
  readonly size: number;
  readonly counts: Counts;
  readonly rules: readonly RuleOutcome[];
  readonly findings: readonly Finding[];
}

export async function verifyLog(options: VerifyLogOptions): Promise<LogVerification> {
  const startedMs = performance.now();
  // Before the snapshot, which then holds at least as much.
  const keptNote = await options.objects?.pointed(CHECKPOINT_POINTER);
  const sessions: Session[] = [];
  try {
    const first = inTurn(await options.open());
    sessions.push(first);
    await requireLog(first);
    const at = await beginSnapshot(first);
    const second = await openSecond(options, first, sessions);
    const findings = new Findings(options.findingsPerRuleMax);
    const work = new Verifying(options, findings, { walk: first, rest: second ?? first });
    const size = await work.run(keptNote);
    return {
      isSound: findings.isSound,
      at,
      elapsedMs: performance.now() - startedMs,
      size,
      counts: findings.counts,
      rules: findings.outcomes,
      findings: findings.list,
    };
  } finally {
    await Promise.allSettled(sessions.map((session) => session.close()));
  }
}

async function requireLog(session: Session): Promise<void> {
  if (await isLogPresent(session)) return;
  throw new Fault('no_audit_log', {
    retryable: false,
    message: 'There is no audit log in this database yet; starting the bank makes one.',
  });
}

async function openSecond(
  { connections, open }: VerifyLogOptions,
  first: Session,
  sessions: Session[],
): Promise<Session | undefined> {
  if (connections < 2) return undefined;
  const second = inTurn(await open());
  sessions.push(second);
  await beginSame(second, first);
  return second;
}

class Verifying {
  readonly #options: VerifyLogOptions;
  readonly #findings: Findings;
  /** For the walk along the log, and for everything else meanwhile. */
  readonly #on: { readonly walk: Queryable; readonly rest: Queryable };

  constructor(
    options: VerifyLogOptions,
    findings: Findings,
    on: { readonly walk: Queryable; readonly rest: Queryable },
  ) {
    this.#options = options;
    this.#findings = findings;
    this.#on = on;
  }

  async run(keptNote: Buffer | undefined): Promise<number> {
    const keys = await this.#keysOfLog();
    const kept = this.#keptCheckpoint(keptNote, keys);
    const removed = await removedMonths(this.#on.walk);
    const reader = new LeafReader(this.#findings, this.#on.walk, await this.#reconciling(removed));
    const walk = this.#walk({ keys, kept, removed, reader });
    const [size] = await allOf([walk, this.#checkRest(keys, reader)]);
    await this.#checkIndex(size);
    await reader.finish(this.#options.keys, removed);
    return size;
  }

  async #reconciling(removed: ReadonlySet<number>): Promise<Reconciling | undefined> {
    const { sources = [], keys, objects } = this.#options;
    if (removed.size > 0 && objects === undefined) {
      this.#findings.breach({
        rule: 'archive_unread',
        place: 'archive',
        expected: 'the store of objects, to read the records of months in the archive',
        found: 'none was given, so that changes were not compared with their records',
      });
      return undefined;
    }
    return await Reconciling.begin({
      sources: [...ownSources, ...sources],
      findings: this.#findings,
      on: this.#on,
      keys,
      objects,
    });
  }

  async #keysOfLog(): Promise<LogKeys> {
    const [log, ...others] = await storedLogs(this.#on.walk);
    const stored = await storedKeys(this.#on.walk);
    const origin = log?.origin ?? '';
    const first = stored.reduce((least, { addedAt }) => Math.min(least, addedAt), Infinity);
    const flaw =
      log === undefined
        ? 'none'
        : others.length > 0
          ? `${others.length + 1} rows`
          : !ORIGIN.test(origin)
            ? origin
            : stored.length > 0 && log.begunAt !== first
              ? 'another beginning than that of its first key'
              : undefined;
    const isBegun = stored.length > 0 || (await leafCount(this.#on.walk)) > 0;
    if (flaw !== undefined && (isBegun || log !== undefined)) {
      const expected = 'one name, with the time of the first key';
      this.#findings.breach({ rule: 'log_row_wrong', place: 'log', expected, found: flaw });
    }
    const usable = stored.filter(({ publicKey }) => publicKey.length === KEY_BYTES);
    const name = ORIGIN.test(origin) ? origin : 'unknown';
    return { origin: name, stored: usable, trusted: this.#options.trustedKeys };
  }

  #keptCheckpoint(note: Buffer | undefined, keys: LogKeys): KeptCheckpoint | undefined {
    if (this.#options.objects === undefined) return undefined;
    if (note === undefined) return keys.stored.length === 0 ? undefined : this.#unkept('none');
    const publicKeys = keys.trusted ?? keys.stored.map(({ publicKey }) => publicKey);
    const trusted = publicKeys.map((publicKey) => ({ name: keys.origin, publicKey }));
    const opened = openNote(note.toString(), trusted);
    if (!opened.ok) return this.#unkept(opened.why);
    const head = parseCheckpoint(opened.value.text);
    return head.ok ? head.value : this.#unkept(head.why);
  }

  #unkept(found: string): undefined {
    this.#findings.breach({
      rule: 'log_rolled_back',
      place: 'checkpoint kept outside the database',
      expected: 'a checkpoint of this log',
      found,
    });
    return undefined;
  }

  async #walk(given: {
    readonly keys: LogKeys;
    readonly kept: KeptCheckpoint | undefined;
    readonly removed: ReadonlySet<number>;
    readonly reader: LeafReader;
  }): Promise<number> {
    const { keys, kept, removed, reader } = given;
    const queryable = this.#on.walk;
    const of = await leafCount(queryable);
    const bundles = new BundleCheck(this.#findings, reader.note);
    const hasThread = this.#options.connections > 1 && of >= THREAD_LEAVES_MIN;
    const hashing = hasThread ? openHashing() : hashingHere;
    const check = new LogCheck({
      queryable,
      hashing,
      findings: this.#findings,
      bundles,
      checkpoints: new CheckpointCheck(this.#findings, keys),
      removedMonths: removed,
      kept,
      onPage: async (done) => {
        await reader.look();
        this.#options.onProgress?.({ done, of });
      },
    });
    try {
      const size = await check.run();
      await checkWaiting(queryable, this.#findings, bundles);
      await reader.look();
      return size;
    } finally {
      await hashing.close();
    }
  }

  async #checkIndex(size: number): Promise<void> {
    const { objects } = this.#options;
    await checkIndex(this.#on.rest, this.#findings, { objects, size });
  }

  async #checkRest({ origin, stored, trusted = [] }: LogKeys, reader: LeafReader): Promise<void> {
    const { rest } = this.#on;
    const { objects } = this.#options;
    await checkProtection(rest, this.#findings);
    if (objects === undefined) return;
    const publicKeys = [...trusted, ...stored.map(({ publicKey }) => publicKey)];
    const keys = publicKeys.map((publicKey) => ({ name: origin, publicKey }));
    await checkOutside(rest, this.#findings, { objects, keys, reader });
  }
}

const ORIGIN = /^[^\s+\p{Cc}]{1,255}$/u;
const KEY_BYTES = 32;
/** In less time than these take, a thread has hardly begun. */
const THREAD_LEAVES_MIN = 50_000;

/** All of them, or the first failure once none of them works any more. */
async function allOf<Values extends readonly unknown[]>(running: {
  readonly [At in keyof Values]: Promise<Values[At]>;
}): Promise<Values> {
  const outcomes = await Promise.allSettled(running);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }) as unknown as Values;
}
