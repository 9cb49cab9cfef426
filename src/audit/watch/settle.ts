// Brings the alarms in the database into line with what this process knows, and records each
// raising and each end. All of it is one transaction: an alarm is raised exactly if its record is
// there.

import { formatInstant, MILLISECOND_US, type Instant } from '#kernel';
import type { Database, TransactionContext } from '#platform';
import { auditActions } from '../actions.ts';
import { canonical } from '../canonical.ts';
import { record, type AuditRecord } from '../record.ts';
import { alarms, type Alarm, type AlarmName } from './alarm.ts';
import type { WatchCounters } from './gauges.ts';
import type { Lamp } from './lamp.ts';
import { refusedRecord, type RefusedChanges } from './refused-changes.ts';
import { insertAlarm, type AlarmState } from './watch-store.ts';

export interface Settling {
  readonly lamps: ReadonlyMap<AlarmName, Lamp>;
  /** As the database says. */
  readonly states: readonly AlarmState[];
  readonly instance: string;
  readonly refusals: RefusedChanges;
  readonly counters: WatchCounters;
}

/** A row that says that an alarm goes on, at most so often in the time that it needs to end. */
const FOLLOW_UPS = 5;

/** Answers the states after it. */
export async function settle(
  database: Database,
  context: TransactionContext,
  settling: Settling,
): Promise<readonly AlarmState[]> {
  const { lamps, states, instance, refusals, counters } = settling;
  const own = new Map<AlarmName, AlarmState | undefined>();
  for (const [alarm, lamp] of lamps) {
    const about = alarms[alarm].scope === 'instance' ? instance : '';
    const state = states.find((each) => each.alarm === alarm && each.instance === about);
    own.set(alarm, state);
    lamp.recorded(state?.isRaised === true);
  }
  const wanted = [...lamps].flatMap(([alarm, lamp]) => {
    const about = alarms[alarm].scope === 'instance' ? instance : '';
    return nextState({ alarm, instance: about }, { lamp, state: own.get(alarm), now: context.now });
  });
  const attempts = refusals.pending();
  if (wanted.length === 0 && attempts.length === 0) return states;

  const taken = await database.transaction(context, async (tx) => {
    const records = attempts.map((each) => refusedRecord(each, context.correlationId));
    const inserted: AlarmState[] = [];
    for (const next of wanted) {
      if (!(await insertAlarm(tx, next))) continue;
      inserted.push(next);
      records.push(...recordsOf(next, own.get(next.alarm)));
    }
    await record(tx, records);
    return inserted;
  });
  refusals.settle(attempts);
  for (const { alarm, isRaised } of taken) {
    if (isRaised && own.get(alarm)?.isRaised !== true) counters.raised(alarm);
    lamps.get(alarm)?.recorded(isRaised);
  }
  const isOld = (state: AlarmState): boolean =>
    !taken.some(({ alarm, instance: about }) => alarm === state.alarm && about === state.instance);
  return [...states.filter(isOld), ...taken];
}

/** The row to add, if any. */
export function nextState(
  { alarm, instance }: Pick<AlarmState, 'alarm' | 'instance'>,
  seen: {
    readonly lamp: Lamp;
    readonly state: AlarmState | undefined;
    readonly now: Instant;
  },
): AlarmState[] {
  const { lamp, state, now } = seen;
  const { calmMs, isFollowed }: Alarm = alarms[alarm];
  const calmUs = calmMs * MILLISECOND_US;
  const next = { alarm, instance, turn: (state?.turn ?? 0) + 1, at: now };
  if (state?.isRaised !== true) {
    const { owed } = lamp;
    return owed === undefined ? [] : [{ ...next, ...owed, isRaised: true }];
  }
  const { since, figures } = state;
  if (lamp.isCalm(now, calmUs) && now - state.at >= calmUs) {
    return [{ ...next, since, figures, isRaised: false }];
  }
  const isNews = lamp.isFailing && canonical(lamp.figures) !== canonical(figures);
  if (!isFollowed || !isNews || now - state.at < calmUs / FOLLOW_UPS) return [];
  return [{ ...next, since, figures: lamp.figures, isRaised: true }];
}

function recordsOf(next: AlarmState, before: AlarmState | undefined): AuditRecord[] {
  const { alarm: target, instance, since, at, figures, isRaised } = next;
  const about = instance === '' ? {} : { instance };
  const times = { raised_at: formatInstant(since) };
  if (!isRaised) {
    const action = auditActions['audit.alarm.ended'];
    const after = { ...about, ...times, ended_at: formatInstant(at) };
    return [{ action, target, before: figures, after }];
  }
  if (before?.isRaised === true) return [];
  const action = auditActions['audit.alarm.raised'];
  return [{ action, target, outcome: 'failed', after: { ...figures, ...about, ...times } }];
}
