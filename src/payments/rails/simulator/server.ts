// The simulated rail as a process of its own on a real socket: banks give and take messages, and
// whoever demonstrates or tests has other banks pay, recall, and show what truly became of things.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { limits } from '#config';
import { currencyOf, parseMinorUnits } from '#kernel';
import type { Delivery } from '../port.ts';
import { RailSimulator, type RailSimulatorOptions } from './rail.ts';

export interface SimulatorServer {
  readonly url: string;
  readonly rail: RailSimulator;
  close(): Promise<void>;
}

export interface SimulatorServerOptions extends RailSimulatorOptions {
  readonly port: number;
  /** The local machine unless given. */
  readonly host?: string | undefined;
}

const LOOK_EVERY_MS = 2;

export async function startSimulator(options: SimulatorServerOptions): Promise<SimulatorServer> {
  const rail = new RailSimulator(options);
  const server = createServer((request, response) => {
    answer(rail, request).then(
      (body) => respond(response, 200, body),
      (error: unknown) =>
        respond(response, 400, { error: error instanceof Error ? error.message : 'bad request' }),
    );
  });
  const host = options.host ?? '127.0.0.1';
  server.listen(options.port, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    rail,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify(body, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  );
}

async function answer(rail: RailSimulator, request: IncomingMessage): Promise<object> {
  const url = new URL(request.url ?? '/', 'http://rail');
  const operation = `${request.method} ${url.pathname}`;
  switch (operation) {
    case 'GET /messages':
      return { messages: await give(rail, url.searchParams, request) };
    case 'GET /payments':
      return { unreadable: rail.unreadable, payments: rail.carried };
    case 'POST /messages':
      for (const text of textsOf(await bodyOf(request), 'messages')) rail.take(text);
      return {};
    case 'POST /messages/acknowledge':
      rail.acknowledge(textsOf(await bodyOf(request), 'ids'));
      return {};
    case 'POST /pay':
      return { transaction_id: pay(rail, await bodyOf(request)) };
    case 'POST /recall':
      rail.recall(textOf(await bodyOf(request), 'transaction_id'));
      return {};
    default:
      throw new TypeError(`the rail has no ${operation}`);
  }
}

async function give(
  rail: RailSimulator,
  query: URLSearchParams,
  request: IncomingMessage,
): Promise<Delivery[]> {
  const countMax = Number(query.get('max') ?? limits.railMessagesMax.value);
  const endMs = performance.now() + Number(query.get('wait_ms') ?? 0);
  for (;;) {
    const due = rail.give(countMax);
    // Whoever has gone would not acknowledge them.
    if (due.length > 0 || performance.now() >= endMs || request.socket.destroyed) return due;
    await pause(LOOK_EVERY_MS);
  }
}

function pay(rail: RailSimulator, body: Body): string {
  const currency = currencyOf(textOf(body, 'currency'));
  const amount = parseMinorUnits(textOf(body, 'amount'));
  if (currency === undefined || amount === undefined) throw new TypeError('no such amount');
  return rail.pay(textOf(body, 'iban'), { amount, currency }, textOf(body, 'end_to_end_id'));
}

type Body = Readonly<Record<string, unknown>>;

async function bodyOf(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = chunk as Buffer;
    bytes += piece.length;
    if (bytes > limits.railBytesMax.value) throw new TypeError('the body is too large');
    chunks.push(piece);
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if (typeof body !== 'object' || body === null) throw new TypeError('the body is no object');
  return body as Body;
}

function textOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new TypeError(`${name} must be a text`);
  return value;
}

function textsOf(body: Body, name: string): string[] {
  const value = body[name];
  const texts = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  if (!Array.isArray(value) || texts.length < value.length) {
    throw new TypeError(`${name} must be texts`);
  }
  return texts;
}
