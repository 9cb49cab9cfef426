// Owns the check of a request against its schemas, and the sentence a client reads when it fails.
// Schemas are compiled once, at start. Bodies are never coerced: a number where a text belongs is
// refused. Query strings are text by nature, so integers and booleans are read from them exactly.
import { assert } from '#kernel';
import { Compile } from 'typebox/compile';
import type { Validator } from 'typebox/compile';
import { Settings } from 'typebox/system';
import type { TLocalizedValidationError } from 'typebox/error';
import type { TSchema } from 'typebox';
import { assertBounded } from './bounds.ts';
import { isStorable, pathTo } from './json-scan.ts';
import { EdgeRefusal } from '../problems.ts';
import type { EdgeCode, FieldError } from '../problems.ts';
import { charactersOnly } from '../schema.ts';

// Enough to see every variant of a union fail; an answer lists fewer.
Settings.Set({ maxErrors: 64 });
const LISTED_MAX = 10;

export type RequestPart = 'params' | 'query' | 'headers' | 'body';

/** Returns the value to use, or throws the refusal that names what is wrong with it. */
export type Check = (value: unknown) => unknown;

type SchemaNode = Readonly<Record<string, unknown>>;

export function compileCheck(schema: TSchema, part: RequestPart): Check {
  assertClosed(schema, part);
  assertBounded(schema, part);
  const validator = Compile(schema);
  const explain = compileExplanation(schema, validator);
  const read = readerOf(part, nodeAt(schema as unknown as SchemaNode, 'properties') ?? {});
  return (given) => {
    const value = read(given);
    if (part === 'body' && value === undefined) {
      throw new EdgeRefusal('body_required', 'This request needs a JSON body.', { param: 'body' });
    }
    if (!validator.Check(value)) throw refusalOf(schema, part, value, explain(value));
    return value;
  };
}

type Explain = (value: unknown) => readonly TLocalizedValidationError[];

// Beyond this many items a list is explained item by item.
const ITEMS_EXPLAINED_MAX = 32;

/**
 * The errors of a value that failed. Explaining is a hundred times slower than checking, so of a
 * long list (a batch) only the items that fail are explained, and only the first few of them.
 */
function compileExplanation(schema: TSchema, validator: Validator): Explain {
  const node = schema as unknown as SchemaNode;
  const list = node['type'] === 'array' ? compileList(node, '', '#') : undefined;
  const properties = Object.entries(nodeAt(node, 'properties') ?? {}).map(([name, child]) => ({
    name,
    explain: compileList(child as SchemaNode, `/${name}`, `#/properties/${name}`),
  }));
  return (value) => {
    if (list !== undefined) {
      const errors = list(value);
      return errors.length > 0 ? errors : validator.Errors(value);
    }
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) return validator.Errors(value);
    const short: Record<string, unknown> = { ...value };
    const errors = properties.flatMap(({ name, explain }) => {
      const items = short[name];
      if (!Array.isArray(items) || items.length <= ITEMS_EXPLAINED_MAX) return [];
      short[name] = items.slice(0, ITEMS_EXPLAINED_MAX);
      return explain(items);
    });
    return [...validator.Errors(short), ...errors];
  };
}

function compileList(list: SchemaNode, instancePath: string, schemaPath: string): Explain {
  const items = nodeAt(list, 'items');
  if (list['type'] !== 'array' || items === undefined) return () => [];
  const item = Compile(items as unknown as TSchema);
  const countMax = Number(list['maxItems'] ?? Number.POSITIVE_INFINITY);
  return (value) => {
    if (!Array.isArray(value)) return [];
    if (value.length > countMax) {
      const message = `must not have more than ${countMax} items`;
      const params = { limit: countMax };
      return [{ keyword: 'maxItems', instancePath, schemaPath, params, message }];
    }
    const errors: TLocalizedValidationError[] = [];
    for (const [index, one] of value.entries()) {
      if (errors.length >= LISTED_MAX) break;
      if (item.Check(one)) continue;
      for (const error of item.Errors(one)) {
        errors.push({
          ...error,
          instancePath: `${instancePath}/${index}${error.instancePath}`,
          schemaPath: `${schemaPath}/items${error.schemaPath.slice(1)}`,
        });
      }
    }
    return errors;
  };
}

/** Every object of a request schema must refuse unknown fields. */
function assertClosed(node: unknown, where: string): void {
  if (typeof node !== 'object' || node === null) return;
  const { type, additionalProperties, properties, patternProperties, items, anyOf } =
    node as SchemaNode;
  if (type === 'object') {
    assert(additionalProperties === false, `the schema of ${where} lets unknown fields pass`);
  }
  assertClosed(items, `${where}[]`);
  for (const children of [properties, patternProperties, anyOf]) {
    for (const [name, child] of Object.entries(children ?? {})) {
      assertClosed(child, `${where}.${name}`);
    }
  }
}

