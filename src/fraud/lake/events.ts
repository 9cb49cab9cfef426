// Owns how events and labels stand in columns. The usual kinds of keys have a column each, so that
// tools can group by them; keys of other kinds are together in one text.

import type { ParquetColumns, ParquetFields } from '#platform';
import type { FraudEvent, FraudLabel } from '../event.ts';
import { parseStored, valueAt, type LakeTable } from './table.ts';

/** A label, with the pattern of the fraud where it is known. */
export interface LakeLabel extends FraudLabel {
  /** Of labels of one event, known at the same time, the one with the greatest id counts. */
  readonly id?: string | undefined;
  /** Who says so. */
  readonly source?: string | undefined;
  readonly pattern?: string | undefined;
}

const keyKinds = [
  'customer',
  'account',
  'counterparty',
  'payer',
  'payee',
  'terminal',
  'device',
  'channel',
  'product',
  'currency',
] as const;

const text = { type: 'text', isOptional: true } as const;

const keyFields = {
  customer: text,
  account: text,
  counterparty: text,
  payer: text,
  payee: text,
  terminal: text,
  device: text,
  channel: text,
  product: text,
  currency: text,
} as const satisfies ParquetFields;

export const eventFields = {
  event_id: { type: 'text' },
  event_at: { type: 'instant' },
  amount: { type: 'whole' },
  ...keyFields,
  /** A JSON object, its members by name. */
  other_keys: { type: 'text', isOptional: true },
} as const satisfies ParquetFields;

const labelFields = {
  known_at: { type: 'instant' },
  is_fraud: { type: 'flag' },
  pattern: text,
  label_id: text,
  source: text,
  ...eventFields,
} as const satisfies ParquetFields;

export type EventColumns = ParquetColumns<typeof eventFields>;

export const lakeEvents: LakeTable<FraudEvent, typeof eventFields> = {
  name: 'events',
  fields: eventFields,
  at: ({ at }) => at,
  id: ({ id }) => id,
  columnsOf: eventColumnsOf,
  rowOf: eventOf,
};

export const lakeLabels: LakeTable<LakeLabel, typeof labelFields> = {
  name: 'labels',
  fields: labelFields,
  at: ({ knownAt }) => knownAt,
  id: ({ event, id }) => (id === undefined ? event.id : `${event.id}/${id}`),
  columnsOf: (labels) => ({
    known_at: labels.map(({ knownAt }) => knownAt),
    is_fraud: labels.map(({ isFraud }) => isFraud),
    pattern: labels.map(({ pattern }) => pattern),
    label_id: labels.map(({ id }) => id),
    source: labels.map(({ source }) => source),
    ...eventColumnsOf(labels.map(({ event }) => event)),
  }),
  rowOf: (columns, index) => {
    const event = eventOf(columns, index);
    const knownAt = valueAt(columns.known_at, index);
    const isFraud = valueAt(columns.is_fraud, index);
    const pattern = valueAt(columns.pattern, index);
    const id = valueAt(columns.label_id, index);
    const source = valueAt(columns.source, index);
    return {
      event,
      knownAt,
      isFraud,
      ...(pattern === undefined ? {} : { pattern }),
      ...(id === undefined ? {} : { id }),
      ...(source === undefined ? {} : { source }),
    };
  },
};

export function eventColumnsOf(events: readonly FraudEvent[]): EventColumns {
  return {
    event_id: events.map(({ id }) => id),
    event_at: events.map(({ at }) => at),
    amount: events.map(({ amount }) => amount),
    ...keyColumnsOf(events.map(({ keys }) => keys)),
  };
}

type KeyColumns = Pick<EventColumns, keyof typeof keyFields | 'other_keys'>;

export function keyColumnsOf(keys: readonly FraudEvent['keys'][]): KeyColumns {
  const keyed = (kind: (typeof keyKinds)[number]): (string | undefined)[] =>
    keys.map((each) => each[kind]);
  return {
    customer: keyed('customer'),
    account: keyed('account'),
    counterparty: keyed('counterparty'),
    payer: keyed('payer'),
    payee: keyed('payee'),
    terminal: keyed('terminal'),
    device: keyed('device'),
    channel: keyed('channel'),
    product: keyed('product'),
    currency: keyed('currency'),
    other_keys: keys.map(otherKeys),
  };
}

const isUsual: ReadonlySet<string> = new Set(keyKinds);

function otherKeys(keys: FraudEvent['keys']): string | undefined {
  let others: string[] | undefined;
  for (const kind in keys) if (!isUsual.has(kind)) (others ??= []).push(kind);
  if (others === undefined) return undefined;
  return JSON.stringify(Object.fromEntries(others.sort().map((kind) => [kind, keys[kind]])));
}

export function eventOf(columns: EventColumns, index: number): FraudEvent {
  const keys: Record<string, string> = {};
  for (const kind of keyKinds) {
    const key = valueAt(columns[kind], index);
    if (key !== undefined) keys[kind] = key;
  }
  const others = valueAt(columns.other_keys, index);
  if (others !== undefined) Object.assign(keys, parseStored(others, isKeys));
  return {
    id: valueAt(columns.event_id, index),
    at: valueAt(columns.event_at, index),
    amount: valueAt(columns.amount, index),
    keys,
  };
}

function isKeys(json: unknown): json is Record<string, string> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  return Object.values(json).every((key) => typeof key === 'string');
}
