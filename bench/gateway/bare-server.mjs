// The bare framework: one route that answers a constant of the size of an account. What the bank
// costs is measured against it.

import Fastify from 'fastify';

const body = JSON.stringify({ account: 'x'.repeat(600) });
const server = Fastify({ logger: false });
server.get('/readyz', (_, reply) => reply.send('ready'));
server.get('/*', (_, reply) => reply.header('content-type', 'application/json').send(body));
await server.listen({ host: '127.0.0.1', port: Number(process.env['FLORIN_PORT']) });
process.on('SIGINT', () => void server.close());
