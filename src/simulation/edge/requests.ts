// Makes requests from a description, by chance that a seed repeats: proper ones, and proper ones
// with something wrong. An id in them is a mark such as @acc#7@, to be replaced by one that is
// there.

import fc from 'fast-check';
import type { Random } from '../random.ts';
import type { DescribedOperation, Parameter } from './document.ts';
import type { Json } from './whole-bank.ts';
import { twistedBody, twistedText, wrongTexts } from './twists.ts';

export interface WireRequest {
  /** What is wrong with it, in a word; `proper` if nothing was meant to be. */
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string | undefined;
}

type Parts = { -readonly [Name in keyof WireRequest]: WireRequest[Name] };

/** One request to an operation. */
export function requestTo(operation: DescribedOperation, random: Random): WireRequest {
  const value = operation.body === undefined ? undefined : valueOf(operation.body.schema, random);
  const isLeftOut = operation.body?.isRequired === false && random.chance(0.3);
  const request: Parts = {
    kind: 'proper',
    method: operation.method,
    path: pathOf(operation, random, () => undefined),
    headers: {
      ...headersOf(operation, random),
      ...(value === undefined || isLeftOut ? {} : { 'content-type': 'application/json' }),
    },
    body: value === undefined || isLeftOut ? undefined : JSON.stringify(value),
  };
  if (random.chance(0.35)) return request;
  const names = Object.keys(twists) as (keyof typeof twists)[];
  const kind = random.pick(names);
  request.kind = kind;
  twists[kind](request, { operation, random, value });
  return request;
}

interface Twisting {
  readonly operation: DescribedOperation;
  readonly random: Random;
  /** The proper body. */
  readonly value: unknown;
}

const twists = {
  body(request: Parts, { random, value }: Twisting): void {
    const text = twistedBody(value ?? { name: 'not expected' }, random);
    request.body = text;
    request.headers = { 'content-type': 'application/json', ...request.headers };
  },
  bytes(request: Parts, { random }: Twisting): void {
    request.body = twistedText(request.body ?? '{}', random);
    request.headers = { 'content-type': 'application/json', ...request.headers };
  },
  media(request: Parts, { random }: Twisting): void {
    request.body ??= '{}';
    request.headers = { ...request.headers, 'content-type': random.pick(mediaTypes) };
  },
  header(request: Parts, { random }: Twisting): void {
    const [name, value] = random.pick(oddHeaders);
    request.headers = { ...request.headers, [name]: value };
  },
  noHeaders(request: Parts): void {
    request.headers = {};
  },
  method(request: Parts, { random }: Twisting): void {
    request.method = random.pick(methods);
  },
  path(request: Parts, { operation, random }: Twisting): void {
    request.path = pathOf(operation, random, ({ place }) =>
      place === 'path' ? random.pick(oddSegments) : undefined,
    );
  },
  query(request: Parts, { operation, random }: Twisting): void {
    request.path = pathOf(operation, random, ({ place }) =>
      place === 'query' ? encodeURIComponent(random.pick(wrongTexts).toWellFormed()) : undefined,
    );
    if (random.chance(0.5)) request.path += `${request.path.includes('?') ? '&' : '?'}`;
    if (random.chance(0.5)) request.path += random.pick(oddQueries);
  },
} as const;

const methods = [
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'PATCH',
  'DELETE',
  'POST',
  'GET',
  'QUERY',
  'PROPFIND',
];

const mediaTypes = [
  'text/plain',
  'application/xml',
  'application/x-ndjson',
  'application/json; charset=utf-16',
  'application/json; charset=utf-8',
  'application/json;',
  'application/merge-patch+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonx',
  '*/*',
  'json',
  ';',
  '',
];

