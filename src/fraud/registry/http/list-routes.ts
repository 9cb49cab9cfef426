// The HTTP operations on the lists to allow, to block and to watch.

import {
  answer,
  defineOperation,
  idInCursor,
  pageOf,
  proposedAnswer,
  schema,
  transact,
  type Operation,
  type Route,
} from '#gateway';
import { assert, parseInstant, type Instant } from '#kernel';
import { tenantOf } from '../facts.ts';
import { putListEntries, takeListEntries } from '../list-entries.ts';
import { openListNames } from './list-names.ts';
import { listEntries } from '../store/list-store.ts';
import {
  placeOf,
  registryPermissions as permissions,
  seen,
  tags,
  type RegistryEdge,
} from './edge.ts';
import { presentEntry, presentListChange } from './present.ts';
import * as shapes from './registry-schemas.ts';
import { allowing, unblocking } from './second-person.ts';

export function listRoutes(edge: RegistryEdge): Route[] {
  const at = '/v1/fraud/lists/{purpose}/entries';
  const { read, configure } = permissions;
  return [
    { method: 'GET', path: at, permission: read, operation: list(edge) },
    { method: 'POST', path: at, permission: configure, operation: put(edge) },
    { method: 'POST', path: `${at}/take`, permission: configure, operation: take(edge) },
  ];
}

const LIST = 'fraud_list_entries';

function list(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'listListEntries',
    summary: 'List the entries of a list that are in force',
    description: 'The latest first. A value is given as it is put, and shown as it is kept.',
    tags,
    schema: {
      params: shapes.listParams,
      query: shapes.listQuery,
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.listEntry) } },
    },
    async handler(request) {
      const { limit, cursor, kind, value } = request.query;
      const { tenant, queryable } = seen(edge, request);
      const nameOf = await openListNames(edge.database.keys, tenant);
      const named = kind === undefined || value === undefined ? value : nameOf(kind, value);
      const before = idInCursor(LIST, 'fle', cursor);
      const { purpose } = request.params;
      const asked = { tenant, purpose, kind, value: named, before, limit: limit + 1 };
      const found = await listEntries(queryable, asked, edge.clock.now());
      return answer(
        200,
        pageOf({ list: LIST, found, limit, present: presentEntry, place: placeOf }),
      );
    },
  });
}

function put(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'putListEntries',
    summary: 'Put entries on a list',
    description:
      'All or none; one that is there already is replaced, but none that blocks for longer. They ' +
      'count for every event from about a second later on. To allow needs a second person.',
    tags,
    refusals: [
      'list_full',
      'list_time_empty',
      'list_entry_repeated',
      'list_value_malformed',
      'list_subject_unknown',
      'list_block_shortened',
    ],
    bodyBytesMax: LIST_BODY_BYTES_MAX,
    example: {
      entries: [
        {
          kind: 'counterparty',
          value: 'DE89370400440532013000',
          until: '2027-01-01T00:00:00Z',
          note: 'reported by three customers',
        },
      ],
    },
    schema: {
      params: shapes.listParams,
      body: shapes.newEntries,
      response: { 200: { description: 'The change.', body: shapes.listChange }, ...proposedAnswer },
    },
    approval: allowing(edge),
    async handler(request) {
      const nameOf = await openListNames(edge.database.keys, tenantOf(request));
      const entries = request.body.entries.map(({ kind, value, from, until, note }) => {
        const named = { kind, value: nameOf(kind, value), note };
        return { ...named, from: instantIn(from), until: instantIn(until) };
      });
      return transact(edge, request, async (tx) => {
        const changed = await putListEntries(tx, request.params.purpose, entries);
        return changed.ok ? answer(200, presentListChange(changed.value)) : changed;
      });
    },
  });
}

/** 5,000 entries, each with a value and a note of a hundred letters or so. */
const LIST_BODY_BYTES_MAX = 4_194_304;

function instantIn(text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined;
  const instant = parseInstant(text);
  assert(instant !== undefined, 'the schema lets only times in');
  return instant;
}

function take(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'takeListEntries',
    summary: 'Take entries off a list',
    description: 'What is not on it is passed over. To block no longer needs a second person.',
    tags,
    bodyBytesMax: LIST_BODY_BYTES_MAX,
    example: { entries: [{ kind: 'counterparty', value: 'DE89370400440532013000' }] },
    schema: {
      params: shapes.listParams,
      body: shapes.takenEntries,
      response: { 200: { description: 'The change.', body: shapes.listChange }, ...proposedAnswer },
    },
    approval: unblocking(edge),
    async handler(request) {
      const nameOf = await openListNames(edge.database.keys, tenantOf(request));
      const keys = request.body.entries.map(({ kind, value }) => {
        return { kind, value: nameOf(kind, value) };
      });
      return transact(edge, request, async (tx) => {
        const changed = await takeListEntries(tx, request.params.purpose, keys);
        return changed.ok ? answer(200, presentListChange(changed.value)) : changed;
      });
    },
  });
}
