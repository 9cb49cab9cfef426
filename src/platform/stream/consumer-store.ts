// The SQL of consumers: who there is and how far each has come. A consumer's row is locked while
// events are handled, so that one process at a time does it.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable } from '../database/port.ts';
import type { ConsumerProgress } from './port.ts';

/** A new consumer begins where `position` says; one that exists stays where it is. */
export async function insertConsumer(
  queryable: Queryable,
  consumer: { readonly name: string; readonly position: bigint },
  now: Instant,
): Promise<void> {
  await queryable.query({
    name: 'stream.insert_consumer',
    text: `insert into stream.consumers (name, position, moved_at) values ($1, $2, $3::timestamptz)
      on conflict (name) do nothing`,
    values: [consumer.name, consumer.position, formatInstant(now)],
  });
}

/** Where it stands, locked; undefined while another process is at it, or when it was removed. */
export async function lockConsumer(
  queryable: Queryable,
  name: string,
): Promise<bigint | undefined> {
  const [row] = await queryable.query<{ position: bigint }>({
    name: 'stream.lock_consumer',
    text: `select c.position from stream.consumers c where c.name = $1 for update skip locked`,
    values: [name],
  });
  return row?.position;
}

/** False when there is no such consumer. */
export async function moveConsumer(
  queryable: Queryable,
  consumer: { readonly name: string; readonly position: bigint },
  now: Instant,
): Promise<boolean> {
  const rows = await queryable.query({
    name: 'stream.move_consumer',
    text: `update stream.consumers set position = $2, moved_at = $3::timestamptz
      where name = $1 returning 1`,
    values: [consumer.name, consumer.position, formatInstant(now)],
  });
  return rows.length > 0;
}

/** What is older than the last removed is handled by nobody any more. */
export async function deleteConsumer(queryable: Queryable, name: string): Promise<void> {
  await queryable.query({
    text: `delete from stream.consumers where name = $1`,
    values: [name],
  });
}

export async function selectConsumers(queryable: Queryable): Promise<ConsumerProgress[]> {
  return await queryable.query<{ name: string; position: bigint; lag: bigint }>({
    name: 'stream.select_consumers',
    text: `select c.name, c.position, h.position - c.position as lag
      from stream.consumers c, stream.heads h order by c.name`,
  });
}

/** From here on, what the transaction does is for one tenant. It ends with the transaction. */
export async function actFor(queryable: Queryable, tenant: string): Promise<void> {
  await queryable.query({
    name: 'stream.act_for',
    text: `select set_config('florin.tenant', $1, true)`,
    values: [tenant],
  });
}
