// Owns the way of versions into the server: what a request asks for is found out first, what it
// says is brought forward before it is checked, and its answer is brought back last of all. Whoever
// asks for the newest version pays for none of it.
import type { FastifyInstance } from 'fastify';
import type { VersionedRequest, Versions } from './version.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** By which changes of versions name the operation; absent on pages and unknown paths. */
    operationId?: string;
  }
  interface FastifyRequest {
    /** The version of the API that the request asks for. */
    apiVersion: string;
  }
}

const HEADER = 'florin-version';
/** Answers above are problem documents. */
const STATUS_MAX = 399;

export function bindVersions(server: FastifyInstance, versions: Versions): void {
  const { latest } = versions;
  server.decorateRequest('apiVersion', latest);
  server.addHook('onRequest', (request, reply, done) => {
    request.apiVersion = versions.of(request.headers[HEADER]);
    reply.header(HEADER, request.apiVersion);
    done();
  });
  server.addHook('preValidation', (request, _reply, done) => {
    const { apiVersion, routeOptions } = request;
    const { operationId } = routeOptions.config;
    if (apiVersion !== latest && operationId !== undefined) {
      const query = request.query as VersionedRequest['query'];
      const upgraded = versions.upgrade(apiVersion, operationId, { query, body: request.body });
      request.query = upgraded.query;
      request.body = upgraded.body;
    }
    done();
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    const { apiVersion, routeOptions } = request;
    const { operationId } = routeOptions.config;
    const isOld = apiVersion !== latest && operationId !== undefined;
    const isChanged = isOld && versions.isAnswerChanged(apiVersion, operationId);
    // Only JSON is transformed, and JSON comes here as text.
    if (!isChanged || typeof payload !== 'string' || reply.statusCode > STATUS_MAX) {
      done(null, payload);
      return;
    }
    const answer = { status: reply.statusCode, body: JSON.parse(payload) as unknown };
    const { body } = versions.downgrade(apiVersion, operationId, answer);
    reply.removeHeader('content-length');
    done(null, JSON.stringify(body));
  });
}
