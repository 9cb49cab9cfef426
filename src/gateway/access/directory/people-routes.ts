// The HTTP operations on people: who there is, who may sign in, and where they are signed in. They
// are those of the caller's tenant, and say no names. Codes that let somebody in are made at the
// command line alone: an answer to a request is kept, and a code must not be.

import { Type } from 'typebox';
import type { Static } from 'typebox';
import {
  disablePerson,
  enablePerson,
  findPerson,
  isPersonId,
  listPeople,
  listSessions,
  revokeAllOf,
  roles,
} from '#identity';
import type { Person, PersonId, Session } from '#identity';
import { accept, assert, formatInstant, refuse } from '#kernel';
import type { Result } from '#kernel';
import type { Transaction } from '#platform';
import { readCursor, pageOf } from '../../cursor.ts';
import { transact } from '../../idempotency/transact.ts';
import { contextOf } from '../../intake/caller.ts';
import { answer, defineOperation } from '../../routes.ts';
import type { EdgeRequest, Operation, Route } from '../../routes.ts';
import * as schema from '../../schema.ts';
import { requirePrincipal } from '../grants/grant-routes.ts';
import type { AccessEdge } from '../grants/grant-routes.ts';

const tags = ['access'];
const LIST = 'people';
const params = schema.object({ id: schema.idText('usr') });
const personShape = schema.object(
  {
    id: schema.idText('usr'),
    status: schema.text(40),
    roles: Type.Array(schema.choice(roles), { maxItems: 7 }),
    customer: schema.orNull(schema.text(200)),
  },
  { title: 'Person' },
);
const sessionShape = schema.object(
  {
    session: schema.text(200),
    client_id: schema.text(300),
    authentication: schema.text(200),
    started_at: schema.instantText(),
    expires_at: schema.instantText(),
    revoked_at: schema.orNull(schema.instantText()),
  },
  { title: 'Session' },
);

export function peopleRoutes(edge: AccessEdge): Route[] {
  const path = '/v1/access/people';
  const [permission, write] = ['access.people.read', 'access.people.write'];
  const one = `${path}/{id}`;
  return [
    { method: 'GET', path, permission, operation: list(edge) },
    { method: 'GET', path: one, permission, operation: read(edge) },
    { method: 'POST', path: `${one}/disable`, permission: write, operation: disable(edge) },
    { method: 'POST', path: `${one}/enable`, permission: write, operation: enable(edge) },
    { method: 'GET', path: `${one}/sessions`, permission, operation: sessions(edge) },
    { method: 'DELETE', path: `${one}/sessions`, permission: write, operation: signOut(edge) },
  ];
}

function list(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'listPeople',
    summary: 'List people, in the order in which they were invited',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: { 200: { description: 'A page of people.', body: schema.pageOf(personShape) } },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const { tenant } = requirePrincipal(request.principal);
      const place = cursor === undefined ? undefined : String(readCursor(LIST, cursor)[0]);
      const after = place !== undefined && isPersonId(place) ? { after: place } : {};
      const page = { tenant, limit: limit + 1, ...after };
      const found = await edge.database.transaction(contextOf(edge.clock, request), (tx) =>
        listPeople(tx, tx.keys, page),
      );
      return answer(
        200,
        pageOf({ list: LIST, found, limit, present: presentPerson, place: (last) => [last.id] }),
      );
    },
  });
}

function read(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'readPerson',
    summary: 'Read who a person is to the bank',
    tags,
    refusals: ['person_unknown'],
    schema: { params, response: { 200: { description: 'The person.', body: personShape } } },
    async handler(request) {
      const found = await edge.database.transaction(contextOf(edge.clock, request), (tx) =>
        requirePerson(tx, request, request.params.id),
      );
      return found.ok ? answer(200, presentPerson(found.value)) : found;
    },
  });
}

const changeRefusals = ['person_unknown', 'person_erased', 'person_status', 'person_oneself'];

