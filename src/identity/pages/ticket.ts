// Owns the ticket: what a browser shows to go on with what it has begun. It is random, ends at a
// time it names, and ties to itself the token of each form and the question to each authenticator,
// by a key of the installation, so that nothing is stored before something was proven. Pure.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { limits } from '#config';
import { instantOfMs, MILLISECOND_US, msOf, type Instant } from '#kernel';
import type { Keys } from '#platform';
import { keyedDigest, sha256 } from '../people/secrets.ts';

export interface Ticket {
  readonly text: string;
  readonly expiresAt: Instant;
}

const TICKET = /^([0-9a-z]{8,9})\.([\w-]{43})$/;

export function newTicket(now: Instant): Ticket {
  const expiresAtMs = msOf(now) + limits.signInMs.value;
  const text = `${expiresAtMs.toString(36)}.${randomBytes(32).toString('base64url')}`;
  return { text, expiresAt: instantOfMs(expiresAtMs) };
}

/** Undefined when it is none, is over, or ends later than any that was given out. */
export function readTicket(text: string | undefined, now: Instant): Ticket | undefined {
  const match = TICKET.exec(text ?? '');
  if (text === undefined || match === null) return undefined;
  const expiresAt = instantOfMs(Number.parseInt(match[1] ?? '', 36));
  const latest = now + limits.signInMs.value * MILLISECOND_US;
  return expiresAt > now && expiresAt <= latest ? { text, expiresAt } : undefined;
}

/** By which what was proven with it is found. */
export function ticketHash({ text }: Ticket): Buffer {
  return sha256(text);
}

/** What a form must carry: another site can make a browser send a form, but not this. */
export async function formToken(keys: Keys, { text }: Ticket): Promise<string> {
  return (await keyedDigest(keys, 'form', `form\0${text}`)).toString('base64url');
}

export async function isFormToken(
  keys: Keys,
  ticket: Ticket,
  given: string | undefined,
): Promise<boolean> {
  const expected = Buffer.from(await formToken(keys, ticket));
  const actual = Buffer.from(given ?? '');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** What an authenticator signs; `about` is what is being done, so that it serves nothing else. */
export async function challengeOf(keys: Keys, { text }: Ticket, about: string): Promise<Buffer> {
  return await keyedDigest(keys, 'form', `challenge\0${about}\0${text}`);
}
