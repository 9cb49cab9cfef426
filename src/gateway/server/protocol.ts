// Owns answers to what is not a proper HTTP request, which the framework never sees: broken request
// lines, headers without end, requests that never finish. Each gets a problem document, and its
// connection is closed; an answer is never sent in place of another request's.
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { EdgeRefusal } from '../problems.ts';
import type { ProblemBook } from '../problems.ts';

export type ClientError = Error & { readonly code?: string };

export interface ProtocolOptions {
  readonly book: ProblemBook;
  readonly newRequestId: () => string;
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestTimeoutMs: number;
  readonly headerBytesMax: number;
}

export interface Protocol {
  readonly onClientError: (error: ClientError, socket: Duplex) => void;
  /** Listens to the events of a server that otherwise end in an empty answer. */
  attach(server: Server): void;
}

export function openProtocol(options: ProtocolOptions): Protocol {
  const { book, newRequestId, headers } = options;
  const latest = new WeakMap<Duplex, { request: IncomingMessage; response: ServerResponse }>();

  const refuseOn = (socket: Duplex, refusal: EdgeRefusal): void => {
    const problem = book.ofError(refusal, newRequestId());
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
      'content-type: application/problem+json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${problem.request_id}`,
      ...Object.entries({ ...headers, ...refusal.headers }).map(([name, value]) => {
        return `${name}: ${value}`;
      }),
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  };

  /** Whether an earlier request on the connection still waits for its answer. */
  const isAnswerPending = (socket: Duplex): boolean => {
    const last = latest.get(socket);
    if (last === undefined || last.response.writableFinished) return false;
    // A request whose body broke off is itself the one to refuse, unless its answer has begun.
    return last.request.complete || last.response.headersSent;
  };

  return {
    onClientError(error, socket) {
      if (error.code === 'ECONNRESET' || !socket.writable || isAnswerPending(socket)) {
        socket.destroy();
        return;
      }
      refuseOn(socket, refusalOf(error, options));
    },
    attach(server) {
      server.on('request', (request, response) => {
        latest.set(request.socket, { request, response });
      });
      server.on('checkExpectation', (request, response) => {
        const detail = 'The only expectation this server meets is 100-continue.';
        const refusal = new EdgeRefusal('expectation_failed', detail, { param: 'expect' });
        const problem = book.ofError(refusal, newRequestId());
        const body = JSON.stringify(problem);
        response.writeHead(problem.status, {
          ...headers,
          'content-type': 'application/problem+json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          'x-request-id': problem.request_id,
          connection: 'close',
        });
        response.end(body);
        request.resume();
      });
      server.on('connect', (_request, socket) => {
        const detail = 'This server is not a proxy.';
        refuseOn(socket, new EdgeRefusal('method_not_allowed', detail, { headers: { allow: '' } }));
      });
    },
  };
}

function refusalOf(error: ClientError, options: ProtocolOptions): EdgeRefusal {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': {
      const seconds = options.requestTimeoutMs / 1_000;
      const detail = `The request did not arrive within ${seconds} seconds.`;
      return new EdgeRefusal('request_timeout', detail);
    }
    case 'HPE_HEADER_OVERFLOW': {
      const detail = `The request line and headers exceed ${options.headerBytesMax} bytes.`;
      return new EdgeRefusal('headers_too_large', detail);
    }
    default:
      return new EdgeRefusal('malformed_request', 'The request is not well-formed HTTP/1.1.');
  }
}