/** Texts become what the schema says they are, where the part of the request has only texts. */
function readerOf(part: RequestPart, properties: SchemaNode): (given: unknown) => unknown {
  if (part === 'query') return (given) => readQuery(properties, given);
  if (part !== 'headers') return (given) => given;
  const names = Object.keys(properties);
  assert(
    names.every((name) => name === name.toLowerCase()),
    'headers are named in lower case',
  );
  // Of the others every client sends many.
  return (given) => {
    const headers = given as Readonly<Record<string, unknown>>;
    const named = names.filter((name) => headers[name] !== undefined);
    return readQuery(properties, Object.fromEntries(named.map((name) => [name, headers[name]])));
  };
}

const INTEGER = /^-?(?:0|[1-9][0-9]{0,14})$/;

function readQuery(properties: SchemaNode, given: unknown): Record<string, unknown> {
  const query: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    const param = pathTo('', name);
    if (name === '__proto__')
      throw new EdgeRefusal('field_forbidden', `${param} is not a name a field may have.`, {
        param,
      });
    if (Array.isArray(value)) {
      throw new EdgeRefusal('field_duplicate', `${param} is given more than once.`, { param });
    }
    const text = String(value);
    if (!isStorable(text)) {
      throw new EdgeRefusal(
        'field_unstorable',
        `${param} holds a character that cannot be stored.`,
        { param },
      );
    }
    query[name] = readText(nodeAt(properties, name)?.['type'], text);
  }
  for (const name of Object.keys(properties)) {
    const preset = nodeAt(properties, name)?.['default'];
    if (query[name] === undefined && preset !== undefined) query[name] = preset;
  }
  return query;
}

