// The HTTP operations on cases: the list that people work through, claiming the next, and what can
// be done with one.

import {
  answer,
  badCursor,
  defineOperation,
  idInCursor,
  pageOf,
  readCursor,
  schema,
  transact,
  writeCursor,
  type Operation,
  type Outcome,
  type Route,
} from '#gateway';
import { instantOf, isId } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import { exposureOf } from '../alerts/alert-store.ts';
import type { Case, CaseId } from '../case.ts';
import { countQueues, listCases, selectCases, type CaseFilter } from '../case-store.ts';
import { findCases } from '../search/find.ts';
import { selectEntries } from '../journal/journal-store.ts';
import { claimNextCase, noteOnCase, unknown, type Worked } from '../work.ts';
import { act } from './act.ts';
import * as shapes from './case-schemas.ts';
import { casePermissions as permissions, seen, tags, type CasesEdge } from './edge.ts';
import { presentCase, presentEntry } from './present.ts';

const at = '/v1/fraud/cases';

export function caseRoutesOf(edge: CasesEdge): Route[] {
  const { read, work } = permissions;
  return [
    { method: 'GET', path: '/v1/fraud/queues', permission: read, operation: queues(edge) },
    { method: 'GET', path: at, permission: read, operation: list(edge) },
    { method: 'POST', path: `${at}/claim`, permission: work, operation: claim(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: read, operation: readOne(edge) },
    { method: 'GET', path: `${at}/{id}/journal`, permission: read, operation: journal(edge) },
    { method: 'POST', path: `${at}/{id}/notes`, permission: work, operation: note(edge) },
    { method: 'POST', path: `${at}/{id}/actions`, permission: work, operation: actOn(edge) },
  ];
}

function queues(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'listFraudQueues',
    summary: 'Say how many cases each queue has',
    tags,
    schema: { response: { 200: { description: 'The queues.', body: shapes.queues } } },
    handler: async (request) => answer(200, { data: await countQueues(seen(edge, request)) }),
  });
}

const LIST = 'fraud-cases';
const FOUND = 'fraud-cases-found';

function list(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'listFraudCases',
    summary: 'List cases',
    description:
      'What is due first; what is closed only where it is asked for. With text those whose ids, ' +
      'rules, reasons, payees or notes hold all of its words, of whatever state, the latest first.',
    tags,
    schema: {
      query: shapes.caseQuery,
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.caseShape) } },
    },
    async handler(request) {
      const queryable = seen(edge, request);
      const { text, limit, cursor, mine = false } = request.query;
      const assignee = mine ? request.actor : request.query.assignee;
      const filter = { ...filterOf(request.query), assignee };
      if (text !== undefined) {
        const after = idInCursor(FOUND, 'cse', cursor);
        const found = await findCases(queryable, { text, after, limit }, filter);
        return answer(200, {
          data: await presentAll(queryable, found.items),
          has_more: found.after !== undefined,
          next_cursor: found.after === undefined ? null : writeCursor(FOUND, [found.after]),
        });
      }
      const after = cursor === undefined ? undefined : dueIn(cursor);
      const found = await listCases(queryable, { ...filter, after, limit: limit + 1 });
      const exposures = await exposureOf(queryable, idsOf(found));
      const page = pageOf({
        list: LIST,
        found,
        limit,
        present: (each) => presentCase(each, exposures.get(each.id)),
        place: ({ dueAt, id }) => [dueAt, id],
      });
      return answer(200, page);
    },
  });
}

function filterOf(query: shapes.CaseQuery): Omit<CaseFilter, 'after' | 'limit'> {
  const { queue, state, priority, account_id: accountId, is_overdue: isOverdue } = query;
  return { queue, state, priority, accountId, isOverdue };
}

function dueIn(cursor: string): NonNullable<CaseFilter['after']> {
  const [due, id] = readCursor(LIST, cursor);
  const dueAt = typeof due === 'number' ? instantOf(due) : undefined;
  if (dueAt === undefined || typeof id !== 'string' || !isId('cse', id)) throw badCursor();
  return { dueAt, id };
}

const idsOf = (cases: readonly Case[]): CaseId[] => cases.map(({ id }) => id);

async function presentAll(queryable: Queryable, cases: readonly Case[]): Promise<object[]> {
  const exposures = await exposureOf(queryable, idsOf(cases));
  return cases.map((each) => presentCase(each, exposures.get(each.id)));
}

