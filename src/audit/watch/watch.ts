// Watches the audit log and what it depends on (PCI DSS 10.6 and 10.7): each alarm is a metric, a
// log line and a record. Several processes may watch; one of them raises an alarm, once, and a
// restart does not raise it again. Without a database the metric and the line still come, and the
// record follows when there is one.

import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '#config';
import { Fault, formatInstant, MILLISECOND_US, SECOND_US, type Instant } from '#kernel';
import type {
  AskOptions,
  Database,
  Logger,
  Metrics,
  Objects,
  ObservedClock,
  RefusedChange,
  TimeServer,
  TransactionContext,
} from '#platform';
import { auditActions } from '../actions.ts';
import { anchorState, type AnchorState } from '../anchors/state.ts';
import type { JsonObject } from '../canonical.ts';
import { record } from '../record.ts';
import { alarmNames, type AlarmName } from './alarm.ts';
import {
  clockFigures,
  clockReference,
  isClockNews,
  isClockOff,
  type ClockMeasurement,
  type ClockReference,
} from './clock-offset.ts';
import { freeSpace } from './disk.ts';
import { Lamp, well, type Condition } from './lamp.ts';
import { openGauges, type WatchCounters } from './gauges.ts';
import { RefusedChanges } from './refused-changes.ts';
import type { SeenTree } from './self-check-finding.ts';
import { selfCheck, type SelfChecked } from './self-check.ts';
import { settle, type Settling } from './settle.ts';
import { selectAlarmStates, selectBacklog, type AlarmState, type Backlog } from './watch-store.ts';

export interface WatchOptions {
  readonly database: Database;
  readonly clock: ObservedClock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Where the latest checkpoint is kept too. */
  readonly objects?: Objects | undefined;
  /** Names this process in alarms that are its own; it stays the same over a restart. */
  readonly instance?: string | undefined;
  /** Undefined: the clock is compared with the database's. */
  readonly timeServer?: TimeServer | undefined;
  /** How the time server is asked, where not in its own manner. */
  readonly asking?: AskOptions | undefined;
  /** Folders whose free space is watched. */
  readonly folders?: readonly string[] | undefined;
}

export interface Watch {
  /** Looks at everything that is cheap to see, and raises and ends alarms. For every second. */
  look(context: TransactionContext): Promise<void>;
  /** Reads a sample again. For every half minute. */
  check(context: TransactionContext): Promise<SelfChecked>;
  /** Compares the clock with its reference. For every minute. */
  measureClock(context: TransactionContext): Promise<void>;
  /** To be told after each run of the sequencer that did not fail, also when nothing waited. */
  sequenced(): void;
  /** To be told of what the database refused. */
  refused(change: RefusedChange): void;
  /** Ends what takes long; to be called before the schedules are stopped. */
  stop(): void;
}

/** A database that says nothing for so long counts as unreachable, until it does. */
const PATIENCE_MS = 3_000;
/** One answer of a time server may be lost; so many in a row are not chance. */
const CLOCK_MISSES_MAX = 3;
const BACKLOG_MAX = limits.auditBacklogMax.value;
const LATE_MIN_US = 2 * SECOND_US;
const LAG_MAX_US = limits.auditLagMaxMs.value * MILLISECOND_US;
const ANCHOR_LATE_MAX_US = limits.auditAnchorLateMaxMs.value * MILLISECOND_US;
const SILENCE_MAX_US = limits.auditSilenceMaxMs.value * MILLISECOND_US;

export function openWatch(options: WatchOptions): Watch {
  return new DatabaseWatch(options);
}

