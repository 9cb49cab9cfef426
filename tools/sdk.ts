// Writes sdk/src/api.ts from the OpenAPI document of the table of routes: the types of every
// operation, and the table its client goes by. The file is not committed: checks and tests make it
// anew, so that it cannot be behind the API.
//
//   tools/sdk.ts

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiOf, openProblemBook } from '#gateway';
import { problemTables, routesOf, tags, type Premises } from '../src/routes.ts';
import { root } from './tree.ts';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly description?: string;
}

interface Media {
  readonly schema: Schema;
}

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, Media>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, Media>> }>
  >;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The document of this checkout. What the operations stand on is not there: none is called. */
export function apiDocument(): Document {
  const nothing = new Proxy({}, { get: () => undefined }) as Premises;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const about = { title: 'Florin', version, description: 'An open-source core bank.', tags };
  const { codes } = openProblemBook(problemTables);
  return openApiOf({ about, routes: routesOf(nothing), codes }) as unknown as Document;
}

/** The source of the SDK's generated part. */
export function apiSource({ paths, components }: Document): string {
  const rows: string[] = [];
  const types: string[] = [];
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const { operationId, summary } = operation;
      rows.push(`  ${operationId}: { method: '${method.toUpperCase()}', path: '${path}' },`);
      types.push(
        `  /** ${summary}. */`,
        `  ${operationId}: {`,
        `    input: ${inputOf(operation)};`,
        `    result: ${resultOf(operation)};`,
        '  };',
      );
    }
  }
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema)};`,
  );
  return `${[
    '// Made by tools/sdk.ts from the table of routes. Not to be edited, and not committed.',
    '',
    ...schemas,
    '',
    'export interface Operations {',
    ...types,
    '}',
    '',
    'export const operations = {',
    ...rows,
    '} as const;',
  ].join('\n')}\n`;
}

function inputOf({ parameters = [], requestBody }: Described): string {
  const members: string[] = [];
  for (const place of ['path', 'query']) {
    const named = parameters.filter((parameter) => parameter.in === place);
    if (named.length === 0) continue;
    const isNeeded = named.some(({ required }) => required === true);
    const fields = named.map(({ name, required, schema }) => {
      return `${keyOf(name)}${required === true ? '' : '?'}: ${typeOf(schema)}`;
    });
    members.push(`${place}${isNeeded ? '' : '?'}: { ${fields.join('; ')} }`);
  }
  const body = requestBody?.content['application/json'];
  if (body !== undefined) {
    members.push(`body${requestBody?.required === true ? '' : '?'}: ${typeOf(body.schema)}`);
  }
  return members.length === 0 ? 'Record<never, never>' : `{ ${members.join('; ')} }`;
}

/** Of any answer that is a success; what is not JSON arrives as text. */
function resultOf({ responses }: Described): string {
  const bodies = Object.entries(responses)
    .filter(([status]) => /^2\d\d$/.test(status))
    .flatMap(([, { content }]) => (content === undefined ? ['undefined'] : formsOf(content)));
  return [...new Set(bodies)].join(' | ') || 'undefined';
}

function formsOf(content: Readonly<Record<string, Media>>): string[] {
  return Object.entries(content).map(([mediaType, { schema }]) =>
    /[/+]json$/.test(mediaType) ? typeOf(schema) : 'string',
  );
}

export function typeOf(schema: Schema): string {
  const { $ref, anyOf, allOf, items, type } = schema;
  if ($ref !== undefined) return $ref.slice($ref.lastIndexOf('/') + 1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' | ') || 'never';
  if (allOf !== undefined) return allOf.map((one) => `(${typeOf(one)})`).join(' & ');
  if (Array.isArray(type)) {
    return type.map((one) => typeOf({ ...schema, type: one as string })).join(' | ');
  }
  switch (type) {
    case 'array':
      return items === undefined ? 'unknown[]' : `(${typeOf(items)})[]`;
    case 'object':
      return objectOf(schema);
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    default:
      return 'unknown';
  }
}

function objectOf(schema: Schema): string {
  const { properties = {}, required = [], patternProperties, additionalProperties } = schema;
  const fields = Object.entries(properties).map(([name, property]) => {
    return `${keyOf(name)}${required.includes(name) ? '' : '?'}: ${typeOf(property)}`;
  });
  const others = [
    ...Object.values(patternProperties ?? {}),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ];
  if (fields.length > 0) return `{ ${fields.join('; ')} }`;
  if (others.length > 0) return `Record<string, ${others.map(typeOf).join(' | ')}>`;
  return additionalProperties === false ? 'Record<never, never>' : 'Record<string, unknown>';
}

function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** Makes the file of this checkout. */
export function writeSdk(): void {
  mkdirSync(join(root, 'sdk', 'src'), { recursive: true });
  writeFileSync(join(root, 'sdk', 'src', 'api.ts'), apiSource(apiDocument()));
}

if (import.meta.main) writeSdk();