const oddHeaders: readonly (readonly [name: string, value: string])[] = [
  ['accept', 'application/xml'],
  ['accept', 'application/x-ndjson;q=0.1, */*;q=nothing'],
  ['accept', ';;;'],
  ['accept-language', '*-*-*'],
  ['content-encoding', 'gzip'],
  ['content-digest', 'sha-256=:AAAA:'],
  ['content-digest', '\u00e9'],
  ['expect', 'the unexpected'],
  ['x-request-id', '\u00ff<script>'],
  ['x-request-id', 'x'.repeat(500)],
  ['florin-version', '1999-01-01'],
  ['florin-version', '\u00e9'],
  ['idempotency-key', ''],
  ['idempotency-key', '"'],
  ['idempotency-key', `"${'k'.repeat(2_000)}"`],
  ['idempotency-key', '"a"; b="c", "d"'],
  ['traceparent', '00-zz-zz-01'],
  ['traceparent', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`],
  ['range', 'bytes=5-1'],
  ['if-none-match', '*'],
  ['if-modified-since', 'never'],
  ['authorization', 'Bearer'],
  ['authorization', 'Basic \u00e9'],
  ['authorization', 'DPoP a.b.c'],
  ['dpop', 'a.b.c'],
  ['signature-input', 'sig1=("@method'],
  ['signature', 'sig1=:AAAA:'],
  ['cookie', 'a=b; '.repeat(300)],
  ['host', 'evil.example'],
  ['origin', 'https://evil.example'],
  ['x-forwarded-for', '127.0.0.1, ::1'],
  ['x-http-method-override', 'DELETE'],
  ['x-long', 'y'.repeat(40_000)],
];

const oddSegments = [
  '..',
  '%2e%2e%2f%2e%2e',
  '%00',
  '%ff%fe',
  '%',
  '%zz',
  '',
  '%20',
  "'%20or%201=1--",
  '%F0%9F%92%B6',
  '%E2%80%AE',
  '__proto__',
  'constructor',
  'acc_',
  'acc_00000000-0000-0000-0000-000000000000',
  'ACC_01980A3E-4C00-7000-8000-000000000001',
  '9'.repeat(400),
  'a'.repeat(3_000),
  '-1',
  '0',
  '1e9',
  'x*',
];

const oddQueries = [
  'limit=0',
  'limit=1e3',
  'limit=25&limit=26',
  'limit[]=1',
  'limit=%ff',
  'cursor=AAAA',
  'cursor=%00',
  'cursor=eyJhIjoxfQ',
  '__proto__=1',
  'constructor[prototype][x]=1',
  'unknown',
  '=&=&&',
  'a=%',
  'q=%F0%28%8C%28',
  `long=${'z'.repeat(5_000)}`,
  Array.from({ length: 1_500 }, (_, index) => `p${index}=1`).join('&'),
];

/** The path with its parameters and the query, each proper unless `instead` says otherwise. */
function pathOf(
  { path, parameters }: DescribedOperation,
  random: Random,
  instead: (parameter: Parameter) => string | undefined,
): string {
  const asked: string[] = [];
  let filled = path;
  for (const parameter of parameters) {
    const { name, place, isRequired, schema } = parameter;
    const proper = (): string => encoded(String(valueOf(schema, random)));
    if (place === 'path') {
      filled = filled.replace(`{${name}}`, instead(parameter) ?? proper());
    } else if (place === 'query' && (isRequired || random.chance(0.25))) {
      asked.push(`${name}=${instead(parameter) ?? proper()}`);
    }
  }
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`;
}

// A mark of an id is replaced later, and what it stands for needs no escape.
function encoded(text: string): string {
  return MARK.test(text) ? text : encodeURIComponent(text);
}

const MARK = /^@[a-z]{3}#\d+@$/;

function headersOf({ parameters }: DescribedOperation, random: Random): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, place, isRequired, schema } of parameters) {
    if (place !== 'header' || !(isRequired || random.chance(0.2))) continue;
    const isKey = name === 'Idempotency-Key';
    // Now and then one that was used before.
    const key = `"fuzz-${random.chance(0.05) ? 'again' : random.below(2 ** 32)}"`;
    headers[name.toLowerCase()] = isKey ? key : String(valueOf(schema, random));
  }
  return headers;
}

