// Counts how often one side says a fact more than the other. A fact is a word of 52 bits here, and
// leaves the table when both have said it, so that memory is for what lies between two readings
// that go side by side, nine bytes a slot, and not for all that was read.

import { hash, randomBytes } from 'node:crypto';

const SLOTS_FIRST = 1_024;
/** Of the slots; with more in use the search for one takes long. */
const USED_MAX = 0.6;
const EMPTY = -1;
const SALT_BYTES = 16;
/** Of hexadecimal digits: 52 bits, which a double holds exactly. */
const WORD_DIGITS = 13;

/** Words of facts, under a salt of their own, so that nobody can prepare two with one word. */
export class Words {
  readonly #salt = randomBytes(SALT_BYTES).toString('hex');

  of(kind: string, target: string, text: string): number {
    const digest = hash('sha256', `${this.#salt}${kind}\0${target}\0${text}`, 'hex');
    return Number.parseInt(digest.slice(0, WORD_DIGITS), 16);
  }
}

/** Open addressing: a word stands in the first free slot from its own on. */
export class Tally {
  #words = new Float64Array(SLOTS_FIRST).fill(EMPTY);
  #counts = new Int8Array(SLOTS_FIRST);
  #used = 0;

  /** How many words one side has said more often. */
  get size(): number {
    return this.#used;
  }

  countOf(word: number): number {
    const slot = this.#slotOf(word);
    return this.#words[slot] === EMPTY ? 0 : (this.#counts[slot] as number);
  }

  add(word: number, change: 1 | -1): void {
    const slot = this.#slotOf(word);
    if (this.#words[slot] === EMPTY) {
      this.#words[slot] = word;
      this.#counts[slot] = change;
      this.#used += 1;
      if (this.#used > this.#words.length * USED_MAX) this.#grow();
      return;
    }
    const count = (this.#counts[slot] as number) + change;
    if (count === 0) this.#free(slot);
    // Whoever says the same a hundred times is wrong whatever the other side says.
    else this.#counts[slot] = Math.max(-100, Math.min(100, count));
  }

  /** Whether anything was said more often by the side that takes away. */
  get hasLess(): boolean {
    return this.#counts.some((count, slot) => count < 0 && this.#words[slot] !== EMPTY);
  }

  #slotOf(word: number): number {
    let slot = word % this.#words.length;
    while (this.#words[slot] !== EMPTY && this.#words[slot] !== word) {
      slot = (slot + 1) % this.#words.length;
    }
    return slot;
  }

  // Moves up whatever stands further from its own slot than the gap is, so that no search ends
  // early.
  #free(freed: number): void {
    const { length } = this.#words;
    let gap = freed;
    for (let slot = (gap + 1) % length; this.#words[slot] !== EMPTY; slot = (slot + 1) % length) {
      const word = this.#words[slot] as number;
      const fromOwn = (slot - (word % length) + length) % length;
      const fromGap = (slot - gap + length) % length;
      if (fromOwn < fromGap) continue;
      this.#words[gap] = word;
      this.#counts[gap] = this.#counts[slot] as number;
      gap = slot;
    }
    this.#words[gap] = EMPTY;
    this.#used -= 1;
  }

  #grow(): void {
    const words = this.#words;
    const counts = this.#counts;
    this.#words = new Float64Array(2 * words.length).fill(EMPTY);
    this.#counts = new Int8Array(2 * words.length);
    for (const [index, word] of words.entries()) {
      if (word === EMPTY) continue;
      const slot = this.#slotOf(word);
      this.#words[slot] = word;
      this.#counts[slot] = counts[index] as number;
    }
  }
}
