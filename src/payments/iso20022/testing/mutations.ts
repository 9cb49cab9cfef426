// Seeded damage to messages, for tests: characters, tags and values are dropped, doubled, moved or
// replaced by what readers stumble over. The same seed gives the same damage.

const tokens = [
  ' ',
  '\n',
  '\t',
  '\u0001',
  '\uFFFE',
  ' Ccy="XXX"',
  'A'.repeat(40),
  ...'<|>|&|&amp;|"|\'|0|-|.|9|+|T|Z|é|:|</|/>|<x/>|]]>|&#65;|&#0;|<![CDATA[a]]>'.split('|'),
  ...'<!-- c -->|<?pi x?>|<!DOCTYPE a>|xmlns="urn:x"|+01:00|24:00:00|2026-02-30|1e5|-1'.split('|'),
  ...'0.001|true|12345678901234567890|999999999999999999'.split('|'),
];

const LEAF = /<(\w+:?\w*)[^<>]*>[^<]*<\/\1>/g;
const VALUE = />([^<>]*\S[^<>]*)</g;

export class Mutations {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to below the limit. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    const mixed = Math.imul(this.#state ^ (this.#state >>> 15), 0x2c_1b_3c_6d) >>> 0;
    return limit === 0 ? 0 : ((mixed ^ (mixed >>> 13)) >>> 0) % limit;
  }

  /** The text with one damage. */
  damage(text: string): string {
    const at = this.below(text.length + 1);
    switch (this.below(8)) {
      case 0:
        return text.slice(0, at) + text.slice(at + 1 + this.below(3));
      case 1:
        return text.slice(0, at) + this.#token() + text.slice(at);
      case 2:
        return text.slice(0, at + this.below(200)) + text.slice(at);
      case 3:
        return this.#at(text, LEAF, () => '');
      case 4:
        return this.#at(text, LEAF, (leaf) => leaf + leaf);
      case 5:
        return this.#at(text, VALUE, (value) => {
          const other = this.#pick([...text.matchAll(VALUE)]);
          return other?.[0] ?? value;
        });
      default:
        return this.#at(text, VALUE, (value) => {
          const inside = 1 + this.below(value.length - 1);
          return value.slice(0, inside) + this.#token() + value.slice(inside + this.below(2));
        });
    }
  }

  #token(): string {
    return tokens[this.below(tokens.length)] ?? '';
  }

  #pick<Value>(list: readonly Value[]): Value | undefined {
    return list[this.below(list.length)];
  }

  #at(text: string, pattern: RegExp, change: (found: string) => string): string {
    const found = this.#pick([...text.matchAll(pattern)]);
    if (found === undefined) return text;
    const end = found.index + found[0].length;
    return text.slice(0, found.index) + change(found[0]) + text.slice(end);
  }
}
