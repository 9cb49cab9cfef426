// Owns the reading of JSON that nobody promised to be good: what it gives can be spelled
// canonically, that is, it nests no deeper than its limit and has no half surrogate pairs and no
// infinities.

import type { Json, JsonObject } from '../../canonical.ts';

export const JSON_DEPTH_MAX = 64;

/** Undefined when it is no JSON, or JSON that nests too deep. */
export function readJson(text: string): Json | undefined {
  try {
    return cleaned(JSON.parse(text) as Json, 0);
  } catch (error) {
    // RangeError: a nesting that even the parser's stack does not hold.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text of a string or number; undefined for all else, and for an empty text. */
export function textOf(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

export function arrayOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** The object without these members, or undefined when nothing is left. */
export function without(value: JsonObject, names: ReadonlySet<string>): JsonObject | undefined {
  const rest = Object.entries(value).filter(([name, one]) => !names.has(name) && one !== undefined);
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

function cleaned(value: Json, depth: number): Json {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  // What JSON.parse makes of 1e999.
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= JSON_DEPTH_MAX) throw new RangeError('nests too deep');
  if (Array.isArray(value)) return (value as Json[]).map((one) => cleaned(one, depth + 1));
  const entries = Object.entries(value as Record<string, Json>);
  return Object.fromEntries(
    entries.map(([name, one]) => [name.toWellFormed(), cleaned(one, depth + 1)]),
  );
}
