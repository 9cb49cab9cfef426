// Owns what tests of the edge share: a gateway with a few operations of every kind, and a bare
// socket to say what no HTTP client would.
import { connect } from 'node:net';
import { Type } from 'typebox';
import { limits as limitTable } from '#config';
import type { Principal } from '#identity';
import { accept, instantOfMs, refuse } from '#kernel';
import type { Result } from '#kernel';
import { openLogger, openMetrics } from '#platform';
import type { Access } from './access/access.ts';
import { answer, defineOperation } from './routes.ts';
import type { Route } from './routes.ts';
import * as schema from './schema.ts';
import { createGateway } from './server/server.ts';
import type { GatewayLimits, GatewayOptions } from './server/options.ts';
import type { Gateway } from './server/server.ts';

export const limits: GatewayLimits = {
  ...(Object.fromEntries(
    Object.entries(limitTable).map(([name, { value }]) => [name, value]),
  ) as unknown as GatewayLimits),
  httpBodyBytesMax: 10_000,
};

const thing = schema.object(
  {
    name: schema.text(20),
    side: Type.Optional(schema.choice(['debit', 'credit'])),
    money: Type.Optional(schema.money()),
    metadata: Type.Optional(schema.metadata()),
    at: Type.Optional(schema.instantText()),
    legs: Type.Optional(
      Type.Array(schema.object({ account: schema.idText('acc'), amount: schema.amountText() }), {
        minItems: 2,
        maxItems: 4,
      }),
    ),
  },
  { title: 'Thing' },
);

const capture = schema.object({ kind: Type.Literal('capture'), hold: schema.idText('trf') });
const transfer = schema.object({ kind: Type.Literal('transfer'), amount: schema.amountText() });

const things = new Map<string, string>();

function rename(name: string): Result<string> {
  return name === 'taken'
    ? refuse({ code: 'name_taken', message: 'The name is taken.', param: 'name' })
    : accept(name.toUpperCase());
}

const addThing = defineOperation({
  operationId: 'addThing',
  summary: 'Add a thing',
  tags: ['things'],
  refusals: ['name_taken'],
  example: { name: 'first' },
  schema: { body: thing, response: { 201: { description: 'The thing.', body: thing } } },
  handler({ body, requestId }) {
    const renamed = rename(body.name);
    if (!renamed.ok) return Promise.resolve(renamed);
    things.set(renamed.value, requestId);
    return Promise.resolve(answer(201, { name: renamed.value }));
  },
});

const readThing = defineOperation({
  operationId: 'readThing',
  summary: 'Read a thing',
  tags: ['things'],
  schema: {
    params: schema.object({ id: schema.idText('acc') }),
    query: schema.object({
      ...schema.pageQuery,
      effective_at: Type.Optional(schema.instantOrDateText()),
      verbose: Type.Optional(Type.Boolean()),
    }),
    response: {
      200: {
        description: 'What was asked for.',
        body: schema.object({ params: Type.Unknown(), query: Type.Unknown() }),
      },
    },
  },
  handler: ({ params, query }) => Promise.resolve(answer(200, { params, query })),
});

const manyThings = defineOperation({
  operationId: 'manyThings',
  summary: 'Many things',
  tags: ['things'],
  isNdjsonAccepted: true,
  bodyBytesMax: 1_000_000,
  example: [{ name: 'first' }, { name: 'second' }],
  schema: {
    body: Type.Array(thing, { maxItems: 5_000 }),
    response: { 200: { description: 'How many.', body: schema.object({ count: Type.Integer() }) } },
  },
  handler: ({ body }) => Promise.resolve(answer(200, `{"count":${body.length}}`)),
});

const eitherThing = defineOperation({
  operationId: 'eitherThing',
  summary: 'One of two shapes',
  tags: ['things'],
  schema: {
    body: schema.object({ item: Type.Union([transfer, capture]) }),
    response: { 204: { description: 'Nothing to say.' } },
  },
  handler: () => Promise.resolve({ status: 204 }),
});

/** An operation that ends as the test says. */
export function operationOf(act: () => Promise<object | string>): Route['operation'] {
  return defineOperation({
    operationId: 'act',
    summary: 'Act',
    tags: ['things'],
    schema: { response: { 200: { description: 'Done.', body: Type.Unknown() } } },
    handler: async () => answer(200, await act()),
  });
}

const stranger: Principal = {
  subject: 'local',
  kind: 'local',
  tenant: 'main',
  roles: [],
  scopes: undefined,
  authentication: 'none',
  factors: 0,
  authenticatedAt: instantOfMs(0),
  clientId: undefined,
  customer: 'local',
  session: undefined,
};

/** Doors without locks: for tests of what lies behind them. */
export const unlocked: Access = {
  identify: () => Promise.resolve(stranger),
  authorise: () => ({ isAllowed: true, rule: 'test' }),
  permit: () => Promise.resolve({ isAllowed: true, rule: 'test' }),
};

const permission = 'things.all';

const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/things', permission, operation: addThing },
  { method: 'GET', path: '/v1/things/{id}', permission, operation: readThing },
  { method: 'POST', path: '/v1/things/many', permission, operation: manyThings },
  { method: 'POST', path: '/v1/things/either', permission, operation: eitherThing },
];

export interface TestGateway extends Gateway {
  readonly lines: string[];
}

export async function openTestGateway(
  changes: Partial<GatewayOptions> & { readonly act?: () => Promise<object | string> } = {},
): Promise<TestGateway> {
  const lines: string[] = [];
  const { act, ...options } = changes;
  const acting: Route[] =
    act === undefined
      ? []
      : [{ method: 'POST', path: '/v1/act', permission, operation: operationOf(act) }];
  const gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'A gateway under test.' },
    routes: [...routes, ...acting],
    problemTables: [{ name_taken: { status: 409, title: 'The name is taken', retryable: false } }],
    checks: [],
    logger: openLogger({ level: 'debug', write: (line) => lines.push(line) }),
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    access: unlocked,
    isAnswerChecked: true,
    port: 0,
    limits,
    ...options,
  });
  return { ...gateway, lines };
}

/** Sends text on a bare connection and returns all that comes back until it is closed. */
export function exchange(port: number, text: string | Buffer, waitMs = 5_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(text);
    });
    const finish = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString());
    };
    const timer = setTimeout(finish, waitMs);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => {
      clearTimeout(timer);
      finish();
    });
    socket.on('error', (error) => {
      clearTimeout(timer);
      if (chunks.length > 0) finish();
      else reject(error);
    });
  });
}
