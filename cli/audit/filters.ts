// The filter options that the verbs which read records share.

import { endOfDay, parseDate, parseInstant, type Instant } from '#kernel';
import type { RecordFilter } from '#audit';
import { UsageError } from '../usage.ts';

export const filterOptions = {
  actor: { type: 'string' },
  target: { type: 'string' },
  action: { type: 'string' },
  outcome: { type: 'string' },
  reason: { type: 'string' },
  request: { type: 'string' },
  address: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  text: { type: 'string' },
  'leaf-from': { type: 'string' },
  'leaf-to': { type: 'string' },
} as const;

type FilterValues = { readonly [Name in keyof typeof filterOptions]?: string | undefined };

export function parseFilter(values: FilterValues): RecordFilter {
  const { actor, target, action, reason, request, address, text } = values;
  return {
    actor,
    target,
    action,
    outcome: outcomeOf(values.outcome),
    reason,
    request,
    address,
    text,
    from: timeOf(values, 'from'),
    to: timeOf(values, 'to'),
    leafFrom: leafOf(values, 'leaf-from'),
    leafTo: leafOf(values, 'leaf-to'),
  };
}

const outcomes = ['success', 'refused', 'denied', 'failed'] as const;

function outcomeOf(text: string | undefined): RecordFilter['outcome'] {
  if (text === undefined) return undefined;
  const outcome = outcomes.find((each) => each === text);
  if (outcome !== undefined) return outcome;
  throw new UsageError(`--outcome is ${JSON.stringify(text)} but must be ${outcomes.join(', ')}.`);
}

/** A date is its first microsecond as a beginning, and its last as an end. */
function timeOf(values: FilterValues, name: 'from' | 'to'): Instant | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const date = parseDate(text);
  const time = date !== undefined && name === 'to' ? endOfDay(date) : (date ?? parseInstant(text));
  if (time !== undefined) return time;
  throw new UsageError(
    `--${name} is ${JSON.stringify(text)} but must be a date (2026-11-21) or a time with an ` +
      'offset (2026-11-21T20:00:00Z).',
  );
}

function leafOf(values: FilterValues, name: 'leaf-from' | 'leaf-to'): number | undefined {
  const text = values[name];
  return text === undefined ? undefined : parseLeafIndex(text, name);
}

/** An index of a leaf or a size of the log, which can have more digits than other counts. */
export function parseLeafIndex(text: string, option: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(`--${option} is ${JSON.stringify(text)} but must be a whole number.`);
}
