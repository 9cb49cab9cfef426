// The SQL of the watch: how far the log is behind, the reference time of the database, and the rows
// that raise and end alarms.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import type { JsonObject } from '../canonical.ts';
import type { AlarmName } from './alarm.ts';

export interface Backlog {
  /** Bundles that wait for a place; the count ends one above the limit. */
  readonly waiting: number;
  /** The one that waits longest, by the order in which locks were held. */
  readonly oldest: bigint | undefined;
  /** Undefined where nothing waits, or what waits is gone. */
  readonly oldestRecordedAt: Instant | undefined;
  /** Leaves that have a place. */
  readonly size: number;
}

export async function selectBacklog(queryable: Queryable, countMax: number): Promise<Backlog> {
  const [row] = await queryable.query<{
    waiting: bigint;
    oldest: bigint | null;
    recorded_us: bigint | null;
    size: bigint | null;
  }>({
    name: 'audit.select_backlog',
    text: `select
        (select count(*) from (select from audit.inbox limit $1 + 1) w) as waiting,
        o.number as oldest,
        (extract(epoch from b.recorded_at) * 1000000)::bigint as recorded_us,
        (select p.first_leaf + p.leaf_count from audit.places p
          order by p.first_leaf desc limit 1) as size
      from (select 1) one
      left join lateral (select i.number, i.month, i.bundle_id from audit.inbox i
        order by i.number limit 1) o on true
      left join audit.bundles b on b.id = o.bundle_id and b.month = o.month`,
    values: [countMax],
  });
  const recordedUs = row?.recorded_us ?? undefined;
  return {
    waiting: Number(row?.waiting ?? 0),
    oldest: row?.oldest ?? undefined,
    oldestRecordedAt: recordedUs === undefined ? undefined : (Number(recordedUs) as Instant),
    size: Number(row?.size ?? 0),
  };
}

/** The database's clock, at the moment it reads it. */
export async function selectDatabaseTime(queryable: Queryable): Promise<Instant> {
  const [row] = await queryable.query<{ us: bigint }>({
    name: 'audit.select_database_time',
    text: `select (extract(epoch from pg_catalog.clock_timestamp()) * 1000000)::bigint as us`,
  });
  return Number(row?.us ?? 0) as Instant;
}

/** What an alarm is, for a process or, with instance '', for the installation. */
export interface AlarmState {
  readonly alarm: AlarmName;
  readonly instance: string;
  readonly turn: number;
  readonly isRaised: boolean;
  /** When it was last raised. */
  readonly since: Instant;
  /** When it was last raised, said to go on, or ended. */
  readonly at: Instant;
  readonly figures: JsonObject;
}

interface AlarmRow {
  readonly alarm: AlarmName;
  readonly instance: string;
  readonly turn: number;
  readonly is_raised: boolean;
  readonly since_us: bigint;
  readonly at_us: bigint;
  readonly figures: JsonObject;
}

/** Every alarm that was ever raised, as it is now. */
export async function selectAlarmStates(queryable: Queryable): Promise<AlarmState[]> {
  const rows = await queryable.query<AlarmRow>({
    name: 'audit.select_alarm_states',
    text: `select distinct on (a.alarm, a.instance) a.alarm, a.instance, a.turn, a.is_raised,
        (extract(epoch from a.since) * 1000000)::bigint as since_us,
        (extract(epoch from a.at) * 1000000)::bigint as at_us, a.figures
      from audit.alarms a
      order by a.alarm, a.instance, a.turn desc`,
  });
  return rows.map(({ alarm, instance, turn, is_raised: isRaised, since_us, at_us, figures }) => {
    const [since, at] = [Number(since_us) as Instant, Number(at_us) as Instant];
    return { alarm, instance, turn, isRaised, since, at, figures };
  });
}

/** False when another process was first. */
export async function insertAlarm(queryable: Queryable, state: AlarmState): Promise<boolean> {
  const { alarm, instance, turn, isRaised, since, at, figures } = state;
  const rows = await queryable.query({
    name: 'audit.insert_alarm',
    text: `insert into audit.alarms (alarm, instance, turn, is_raised, since, at, figures)
      values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning 1`,
    values: [alarm, instance, turn, isRaised, formatInstant(since), formatInstant(at), figures],
  });
  return rows.length > 0;
}
