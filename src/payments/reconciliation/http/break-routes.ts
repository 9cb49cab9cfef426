// The HTTP operations on breaks: the list that people work through, and how each is dealt with. A
// write-off moves money, so a second person approves it.

import {
  answer,
  badCursor,
  contextOf,
  defineOperation,
  pageOf,
  proposedAnswer,
  readCursor,
  schema,
  transact,
  type ApprovalRule,
  type EdgeRequest,
  type Operation,
  type Outcome,
  type Route,
} from '#gateway';
import { assert, formatDate, isId, parseDate } from '#kernel';
import { expireHolds } from '#ledger';
import type { Transaction } from '#platform';
import { findBreak, listBreaks, type BreakFilter } from '../break-store.ts';
import type { BreakId } from '../nostro.ts';
import { no } from '../refusals.ts';
import { acceptGap, assignBreak, letWait, linkBreaks, writeOff } from '../resolve.ts';
import {
  reconciliationPermissions as permissions,
  seen,
  tags,
  type ReconciliationEdge,
} from './edge.ts';
import { presentBreak } from './present.ts';
import * as shapes from './reconciliation-schemas.ts';

export function breakRoutes(edge: ReconciliationEdge): Route[] {
  const at = '/v1/reconciliation/breaks';
  const { read, write } = permissions;
  return [
    { method: 'GET', path: at, permission: read, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: read, operation: readOne(edge) },
    { method: 'POST', path: `${at}/{id}/resolve`, permission: write, operation: resolve(edge) },
  ];
}

const LIST = 'breaks';

function list(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'listBreaks',
    summary: 'List what a person must look at',
    description: 'What waits longest first; what is resolved only where it is asked for.',
    tags,
    schema: {
      query: shapes.breakQuery,
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.breakShape) } },
    },
    async handler(request) {
      const { limit, cursor, nostro_id: nostroId, kind, state } = request.query;
      const after = cursor === undefined ? undefined : placeIn(cursor);
      const asked = { nostroId, kind, state, after, limit: limit + 1 };
      const found = await listBreaks(seen(edge, request), asked);
      const page = pageOf({
        list: LIST,
        found,
        limit,
        present: presentBreak,
        place: ({ sinceOn, id }) => [formatDate(sinceOn), id],
      });
      return answer(200, page);
    },
  });
}

function placeIn(cursor: string): NonNullable<BreakFilter['after']> {
  const [date, id] = readCursor(LIST, cursor);
  const sinceOn = typeof date === 'string' ? parseDate(date) : undefined;
  if (sinceOn === undefined || typeof id !== 'string' || !isId('brk', id)) throw badCursor();
  return { sinceOn, id };
}

function readOne(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'readBreak',
    summary: 'Read a break',
    tags,
    refusals: ['break_unknown'],
    schema: {
      params: shapes.breakParams,
      response: { 200: { description: 'The break.', body: shapes.breakShape } },
    },
    async handler(request) {
      const { id } = request.params;
      const found = await findBreak(seen(edge, request), id);
      if (found !== undefined) return answer(200, presentBreak(found));
      return no('break_unknown', `There is no break ${id}.`, 'id');
    },
  });
}

type Asked = Pick<EdgeRequest, 'principal'> & {
  readonly params: { readonly id: BreakId };
  readonly body: shapes.ResolutionBody;
};

const ofWriteOffs: ApprovalRule<Asked> = {
  when: ({ principal, body }) =>
    principal !== undefined && principal.kind !== 'local' && body.action === 'write_off',
  what: ({ params }) => ({ summary: `${params.id} would be written off by a posting.` }),
};

function resolve(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'resolveBreak',
    summary: 'Deal with a break',
    description:
      'assign gives it to somebody; wait leaves it until a day; link puts it together with ' +
      'others that add up to it; write_off posts the difference, once a second person has ' +
      'approved; accept takes note of a gap between statements.',
    tags,
    refusals: [
      'break_unknown',
      'break_resolved',
      'break_resolution_unfit',
      'break_sums_differ',
      'break_write_off_missing',
      'break_write_off_refused',
    ],
    example: { action: 'write_off', note: 'charges of the other bank' },
    schema: {
      params: shapes.breakParams,
      body: shapes.resolution,
      response: {
        200: { description: 'The break as it is now.', body: shapes.breakShape },
        ...proposedAnswer,
      },
    },
    approval: ofWriteOffs,
    async handler(request) {
      const { id } = request.params;
      // A posting asks that holds at their deadline end first.
      await expireHolds(edge.database, contextOf(edge.clock, request));
      return transact(edge, request, (tx) => dealWith(tx, id, request.body));
    },
  });
}

async function dealWith(
  tx: Transaction,
  id: BreakId,
  body: shapes.ResolutionBody,
): Promise<Outcome> {
  if (body.action === 'link') {
    const linked = await linkBreaks(tx, [...new Set([id, ...body.with])], body.note);
    if (!linked.ok) return linked;
    const own = linked.value.find((each) => each.id === id);
    assert(own !== undefined, 'the break is among those linked');
    return answer(200, presentBreak(own));
  }
  const changed = await changeOne(tx, id, body);
  return changed.ok ? answer(200, presentBreak(changed.value)) : changed;
}

async function changeOne(
  tx: Transaction,
  id: BreakId,
  body: Exclude<shapes.ResolutionBody, { readonly action: 'link' }>,
) {
  switch (body.action) {
    case 'assign':
      return await assignBreak(tx, id, body.assignee);
    case 'wait': {
      const until = parseDate(body.until);
      assert(until !== undefined, 'the schema lets only dates in');
      return await letWait(tx, id, { until, note: body.note });
    }
    case 'write_off':
      return await writeOff(tx, id, body.note);
    case 'accept':
      return await acceptGap(tx, id, body.note);
  }
}
