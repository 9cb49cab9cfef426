// Owns how Parquet writes what it says of its pages and columns: the compact protocol of Thrift, of
// it what files need. Numbers are never negative.

import { assert } from '#kernel';

export type ThriftValue =
  | { readonly int: number }
  | { readonly long: number }
  | { readonly flag: boolean }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  | { readonly struct: ThriftStruct }
  | { readonly list: readonly ThriftValue[] };

/** Fields by number, which go up; those without a value are left out. */
export type ThriftStruct = readonly (readonly [field: number, value: ThriftValue | undefined])[];

const TRUE = 1;
const FALSE = 2;
const INT = 5;
const LONG = 6;
const BYTES = 8;
const LIST = 9;
const STRUCT = 12;
const SHORT_LIST_MAX = 14;
const SHORT_STEP_MAX = 15;

export function thriftBytes(struct: ThriftStruct): Buffer {
  const bytes: number[] = [];
  writeStruct(bytes, struct);
  return Buffer.from(bytes);
}

function writeStruct(bytes: number[], struct: ThriftStruct): void {
  let before = 0;
  for (const [field, value] of struct) {
    if (value === undefined) continue;
    const step = field - before;
    assert(step > 0 && step <= SHORT_STEP_MAX, 'the fields of a struct go up by little');
    bytes.push(step * 16 + typeOf(value));
    if (!('flag' in value)) writeValue(bytes, value);
    before = field;
  }
  bytes.push(0);
}

function typeOf(value: ThriftValue): number {
  if ('int' in value) return INT;
  if ('long' in value) return LONG;
  if ('flag' in value) return value.flag ? TRUE : FALSE;
  if ('list' in value) return LIST;
  return 'struct' in value ? STRUCT : BYTES;
}

function writeValue(bytes: number[], value: ThriftValue): void {
  if ('int' in value) writeVarint(bytes, value.int * 2);
  else if ('long' in value) writeVarint(bytes, value.long * 2);
  else if ('flag' in value) bytes.push(typeOf(value));
  else if ('struct' in value) writeStruct(bytes, value.struct);
  else if ('list' in value) writeList(bytes, value.list);
  else {
    const content = 'text' in value ? Buffer.from(value.text) : value.bytes;
    writeVarint(bytes, content.length);
    for (const byte of content) bytes.push(byte);
  }
}

function writeList(bytes: number[], list: readonly ThriftValue[]): void {
  const [first] = list;
  const type = first === undefined ? STRUCT : typeOf(first);
  const { length } = list;
  bytes.push(Math.min(length, SHORT_LIST_MAX + 1) * 16 + type);
  if (length > SHORT_LIST_MAX) writeVarint(bytes, length);
  for (const value of list) writeValue(bytes, value);
}

function writeVarint(bytes: number[], number: number): void {
  let rest = number;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}
