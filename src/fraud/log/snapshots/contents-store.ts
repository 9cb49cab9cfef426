// The SQL that reads what is folded of many batches at once: a column of their events as one text
// or one run of bytes, because a snapshot folds every event of the bank once more.

import { idOf, type Instant, type Uuid } from '#kernel';
import { uuidArray, type Queryable } from '#platform';
import type { FraudEvent } from '../../event.ts';

/** Of some events: columns of what they are. */
type ContentRow = readonly [
  ids: string,
  /** Of their batches among those asked for, from 1 on. */
  places: string,
  /** Microseconds since 2000, eight bytes each. */
  at: Buffer,
  amounts: Buffer,
  /** In hexadecimal digits, of those alone that the features may have refused. */
  features: string,
  /** Of each kind, the members of a list of JSON. */
  ...keys: string[],
];

/** A longer row of the answer would be copied again and again while it arrives. */
const ROW_BATCHES = 20;
const YEAR_2000_US = 946_684_800_000_000;

/**
 * The events of each batch in their order, but for those that the features refused; with keys of
 * these kinds alone, which are always the same.
 */
export async function selectFoldedEvents(
  q: Queryable,
  ids: readonly Uuid[],
  kinds: readonly string[],
): Promise<ReadonlyMap<Uuid, readonly FraudEvent[]>> {
  const found = new Map<Uuid, FraudEvent[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return found;
  const keyColumns = kinds.map(
    (_, at) => `, string_agg(coalesce((d.keys->$${at + 4}::text)::text, 'null'), ',')`,
  );
  // The range of a batch's ids is looked up by itself, which "offset 0" sees to.
  const rows = await q.query<ContentRow>({
    name: 'fraud.select_folded_events',
    rowMode: 'array',
    text: `select found.* from generate_series(1, cardinality($1::uuid[]), $3::int) as piece (first)
      cross join lateral (
        select string_agg(d.id::text, ',') as ids,
          string_agg((piece.first - 1 + asked.place)::text, ','),
          string_agg(timestamptz_send(d.event_at), ''), string_agg(int8send(d.amount), ''),
          string_agg(case when d.mode in ('failed_open', 'failed_closed')
            then encode(d.features, 'hex') else '' end, ',')
          ${keyColumns.join('')}
        from unnest(
          ($1::uuid[])[piece.first : piece.first + $3 - 1],
          ($2::uuid[])[piece.first : piece.first + $3 - 1]
        ) with ordinality as asked (id, last, place)
        cross join lateral (
          select o.* from fraud.decisions o
          where o.id > asked.id and o.id <= asked.last and o.batch = asked.id
          offset 0
        ) as d
      ) as found
      where found.ids is not null`,
    values: [
      uuidArray(ids),
      uuidArray(ids.map((id) => `${id.slice(0, -5)}fffff`)),
      ROW_BATCHES,
      ...kinds,
    ],
  });
  for (const row of rows) {
    for (const { place, event } of eventsOf(row, kinds)) {
      found.get(ids[place - 1] ?? '')?.push(event);
    }
  }
  for (const events of found.values()) sortById(events);
  return found;
}

interface Placed {
  readonly place: number;
  readonly event: FraudEvent;
}

function* eventsOf(row: ContentRow, kinds: readonly string[]): Generator<Placed> {
  const [ids, placed, at, amounts, refused, ...lists] = row;
  const places = placed.split(',');
  const features = refused.split(',');
  const columns = lists.map((list) => JSON.parse(`[${list}]`) as (string | null)[]);
  for (const [index, id] of ids.split(',').entries()) {
    if (isBlank(features[index] ?? '')) continue;
    const keys: Record<string, string> = {};
    for (let kind = 0; kind < kinds.length; kind += 1) {
      const key = columns[kind]?.[index] ?? undefined;
      if (key !== undefined) keys[kinds[kind] ?? ''] = key;
    }
    const time = (numberAt(at, index) + YEAR_2000_US) as Instant;
    const event = { id: idOf('dec', id), at: time, amount: numberAt(amounts, index), keys };
    yield { place: Number(places[index]), event };
  }
}

const WORD = 2 ** 32;

function numberAt(bytes: Buffer, index: number): number {
  return bytes.readInt32BE(index * 8) * WORD + bytes.readUInt32BE(index * 8 + 4);
}

/** Whether there are features and every one is missing, which tells that the event was refused. */
function isBlank(hex: string): boolean {
  if (hex === '') return false;
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    if (!Number.isNaN(bytes.readDoubleLE(at))) return false;
  }
  return true;
}

/** Nearly always they are in order, which is cheap to see. */
function sortById(events: FraudEvent[]): void {
  const isInOrder = events.every(({ id }, at) => at === 0 || (events[at - 1]?.id ?? '') < id);
  if (!isInOrder) events.sort((one, other) => (one.id < other.id ? -1 : 1));
}
