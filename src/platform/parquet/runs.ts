// Owns how Parquet writes small numbers: the hybrid of runs and packed bits that stands for
// dictionary codes and for which values of a column are there.

import { assert } from '#kernel';

/** Bits that hold every number up to one. */
export function bitsFor(max: number): number {
  return 32 - Math.clz32(max);
}

/** With up to seven bits that wait for the rest of their byte, no more fit into a shift. */
const BITS_MAX = 24;

/** Numbers below two to the power of `bits`; one run where all are the same. */
export function packRuns(numbers: Uint8Array | Uint32Array, bits: number): Buffer {
  assert(bits <= BITS_MAX, `numbers of ${bits} bits are packed`);
  const [first = 0] = numbers;
  if (numbers.every((number) => number === first)) return oneRun(first, numbers.length, bits);
  const groups = Math.ceil(numbers.length / 8);
  const head = varint(groups * 2 + 1);
  // The last group is filled with zeros, which readers do not look at.
  const packed = Buffer.alloc(head.length + groups * bits);
  packed.set(head);
  let at = head.length;
  let waiting = 0;
  let waitingBits = 0;
  for (let index = 0; index < numbers.length; index += 1) {
    waiting |= (numbers[index] ?? 0) << waitingBits;
    waitingBits += bits;
    while (waitingBits >= 8) {
      packed[at] = waiting;
      at += 1;
      waiting >>>= 8;
      waitingBits -= 8;
    }
  }
  if (waitingBits > 0) packed[at] = waiting;
  return packed;
}

export function oneRun(number: number, count: number, bits: number): Buffer {
  if (count === 0) return Buffer.alloc(0);
  const value = Buffer.alloc(4);
  value.writeUInt32LE(number);
  return Buffer.concat([varint(count * 2), value.subarray(0, Math.ceil(bits / 8))]);
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
