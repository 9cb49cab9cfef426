// Owns the OpenAPI 3.1 document, built from the same table of routes the server is built from, so
// that what is documented and what is enforced cannot differ.
import { assert } from '#kernel';
import { Type } from 'typebox';
import type { TObject, TSchema } from 'typebox';
import { permissionTable } from '../access/roles.ts';
import { isKeyed } from '../idempotency/idempotency.ts';
import { PUBLIC } from '../server/admission.ts';
import type { About } from '../server/health.ts';
import type { ProblemKind } from '../problems.ts';
import { writePath } from '../routes.ts';
import type { Operation, OperationSchema, Route } from '../routes.ts';
import { object } from '../schema.ts';

type Json = { [name: string]: unknown };

export interface OpenApiOptions {
  readonly about: About;
  readonly routes: readonly Route[];
  /** Every problem code, to list those an operation names. */
  readonly codes: ReadonlyMap<string, ProblemKind>;
}

export function openApiOf({ about, routes, codes }: OpenApiOptions): Json {
  const components: Json = {};
  const problem = hoist(problemSchema, components);
  const paths: Record<string, Json> = {};
  const operationIds = new Set<string>();
  for (const route of routes) {
    const { operationId } = route.operation;
    assert(!operationIds.has(operationId), `the operation ${operationId} is described twice`);
    operationIds.add(operationId);
    const described = describe(route, { codes, components, problem });
    // OpenAPI has no star: a parameter that takes the rest of the path says so in its description.
    const path = writePath(route.path, (name) => `{${name}}`);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: described };
  }
  const tags = [...new Set(routes.flatMap(({ operation }) => operation.tags))];
  return {
    openapi: '3.1.0',
    info: {
      title: about.title,
      version: about.version,
      description: about.description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: tags.map((name) => ({ name, description: about.tags?.[name] ?? `Of ${name}.` })),
    paths,
    components: { schemas: components, securitySchemes, responses: sharedResponses(problem) },
  };
}

const securitySchemes = {
  token: {
    type: 'openIdConnect',
    openIdConnectUrl: '/.well-known/openid-configuration',
    description:
      'An access token of the bank or of an issuer it trusts, as Bearer, or as DPoP with a proof ' +
      '(RFC 9449) where the token is bound to a key.',
  },
  local: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A token of an hour at most for whoever has the machine: `florin token`.',
  },
};

/** Any one of the scopes is enough, and a local token has no scopes. */
function securityOf({ permission }: Route): readonly Json[] {
  if (permission === PUBLIC) return [];
  const row = Object.hasOwn(permissionTable, permission) ? permissionTable[permission] : undefined;
  return [...(row?.scopes ?? []).map((scope) => ({ token: [scope] })), { local: [] }];
}

const refusedAtTheDoor = {
  401: { $ref: '#/components/responses/Unauthenticated' },
  403: { $ref: '#/components/responses/Forbidden' },
  429: { $ref: '#/components/responses/QuotaExceeded' },
};

function sharedResponses(problem: unknown): Json {
  const content = { 'application/problem+json': { schema: problem } };
  const header = (description: string): Json => ({ description, schema: { type: 'string' } });
  return {
    Unauthenticated: {
      description: 'Refused: unauthenticated, token_invalid.',
      headers: { 'WWW-Authenticate': header('what would prove the caller (RFC 6750, RFC 9449)') },
      content,
    },
    Forbidden: {
      description: 'Refused: forbidden, scope_missing, second_factor_required, object_forbidden.',
      content,
    },
    QuotaExceeded: {
      description: 'Refused: quota_exceeded.',
      headers: {
        'Retry-After': header('seconds after which such a request is admitted'),
        RateLimit: header('what is left of each policy (draft-ietf-httpapi-ratelimit-headers)'),
        'RateLimit-Policy': header('the policies of the caller'),
      },
      content,
    },
  };
}

/** In quotes, or bare where nothing in it needs them. */
const KEY_PATTERN = '^("([ !#-\\[\\]-~]|\\\\["\\\\]){1,255}"|[A-Za-z0-9_.:~+/=-]{1,255})$';

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description:
    'A string in quotes, unique for this change (draft-ietf-httpapi-idempotency-key-header). ' +
    'Sent again within a day it is answered as it was, byte for byte.',
  schema: { type: 'string', pattern: KEY_PATTERN },
  example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
};

