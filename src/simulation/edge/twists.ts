// What can be wrong with a body: values of other types, beyond every bound, members nobody named,
// nesting without end, texts no keyboard has, members given twice, and bytes that are no JSON.

import type { Random } from '../random.ts';

export const wrongTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '\u001b[31m',
  '\ud800',
  '\udc00\ud800',
  '\u202egnirts',
  '\u2028',
  '\ufeff',
  'e\u0301'.repeat(300),
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  "'; drop table ledger.entries; --",
  '${jndi:ldap://x}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  'null',
  'NaN',
  '-0',
  '0x10',
  '1e400',
  '9'.repeat(19),
  '9'.repeat(1_000),
  '-9223372036854775809',
  '\u0661\u0662\u0663',
  '2026-02-30',
  '2026-11-21T25:00:00Z',
  '9999-12-31T23:59:59.999999Z',
  '0000-01-01',
  'x'.repeat(20_000),
];

const wrongValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53,
  -(2 ** 63),
  1e308,
  [],
  {},
  [[]],
  [null],
  { length: 3 },
  { toString: 'x' },
];

/** The JSON text of a value with one thing wrong in it. */
export function twistedBody(value: unknown, random: Random): string {
  const way = random.below(8);
  if (way === 0) return '['.repeat(random.pick([40, 500, 50_000]));
  if (way === 1) return nested(random.pick([20, 100, 5_000]));
  if (way === 2) return doubled(JSON.stringify(value), random);
  if (way === 3) return huge(JSON.stringify(value), random);
  const places = placesOf(value);
  const place = random.pick(places);
  const wrong = random.chance(0.5) ? random.pick(wrongTexts) : random.pick(wrongValues);
  if (way === 4) return JSON.stringify(withMember(value, place, random));
  if (way === 5) return JSON.stringify(changed(value, place, undefined));
  return JSON.stringify(changed(value, place, wrong)) ?? 'null';
}

/** The bytes of a text with something wrong in them. */
export function twistedText(given: string | Buffer, random: Random): Buffer | string {
  const bytes = Buffer.from(given);
  const cut = random.below(bytes.length + 1);
  const insert = (part: Buffer): Buffer =>
    Buffer.concat([bytes.subarray(0, cut), part, bytes.subarray(cut)]);
  return random.pick<() => Buffer | string>([
    () => '',
    () => bytes.subarray(0, cut),
    () => insert(Buffer.from([0xff, 0xfe])),
    () => insert(Buffer.from([0xc0, 0x80])),
    () => insert(Buffer.from([0xed, 0xa0, 0x80])),
    () => insert(Buffer.from([0])),
    () => insert(Buffer.from(',')),
    () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
    () => Buffer.concat([bytes, bytes]),
    () => `${bytes.toString()}// and so on`,
    () => bytes.toString().replaceAll('"', "'"),
    () => Buffer.from(bytes.toString(), 'utf16le'),
    () => ' '.repeat(100_000) + bytes.toString(),
    () => 'null',
    () => '"text"',
    () => '1e999',
    () => '-',
    () => random.pick(wrongTexts),
  ])();
}

function nested(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

/** The text with its first member given twice, once more in another spelling at times. */
function doubled(text: string, random: Random): string {
  const member = /\{("[^"]*"):/.exec(text)?.[1] ?? '"a"';
  const spelt = random.chance(0.5)
    ? member
    : member.replace(/^"(.)/, (_, first: string) => {
        return `"\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}`;
      });
  return text.replace('{', `{${spelt}:"twice",`);
}

/** The text with one of its values as a number that no machine holds. */
function huge(text: string, random: Random): string {
  const number = random.pick(['1e99999', '-1e99999', '0.1e-99999', '9'.repeat(5_000), '1E+308']);
  return text.replace(/:("[^"]*"|\d+|true|false|null)/, `:${number}`);
}

type Place = readonly (string | number)[];

function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Array.isArray(value)
    ? value.flatMap((item, index) => placesOf(item, [...at, index]))
    : Object.entries(value).flatMap(([name, item]) => placesOf(item, [...at, name]));
  return [at, ...inner];
}

/** The value with another at a place; without the place where that is undefined. */
function changed(value: unknown, [step, ...rest]: Place, wrong: unknown): unknown {
  if (step === undefined) return wrong;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.map((item, index) => (index === step ? changed(item, rest, wrong) : item));
  }
  return { ...(value as object), [step]: changed((value as never)[step], rest, wrong) };
}

const strangeNames = [
  'unknown',
  '__proto__',
  'constructor',
  'toString',
  '',
  '\u0000',
  'id',
  'tenant',
];

function withMember(value: unknown, place: Place, random: Random): unknown {
  const name = random.pick(strangeNames);
  const isMap = (given: unknown): given is object =>
    typeof given === 'object' && given !== null && !Array.isArray(given);
  let at: unknown = value;
  for (const step of place) at = (at as never)[step];
  if (!isMap(at)) return changed(value, place, { [name]: 1 });
  return changed(value, place, Object.fromEntries([...Object.entries(at), [name, 'strange']]));
}
