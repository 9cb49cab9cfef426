// Owns identifiers: a prefix that names the kind, and a UUIDv7 (RFC 9562 §5.7) in lower case, so
// that ids sort by the time they were made. The database keeps the bare UUID; the prefix exists
// outside it. Two ids are equal exactly if their texts are.
import { assert } from './assert.ts';
import { randomHex } from './random.ts';

declare const brand: unique symbol;

/** An id of one kind; the prefix is part of its text and of its type. */
export type Id<Prefix extends string> = `${Prefix}_${string}` & { readonly [brand]: Prefix };

export type AccountId = Id<'acc'>;
export type TransferId = Id<'trf'>;
export type BatchId = Id<'bat'>;
export type EventId = Id<'evt'>;

/** A bare UUID, lower case with hyphens. */
export type Uuid = string;

const UUID_LENGTH = 36;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const RANDOM_BYTES_PER_UUID = 10;

/** A new id of the kind, for example `newId('acc', msOf(clock.now()))`. */
export function newId<Prefix extends string>(prefix: Prefix, clockMs: number): Id<Prefix> {
  return idOf(prefix, newUuid(clockMs));
}

export function newUuid(clockMs: number): Uuid {
  const random = randomHex(RANDOM_BYTES_PER_UUID);
  return `${uuidHead(clockMs, random)}${random.slice(6, 18)}`;
}

/** UUIDs of one batch, made by one draw of randomness. */
export interface UuidBatch {
  /** The next UUID: greater than the last, and next to it in any index. */
  next(): Uuid;
}

const COUNTER_SIZE = 0x10_0000;

/**
 * A generator of UUIDv7 that share one random prefix (54 bits) and end in a counter (20 bits, so at
 * most 1,048,576 ids). Thousands of ids cost one draw of randomness and sit together in an index.
 */
export function uuidBatch(clockMs: number): UuidBatch {
  const random = randomHex(RANDOM_BYTES_PER_UUID);
  const prefix = `${uuidHead(clockMs, random)}${random.slice(6, 13)}`;
  let counter = 0;
  return {
    next() {
      assert(counter < COUNTER_SIZE, 'a batch may hold at most 1,048,576 ids');
      const tail = (COUNTER_SIZE + counter).toString(16).slice(1);
      counter += 1;
      return `${prefix}${tail}`;
    },
  };
}

/** Below every UUID that is made here: where a walk in their order begins. */
export const UUID_FIRST: Uuid = '00000000-0000-0000-0000-000000000000';

const TIME_MS_MAX = 2 ** 48 - 1;
const TIME_HEX_DIGITS = 12;

/** Milliseconds since 1970 at which a UUID was made: it begins with them (RFC 9562 §5.7). */
export function madeAtMs(uuid: Uuid): number {
  return Number.parseInt(uuid.replace('-', '').slice(0, TIME_HEX_DIGITS), 16);
}

/** Below every UUID that is made at or after a time, or at the end of time that UUIDs can have. */
export function uuidFloor(clockMs: number): Uuid {
  const hex = timeHex(Math.min(Math.max(0, clockMs), TIME_MS_MAX));
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function timeHex(clockMs: number): string {
  return Math.floor(clockMs).toString(16).padStart(TIME_HEX_DIGITS, '0');
}

export function idOf<Prefix extends string>(prefix: Prefix, uuid: Uuid): Id<Prefix> {
  return `${prefix}_${uuid}` as Id<Prefix>;
}

/** The bare UUID of an id: the text after its prefix. */
export function uuidOf(id: Id<string>): Uuid {
  return id.slice(id.length - UUID_LENGTH);
}

/** Whether the text is an id of the kind, in its one spelling. */
export function isId<Prefix extends string>(prefix: Prefix, text: string): text is Id<Prefix> {
  return (
    text.length === prefix.length + 1 + UUID_LENGTH &&
    text.startsWith(prefix) &&
    text[prefix.length] === '_' &&
    UUID.test(text.slice(prefix.length + 1))
  );
}

// The first 24 characters, to the last hyphen: 48 bits of time, the version, 12 random bits, the
// variant (binary 10) and 14 random bits.
function uuidHead(clockMs: number, random: string): string {
  assert(clockMs >= 0 && clockMs < 2 ** 48, 'a UUIDv7 needs a time between 1970 and 10889');
  const time = timeHex(clockMs);
  const variant = (8 + (Number.parseInt(random.slice(19, 20), 16) % 4)).toString(16);
  const low = `7${random.slice(0, 3)}-${variant}${random.slice(3, 6)}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${low}-`;
}