function disable(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'disablePerson',
    summary: 'Let nobody sign in as a person',
    description: 'All their sessions and tokens end at once.',
    tags,
    refusals: [...changeRefusals, 'last_administrator'],
    schema: { params, response: { 200: { description: 'The person.', body: personShape } } },
    handler: (request) => changing(edge, request, disablePerson),
  });
}

function enable(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'enablePerson',
    summary: 'Let a disabled person sign in again',
    tags,
    refusals: changeRefusals,
    schema: { params, response: { 200: { description: 'The person.', body: personShape } } },
    handler: (request) => changing(edge, request, enablePerson),
  });
}

type PersonRequest = EdgeRequest & { readonly params: { readonly id: string } };

function changing(
  edge: AccessEdge,
  request: PersonRequest,
  change: (tx: Transaction, id: PersonId) => Promise<Result<undefined>>,
): ReturnType<Operation['handler']> {
  return transact(edge, request, async (tx) => {
    const { id } = request.params;
    // Nobody locks themselves out, and nobody undoes by themselves what was done to them.
    if (requirePrincipal(request.principal).subject === id) {
      return refuse({ code: 'person_oneself', message: 'This is you yourself.', param: 'id' });
    }
    const before = await requirePerson(tx, request, id);
    if (!before.ok) return before;
    const changed = await change(tx, before.value.id);
    if (!changed.ok) return changed;
    const after = await requirePerson(tx, request, id);
    return after.ok ? answer(200, presentPerson(after.value)) : after;
  });
}

const SESSIONS_MAX = 200;

function sessions(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'listPersonSessions',
    summary: 'List where a person is signed in, newest first',
    description: 'Those that are over too, 200 at most.',
    tags,
    refusals: ['person_unknown'],
    disclosure: { target: (request) => request.params.id },
    schema: {
      params,
      response: {
        200: {
          description: 'The sessions.',
          body: schema.object({ data: Type.Array(sessionShape, { maxItems: SESSIONS_MAX }) }),
        },
      },
    },
    async handler(request) {
      const found = await edge.database.transaction(
        contextOf(edge.clock, request),
        async (tx): Promise<Result<Session[]>> => {
          const person = await requirePerson(tx, request, request.params.id);
          return person.ok ? accept(await listSessions(tx, tx.keys, person.value.id)) : person;
        },
      );
      return found.ok ? answer(200, { data: found.value.map(presentSession) }) : found;
    },
  });
}

function signOut(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'endPersonSessions',
    summary: 'End all sessions and tokens of a person at once',
    tags,
    refusals: ['person_unknown'],
    schema: { params, response: { 204: { description: 'They are ended.' } } },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const person = await requirePerson(tx, request, request.params.id);
        if (!person.ok) return person;
        await revokeAllOf(tx, person.value.id);
        return { status: 204 };
      }),
  });
}

/** A person of another tenant does not exist. */
export async function requirePerson(
  tx: Transaction,
  request: Pick<EdgeRequest, 'principal'>,
  id: string,
): Promise<Result<Person>> {
  assert(isPersonId(id), 'the schema lets only ids of people in');
  const person = await findPerson(tx, tx.keys, id);
  if (person?.tenant === requirePrincipal(request.principal).tenant) return accept(person);
  return refuse({ code: 'person_unknown', message: `There is no person ${id}.`, param: 'id' });
}

function presentPerson(person: Person): Static<typeof personShape> {
  const { id, status, roles: has, customer = null } = person;
  return { id, status, roles: [...has], customer };
}

function presentSession(session: Session): Static<typeof sessionShape> {
  const { revokedAt } = session;
  return {
    session: session.session,
    client_id: session.clientId,
    authentication: session.authentication,
    started_at: formatInstant(session.startedAt),
    expires_at: formatInstant(session.expiresAt),
    revoked_at: revokedAt === undefined ? null : formatInstant(revokedAt),
  };
}
