// Owns small random numbers in number: the operating system is asked once for thousands of bytes,
// because asking it for each costs more than all else that an id needs.
import { randomFillSync } from 'node:crypto';
import { assert } from './assert.ts';

const pool = Buffer.allocUnsafe(8_192);
let poolUsed = pool.length;

/** Random bytes as hexadecimal digits, two each; cryptographically strong. */
export function randomHex(bytes: number): string {
  assert(bytes <= pool.length, 'the pool holds all bytes that are asked for');
  if (poolUsed + bytes > pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const start = poolUsed;
  poolUsed += bytes;
  return pool.toString('hex', start, poolUsed);
}
