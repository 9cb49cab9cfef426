// The HTTP operations on clients: which programs may ask for tokens, with which keys, and until
// when. They are those of the caller's tenant. Clients that have a secret are registered at the
// command line, which tells it once: an answer to a request is kept, and a secret must not be.

import { Type } from 'typebox';
import type { Static } from 'typebox';
import {
  clientAuthentications,
  clientBindings,
  clientGrants,
  disableClient,
  isClientId,
  readPublicKeys,
  roles,
  rotateClientKeys,
  selectClient,
  selectClients,
} from '#identity';
import type { OauthClient } from '#identity';
import { accept, assert, formatInstant, refuse } from '#kernel';
import type { Result } from '#kernel';
import type { Queryable } from '#platform';
import { readCursor, pageOf } from '../../cursor.ts';
import { transact } from '../../idempotency/transact.ts';
import { answer, defineOperation } from '../../routes.ts';
import type { EdgeRequest, Operation, Route } from '../../routes.ts';
import * as schema from '../../schema.ts';
import { requirePrincipal } from '../grants/grant-routes.ts';
import type { AccessEdge } from '../grants/grant-routes.ts';

const tags = ['access'];
const LIST = 'clients';
const KEYS_MAX = 10;
const params = schema.object({ id: schema.idText('cli') });
const texts = (length: number) => Type.Array(schema.text(length), { maxItems: 20 });
const client = schema.object(
  {
    id: schema.idText('cli'),
    name: schema.text(100),
    state: schema.choice(['active', 'disabled']),
    profile: schema.choice(['standard', 'fapi2']),
    authentication: schema.choice(clientAuthentications),
    binding: schema.choice(clientBindings),
    grants: Type.Array(schema.choice(clientGrants), { maxItems: 3 }),
    scopes: texts(100),
    roles: Type.Array(schema.choice(roles), { maxItems: 7 }),
    customer: schema.orNull(schema.text(200)),
    key_ids: texts(300),
    created_at: schema.instantText(),
    changed_at: schema.instantText(),
  },
  { title: 'Client' },
);
const member = Type.Optional(schema.text(8_192));
/** RFC 7517 §4 and RFC 7518 §6: the public members only. */
const publicKey = schema.object({
  kty: schema.text(40),
  kid: member,
  use: member,
  alg: member,
  crv: member,
  x: member,
  y: member,
  n: member,
  e: member,
  x5t: member,
  'x5t#S256': member,
  key_ops: Type.Optional(Type.Array(schema.text(40), { maxItems: 10 })),
  x5c: Type.Optional(Type.Array(schema.text(8192), { maxItems: 10 })),
});
const keySet = schema.object(
  { keys: Type.Array(publicKey, { minItems: 1, maxItems: KEYS_MAX }) },
  { title: 'PublicKeySet', description: 'a JSON Web Key Set (RFC 7517) of public keys' },
);

export function clientRoutes(edge: AccessEdge): Route[] {
  const path = '/v1/access/clients';
  const [permission, write] = ['access.clients.read', 'access.clients.write'];
  const one = `${path}/{id}`;
  return [
    { method: 'GET', path, permission, operation: list(edge) },
    { method: 'GET', path: one, permission, operation: read(edge) },
    { method: 'PUT', path: `${one}/keys`, permission: write, operation: changeKeys(edge) },
    { method: 'POST', path: `${one}/disable`, permission: write, operation: disable(edge) },
  ];
}

function list(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'listClients',
    summary: 'List clients, in the order in which they were registered',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: { 200: { description: 'A page of clients.', body: schema.pageOf(client) } },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const { tenant } = requirePrincipal(request.principal);
      const place = cursor === undefined ? undefined : String(readCursor(LIST, cursor)[0]);
      const after = place !== undefined && isClientId(place) ? place : undefined;
      const found = await selectClients(edge.database, { tenant, after, limit: limit + 1 });
      return answer(200, pageOf({ list: LIST, found, limit, present, place: (last) => [last.id] }));
    },
  });
}

function read(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'readClient',
    summary: 'Read a client',
    tags,
    refusals: ['client_unknown'],
    schema: { params, response: { 200: { description: 'The client.', body: client } } },
    async handler(request) {
      const found = await requireClient(edge.database, request, request.params.id);
      return found.ok ? answer(200, present(found.value)) : found;
    },
  });
}

function changeKeys(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'changeClientKeys',
    summary: 'Replace the public keys of a client',
    description: 'For an overlap the old key is named beside the new one.',
    tags,
    refusals: ['client_unknown', 'client_disabled', 'client_has_no_keys', 'client_keys_invalid'],
    schema: {
      params,
      body: keySet,
      response: { 200: { description: 'The client.', body: client } },
    },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const { id } = request.params;
        const known = await requireClient(tx, request, id);
        if (!known.ok) return known;
        const hasCertificates = known.value.authentication === 'self_signed_tls_client_auth';
        const keys = readPublicKeys(request.body, { hasCertificates });
        if (!keys.ok) return keys;
        const changed = await rotateClientKeys(tx, id, keys.value);
        if (!changed.ok) return changed;
        const after = await requireClient(tx, request, id);
        return after.ok ? answer(200, present(after.value)) : after;
      }),
  });
}

function disable(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'disableClient',
    summary: 'End a client for good',
    description: 'And at once every token it has, its own and those of people.',
    tags,
    refusals: ['client_unknown', 'client_disabled'],
    schema: { params, response: { 200: { description: 'The client.', body: client } } },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const { id } = request.params;
        const known = await requireClient(tx, request, id);
        if (!known.ok) return known;
        const ended = await disableClient(tx, id);
        if (!ended.ok) return ended;
        const after = await requireClient(tx, request, id);
        return after.ok ? answer(200, present(after.value)) : after;
      }),
  });
}

/** A client of another tenant does not exist. */
async function requireClient(
  queryable: Queryable,
  request: Pick<EdgeRequest, 'principal'>,
  id: string,
): Promise<Result<OauthClient>> {
  assert(isClientId(id), 'the schema lets only ids of clients in');
  const found = await selectClient(queryable, id);
  if (found?.tenant === requirePrincipal(request.principal).tenant) return accept(found);
  return refuse({ code: 'client_unknown', message: `There is no client ${id}.`, param: 'id' });
}

function present(found: OauthClient): Static<typeof client> {
  return {
    id: found.id,
    name: found.name,
    state: found.state,
    profile: found.profile,
    authentication: found.authentication,
    binding: found.binding,
    grants: [...found.grants],
    scopes: [...found.scopes],
    roles: [...found.roles],
    customer: found.customer ?? null,
    key_ids: (found.keys?.keys ?? []).map(({ kid }) => String(kid)),
    created_at: formatInstant(found.createdAt),
    changed_at: formatInstant(found.changedAt),
  };
}