async function answerCase(tx: Queryable, worked: Worked): Promise<Outcome> {
  if (!worked.ok) return worked;
  const [body = {}] = await presentAll(tx, [worked.value]);
  return answer(200, body);
}

const oneCase = { 200: { description: 'The case as it is now.', body: shapes.caseShape } };

function claim(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'claimFraudCase',
    summary: 'Take on the case that is due first',
    description:
      'Of those that nobody works on, in one queue or in all. Two who claim at once get two ' +
      'cases; 204 says that nothing is waiting to be taken on.',
    tags,
    isBodyOptional: true,
    example: { queue: 'decline' },
    schema: {
      body: shapes.claim,
      response: { ...oneCase, 204: { description: 'Nothing waits.' } },
    },
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const claimed = await claimNextCase(tx, request.body.queue);
        return claimed === undefined
          ? { status: 204 }
          : await answerCase(tx, { ok: true, value: claimed });
      }),
  });
}

function readOne(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'readFraudCase',
    summary: 'Read a case',
    tags,
    refusals: ['case_unknown'],
    disclosure: { target: ({ params }) => params.id },
    schema: {
      params: shapes.caseParams,
      response: { 200: { description: 'The case.', body: shapes.caseShape } },
    },
    async handler(request) {
      const { id } = request.params;
      const queryable = seen(edge, request);
      const [found] = await selectCases(queryable, [id]);
      return found === undefined
        ? unknown(id)
        : await answerCase(queryable, { ok: true, value: found });
    },
  });
}

const JOURNAL = 'fraud-case-journal';

function journal(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'listFraudCaseEntries',
    summary: 'List what happened to a case',
    description: 'From the first on: alerts, who took it on, notes, waits, outcomes, documents.',
    tags,
    refusals: ['case_unknown'],
    disclosure: { target: ({ params }) => params.id },
    schema: {
      params: shapes.caseParams,
      query: shapes.journalQuery,
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.entryShape) } },
    },
    async handler(request) {
      const { id } = request.params;
      const { limit, cursor } = request.query;
      const queryable = seen(edge, request);
      const [found] = await selectCases(queryable, [id]);
      if (found === undefined) return unknown(id);
      const after = cursor === undefined ? undefined : ordinalIn(cursor);
      const page = pageOf({
        list: JOURNAL,
        found: await selectEntries(queryable, id, { after, limit: limit + 1 }),
        limit,
        present: presentEntry,
        place: ({ ordinal }) => [ordinal],
      });
      return answer(200, page);
    },
  });
}

const ORDINAL_MAX = 2 ** 31 - 1;

function ordinalIn(cursor: string): number {
  const [ordinal] = readCursor(JOURNAL, cursor);
  const isFit = Number.isInteger(ordinal) && Number(ordinal) >= 0 && Number(ordinal) <= ORDINAL_MAX;
  if (!isFit) throw badCursor();
  return Number(ordinal);
}

function note(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'noteOnFraudCase',
    summary: 'Write down what was found out',
    description: 'Notes are kept for ever and never changed. Anybody who works on cases may write.',
    tags,
    refusals: ['case_unknown'],
    example: { text: 'The customer was called and knows the payee.' },
    schema: { params: shapes.caseParams, body: shapes.newNote, response: oneCase },
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        return await answerCase(tx, await noteOnCase(tx, request.params.id, request.body.text));
      }),
  });
}

function actOn(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'actOnFraudCase',
    summary: 'Assign, release, move, leave waiting, close or reopen a case',
    description:
      'assign gives it to somebody, or takes it on where nobody is named; release gives it back ' +
      'to its queue; move changes queue or priority; wait stops its service-level clock until a ' +
      'day; close says what it was, of every decision in it; reopen takes it on again, and a ' +
      'later outcome corrects the earlier one. Only whoever has taken it on may release it, let ' +
      'it wait, resume or close it.',
    tags,
    refusals: [
      'case_unknown',
      'case_closed',
      'case_not_closed',
      'case_not_assigned',
      'case_assigned_elsewhere',
      'case_open_elsewhere',
      'case_wait_unfit',
      'case_wait_missing',
      'case_outcome_unfit',
    ],
    example: { action: 'close', outcome: 'fraud', pattern: 'mule', note: 'The payee is a mule.' },
    schema: { params: shapes.caseParams, body: shapes.action, response: oneCase },
    handler: async (request) =>
      transact(edge, request, async (tx: Transaction) => {
        return await answerCase(tx, await act(tx, request.params.id, request.body));
      }),
  });
}