/** Of operations that can be tried without being done. */
const idempotencyKeyUnlessDry = {
  ...idempotencyKey,
  required: false,
  description: `${idempotencyKey.description} Required but for a dry run.`,
};

function needsIdempotencyKey({ method, permission, operation }: Route): boolean {
  const isSafe = method === 'GET' || permission === PUBLIC;
  return !isSafe && operation.isIdempotentByNature !== true;
}

function keyOf(operation: Operation): Json {
  return operation.isDryRun === undefined ? idempotencyKey : idempotencyKeyUnlessDry;
}

interface Surroundings {
  readonly codes: ReadonlyMap<string, ProblemKind>;
  readonly components: Json;
  readonly problem: unknown;
}

function describe(route: Route, around: Surroundings): Json {
  const { operation } = route;
  const { schema, description } = operation;
  return {
    operationId: operation.operationId,
    summary: operation.summary,
    ...(description === undefined ? {} : { description }),
    tags: operation.tags,
    'x-permission': route.permission,
    parameters: [
      ...parameters('path', schema.params, around),
      ...parameters('query', schema.query, around),
      ...parameters('header', schema.headers, around),
      ...(needsIdempotencyKey(route) ? [keyOf(operation)] : []),
    ],
    ...(schema.body === undefined ? {} : { requestBody: requestBody(operation, around) }),
    security: securityOf(route),
    responses: {
      ...answers(schema, around),
      ...(route.permission === PUBLIC ? {} : refusedAtTheDoor),
      ...problems(route, around),
    },
  };
}

function parameters(place: string, schema: TObject | undefined, around: Surroundings): Json[] {
  if (schema === undefined) return [];
  const { properties, required = [] } = plain(schema) as {
    properties: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    // A default makes the field optional for the client, though the handler always sees it.
    const isRequired = required.includes(name) && property['default'] === undefined;
    return {
      name,
      in: place,
      required: isRequired,
      ...(description === undefined ? {} : { description }),
      schema: hoist(rest, around.components),
    };
  });
}

function requestBody(operation: Operation, around: Surroundings): Json {
  const { schema, example, isNdjsonAccepted } = operation;
  const body = hoist(schema.body as TSchema, around.components);
  const json = { schema: body, ...(example === undefined ? {} : { example }) };
  const required = operation.isBodyOptional !== true;
  if (isNdjsonAccepted !== true) return { required, content: { 'application/json': json } };
  const lines = Array.isArray(example) ? example.map((item) => JSON.stringify(item)) : [];
  const ndjson = {
    schema: { type: 'string', description: 'One item of the array a line.' },
    ...(lines.length === 0 ? {} : { example: `${lines.join('\n')}\n` }),
  };
  return {
    required,
    content: { 'application/json': json, 'application/x-ndjson': ndjson },
  };
}

function answers(schema: OperationSchema, around: Surroundings): Json {
  const described = Object.entries(schema.response).map(([status, response]) => {
    const { description, body, example, mediaType = 'application/json', otherForms } = response;
    if (body === undefined) return [status, { description }];
    const media = {
      schema: hoist(body, around.components),
      ...(example === undefined ? {} : { example }),
    };
    const content: Json = { [mediaType]: media };
    for (const [type, form] of Object.entries(otherForms ?? {})) {
      content[type] = { schema: hoist(form, around.components) };
    }
    return [status, { description, content }];
  });
  return Object.fromEntries(described) as Json;
}

/** The problems an operation names, by status; 400 for every shape; and the rest as the default. */
function problems(route: Route, around: Surroundings): Json {
  const { operation } = route;
  const byStatus = new Map<number, string[]>();
  const named = new Set([...(operation.refusals ?? []), ...refusalsAround(route, around)]);
  for (const code of named) {
    const entry = around.codes.get(code);
    assert(entry !== undefined, `${operation.operationId} names the unknown refusal ${code}`);
    byStatus.set(entry.status, [...(byStatus.get(entry.status) ?? []), code]);
  }
  const content = { 'application/problem+json': { schema: around.problem } };
  const responses: Json = {};
  if (!byStatus.has(400)) byStatus.set(400, ['field_invalid', 'field_missing', 'field_unknown']);
  for (const [status, codes] of [...byStatus].toSorted(([a], [b]) => a - b)) {
    responses[status] = { description: `Refused: ${codes.join(', ')}.`, content };
  }
  responses['default'] = { description: 'Any other problem, as a problem document.', content };
  return responses;
}

