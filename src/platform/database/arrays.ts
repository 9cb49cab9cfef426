// Arrays as statement parameters in PostgreSQL's binary format (array_recv): the server copies them
// instead of parsing text, which is what makes batches of thousands of rows cheap. One dimension;
// an undefined element is a NULL.

import { assert, type Instant, type Uuid } from '#kernel';

const OID = {
  boolean: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  float8: 701,
  timestamptz: 1184,
  uuid: 2950,
};
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
/** An array without elements has no dimension to tell of. */
const EMPTY_BYTES = 12;
/** The most that a unit of UTF-16 takes. */
const UTF8_BYTES_PER_UNIT = 3;
/** PostgreSQL counts timestamps from 2000-01-01T00:00:00Z, in microseconds. */
const POSTGRES_EPOCH_US = 946_684_800_000_000;

function encode<Item>(
  items: readonly (Item | undefined)[],
  oid: number,
  bytes: number,
  write: (buffer: Buffer, item: Item, offset: number) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + items.length * (LENGTH_BYTES + bytes));
  let offset = HEADER_BYTES;
  let hasNull: 0 | 1 = 0;
  for (const item of items) {
    if (item === undefined) {
      hasNull = 1;
      offset = buffer.writeInt32BE(-1, offset);
      continue;
    }
    buffer.writeInt32BE(bytes, offset);
    write(buffer, item, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + bytes;
  }
  return withHeader(buffer, items.length, { oid, hasNull }).subarray(0, offset);
}

/** Of one dimension that begins with 1; an empty array has none. */
function withHeader(
  buffer: Buffer,
  count: number,
  { oid, hasNull }: { readonly oid: number; readonly hasNull: 0 | 1 },
): Buffer {
  buffer.writeInt32BE(count === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(hasNull, 4);
  buffer.writeInt32BE(oid, 8);
  if (count === 0) return buffer.subarray(0, EMPTY_BYTES);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

export function int8Array(items: readonly (bigint | undefined)[]): Buffer {
  return encode(items, OID.int8, 8, (buffer, item, offset) => {
    buffer.writeBigInt64BE(item, offset);
  });
}

export function int4Array(items: readonly (number | undefined)[]): Buffer {
  return encode(items, OID.int4, 4, (buffer, item, offset) => {
    buffer.writeInt32BE(item, offset);
  });
}

export function int2Array(items: readonly (number | undefined)[]): Buffer {
  return encode(items, OID.int2, 2, (buffer, item, offset) => {
    buffer.writeInt16BE(item, offset);
  });
}

export function float8Array(items: readonly (number | undefined)[]): Buffer {
  return encode(items, OID.float8, 8, (buffer, item, offset) => {
    buffer.writeDoubleBE(item, offset);
  });
}

/** In UTF-8, which every database of ours is kept in and every connection of ours speaks. */
export function textArray(items: readonly (string | undefined)[]): Buffer {
  let bytes = HEADER_BYTES;
  for (const item of items) bytes += LENGTH_BYTES + (item?.length ?? 0) * UTF8_BYTES_PER_UNIT;
  const buffer = Buffer.allocUnsafe(bytes);
  let offset = HEADER_BYTES;
  let hasNull: 0 | 1 = 0;
  for (const item of items) {
    if (item === undefined) {
      hasNull = 1;
      offset = buffer.writeInt32BE(-1, offset);
      continue;
    }
    const written = buffer.write(item, offset + LENGTH_BYTES);
    buffer.writeInt32BE(written, offset);
    offset += LENGTH_BYTES + written;
  }
  return withHeader(buffer, items.length, { oid: OID.text, hasNull }).subarray(0, offset);
}

export function booleanArray(items: readonly (boolean | undefined)[]): Buffer {
  return encode(items, OID.boolean, 1, (buffer, item, offset) => {
    buffer[offset] = item ? 1 : 0;
  });
}

export function timestamptzArray(items: readonly (Instant | undefined)[]): Buffer {
  return encode(items, OID.timestamptz, 8, (buffer, item, offset) => {
    buffer.writeBigInt64BE(BigInt(item - POSTGRES_EPOCH_US), offset);
  });
}

export function uuidArray(items: readonly (Uuid | undefined)[]): Buffer {
  return encode(items, OID.uuid, 16, writeUuid);
}

/** bytea elements of one length, given as hexadecimal digits. */
export function byteaArray(items: readonly (string | undefined)[], bytes: number): Buffer {
  return encode(items, OID.bytea, bytes, (buffer, item, offset) => {
    const written = buffer.write(item, offset, 'hex');
    assert(written === bytes, 'bytea elements of one array have one length');
  });
}

/** bytea elements of any lengths. */
export function bytesArray(items: readonly Buffer[]): Buffer {
  const bytes = items.reduce((sum, { length }) => sum + LENGTH_BYTES + length, HEADER_BYTES);
  const buffer = Buffer.allocUnsafe(bytes);
  let offset = HEADER_BYTES;
  for (const item of items) {
    offset = buffer.writeInt32BE(item.length, offset);
    offset += item.copy(buffer, offset);
  }
  return withHeader(buffer, items.length, { oid: OID.bytea, hasNull: 0 });
}

// By hand, because thousands of them are written for each batch: twice as fast as by way of a text
// without hyphens.
function writeUuid(buffer: Buffer, item: Uuid, offset: number): void {
  let at = offset;
  for (let index = 0; index < item.length; index += 2) {
    if (item.charCodeAt(index) === HYPHEN) index += 1;
    buffer[at] = (nibble(item.charCodeAt(index)) << 4) | nibble(item.charCodeAt(index + 1));
    at += 1;
  }
  assert(at === offset + 16, 'a uuid has 32 hexadecimal digits');
}

const HYPHEN = 0x2d;

function nibble(code: number): number {
  // 0 to 9, then a to f or A to F.
  const digit = code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
  assert(digit >= 0 && digit < 16, 'a uuid has hexadecimal digits');
  return digit;
}
