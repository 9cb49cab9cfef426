// Passes a request on to the existing core and its answer back, both as they come, neither of them
// in memory as a whole. What was sent and not answered is not sent again, and a change of which the
// outcome is not known is never called a failure.
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Principal } from '#identity';
import { Fault } from '#kernel';
import type { Outbound, OutboundRequest } from '#platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EdgeRefusal } from '../problems.ts';
import { traceHeaders, traceOf } from '../safety/trace.ts';
import { answerHeaders, requestHeaders } from './headers.ts';

export interface ForwardOptions {
  readonly outbound: Outbound;
  /** Of the other core, without a path. */
  readonly origin: string;
  readonly bodyBytesMax: number;
}

const SAFE = new Set(['GET', 'HEAD']);
/** Answers that have no body (RFC 9110 §6.4.1). */
const EMPTY = new Set([204, 304]);

export async function forward(
  request: FastifyRequest,
  reply: FastifyReply,
  { principal, ...options }: ForwardOptions & { readonly principal: Principal },
): Promise<void> {
  const { outbound, origin } = options;
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished)
      controller.abort(new EdgeRefusal('body_incomplete', 'The client is gone.'));
  });
  try {
    const asked = askedOf(request, principal, {
      ...options,
      onTooLarge: (refusal) => controller.abort(refusal),
    });
    const answer = await outbound.stream({ ...asked, signal: controller.signal });
    reply.code(answer.status).headers(answerHeaders(answer.headers, origin));
    if (request.method !== 'HEAD' && !EMPTY.has(answer.status)) {
      await reply.send(answer.body);
    } else {
      answer.body.resume();
      await reply.send();
    }
    // An answer that broke off is one nevertheless: the bank must not do the same again.
    if (!reply.raw.writableEnded) reply.hijack();
  } catch (error) {
    const { raw } = request;
    if (!raw.readableEnded) {
      // What is still to come of the body belongs to nobody, and must not be taken for a request.
      reply.header('connection', 'close');
      raw.unpipe().resume();
    }
    throw refusalOf(error, request.method);
  }
}

interface AskedOptions extends Pick<ForwardOptions, 'origin' | 'bodyBytesMax'> {
  /** Told of a body whose length was not announced, when it turns out to be too large. */
  readonly onTooLarge?: (refusal: EdgeRefusal) => void;
}

/** A request as the other core gets it. */
export function askedOf(
  request: FastifyRequest,
  principal: Principal,
  { origin, bodyBytesMax, onTooLarge }: AskedOptions,
): OutboundRequest {
  const { method, url, headers, raw } = request;
  const trace = request.trace ?? traceOf(headers);
  const added = { ...traceHeaders(trace), 'x-request-id': request.id };
  const passed = requestHeaders(headers, principal, added);
  const base = { url: `${origin}${url}`, method };
  const announced = headers['content-length'];
  const hasBody = announced !== undefined || headers['transfer-encoding'] !== undefined;
  if (SAFE.has(method) || !hasBody) return { ...base, headers: passed };
  if (Number(announced ?? 0) > bodyBytesMax) throw tooLarge(bodyBytesMax);
  const length = announced === undefined ? {} : { 'content-length': announced };
  return {
    ...base,
    headers: { ...passed, ...length },
    body: bounded(raw, bodyBytesMax, onTooLarge),
  };
}

/** The same bytes, and an error where there are too many. */
function bounded(
  body: Readable,
  bytesMax: number,
  onTooLarge: AskedOptions['onTooLarge'],
): Readable {
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= bytesMax) {
        done(null, chunk);
        return;
      }
      const refusal = tooLarge(bytesMax);
      onTooLarge?.(refusal);
      done(refusal);
    },
  });
  counted.on('error', () => undefined);
  body.once('error', (error) => counted.destroy(error));
  return body.pipe(counted);
}

function tooLarge(bytesMax: number): EdgeRefusal {
  const detail = `The body may have at most ${bytesMax} bytes.`;
  return new EdgeRefusal('body_too_large', detail, { param: 'body' });
}

/** Before these the other core was not asked at all. */
const NOT_ASKED = new Set(['outbound_open', 'outbound_busy', 'outbound_forbidden']);

function refusalOf(error: unknown, method: string): unknown {
  if (!(error instanceof Fault)) return error;
  if (SAFE.has(method) || NOT_ASKED.has(error.code)) {
    const detail = 'The system that answers this request is not available; ask again later.';
    return new EdgeRefusal('legacy_unavailable', detail);
  }
  const detail = 'The request was passed on, and it is not known whether it was done.';
  return new EdgeRefusal('commit_unknown', detail);
}
