// Owns cursors of lists: opaque to clients, and of use only to the list that gave them out. Nothing
// secret is in a cursor, and nothing in it is trusted beyond being the place to go on from.
import { EdgeRefusal } from './problems.ts';

export type CursorPart = string | number;

/** A cursor of the named list, holding where its next page begins. */
export function writeCursor(list: string, place: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/** The place a cursor holds; throws the refusal of the `cursor` field if it is not of this list. */
export function readCursor(list: string, cursor: string): readonly CursorPart[] {
  const parts = decode(cursor);
  if (parts === undefined || parts[0] !== list) {
    throw new EdgeRefusal('field_invalid', 'cursor must be the next_cursor of this same list.', {
      param: 'cursor',
    });
  }
  return parts.slice(1);
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
