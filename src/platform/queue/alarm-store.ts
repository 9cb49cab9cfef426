// The SQL of the queues' alarms: which are raised now.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable } from '../database/port.ts';

export interface QueueAlarm {
  readonly queue: string;
  readonly alarm: 'depth' | 'age' | 'dead';
}

export async function selectAlarms(queryable: Queryable): Promise<QueueAlarm[]> {
  return await queryable.query<QueueAlarm>({
    name: 'queues.select_alarms',
    text: 'select a.queue, a.alarm from queues.alarms a order by a.queue, a.alarm',
  });
}

/** Answers those that nobody else has raised. */
export async function insertAlarms(
  queryable: Queryable,
  alarms: readonly QueueAlarm[],
  now: Instant,
): Promise<QueueAlarm[]> {
  return await queryable.query<QueueAlarm>({
    name: 'queues.insert_alarms',
    text: `insert into queues.alarms (queue, alarm, raised_at)
      select a.queue, a.alarm, $3::timestamptz
      from unnest($1::text[], $2::text[]) as a (queue, alarm)
      order by a.queue, a.alarm
      on conflict do nothing returning queue, alarm`,
    values: [
      alarms.map(({ queue }) => queue),
      alarms.map(({ alarm }) => alarm),
      formatInstant(now),
    ],
  });
}

/** Answers those that nobody else has ended. */
export async function deleteAlarms(
  queryable: Queryable,
  alarms: readonly QueueAlarm[],
): Promise<QueueAlarm[]> {
  return await queryable.query<QueueAlarm>({
    name: 'queues.delete_alarms',
    text: `delete from queues.alarms a
      using unnest($1::text[], $2::text[]) as e (queue, alarm)
      where a.queue = e.queue and a.alarm = e.alarm
      returning a.queue, a.alarm`,
    values: [alarms.map(({ queue }) => queue), alarms.map(({ alarm }) => alarm)],
  });
}