class DatabaseWatch implements Watch {
  readonly #options: WatchOptions;
  readonly #instance: string;
  readonly #reference: ClockReference;
  readonly #counters: WatchCounters;
  readonly #lamps = new Map<AlarmName, Lamp>(alarmNames.map((name) => [name, new Lamp()]));
  readonly #refusals = new RefusedChanges();
  readonly #stopping = new AbortController();
  #settling: Promise<void> | undefined;
  #isReachable = true;
  #sequencedAt: Instant | undefined;
  #lookedAt: Instant | undefined;
  #backlog: Backlog | undefined;
  /** Since when the same bundle has been seen to wait. */
  #waiting: { readonly oldest: bigint; readonly since: Instant } | undefined;
  /** Since when each look found a record that waits too long. */
  #lateSince: Instant | undefined;
  #states: readonly AlarmState[] = [];
  #clockMisses = 0;
  #clockRecorded: ClockMeasurement | undefined;
  /** The tree as this process last saw it, which no later one may contradict. */
  #seen: SeenTree | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#instance = options.instance ?? os.hostname();
    this.#reference = clockReference(options.timeServer, options.database);
    this.#counters = openGauges(options.metrics, {
      isLit: (name) => this.#lamp(name).isLit || (name === 'recording_stopped' && this.#isSilent()),
      backlog: () => this.#backlog,
      lagUs: () => this.#lagUs(options.clock.now()),
      clockOffsetUs: () => options.clock.offsetUs,
      lookedAgoUs: () => options.clock.now() - (this.#lookedAt ?? Number.NaN),
    });
  }

  sequenced(): void {
    this.#sequencedAt = this.#options.clock.now();
  }

  refused(change: RefusedChange): void {
    if (!this.#refusals.add(change)) return;
    this.#counters.refused(change.seenIn);
    const { reason, target, verb, seenIn, login } = change;
    this.#options.logger.warn('the database refused a change', {
      reason,
      target,
      verb,
      seen_in: seenIn,
      login,
      actor: change.caller?.actor,
    });
  }

  stop(): void {
    this.#stopping.abort();
  }

  async look(context: TransactionContext): Promise<void> {
    const { now } = context;
    this.#sequencedAt ??= now;
    this.#see('recording_stopped', this.#silence(), now);
    this.#see('disk_low', await freeSpace(this.#options.folders ?? []), now);
    const attempts = this.#refusals.pending().reduce((sum, each) => sum + each.attempts, 0);
    this.#see('change_refused', { isFailing: attempts > 0, figures: { attempts } }, now);
    try {
      await this.#settleInTime(context);
    } finally {
      this.#show();
    }
  }

  async check(context: TransactionContext): Promise<SelfChecked> {
    const { database, objects } = this.#options;
    const state = this.#stateOf('self_check_failed');
    const checked = await selfCheck(database, {
      sample: limits.auditSelfCheckLeaves.value,
      objects,
      seen: this.#seen,
      again: state?.isRaised === true ? state.figures : undefined,
    });
    this.#seen = checked.seen ?? this.#seen;
    this.#counters.checked(checked);
    const isFailing = checked.findings.length > 0;
    this.#see('self_check_failed', { isFailing, figures: checked.figures }, context.now);
    for (const finding of checked.findings) {
      this.#options.logger.error('the audit log is not what was recorded', { ...finding });
    }
    return checked;
  }

  async measureClock(context: TransactionContext): Promise<void> {
    const { clock, database } = this.#options;
    const { signal } = this.#stopping;
    const reference = this.#reference.name;
    let sample;
    try {
      sample = await this.#reference.ask(clock, { ...this.#options.asking, signal });
    } catch (error) {
      if (signal.aborted) return;
      this.#clockMisses += 1;
      if (this.#clockMisses >= CLOCK_MISSES_MAX) {
        const figures = { misses: this.#clockMisses, reason: codeOf(error), reference };
        this.#see('clock_offset', { isFailing: true, figures }, context.now);
      }
      throw error;
    }
    this.#clockMisses = 0;
    const { offsetUs, delayUs } = sample;
    const measured: ClockMeasurement = { at: clock.now(), offsetUs, delayUs, reference };
    clock.observe(offsetUs, this.#options.timeServer !== undefined);
    const figures = clockFigures(measured);
    this.#see('clock_offset', { isFailing: isClockOff(measured), figures }, context.now);
    if (!isClockNews(measured, this.#clockRecorded)) return;
    const action = auditActions['audit.clock.measured'];
    await database.transaction({ ...context, clockOffsetUs: offsetUs }, (tx) =>
      record(tx, [{ action, target: `clock:${this.#instance}`, after: figures }]),
    );
    this.#clockRecorded = measured;
  }

  #lamp(name: AlarmName): Lamp {
    return this.#lamps.get(name) as Lamp;
  }

  #see(name: AlarmName, condition: Condition | undefined, now: Instant): void {
    this.#lamp(name).see(condition, now);
  }

  // What is under way is never begun twice: a database that hangs is waited for by one look.
  async #settleInTime(context: TransactionContext): Promise<void> {
    this.#settling ??= this.#settle(context).finally(() => (this.#settling = undefined));
    const patience = new AbortController();
    const { signal } = patience;
    const tooLate = sleep(PATIENCE_MS, 'too late', { signal }).catch(() => undefined);
    try {
      const outcome = await Promise.race([this.#settling, tooLate]);
      this.#reachable(outcome !== 'too late');
    } catch (error) {
      // Not the world's fault: ours, and the schedule's to report.
      if (!(error instanceof Fault)) throw error;
      this.#reachable(false, error);
    } finally {
      patience.abort();
    }
  }

  async #settle(context: TransactionContext): Promise<void> {
    const { database } = this.#options;
    const { now } = context;
    const before = this.#backlog;
    this.#backlog = await selectBacklog(database, BACKLOG_MAX);
    // A run that goes on and on is none that stopped, and neither is that of another process.
    if (before !== undefined && this.#backlog.size > before.size) this.#sequencedAt = now;
    this.#see('sequencer_lag', this.#lag(now), now);
    this.#see('anchor_failed', lateAnchor(await anchorState(database, now), now), now);
    this.#states = await selectAlarmStates(database);
    const settling: Settling = {
      lamps: this.#lamps,
      states: this.#states,
      instance: this.#instance,
      refusals: this.#refusals,
      counters: this.#counters,
    };
    this.#states = await settle(database, context, settling);
    this.#lookedAt = now;
  }

  #reachable(isReachable: boolean, error?: Fault): void {
    if (isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    const { logger } = this.#options;
    if (isReachable) logger.info('the audit log can be watched again');
    else
      logger.error('the audit log cannot be watched, as its database does not answer', { error });
  }

  #isSilent(): boolean {
    const { clock } = this.#options;
    return this.#sequencedAt !== undefined && clock.now() - this.#sequencedAt > SILENCE_MAX_US;
  }

  #silence(): Condition {
    if (!this.#isSilent()) return well;
    const silent_us = this.#options.clock.now() - (this.#sequencedAt ?? 0);
    return { isFailing: true, figures: { database_answers: this.#isReachable, silent_us } };
  }

  #lagUs(now: Instant): number {
    const { oldestRecordedAt } = this.#backlog ?? {};
    const seenUs = this.#waiting === undefined ? 0 : now - this.#waiting.since;
    return oldestRecordedAt === undefined ? seenUs : Math.max(seenUs, now - oldestRecordedAt);
  }

  // What a long transaction recorded is old when it commits, and has its place at the next look. So
  // the lag counts when several looks in a row found it.
  #lag(now: Instant): Condition {
    const { oldest, waiting = 0 } = this.#backlog ?? {};
    if (oldest === undefined) this.#waiting = undefined;
    else if (this.#waiting?.oldest !== oldest) this.#waiting = { oldest, since: now };
    const lagUs = this.#lagUs(now);
    if (lagUs <= LAG_MAX_US) this.#lateSince = undefined;
    else this.#lateSince ??= now;
    const isLate = this.#lateSince !== undefined && now - this.#lateSince >= LATE_MIN_US;
    return { isFailing: isLate || waiting > BACKLOG_MAX, figures: { lag_us: lagUs, waiting } };
  }

  #stateOf(name: AlarmName): AlarmState | undefined {
    return this.#states.find(({ alarm, instance }) => alarm === name && instance === '');
  }

  #show(): void {
    for (const [alarm, lamp] of this.#lamps) {
      const change = lamp.change();
      if (change === undefined) continue;
      const { logger } = this.#options;
      const figures: JsonObject = lamp.figures;
      if (change === 'ended') logger.info('an audit alarm has ended', { alarm });
      else logger.error('an audit alarm is raised', { alarm, ...figures });
    }
  }
}

function lateAnchor({ dueSince, latest }: AnchorState, now: Instant): Condition {
  if (dueSince === undefined || now - dueSince <= ANCHOR_LATE_MAX_US) return well;
  const figures = { due_since: formatInstant(dueSince), latest: latest?.number ?? 0 };
  return { isFailing: true, figures };
}

function codeOf(error: unknown): string {
  return error instanceof Fault ? error.code : 'failed';
}
