// Owns what a folder of objects knows of each: a file written once, and beside it one empty file
// per extension of its retention and one while it is held. None of them is ever rewritten, so that
// several processes lose nothing of each other.

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Fault, formatInstant, instantOf, parseInstant, type Instant } from '#kernel';
import { contentOf, unlessAbsent } from '../files/durable.ts';
import type { ObjectFacts } from './port.ts';

/** Facts of one put; the id tells it from any other put, also of the same key. */
export interface StoredFacts extends ObjectFacts {
  readonly id: string;
}

const SHA256 = /^[0-9a-f]{64}$/;
const ID = /^[0-9a-f]{32}$/;

/** What is written once, when the object is stored. The check shows that a byte was altered. */
export function formatFacts(facts: StoredFacts): Buffer {
  const { key, bytes, sha256, id, storedAt, retainUntil } = facts;
  const members = {
    key,
    bytes,
    sha256,
    id,
    stored_at: formatInstant(storedAt),
    ...(retainUntil === undefined ? {} : { retain_until: formatInstant(retainUntil) }),
  };
  const check = createHash('sha256').update(JSON.stringify(members)).digest('hex').slice(0, 16);
  return Buffer.from(`${JSON.stringify({ ...members, check }, undefined, 2)}\n`);
}

/** Undefined when the text is not, byte for byte, what was written. */
export function parseFacts(content: Buffer): StoredFacts | undefined {
  const { key, bytes, sha256, id, stored_at, retain_until } = membersOf(content);
  const storedAt = instantIn(stored_at);
  const retainUntil = instantIn(retain_until);
  if (typeof key !== 'string' || storedAt === undefined) return undefined;
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes)) return undefined;
  if (typeof sha256 !== 'string' || !SHA256.test(sha256)) return undefined;
  if (typeof id !== 'string' || !ID.test(id)) return undefined;
  const facts = { key, bytes, sha256, id, storedAt, retainUntil, isHeld: false };
  return formatFacts(facts).equals(content) ? facts : undefined;
}

function membersOf(content: Buffer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(content.toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function instantIn(text: unknown): Instant | undefined {
  return typeof text === 'string' ? parseInstant(text) : undefined;
}

/** The name of the file that says "held". */
export function holdName(id: string): string {
  return `held-${id}`;
}

/** The name of the file that says "retained until". */
export function retentionName(id: string, until: Instant): string {
  return `until-${id}-${until}`;
}

/** The files beside the facts that extend or hold this put. */
export async function marksOf(folder: string, id: string): Promise<string[]> {
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  return names.filter((name) => name === holdName(id) || name.startsWith(`until-${id}-`));
}

/** The facts with what the files beside them add. */
export async function withMarks(folder: string, facts: StoredFacts): Promise<StoredFacts> {
  let { retainUntil, isHeld } = facts;
  for (const name of await marksOf(folder, facts.id)) {
    if (name === holdName(facts.id)) isHeld = true;
    const until = instantOf(Number(name.split('-')[2] ?? Number.NaN));
    if (until !== undefined && (retainUntil === undefined || until > retainUntil)) {
      retainUntil = until;
    }
  }
  return { ...facts, retainUntil, isHeld };
}

/** The facts of the object under a key; undefined when there is none. */
export async function readFacts(file: string, key: string): Promise<StoredFacts | undefined> {
  const content = await contentOf(file);
  if (content === undefined) return undefined;
  const facts = parseFacts(content);
  if (facts?.key === key) return await withMarks(path.dirname(file), facts);
  throw new Fault('object_corrupt', {
    retryable: false,
    message: `The facts of the object "${key}" are damaged (${file}).`,
  });
}

/** Refuses what its date or a hold keeps. */
export function requireRemovable(facts: ObjectFacts, asOf: Instant): void {
  const { key, retainUntil, isHeld } = facts;
  if (isHeld) throw retained(`The object "${key}" is held.`);
  if (retainUntil === undefined || asOf >= retainUntil) return;
  throw retained(`The object "${key}" is retained until ${formatInstant(retainUntil)}.`);
}

export function retained(message: string): Fault {
  return new Fault('object_retained', { retryable: false, message });
}
