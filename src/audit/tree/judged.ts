// Owns how text from elsewhere is judged: its content, or one sentence that says what is wrong with
// it. Nothing that a stranger can write makes a parser throw.

import type { Accepted } from '#kernel';

export type Judged<Value> = Accepted<Value> | Rejected;

export interface Rejected {
  readonly ok: false;
  readonly why: string;
}

export function reject(why: string): Rejected {
  return { ok: false, why };
}

/** The bytes of a text in the only spelling that standard base64 has for them (RFC 4648 §4). */
export function parseBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** A count without leading zeros, small enough to be exact. */
export function parseCount(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : undefined;
}
