// A gateway over a bank of tests, with routes of payments that nobody has to sign in for, and short
// ways to ask them.

import { createGateway, type GatewayOptions, type Route } from '#gateway';
import { openLogger, openMetrics } from '#platform';
import { refusals } from '#ledger';
import { limits, unlocked } from '../../gateway/testing.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: { readonly id: string; readonly [name: string]: unknown };
}

export type TestEdge = Awaited<ReturnType<typeof openEdge>>;

export async function openEdge(
  routes: readonly Route[],
  problemTables: GatewayOptions['problemTables'],
) {
  const gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'Payments under test.' },
    routes,
    problemTables: [refusals, ...problemTables],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    access: unlocked,
    port: 0,
    limits: { ...limits, httpBodyBytesMax: 1_000_000 },
    isAnswerChecked: true,
  });

  async function ask(method: 'GET' | 'POST' | 'PATCH', url: string, sent?: object): Promise<Reply> {
    const reply = await gateway.inject({
      method,
      url,
      ...(sent === undefined ? {} : { payload: JSON.stringify(sent) }),
      headers: sent === undefined ? {} : { 'content-type': 'application/json' },
    });
    const body = JSON.parse(reply.payload) as Reply['body'];
    return { status: reply.statusCode, text: reply.payload, body };
  }

  return {
    get: (url: string) => ask('GET', url),
    post: (url: string, body?: object) => ask('POST', url, body),
    patch: (url: string, body: object) => ask('PATCH', url, body),
    close: () => gateway.close(),
  };
}
