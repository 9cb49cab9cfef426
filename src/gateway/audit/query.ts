// Owns what the query string says of records: which are asked for, and where a page goes on. A date
// means a whole day.
import type { RecordFilter } from '#audit';
import { endOfDay, parseDate, parseInstant } from '#kernel';
import type { Instant } from '#kernel';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { badCursor, readCursor, writeCursor } from '../cursor.ts';
import { EdgeRefusal } from '../problems.ts';
import * as schema from '../schema.ts';

const outcomes = ['success', 'refused', 'denied', 'failed'] as const;

/** More leaves than any log will have, and as many digits as a query string takes for a number. */
const LEAVES_MAX = 999_999_999_999_999;

/** A count of leaves, or the index of one. */
export function leafCount(description: string) {
  return Type.Integer({ minimum: 0, maximum: LEAVES_MAX, description });
}

export const recordIdText = schema.idText('aud');

export const filterFields = {
  actor: Type.Optional(schema.text(255, { description: 'who did it' })),
  target: Type.Optional(
    schema.text(255, {
      description: 'what it was done to; or an id (acc_…) that stands anywhere in the record',
    }),
  ),
  action: Type.Optional(
    Type.String({
      pattern: '^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*\\.?$',
      maxLength: 100,
      description: 'the name of an action; or the beginning of names, with its dot: "ledger."',
    }),
  ),
  outcome: Type.Optional(schema.choice(outcomes)),
  reason: Type.Optional(
    schema.text(100, { description: 'the code of a refusal or fault, such as account_frozen' }),
  ),
  request_id: Type.Optional(
    schema.text(255, { description: 'the request in answer to which it was recorded' }),
  ),
  address: Type.Optional(schema.text(100, { description: 'the network address it came from' })),
  from: Type.Optional(schema.instantOrDateText()),
  to: Type.Optional(schema.instantOrDateText()),
  leaf_from: Type.Optional(leafCount('the first index in the log')),
  leaf_to: Type.Optional(leafCount('the last index in the log')),
  q: Type.Optional(
    schema.text(500, { description: 'words that must all occur, in any order and letter case' }),
  ),
};

const filterObject = schema.object(filterFields);

export function filterOf(query: Static<typeof filterObject>): RecordFilter {
  const { actor, target, action, outcome, reason, address, q: text } = query;
  const from = query.from === undefined ? undefined : beginningOf(query.from);
  const to = query.to === undefined ? undefined : endOf(query.to);
  requireOrder('from', from, to);
  requireOrder('leaf_from', query.leaf_from, query.leaf_to);
  // Without a word it would find everything.
  if (text !== undefined && !/[\p{L}\p{M}\p{N}]/u.test(text)) {
    throw new EdgeRefusal('field_invalid', 'q must hold a word.', { param: 'q' });
  }
  return {
    actor,
    target,
    action,
    outcome,
    reason,
    address,
    from,
    to,
    text,
    request: query.request_id,
    leafFrom: query.leaf_from,
    leafTo: query.leaf_to,
  };
}

function beginningOf(text: string): Instant | undefined {
  return parseInstant(text) ?? parseDate(text);
}

function endOf(text: string): Instant | undefined {
  const date = parseDate(text);
  return date === undefined ? parseInstant(text) : endOfDay(date);
}

function requireOrder(param: string, from: number | undefined, to: number | undefined): void {
  if (from === undefined || to === undefined || from <= to) return;
  const other = param.replace('from', 'to');
  throw new EdgeRefusal('field_invalid', `${param} must not be greater than ${other}.`, { param });
}

/** The count that a cursor of the list holds. */
export function placeIn(list: string, cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const [place, ...others] = readCursor(list, cursor);
  if (others.length === 0 && Number.isSafeInteger(place) && Number(place) >= 0) {
    return Number(place);
  }
  throw badCursor();
}

/** The end of every list's answer. */
export function pageEnd(
  list: string,
  next: number | undefined,
): { has_more: boolean; next_cursor: string | null } {
  return {
    has_more: next !== undefined,
    next_cursor: next === undefined ? null : writeCursor(list, [next]),
  };
}
