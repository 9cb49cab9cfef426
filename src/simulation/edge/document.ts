// The OpenAPI document as a client reads it: its operations with every reference resolved, and
// whether an answer is one that the document told of. Knows nothing of how the bank is made.

import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';
import type { Json } from './whole-bank.ts';

export interface Parameter {
  readonly name: string;
  readonly place: 'path' | 'query' | 'header';
  readonly isRequired: boolean;
  readonly schema: Json;
}

interface DescribedAnswer {
  /** By media type. */
  readonly content: ReadonlyMap<string, Json>;
}

export interface DescribedOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly schema: Json; readonly isRequired: boolean } | undefined;
  readonly mediaTypes: readonly string[];
  /** By status, or `default`. */
  readonly answers: ReadonlyMap<string, DescribedAnswer>;
}

export function readDocument(document: Json): readonly DescribedOperation[] {
  const resolve = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(resolve);
    if (typeof node !== 'object' || node === null) return node;
    const { $ref: reference } = node as { readonly $ref?: unknown };
    if (typeof reference === 'string') return resolve(partOf(document, reference));
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, resolve(child)]));
  };
  const paths = resolve(document['paths']) as Record<string, Record<string, Json>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      describe(method.toUpperCase(), path, operation),
    ),
  );
}

function partOf(document: Json, reference: string): unknown {
  let node: unknown = document;
  for (const step of reference.slice('#/'.length).split('/')) node = (node as Json)[step];
  if (node === undefined) throw new Error(`${reference} leads nowhere`);
  return node;
}

function describe(method: string, path: string, operation: Json): DescribedOperation {
  const parameters = (operation['parameters'] ?? []) as readonly Json[];
  const body = operation['requestBody'] as Json | undefined;
  const content = (body?.['content'] ?? {}) as Readonly<Record<string, Json>>;
  const answers = Object.entries(operation['responses'] as Record<string, Json>);
  return {
    id: String(operation['operationId']),
    method,
    path,
    parameters: parameters.map((one) => ({
      name: String(one['name']),
      place: one['in'] as Parameter['place'],
      isRequired: one['required'] === true,
      schema: one['schema'] as Json,
    })),
    body: body && {
      schema: content['application/json']?.['schema'] as Json,
      isRequired: body['required'] === true,
    },
    mediaTypes: Object.keys(content),
    answers: new Map(
      answers.map(([status, answer]) => [status, { content: contentOf(answer['content']) }]),
    ),
  };
}

function contentOf(content: unknown): ReadonlyMap<string, Json> {
  const forms = Object.entries((content ?? {}) as Record<string, Json>);
  return new Map(forms.map(([type, form]) => [type, (form['schema'] ?? {}) as Json]));
}

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

const PROBLEM = 'application/problem+json';

/** What of an answer the document does not tell; empty where all of it is as described. */
export function undocumented(
  { answers }: Pick<DescribedOperation, 'answers'>,
  answer: WireAnswer,
  { isHead }: { readonly isHead: boolean },
): string[] {
  const { status, headers, text } = answer;
  const described =
    answers.get(String(status)) ?? (status < 400 ? undefined : answers.get('default'));
  if (described === undefined) return [`the status ${status} is not documented`];
  const [type = ''] = String(headers['content-type'] ?? '').split(';', 1);
  if (described.content.size === 0) return text === '' ? [] : [`a ${status} has a body`];
  if (isHead) return text === '' ? [] : ['the answer to HEAD has a body'];
  const form = described.content.get(type);
  if (form === undefined) return [`a ${status} of the type ${type} is not documented`];
  if (type === PROBLEM) return [...offSchema(form, text), ...incomplete(answer)];
  return /^application\/([a-z-]+\+)?json$/.test(type) ? offSchema(form, text) : [];
}

const compiled = new Map<string, ReturnType<typeof Compile>>();

function offSchema(schema: Json, text: string): string[] {
  const written = JSON.stringify(schema);
  const validator = compiled.get(written) ?? Compile(schema as unknown as TSchema);
  compiled.set(written, validator);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return ['the body is no JSON'];
  }
  if (validator.Check(value)) return [];
  const [first] = validator.Errors(value);
  return [`the body is not as its schema says: ${first?.instancePath} ${first?.message}`];
}

/** What a problem document lacks of what RFC 9457 and the house promise. */
export function incomplete({ status, headers, text }: WireAnswer): string[] {
  const [type] = String(headers['content-type']).split(';', 1);
  if (type !== PROBLEM) return [`a ${status} is no problem document but ${type}`];
  const problem = JSON.parse(text) as Json;
  const wrong: string[] = [];
  const must = (isSo: boolean, message: string): void => void (isSo || wrong.push(message));
  must(problem['status'] === status, 'the problem has another status than the answer');
  must(/^[a-z][a-z0-9_]*$/.test(String(problem['code'])), 'the problem has no code');
  must(/^(urn|https):/.test(String(problem['type'])), 'the problem has no type');
  must(String(problem['title']).length > 0, 'the problem has no title');
  must(String(problem['detail']).length > 0, 'the problem has no detail');
  const id = String(problem['request_id']);
  // What was refused before is answered as it was then.
  const isReplayed = headers['idempotent-replayed'] === 'true';
  const isOfThis = isReplayed || headers['x-request-id'] === id;
  must(isOfThis, 'the problem is of another request than the answer');
  must(problem['instance'] === `urn:florin:request:${id}`, 'the instance is no request');
  must(status !== 401 || headers['www-authenticate'] !== undefined, 'a 401 without a challenge');
  must(status !== 405 || headers['allow'] !== undefined, 'a 405 without Allow');
  const isWaitTold = headers['retry-after'] !== undefined;
  must(status !== 429 || isWaitTold, 'a 429 without Retry-After');
  return wrong;
}

const INSIDES = new RegExp(
  [
    String.raw`\bat [^"]*\.(?:[cm]?[jt]s):\d+|node_modules|node:internal`,
    String.raw`\bselect\b[^"]*\bfrom\b|\binsert into\b|\bupdate\b [^"]* \bset\b|\bdelete from\b`,
    String.raw`SQLSTATE|\brelation \\?"|\bviolates \w+ constraint|syntax error at or near`,
    String.raw`invalid input syntax|\bECONN|\bTypeError\b|\[object |\bundefined\b`,
  ].join('|'),
  'i',
);

/** A trace, a statement or a word of the insides that an answer lets out; undefined if none. */
export function insideIn(text: string): string | undefined {
  return INSIDES.exec(text)?.[0];
}
