// Watches queues: an alarm is raised when too much waits, when something waits too long, and when
// there are dead letters, and ends when that is over. Each is told once, as an event, however many
// processes watch.

import type { Clock } from '#kernel';
import type { Database, Queryable, TransactionContext } from '../database/port.ts';
import { emit } from '../stream/emit.ts';
import type { NewEvent } from '../stream/port.ts';
import type { Metrics, Reading } from '../telemetry/port.ts';
import { queueStates } from './dead-letters.ts';
import { deleteAlarms, insertAlarms, selectAlarms, type QueueAlarm } from './alarm-store.ts';
import { deleteDeduplications } from './message-store.ts';
import type { QueuePolicies } from './policy.ts';
import type { QueueState } from './port.ts';

const DEDUPLICATIONS_MAX = 5_000;

/** Raises and ends alarms, and forgets which messages were sent long ago. To be done often. */
export async function watchQueues(
  database: Database,
  context: TransactionContext,
  policies: QueuePolicies,
): Promise<QueueState[]> {
  const states = await queueStates(database, context.now);
  const raised = await selectAlarms(database);
  const due = states.flatMap((state) => alarmsOf(state, policies));
  const fresh = due.filter((alarm) => !raised.some((each) => isSame(each, alarm)));
  const over = raised.filter((alarm) => !due.some((each) => isSame(each, alarm)));
  if (fresh.length > 0 || over.length > 0) {
    await database.transaction(context, async (tx) => {
      const told = await insertAlarms(tx, fresh, tx.now);
      const ended = await deleteAlarms(tx, over);
      await emit(tx, [
        ...fresh.filter((alarm) => told.some((each) => isSame(each, alarm))).map(raisedEvent),
        ...ended.map(endedEvent),
      ]);
    });
  }
  await deleteDeduplications(database, context.now, DEDUPLICATIONS_MAX);
  return states;
}

interface DueAlarm extends QueueAlarm {
  readonly value: number;
  readonly limit: number;
}

function alarmsOf(state: QueueState, policies: QueuePolicies): DueAlarm[] {
  const { queue, depth, ageMs = 0, dead } = state;
  const { depthMax, ageMaxMs, deadMax } = policies(queue);
  const judged: DueAlarm[] = [
    { queue, alarm: 'depth', value: depth, limit: depthMax },
    { queue, alarm: 'age', value: Math.round(ageMs), limit: ageMaxMs },
    { queue, alarm: 'dead', value: dead, limit: deadMax },
  ];
  return judged.filter(({ value, limit }) => value > limit);
}

const isSame = (a: QueueAlarm, b: QueueAlarm): boolean =>
  a.queue === b.queue && a.alarm === b.alarm;

function raisedEvent({ queue, alarm, value, limit }: DueAlarm): NewEvent {
  return { type: 'queue.alarm_raised', subject: queue, data: { queue, alarm, value, limit } };
}

function endedEvent({ queue, alarm }: QueueAlarm): NewEvent {
  return { type: 'queue.alarm_ended', subject: queue, data: { queue, alarm } };
}

/** How long what was read of the queues serves the gauges: they are read together. */
const READ_AGAIN_MS = 1_000;

/** How queues stand, read when the report is asked for. */
export function measureQueues(
  metrics: Metrics,
  { queryable, clock }: { readonly queryable: Queryable; readonly clock: Clock },
): void {
  let states: readonly QueueState[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  const read = async (): Promise<void> => {
    if (performance.now() - readAtMs < READ_AGAIN_MS) return;
    readAtMs = performance.now();
    states = await queueStates(queryable, clock.now());
  };
  const readings = (value: (state: QueueState) => number) => (): Reading<'queue'>[] =>
    states.map((state) => ({ labels: { queue: state.queue }, value: value(state) }));
  metrics.gauge(
    { name: 'florin_queues', help: 'Queues that have messages or dead letters.' },
    async () => {
      await read();
      return states.length;
    },
  );
  metrics.gauges(
    {
      name: 'florin_queue_depth',
      help: 'Messages that are neither done nor dead, when the report before was asked for.',
      labels: ['queue'],
    },
    readings(({ depth }) => depth),
  );
  metrics.gauges(
    {
      name: 'florin_queue_age_seconds',
      help: 'How long the oldest message that could be received has been waiting.',
      labels: ['queue'],
    },
    readings(({ ageMs = 0 }) => ageMs / 1_000),
  );
  metrics.gauges(
    { name: 'florin_queue_dead_letters', help: 'Dead letters.', labels: ['queue'] },
    readings(({ dead }) => dead),
  );
}