/** A value that a schema allows, small unless chance wants the largest. */
export function valueOf(schema: Json, random: Random): unknown {
  const { const: only, enum: choices, anyOf, oneOf, type } = schema;
  if (only !== undefined) return only;
  if (Array.isArray(choices)) return random.pick(choices as readonly unknown[]);
  const variants = (anyOf ?? oneOf) as readonly Json[] | undefined;
  if (variants !== undefined) return valueOf(random.pick(variants), random);
  switch (type) {
    case 'string':
      return textOf(schema, random);
    case 'integer':
    case 'number':
      return numberOf(schema, random);
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    case 'array':
      return listOf(schema, random);
    case 'object':
      return objectOf(schema, random);
    default:
      return 'anything';
  }
}

const dates = ['2026-11-21', '2024-02-29', '1970-01-01', '2099-12-31'];
const instants = [
  '2026-11-21T20:00:00Z',
  '2026-11-21T23:59:59.999999+14:00',
  '1970-01-01T00:00:00Z',
  '2099-12-31T00:00:00Z',
];
const formats: Readonly<Record<string, readonly string[]>> = {
  date: dates,
  'date-time': instants,
  'date-time-or-date': [...dates, ...instants],
  currency: ['CZK', 'CZK', 'CZK', 'EUR', 'JPY', 'BHD'],
};

function textOf(schema: Json, random: Random): string {
  const {
    pattern,
    format,
    minLength = 0,
    maxLength = 40,
  } = schema as {
    readonly pattern?: string;
    readonly format?: string;
    readonly minLength?: number;
    readonly maxLength?: number;
  };
  const prefix = /^\^([a-z]{3})_/.exec(pattern ?? '')?.[1];
  if (prefix !== undefined) return `@${prefix}#${random.below(1_000)}@`;
  if (format !== undefined) return random.pick(formats[format] ?? ['x']);
  if (pattern !== undefined) {
    const made = matching(pattern, random).slice(0, maxLength);
    return made.length >= minLength ? made : made.padEnd(minLength, 'x');
  }
  const length = random.chance(0.1) ? maxLength : Math.max(minLength, random.below(12));
  return 'abc \u00e9\u{1f4b6}-_'.repeat(length).slice(0, length);
}

const arbitraries = new Map<string, fc.Arbitrary<string>>();

function matching(pattern: string, random: Random): string {
  const arbitrary = arbitraries.get(pattern) ?? fc.stringMatching(new RegExp(pattern, 'u'));
  arbitraries.set(pattern, arbitrary);
  const [made = ''] = fc.sample(arbitrary, { seed: random.below(2 ** 31), numRuns: 1 });
  return made;
}

function numberOf(schema: Json, random: Random): number {
  const { minimum = 0, maximum = 1_000 } = schema as { minimum?: number; maximum?: number };
  return random.pick([minimum, maximum, minimum + random.below(maximum - minimum + 1)]);
}

function listOf(schema: Json, random: Random): unknown[] {
  const {
    items = {},
    minItems = 0,
    maxItems = 3,
    uniqueItems,
  } = schema as {
    readonly items?: Json;
    readonly minItems?: number;
    readonly maxItems?: number;
    readonly uniqueItems?: boolean;
  };
  const length = Math.min(maxItems, minItems + random.below(3));
  const made = Array.from({ length }, () => valueOf(items, random));
  return uniqueItems === true ? [...new Set(made)] : made;
}

function objectOf(schema: Json, random: Random): Json {
  const {
    properties = {},
    required = [],
    patternProperties,
  } = schema as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
    readonly patternProperties?: Readonly<Record<string, Json>>;
  };
  const members = Object.entries(properties)
    .filter(([name]) => required.includes(name) || random.chance(0.3))
    .map(([name, child]) => [name, valueOf(child, random)] as const);
  const free = Object.entries(patternProperties ?? {}).map(
    ([pattern, child]) => [matching(pattern, random), valueOf(child, random)] as const,
  );
  return Object.fromEntries([...members, ...free]);
}
