// Owns what makes two requests the same: method, route, parameters, query and body, by value and
// after defaults are filled in. White space, the order of members and the spelling of numbers do
// not count; headers say how to answer, not what to do.
import { createHash } from 'node:crypto';
import type { EdgeRequest, Route } from '../routes.ts';

/** SHA-256 of the request's content, 64 hexadecimal digits. */
export function fingerprintOf(
  { method, path }: Pick<Route, 'method' | 'path'>,
  { params, query, body }: Pick<EdgeRequest, 'params' | 'query' | 'body'>,
): string {
  const text = JSON.stringify([method, path, inOrder([params, query, body ?? null])]);
  return createHash('sha256').update(text).digest('hex');
}

// The engine writes JSON ten times faster than we could, so only the order is left to see to; of
// most requests, and of the thousands of items of a batch, it is what it was a moment ago.
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const members = value as Readonly<Record<string, unknown>>;
  const ordered: Record<string, unknown> = {};
  for (const name of namesInOrder(Object.keys(members))) ordered[name] = inOrder(members[name]);
  return ordered;
}

let latestGiven: readonly string[] = [];
let latestOrdered: readonly string[] = [];

function namesInOrder(given: readonly string[]): readonly string[] {
  const isSame =
    given.length === latestGiven.length && given.every((name, at) => name === latestGiven[at]);
  if (isSame) return latestOrdered;
  latestGiven = given;
  latestOrdered = given.toSorted();
  return latestOrdered;
}
