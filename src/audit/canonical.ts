// Owns the one spelling of a JSON value: RFC 8785, the JSON Canonicalization Scheme. ECMAScript's
// own serialisation of strings and numbers is the scheme's (§3.2.2), so only the order of members,
// by UTF-16 code units (§3.2.3), is left to see to.

import { assert } from '#kernel';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

export type JsonObject = { readonly [name: string]: Json | undefined };

/** The canonical text. Members that are undefined are left out. */
export function canonical(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') {
    assert(Number.isFinite(value), 'JSON has no infinity and no NaN');
    return String(value);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  return canonicalObject(value as JsonObject);
}

function canonicalObject(value: JsonObject): string {
  const names = Object.keys(value);
  for (let index = 1; index < names.length; index += 1) {
    if ((names[index - 1] as string) < (names[index] as string)) continue;
    names.sort(byCodeUnits);
    break;
  }
  let text = '';
  for (const name of names) {
    const member = value[name];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${quoted(name)}:${canonical(member)}`;
  }
  return `{${text}}`;
}

function byCodeUnits(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

// Ids, amounts and times have no character that is written otherwise than it is.
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  assert(text.isWellFormed(), 'a text with half a surrogate pair has no UTF-8 form');
  return JSON.stringify(text);
}
