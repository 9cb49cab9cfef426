// Owns how events and labels stand in columns. The usual kinds of keys have a column each, so that
// tools can group by them; keys of other kinds are together in one text.

import type { ParquetColumns, ParquetFields } from '#platform';
import type { FraudEvent, FraudLabel } from '../event.ts';
import { parseStored, valueAt, type LakeTable } from './table.ts';

/** A label, with the pattern of the fraud where it is known. */
export interface LakeLabel extends FraudLabel {
  readonly pattern?: string | undefined;
}

const keyFields = {
  customer: { type: 'text', isOptional: true },
  account: { type: 'text', isOptional: true },
  counterparty: { type: 'text', isOptional: true },
  terminal: { type: 'text', isOptional: true },
  device: { type: 'text', isOptional: true },
} as const satisfies ParquetFields;

const keyKinds = ['customer', 'account', 'counterparty', 'terminal', 'device'] as const;

const eventFields = {
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
  pattern: { type: 'text', isOptional: true },
  ...eventFields,
} as const satisfies ParquetFields;

type EventColumns = ParquetColumns<typeof eventFields>;

export const lakeEvents: LakeTable<FraudEvent, typeof eventFields> = {
  name: 'events',
  fields: eventFields,
  at: ({ at }) => at,
  id: ({ id }) => id,
  columnsOf,
  rowOf: eventOf,
};

export const lakeLabels: LakeTable<LakeLabel, typeof labelFields> = {
  name: 'labels',
  fields: labelFields,
  at: ({ knownAt }) => knownAt,
  id: ({ event }) => event.id,
  columnsOf: (labels) => ({
    known_at: labels.map(({ knownAt }) => knownAt),
    is_fraud: labels.map(({ isFraud }) => isFraud),
    pattern: labels.map(({ pattern }) => pattern),
    ...columnsOf(labels.map(({ event }) => event)),
  }),
  rowOf: (columns, index) => {
    const event = eventOf(columns, index);
    const knownAt = valueAt(columns.known_at, index);
    const isFraud = valueAt(columns.is_fraud, index);
    const pattern = valueAt(columns.pattern, index);
    const label = { event, knownAt, isFraud };
    return pattern === undefined ? label : { ...label, pattern };
  },
};

function columnsOf(events: readonly FraudEvent[]): EventColumns {
  return {
    event_id: events.map(({ id }) => id),
    event_at: events.map(({ at }) => at),
    amount: events.map(({ amount }) => amount),
    customer: events.map(({ keys }) => keys['customer']),
    account: events.map(({ keys }) => keys['account']),
    counterparty: events.map(({ keys }) => keys['counterparty']),
    terminal: events.map(({ keys }) => keys['terminal']),
    device: events.map(({ keys }) => keys['device']),
    other_keys: events.map(({ keys }) => otherKeys(keys)),
  };
}

function otherKeys(keys: FraudEvent['keys']): string | undefined {
  const others = Object.keys(keys).filter((kind) => !Object.hasOwn(keyFields, kind));
  if (others.length === 0) return undefined;
  return JSON.stringify(Object.fromEntries(others.toSorted().map((kind) => [kind, keys[kind]])));
}

function eventOf(columns: EventColumns, index: number): FraudEvent {
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
