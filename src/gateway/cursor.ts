// Owns cursors of lists: opaque to clients, and of use only to the list that gave them out. Nothing
// secret is in a cursor, and nothing in it is trusted beyond being the place to go on from.
import { isId, type Id } from '#kernel';
import { EdgeRefusal } from './problems.ts';

export type CursorPart = string | number;

/** A cursor of the named list, holding where its next page begins. */
export function writeCursor(list: string, place: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

export interface PageOptions<Item> {
  readonly list: string;
  /** One more than the limit, where there is more. */
  readonly found: readonly Item[];
  readonly limit: number;
  readonly present: (item: Item) => object;
  /** Where the page after it goes on, of the last that is shown. */
  readonly place: (last: Item) => readonly CursorPart[];
}

/** The body of a list's answer. */
export function pageOf<Item>({ list, found, limit, present, place }: PageOptions<Item>): {
  readonly data: readonly object[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
} {
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return {
    data: page.map((item) => present(item)),
    has_more: last !== undefined,
    next_cursor: last === undefined ? null : writeCursor(list, place(last)),
  };
}

/** The place a cursor holds; throws the refusal of the `cursor` field if it is not of this list. */
export function readCursor(list: string, cursor: string): readonly CursorPart[] {
  const parts = decode(cursor);
  if (parts === undefined || parts[0] !== list) {
    throw badCursor();
  }
  return parts.slice(1);
}

/** The id after which a list goes on, which its cursor ends with; undefined at its beginning. */
export function idInCursor<Prefix extends string>(
  list: string,
  prefix: Prefix,
  cursor: string | undefined,
): Id<Prefix> | undefined {
  if (cursor === undefined) return undefined;
  const id = readCursor(list, cursor).at(-1);
  if (typeof id === 'string' && isId(prefix, id)) return id;
  throw badCursor();
}

/** The refusal of a cursor that this list did not give out. */
export function badCursor(): EdgeRefusal {
  const message = 'cursor must be the next_cursor of this same list.';
  return new EdgeRefusal('field_invalid', message, { param: 'cursor' });
}

function decode(cursor: string): readonly CursorPart[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(parts)) return undefined;
    return parts.every(isPart) ? parts : undefined;
  } catch {
    return undefined;
  }
}

function isPart(part: unknown): part is CursorPart {
  return typeof part === 'string' || typeof part === 'number';
}
