// Owns the recognition of lines seen a moment ago, where lines have no id of their own. It holds
// the hashes of the last one to two million lines in tables of fixed size: 32 MiB, whatever is
// read. Two different lines share a hash of 64 bits about once in ten trillion lines.

import { randomInt } from 'node:crypto';

const SLOTS = 2 ** 21;
/** Lines that one table takes: half of its slots, so that probing stays short. */
export const WINDOW_LINES = SLOTS / 2;
const WORD_BYTES = 4;
const SEED_MAX = 2 ** 32;
const PRIME_A = 0x9e_37_79_b1;
const PRIME_B = 0x85_eb_ca_77;

/** A hash table of pairs of words. A free slot is two zeros. */
interface Table {
  readonly words: Uint32Array;
  count: number;
}

export class Window {
  #recent: Table | undefined;
  #earlier: Table | undefined;
  // At random, so that nobody can prepare lines that share a hash.
  readonly #seedA = randomInt(SEED_MAX);
  readonly #seedB = randomInt(SEED_MAX);

  /** Whether the line was among those seen; it is from now on. */
  hasSeen(bytes: Buffer, start: number, end: number): boolean {
    let a = this.#seedA;
    let b = this.#seedB;
    let at = start;
    for (; at + WORD_BYTES <= end; at += WORD_BYTES) {
      const word =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      a = Math.imul(a ^ word, PRIME_A);
      b = Math.imul(b ^ word, PRIME_B);
      a ^= a >>> 15;
      b = (b << 13) | (b >>> 19);
    }
    for (; at < end; at += 1) {
      a = Math.imul(a ^ (bytes[at] as number), PRIME_A);
      b = Math.imul(b ^ (bytes[at] as number), PRIME_B);
      a ^= a >>> 15;
      b = (b << 13) | (b >>> 19);
    }
    a = spread(a ^ (end - start)) >>> 0;
    // Never two zeros.
    b = (spread(b) | 1) >>> 0;
    let recent = this.#recent ?? newTable();
    this.#recent = recent;
    if (has(recent, a, b)) return true;
    const isKnown = this.#earlier !== undefined && has(this.#earlier, a, b);
    if (recent.count === WINDOW_LINES) recent = this.#rotate(recent);
    insert(recent, a, b);
    return isKnown;
  }

  /** The table that is full becomes the earlier one; what was that is forgotten. */
  #rotate(full: Table): Table {
    const emptied = this.#earlier ?? newTable();
    emptied.words.fill(0);
    emptied.count = 0;
    this.#earlier = full;
    this.#recent = emptied;
    return emptied;
  }
}

function newTable(): Table {
  return { words: new Uint32Array(SLOTS * 2), count: 0 };
}

function spread(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x7f_eb_35_2d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x84_6c_a6_8b);
  return mixed ^ (mixed >>> 16);
}

/** The place of the pair, or of the free slot where it would be. */
function slotOf(words: Uint32Array, a: number, b: number): number {
  let slot = (a & (SLOTS - 1)) * 2;
  while (words[slot + 1] !== 0 && (words[slot] !== a || words[slot + 1] !== b)) {
    slot = (slot + 2) & (SLOTS * 2 - 1);
  }
  return slot;
}

function has({ words }: Table, a: number, b: number): boolean {
  return words[slotOf(words, a, b) + 1] !== 0;
}

function insert(table: Table, a: number, b: number): void {
  const slot = slotOf(table.words, a, b);
  table.words[slot] = a;
  table.words[slot + 1] = b;
  table.count += 1;
}
