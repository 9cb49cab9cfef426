// Owns the way of signatures into the server: a request is verified when it is known who asks and
// before its body is read, which its digest stands for; an answer is signed as the last thing, over
// the bytes that are sent.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SignableRequest } from './components.ts';
import type { Signatures } from './signatures.ts';

export interface BindSignaturesOptions {
  readonly signatures: Signatures;
  /** The address callers know this server by, without a slash at its end. */
  readonly issuer: () => string;
}

/** To be bound after the hook that finds out who asks, and after all that change an answer. */
export function bindSignatures(server: FastifyInstance, options: BindSignaturesOptions): void {
  const { signatures, issuer } = options;
  server.addHook('onRequest', async (request) => {
    const { principal, headers } = request;
    if (principal === undefined || !signatures.concern(request, principal.subject)) return;
    const hasBody =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    const about = { owner: principal.subject, hasBody };
    await signatures.verify(signableOf(request, issuer()), about);
  });
  server.addHook('onSend', async (request, reply, payload) => {
    const isAsked = request.headers['accept-signature'] !== undefined;
    if (!isAsked || request.principal === undefined) return payload;
    const isEmpty = payload === undefined || payload === null;
    const body = isEmpty ? '' : payload;
    // What streams is not in memory, and its digest would come too late.
    if (typeof body !== 'string' && !Buffer.isBuffer(body)) return payload;
    const type = reply.getHeader('content-type');
    const contentType = typeof type === 'string' ? type : undefined;
    const answer = { status: reply.statusCode, contentType, body };
    reply.headers(await signatures.signAnswer(signableOf(request, issuer()), answer));
    return payload;
  });
}

function signableOf({ method, url, headers }: FastifyRequest, issuer: string): SignableRequest {
  const { protocol, host: authority } = new URL(issuer);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return { method, scheme, authority, target: url, headers };
}
