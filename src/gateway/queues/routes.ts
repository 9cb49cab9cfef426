// The HTTP operations on queues: how they stand, what died in them and why, and what is done about
// it. They are about the messages of the caller's tenant.

import { Type } from 'typebox';
import { limits } from '#config';
import { assert, type Clock } from '#kernel';
import {
  deadLetters,
  queueStates,
  type Database,
  type DeadLetterChoice,
  type MessageId,
  type Queryable,
  type Transaction,
} from '#platform';
import { readCursor, pageOf } from '../cursor.ts';
import { transact } from '../idempotency/transact.ts';
import { EdgeRefusal } from '../problems.ts';
import {
  answer,
  defineOperation,
  type EdgeRequest,
  type Operation,
  type Outcome,
  type Route,
} from '../routes.ts';
import * as schema from '../schema.ts';
import {
  discardShape,
  letterParams,
  letterShape,
  presentLetter,
  presentQueue,
  presentWholeLetter,
  queueParams,
  queueShape,
  redriveShape,
  settledShape,
  wholeLetterShape,
} from './queue-schemas.ts';
import { discardLetters, redriveLetters, requireLetter } from './settle-letters.ts';

export interface QueuesEdge {
  readonly database: Database;
  readonly clock: Clock;
}

const permissions = { read: 'queues.read', act: 'queues.act' } as const;
const tags = ['queues'];
const QUEUES_MAX = 1_000;
const LETTERS_MAX = limits.queueLettersMax.value;

export function queueRoutes(edge: QueuesEdge): Route[] {
  const { read, act } = permissions;
  const path = '/v1/queues';
  const letters = `${path}/{name}/dead-letters`;
  return [
    { method: 'GET', path, permission: read, operation: list(edge) },
    { method: 'GET', path: letters, permission: read, operation: listLetters(edge) },
    { method: 'GET', path: `${letters}/{id}`, permission: read, operation: readLetter(edge) },
    { method: 'POST', path: `${letters}/redrive`, permission: act, operation: redrive(edge) },
    { method: 'POST', path: `${letters}/discard`, permission: act, operation: discard(edge) },
  ];
}

type Asking = Pick<EdgeRequest, 'principal'>;

function seenBy({ database }: QueuesEdge, { principal }: Asking): Queryable {
  assert(principal !== undefined, 'queues are not for the public');
  return database.within(principal.tenant);
}

function list(edge: QueuesEdge): Operation {
  return defineOperation({
    operationId: 'listQueues',
    summary: 'List the queues that have messages or dead letters',
    tags,
    schema: {
      response: {
        200: {
          description: 'How each of them stands, by name.',
          body: schema.object({ data: Type.Array(queueShape, { maxItems: QUEUES_MAX }) }),
        },
      },
    },
    async handler(request) {
      const states = await queueStates(seenBy(edge, request), edge.clock.now());
      return answer(200, { data: states.slice(0, QUEUES_MAX).map(presentQueue) });
    },
  });
}

const LIST = 'dead-letters';

function listLetters(edge: QueuesEdge): Operation {
  return defineOperation({
    operationId: 'listDeadLetters',
    summary: 'List the dead letters of a queue, the oldest first',
    description: 'Without what they hold, which is read one by one.',
    tags,
    schema: {
      params: queueParams,
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of dead letters.', body: schema.pageOf(letterShape) },
      },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const after = cursor === undefined ? 0n : placeIn(cursor);
      const asked = { queue: request.params.name, after, countMax: limit + 1 };
      const found = await deadLetters(seenBy(edge, request), asked);
      return answer(
        200,
        pageOf({
          list: LIST,
          found,
          limit,
          present: presentLetter,
          place: (last) => [last.number.toString()],
        }),
      );
    },
  });
}

function placeIn(cursor: string): bigint {
  const [place] = readCursor(LIST, cursor);
  if (typeof place === 'string' && /^\d{1,18}$/.test(place)) return BigInt(place);
  throw new EdgeRefusal('field_invalid', 'cursor is not one of this list.', { param: 'cursor' });
}

function readLetter(edge: QueuesEdge): Operation {
  return defineOperation({
    operationId: 'readDeadLetter',
    summary: 'Read a dead letter: what it holds, and each time why it failed',
    tags,
    refusals: ['dead_letter_unknown'],
    // What a message holds concerns customers, by their ids.
    disclosure: { target: (request) => request.params.id },
    schema: {
      params: letterParams,
      response: { 200: { description: 'The dead letter.', body: wholeLetterShape } },
    },
    async handler(request) {
      const { name, id } = request.params;
      const found = await requireLetter(seenBy(edge, request), name, id);
      return found.ok ? answer(200, presentWholeLetter(found.value)) : found;
    },
  });
}

function redrive(edge: QueuesEdge): Operation {
  return defineOperation({
    operationId: 'redriveDeadLetters',
    summary: 'Send dead letters again',
    description:
      'Each is sent exactly once, however many ask, and keeps its id and why it failed. It comes ' +
      'behind what waits of its group.',
    tags,
    example: { all: true, per_second: 50 },
    schema: {
      params: queueParams,
      body: redriveShape,
      response: { 200: { description: 'What is sent again.', body: settledShape } },
    },
    async handler(request) {
      const { per_second: perSecond } = request.body;
      const choice = choiceOf(request.body);
      const { name: queue } = request.params;
      return await settle(edge, request, (tx) => redriveLetters(tx, { queue, choice, perSecond }));
    },
  });
}

function discard(edge: QueuesEdge): Operation {
  return defineOperation({
    operationId: 'discardDeadLetters',
    summary: 'Throw dead letters away',
    description: 'What they asked for will not be done. The audit log names each of them.',
    tags,
    example: { letters: ['msg_01900000-0000-7000-8000-000000000000'], reason: 'Paid by hand.' },
    schema: {
      params: queueParams,
      body: discardShape,
      response: { 200: { description: 'What is gone.', body: settledShape } },
    },
    async handler(request) {
      const { reason } = request.body;
      const choice = choiceOf(request.body);
      const { name: queue } = request.params;
      return await settle(edge, request, (tx) => discardLetters(tx, { queue, choice, reason }));
    },
  });
}

interface Chosen {
  readonly letters?: readonly MessageId[];
  readonly all?: true;
}

function choiceOf({ letters, all }: Chosen): DeadLetterChoice {
  if (letters !== undefined && all === undefined) return { ids: letters };
  if (letters === undefined && all === true) return { oldest: LETTERS_MAX };
  const message = 'Say which dead letters: either letters, or all.';
  throw new EdgeRefusal('field_invalid', message, { param: 'letters' });
}

async function settle(
  edge: QueuesEdge,
  request: Omit<EdgeRequest, 'params' | 'query' | 'body'> & {
    readonly params: { readonly name: string };
  },
  act: (tx: Transaction) => Promise<MessageId[]>,
): Promise<Outcome> {
  return await transact(edge, request, async (tx) => {
    const letters = await act(tx);
    const states = await queueStates(tx, tx.now);
    const left = states.find(({ queue }) => queue === request.params.name);
    return answer(200, { letters, remaining: left?.dead ?? 0 });
  });
}