// A text that is not exactly of the type stays a text, and the schema refuses it.
function readText(type: unknown, text: string): unknown {
  if (type === 'integer' && INTEGER.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function refusalOf(
  schema: TSchema,
  part: RequestPart,
  value: unknown,
  found: readonly TLocalizedValidationError[],
): EdgeRefusal {
  const described = new Map<string, FieldError & { readonly code: EdgeCode }>();
  for (const error of decisive(found)) {
    const field = describe(schema, part, value, error);
    if (!described.has(field.param)) described.set(field.param, field);
  }
  const fields = [...described.values()].slice(0, LISTED_MAX);
  const first = fields[0];
  assert(first !== undefined, 'a value failed its schema without an error');
  const errors = fields.map(({ param, message }) => ({ param, message }));
  return new EdgeRefusal(first.code, `${first.param} ${first.message}.`, {
    param: first.param,
    ...(errors.length > 1 ? { errors } : {}),
  });
}

/**
 * The errors worth telling. Of a union, only those of the variant the client most likely meant: one
 * whose constants match, then the one with the fewest errors.
 */
function decisive(
  found: readonly TLocalizedValidationError[],
): readonly TLocalizedValidationError[] {
  // The outermost union first: the unions inside it count only in the variant that is chosen.
  const union = found
    .filter(({ keyword }) => keyword === 'anyOf')
    .toSorted((a, b) => a.schemaPath.length - b.schemaPath.length)[0];
  if (union === undefined) return found.filter(isTold);
  const prefix = `${union.schemaPath}/anyOf/`;
  const isInside = ({ schemaPath, instancePath }: TLocalizedValidationError): boolean =>
    schemaPath.startsWith(prefix) && `${instancePath}/`.startsWith(`${union.instancePath}/`);
  const outside = found.filter((error) => error !== union && !isInside(error));
  const variants = new Map<string, TLocalizedValidationError[]>();
  for (const error of found.filter(isInside)) {
    const index = error.schemaPath.slice(prefix.length).split('/', 1)[0] ?? '';
    variants.set(index, [...(variants.get(index) ?? []), error]);
  }
  const best = [...variants.values()].toSorted((a, b) => misfit(a, union) - misfit(b, union))[0];
  if (best === undefined || isScalarUnion(best, union)) return [...decisive(outside), union];
  const unknownKind = kindExpected([...variants.values()], union);
  if (unknownKind !== undefined) return [unknownKind, ...decisive(outside)];
  return [...decisive(best), ...decisive(outside)];
}

function isTold({ keyword }: TLocalizedValidationError): boolean {
  // An unknown field is reported twice: as a false schema at its place, and at its parent.
  return keyword !== 'additionalProperties';
}

function misfit(
  errors: readonly TLocalizedValidationError[],
  union: TLocalizedValidationError,
): number {
  const isOtherKind = errors.some(
    ({ keyword, instancePath }) =>
      (keyword === 'const' || keyword === 'enum') && instancePath !== union.instancePath,
  );
  const isOtherType = errors.some(
    ({ keyword, instancePath }) => keyword === 'type' && instancePath === union.instancePath,
  );
  return (isOtherType ? 10_000 : 0) + (isOtherKind ? 1_000 : 0) + errors.length;
}

/** Where every variant wants another constant in one field, that field and all the constants. */
function kindExpected(
  variants: readonly (readonly TLocalizedValidationError[])[],
  union: TLocalizedValidationError,
): TLocalizedValidationError | undefined {
  const constants = variants.map((errors) =>
    errors.find((error) => error.keyword === 'const' && error.instancePath !== union.instancePath),
  );
  const first = constants[0];
  const allowedValues: unknown[] = [];
  for (const constant of constants) {
    if (constant?.keyword !== 'const' || constant.instancePath !== first?.instancePath) {
      return undefined;
    }
    allowedValues.push(constant.params.allowedValue);
  }
  if (first === undefined) return undefined;
  return { ...first, keyword: 'enum', params: { allowedValues } };
}

/** Every variant failed at the value itself: no variant at all, rather than nearly one of them. */
function isScalarUnion(
  best: readonly TLocalizedValidationError[],
  union: TLocalizedValidationError,
): boolean {
  return best.every(
    ({ keyword, instancePath }) =>
      instancePath === union.instancePath && (keyword === 'type' || keyword === 'const'),
  );
}

function describe(
  schema: TSchema,
  part: RequestPart,
  value: unknown,
  error: TLocalizedValidationError,
): FieldError & { readonly code: EdgeCode } {
  const { path, given } = locate(part, value, error.instancePath);
  const node = schemaAt(schema as unknown as SchemaNode, error.schemaPath);
  if (error.keyword === 'boolean') {
    return { code: 'field_unknown', param: path, message: 'is not a field of this request' };
  }
  if (error.keyword === 'required') {
    const name = error.params.requiredProperties[0] ?? '';
    const param = pathTo(path === part ? '' : path, name);
    return { code: 'field_missing', param, message: 'is required' };
  }
  return { code: 'field_invalid', param: path, message: sentence(error, node, given) };
}

function sentence(error: TLocalizedValidationError, node: SchemaNode, given: unknown): string {
  const description = typeof node['description'] === 'string' ? node['description'] : undefined;
  switch (error.keyword) {
    case 'type':
      return `must be ${withArticle(error.params.type)}, not ${kindOf(given)}`;
    case 'enum':
      return `must be one of ${error.params.allowedValues.map(String).join(', ')}`;
    case 'const':
      return `must be ${String(error.params.allowedValue)}`;
    case 'anyOf':
      return `must be ${description ?? variantsOf(node)}`;
    case 'pattern':
      if (charactersOnly.has(node['pattern'])) return 'must not hold control characters';
      return `must be ${description ?? `of the form ${String(node['pattern'])}`}`;
    case 'format':
      return `must be ${description ?? `of the form ${String(node[error.keyword])}`}`;
    default:
      return error.message;
  }
}

function variantsOf(node: SchemaNode): string {
  const variants = Array.isArray(node['anyOf']) ? (node['anyOf'] as SchemaNode[]) : [];
  const names = variants.map((variant) => {
    const { type, const: constant, description } = variant;
    if (constant !== undefined) return JSON.stringify(constant);
    if (typeof description === 'string') return description;
    return typeof type === 'string' ? withArticle(type) : 'another form';
  });
  return names.length === 0 ? 'of another form' : [...new Set(names)].join(' or ');
}

function withArticle(type: unknown): string {
  const name = Array.isArray(type) ? type.join(' or ') : String(type);
  if (name === 'null') return name;
  if (name === 'string') return 'a text (JSON string)';
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function kindOf(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  if (Array.isArray(given)) return 'an array';
  return typeof given === 'string' ? 'a text' : withArticle(typeof given);
}

/** The dotted path of a JSON pointer, told apart by the value: `/legs/0` is `legs[0]`. */
function locate(
  part: RequestPart,
  value: unknown,
  pointer: string,
): { readonly path: string; readonly given: unknown } {
  let path = '';
  let given = value;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    path = pathTo(path, Array.isArray(given) ? Number(name) : name);
    given = (given as Record<string, unknown> | undefined)?.[name];
  }
  return { path: path === '' ? part : path, given };
}

function schemaAt(schema: SchemaNode, pointer: string): SchemaNode {
  let node: SchemaNode | undefined = schema;
  for (const step of pointer.split('/').slice(1)) {
    node = node === undefined ? undefined : nodeAt(node, step);
  }
  return node ?? {};
}

function nodeAt(node: SchemaNode, name: string): SchemaNode | undefined {
  const child = Object.hasOwn(node, name) ? node[name] : undefined;
  return typeof child === 'object' && child !== null ? (child as SchemaNode) : undefined;
}
