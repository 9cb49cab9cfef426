// Owns the last step of every request: an outcome becomes an answer on the wire. Every problem
// document of a route leaves through here, so that a denial is told of whoever found it.
import { assert } from '#kernel';
import type { Logger } from '#platform';
import type { FastifyReply } from 'fastify';
import type { Problem, ProblemBook } from '../problems.ts';
import { isRefused } from '../routes.ts';
import type { Answer, Outcome } from '../routes.ts';
import type { DenialWatch } from './denial.ts';
import { openStreams } from './stream.ts';
import type { StreamLimits, StreamOpener } from './stream.ts';

export interface Sender {
  /** Sends what a handler answered. */
  outcome(reply: FastifyReply, outcome: Outcome): Promise<void>;
  problem(reply: FastifyReply, problem: Problem, headers?: Readonly<Record<string, string>>): void;
}

export interface SenderOptions {
  readonly book: ProblemBook;
  readonly logger: Logger;
  readonly limits: StreamLimits;
  readonly watchDenial: DenialWatch;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export function openSender({ book, logger, limits, watchDenial }: SenderOptions): Sender {
  const streams = openStreams(limits, (reply, error) => {
    const { id, method, routeOptions } = reply.request;
    const facts = { request_id: id, method, route: routeOptions.config.template ?? null };
    logger.error('answer cut off', { ...facts, error });
  });
  const problem: Sender['problem'] = (reply, document, headers = {}) => {
    watchDenial(reply.request, document);
    reply.code(document.status).header('content-type', PROBLEM_TYPE);
    if (document.status === 503 && document.retryable) reply.header('retry-after', '1');
    reply.headers(headers).send(JSON.stringify(document));
  };
  return {
    problem,
    async outcome(reply, outcome) {
      if (isRefused(outcome)) {
        problem(reply, book.ofRefusal(outcome.refusal, reply.request.id));
        return;
      }
      const body = outcome.content?.body;
      const isWhole = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
      if (isWhole) sendWhole(reply, outcome);
      else await sendStream(reply, body, { answer: outcome, streams });
    },
  };
}

function sendWhole(reply: FastifyReply, answer: Answer): void {
  const { status, body, content } = answer;
  reply.code(status);
  if (body !== undefined) reply.header('content-type', JSON_TYPE);
  setContentHeaders(reply, answer);
  if (content !== undefined) reply.send(content.body);
  else if (body === undefined) reply.send();
  else reply.send(typeof body === 'string' ? body : JSON.stringify(body));
}

async function sendStream(
  reply: FastifyReply,
  pieces: AsyncIterable<Buffer | string>,
  { answer, streams }: { readonly answer: Answer; readonly streams: StreamOpener },
): Promise<void> {
  const stream = await streams.open(reply, pieces);
  try {
    // Only now, as a failure before the first piece is a problem document with headers of its own.
    setContentHeaders(reply, answer);
    reply.code(answer.status).send(stream);
  } catch (error) {
    stream?.destroy();
    throw error;
  }
}

const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

function setContentHeaders(reply: FastifyReply, { content, headers }: Answer): void {
  if (content !== undefined) {
    const { mediaType, fileName, cacheControl } = content;
    if (fileName !== undefined) {
      assert(FILE_NAME.test(fileName), `${fileName} may not stand in a header`);
      reply.header('content-disposition', `attachment; filename="${fileName}"`);
    }
    reply.header('content-type', mediaType);
    if (cacheControl !== undefined) reply.header('cache-control', cacheControl);
  }
  if (headers !== undefined) reply.headers(headers);
}