const keyRefusals = [
  'idempotency_key_missing',
  'idempotency_key_invalid',
  'idempotency_key_in_flight',
  'idempotency_key_reused',
];

/** What stands around the operation refuses too: its key, and what waits for a second person. */
function refusalsAround(route: Route, { codes }: Surroundings): string[] {
  const ofKey = isKeyed(route) ? keyRefusals : [];
  const ofApproval = route.operation.approval === undefined ? [] : ['proposal_too_large'];
  return [...ofKey, ...ofApproval].filter((code) => codes.has(code));
}

/**
 * The schema as plain JSON, with every part that has a title moved to the components and replaced
 * by a reference. Two parts of one title must be the same.
 */
function hoist(schema: TSchema, components: Json): unknown {
  return hoistNode(plain(schema), components);
}

// Members of a schema that hold values or names, not schemas.
const VALUES = new Set(['default', 'examples', 'example', 'const', 'enum', 'required']);
const MAPS = new Set(['properties', 'patternProperties']);

/** What a client that does not know a format of ours can check of it. */
const patterns: Readonly<Record<string, string>> = {
  currency: '^[A-Z]{3}$',
  'date-time-or-date': '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$',
};

function hoistNode(node: unknown, components: Json): unknown {
  if (Array.isArray(node)) return node.map((child) => hoistNode(child, components));
  if (typeof node !== 'object' || node === null) return node;
  const copy: Json = {};
  for (const [name, child] of Object.entries(node)) {
    if (VALUES.has(name)) copy[name] = child;
    else if (MAPS.has(name)) copy[name] = hoistMap(child as Json, components);
    else copy[name] = hoistNode(child, components);
  }
  const pattern = patterns[String(copy['format'])];
  if (pattern !== undefined) copy['pattern'] ??= pattern;
  const title = copy['title'];
  if (typeof title !== 'string') return copy;
  assert(/^[A-Z][A-Za-z0-9]*$/.test(title), `the schema title ${title} must be PascalCase`);
  const known = components[title];
  const isSame = known === undefined || JSON.stringify(known) === JSON.stringify(copy);
  assert(isSame, `two schemas are titled ${title}`);
  components[title] = copy;
  return { $ref: `#/components/schemas/${title}` };
}

function hoistMap(map: Json, components: Json): Json {
  return Object.fromEntries(
    Object.entries(map).map(([name, child]) => [name, hoistNode(child, components)]),
  );
}

function plain(schema: TSchema): Json {
  return JSON.parse(JSON.stringify(schema)) as Json;
}

export const problemSchema = object(
  {
    type: Type.String({ description: 'urn:florin:problem: and the code, or a registered type' }),
    title: Type.String({ description: 'a summary that is the same for every occurrence' }),
    status: Type.Integer({ description: 'the HTTP status' }),
    detail: Type.String({ description: 'one sentence about this occurrence' }),
    instance: Type.String({ description: 'urn:florin:request: and the request id' }),
    code: Type.String({ description: 'stable for ever; what a program should look at' }),
    param: Type.Optional(Type.String({ description: 'the part of the request at fault' })),
    request_id: Type.String({ description: 'names the request in the logs' }),
    retryable: Type.Boolean({ description: 'whether the same request may succeed later' }),
    errors: Type.Optional(
      Type.Array(object({ param: Type.String(), message: Type.String() }), {
        description: 'every part at fault, where there are several',
      }),
    ),
    'violated-policies': Type.Optional(
      Type.Array(Type.String(), { description: 'the limits that had no room for the request' }),
    ),
  },
  {
    title: 'Problem',
    description: 'A problem document (RFC 9457).',
    examples: [
      {
        type: 'urn:florin:problem:field_invalid',
        title: 'A field has an invalid value',
        status: 400,
        detail: 'legs[0].amount must be minor units as text: 1 to 18 digits, more than zero.',
        instance: 'urn:florin:request:5f1c0a9e2b7d-1',
        code: 'field_invalid',
        param: 'legs[0].amount',
        request_id: '5f1c0a9e2b7d-1',
        retryable: false,
      },
    ],
  },
);
