// Writes messages in the wire format of protocol buffers: fields in the order they are given, each
// a number and a value. Only what models need: whole numbers, texts, bytes, and messages within.

import { assert } from '#kernel';

const VARINT = 0;
const LENGTH = 2;
const SEVEN_BITS = 128;

/** A field of a message, encoded. */
export type Field = Buffer;

export function message(...fields: readonly (Field | readonly Field[])[]): Buffer {
  return Buffer.concat(fields.flat());
}

export function wholeField(number: number, value: number): Field {
  return Buffer.concat([tag(number, VARINT), varint(value)]);
}

/** A text, bytes, or a message within. */
export function bytesField(number: number, value: string | Buffer): Field {
  const bytes = Buffer.from(value);
  return Buffer.concat([tag(number, LENGTH), varint(bytes.length), bytes]);
}

/** Many whole numbers in one field. */
export function wholesField(number: number, values: Iterable<number>): Field {
  return bytesField(number, Buffer.concat(Array.from(values, varint)));
}

function tag(number: number, wireType: number): Buffer {
  return varint(number * 8 + wireType);
}

function varint(value: number): Buffer {
  assert(Number.isSafeInteger(value) && value >= 0, `${value} is no whole number to write`);
  const bytes: number[] = [];
  let rest = value;
  while (rest >= SEVEN_BITS) {
    bytes.push((rest % SEVEN_BITS) + SEVEN_BITS);
    rest = Math.floor(rest / SEVEN_BITS);
  }
  return Buffer.from([...bytes, rest]);
}
