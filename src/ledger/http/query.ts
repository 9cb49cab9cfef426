// Reads what stands in query strings and cursors: times, of which a date means a whole day, and the
// places that cursors hold, which a client may have tampered with.

import { endOfDay, instantOf, isId, parseDate, parseInstant, type Id, type Instant } from '#kernel';
import { badCursor, EdgeRefusal, readCursor, writeCursor, type CursorPart } from '#gateway';

/** The beginning of a span: a date begins with its first microsecond. */
export function readFrom(text: string): Instant;
export function readFrom(text: string | undefined): Instant | undefined;
export function readFrom(text: string | undefined): Instant | undefined {
  return text === undefined ? undefined : (parseInstant(text) ?? parseDate(text));
}

/** The end of a span, or the time of an "as of": a date ends with its last microsecond. */
export function readTo(text: string): Instant;
export function readTo(text: string | undefined): Instant | undefined;
export function readTo(text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined;
  const date = parseDate(text);
  return date === undefined ? parseInstant(text) : endOfDay(date);
}

export interface AsOfTexts {
  readonly effective_at?: string;
  readonly recorded_at?: string;
}

export function readAsOf(query: AsOfTexts): {
  effectiveAt: Instant | undefined;
  recordedAt: Instant | undefined;
} {
  return {
    effectiveAt: readTo(query.effective_at),
    recordedAt: readTo(query.recorded_at),
  };
}

export function requireOrder(
  names: readonly [string, string],
  from: bigint | number | undefined,
  to: bigint | number | undefined,
): void {
  if (from === undefined || to === undefined || from <= to) return;
  throw new EdgeRefusal('field_invalid', `${names[0]} must not be greater than ${names[1]}.`, {
    param: names[0],
  });
}

const VERSION = /^[1-9][0-9]{0,17}$/;

/** The parts of a cursor, each asked for as what it must be. */
export interface Place {
  version(): bigint;
  instant(): Instant;
  text(): string;
  id<Prefix extends string>(prefix: Prefix): Id<Prefix>;
}

export function placeOf(list: string, cursor: string): Place {
  const parts = readCursor(list, cursor);
  let at = 0;
  const next = (): CursorPart | undefined => {
    at += 1;
    return parts[at - 1];
  };
  const text = (): string => {
    const part = next();
    if (typeof part === 'string' && !part.includes('\0') && part.isWellFormed()) return part;
    throw badCursor();
  };
  return {
    text,
    version() {
      const part = text();
      if (VERSION.test(part)) return BigInt(part);
      throw badCursor();
    },
    instant() {
      const part = next();
      const instant = typeof part === 'number' ? instantOf(part) : undefined;
      if (instant !== undefined) return instant;
      throw badCursor();
    },
    id(prefix) {
      const part = text();
      if (isId(prefix, part)) return part;
      throw badCursor();
    },
  };
}

/** The end of every list's answer. */
export function pageEnd(
  list: string,
  place: readonly CursorPart[] | undefined,
): { has_more: boolean; next_cursor: string | null } {
  return {
    has_more: place !== undefined,
    next_cursor: place === undefined ? null : writeCursor(list, place),
  };
}
