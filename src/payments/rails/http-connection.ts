// A rail that is reached over HTTP: texts in JSON envelopes, `POST /messages` to give, `GET
// /messages` to take with a wait, `POST /messages/acknowledge` to be done with them.

import { limits } from '#config';
import { Fault } from '#kernel';
import { openOutbound, type Logger, type OutboundMeasure } from '#platform';
import type { RailName } from '../payment.ts';
import type { Delivery, RailConnection } from './port.ts';

export interface HttpConnectionOptions {
  readonly name: RailName;
  /** Where the rail is, without a path. */
  readonly url: string;
  /** BIC of this bank, by which the rail knows whose messages are asked for. */
  readonly participant: string;
  readonly logger?: Logger | undefined;
  readonly measure?: OutboundMeasure | undefined;
}

export interface ClosableConnection extends RailConnection {
  close(): void;
}

const TYPE = { 'content-type': 'application/json' };

export function openHttpConnection(options: HttpConnectionOptions): ClosableConnection {
  const { name, participant, logger, measure } = options;
  const base = options.url.replace(/\/$/, '');
  const outbound = openOutbound({
    name: `rail-${name.replaceAll('_', '-')}`,
    timeoutMs: limits.railTimeoutMs.value,
    bytesMax: limits.railBytesMax.value,
    trustedOrigins: [new URL(base).origin],
    logger,
    measure,
  });
  const ask = async (method: string, path: string, body?: object, signal?: AbortSignal) => {
    const answer = await outbound.fetch({
      method,
      url: `${base}${path}`,
      headers: TYPE,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    const message = `The rail ${name} answered with status ${answer.status}.`;
    throw new Fault('rail_refused', { retryable: true, message });
  };
  return {
    name,
    async deliver(texts) {
      if (texts.length > 0) await ask('POST', '/messages', { participant, messages: texts });
    },
    async collect({ countMax, waitMs, signal }) {
      const query = `participant=${participant}&max=${countMax}&wait_ms=${waitMs}`;
      return deliveriesOf(await ask('GET', `/messages?${query}`, undefined, signal));
    },
    async acknowledge(ids) {
      if (ids.length > 0) await ask('POST', '/messages/acknowledge', { participant, ids });
    },
    restMs: () => outbound.waitMs(),
    close: () => outbound.close(),
  };
}

function deliveriesOf(body: Buffer): Delivery[] {
  const fault = (cause?: unknown): Fault =>
    new Fault('rail_answer_invalid', { retryable: true, cause });
  let read: unknown;
  try {
    read = JSON.parse(body.toString());
  } catch (error) {
    throw fault(error);
  }
  const messages = memberOf(read, 'messages');
  if (!Array.isArray(messages)) throw fault();
  return messages.map((each: unknown) => {
    const id = memberOf(each, 'id');
    const text = memberOf(each, 'text');
    if (typeof id !== 'string' || typeof text !== 'string') throw fault();
    return { id, text };
  });
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
