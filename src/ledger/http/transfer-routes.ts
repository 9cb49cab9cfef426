// The HTTP operations that move money and hold it, and those that read what was moved.

import { Type } from 'typebox';
import type { TransferId } from '#kernel';
import {
  answer,
  defineOperation,
  proposedAnswer,
  schema,
  type Operation,
  type Route,
} from '#gateway';
import type { Instruction } from '../posting/instruction.ts';
import { hold, listTransfers, transfer, type RecordedTransfer } from '../read.ts';
import { postRefusals } from '../refusals.ts';
import { movingUses, portionUses, readUse, voidUse } from './access/object-uses.ts';
import * as secondPerson from './access/second-person.ts';
import * as shapes from './answer-schemas.ts';
import {
  booksOf,
  callerOf,
  isDryRun,
  notFound,
  permissions,
  sightOf,
  type LedgerEdge,
  type PostingRequest,
  type Presentation,
} from './edge.ts';
import {
  captureOf,
  increaseOf,
  portionCurrencies,
  reverseOf,
  transferOf,
  voidOf,
  type PortionCurrencies,
} from './parse.ts';
import { noParam, paramIn, type PostingEdge } from './posting-edge.ts';
import { presentHold } from './present.ts';
import { pageEnd, placeOf } from './query.ts';
import * as requests from './request-schemas.ts';
import { transferText, type ParamOf, type Sight } from './serialise.ts';

const tags = ['ledger transfers'];

const replayNote =
  'With an external_id the request can be repeated: what was done is answered again, with status ' +
  '200 and the header Idempotent-Replayed; with other content it is refused and the difference ' +
  'named.';

/** The refusals of everything that posts, but for those of lists. */
const refusals = Object.keys(postRefusals).filter(
  (code) => !code.startsWith('linked_') && code !== 'not_attempted',
);

export function transferRoutes(edge: LedgerEdge, posting: PostingEdge): Route[] {
  const at = '/v1/ledger/transfers';
  const { post, readTransfers } = permissions;
  const verb = (name: string, operation: Operation): Route => {
    return { method: 'POST', path: `${at}/{id}/${name}`, permission: post, operation };
  };
  return [
    { method: 'POST', path: at, permission: post, operation: postOne(edge, posting) },
    { method: 'GET', path: at, permission: readTransfers, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: readTransfers, operation: read(edge) },
    verb('capture', capture(edge, posting)),
    verb('increase', increase(edge, posting)),
    verb('void', voidOne(edge, posting)),
    verb('reverse', reverse(edge, posting)),
    {
      method: 'GET',
      path: '/v1/ledger/holds/{id}',
      permission: readTransfers,
      operation: readHold(edge),
    },
  ];
}

interface Asked {
  readonly instruction: Instruction;
  readonly dryRun: boolean;
  readonly request: PostingRequest;
  readonly paramOf: ParamOf;
  readonly portion?: PortionCurrencies | undefined;
}

async function postInstruction(edge: LedgerEdge, posting: PostingEdge, asked: Asked) {
  const { instruction, dryRun, request, paramOf, portion } = asked;
  const refused = portion && (await posting.checkCurrencies([portion], request.tenant));
  if (refused !== undefined) return refused;
  await posting.prepare([instruction]);
  const sight = sightOf(request, permissions.post);
  const presentation: Presentation = {
    claim: request.claim,
    prepare: posting.know,
    present: ({ answers: [result] }) => {
      if (result === undefined) throw new TypeError('a list of one has one answer');
      return posting.answerOne(result, { dryRun, paramOf, sight });
    },
  };
  const caller = callerOf(request);
  if (!dryRun) return edge.poster.post(instruction, caller, presentation);
  const options = { mode: 'each', dryRun } as const;
  return edge.poster.postBatch([instruction], options, caller, presentation);
}

const answers = {
  200: { description: 'It had been done before, or was a dry run.', body: shapes.transfer },
  201: { description: 'What was posted.', body: shapes.transfer },
};
const watchedAnswers = { ...answers, ...proposedAnswer };

function postOne(edge: LedgerEdge, posting: PostingEdge): Operation {
  return defineOperation({
    operationId: 'postTransfer',
    summary: 'Post a transfer, or place a hold',
    description:
      'Debits equal credits in every currency. The accounts and amounts are given as legs, or in ' +
      'the simple case as debit_account_id, credit_account_id, amount and currency. A ' +
      `large payment waits for a second person. ${replayNote}`,
    tags,
    refusals,
    example: {
      external_id: 'order-4711',
      debit_account_id: 'acc_01980a3e-4c00-7000-8000-000000000001',
      credit_account_id: 'acc_01980a3e-4c00-7000-8000-000000000002',
      amount: '1050',
      currency: 'CZK',
    },
    schema: {
      query: schema.object(requests.dryRunQuery),
      body: requests.transferBody,
      response: watchedAnswers,
    },
    objects: ({ body }) => movingUses(transferOf(body, '')),
    approval: secondPerson.payment,
    isDryRun,
    handler: async (request) =>
      postInstruction(edge, posting, {
        instruction: transferOf(request.body, ''),
        dryRun: request.query.dry_run,
        request,
        paramOf: paramIn(request.body),
      }),
  });
}

function capture(edge: LedgerEdge, posting: PostingEdge): Operation {
  return defineOperation({
    operationId: 'captureHold',
    isBodyOptional: true,
    summary: 'Capture a hold, in full or in part',
    description:
      'Without an amount everything that is left. A hold can be captured in several parts, never ' +
      `for more than it holds; final gives back what is not captured. ${replayNote}`,
    tags,
    refusals,
    example: { amount: '1000', currency: 'CZK', final: true },
    schema: {
      params: requests.transferParams,
      query: schema.object(requests.dryRunQuery),
      body: requests.captureBody,
      response: answers,
    },
    objects: ({ params, body }) => portionUses({ kind: 'hold', id: params.id }, body),
    isDryRun,
    handler: async (request) =>
      postInstruction(edge, posting, {
        instruction: captureOf(request.params.id, request.body, ''),
        portion: portionCurrencies(request.params.id, request.body, ''),
        dryRun: request.query.dry_run,
        request,
        paramOf: noParam,
      }),
  });
}

function increase(edge: LedgerEdge, posting: PostingEdge): Operation {
  return defineOperation({
    operationId: 'increaseHold',
    summary: 'Hold more',
    description: `Within the limits of the accounts; it may move the deadline too. ${replayNote}`,
    tags,
    refusals,
    example: { amount: '500', currency: 'CZK' },
    schema: {
      params: requests.transferParams,
      query: schema.object(requests.dryRunQuery),
      body: requests.increaseBody,
      response: watchedAnswers,
    },
    objects: ({ params, body }) => portionUses({ kind: 'hold', id: params.id }, body),
    approval: secondPerson.increase,
    isDryRun,
    handler: async (request) =>
      postInstruction(edge, posting, {
        instruction: increaseOf(request.params.id, request.body, ''),
        portion: portionCurrencies(request.params.id, request.body, ''),
        dryRun: request.query.dry_run,
        request,
        paramOf: noParam,
      }),
  });
}

function voidOne(edge: LedgerEdge, posting: PostingEdge): Operation {
  return defineOperation({
    operationId: 'voidHold',
    isBodyOptional: true,
    summary: 'Give back what is left of a hold',
    description: replayNote,
    tags,
    refusals,
    example: {},
    schema: {
      params: requests.transferParams,
      query: schema.object(requests.dryRunQuery),
      body: requests.voidBody,
      response: answers,
    },
    objects: ({ params }) => [voidUse({ id: params.id })],
    isDryRun,
    handler: async (request) =>
      postInstruction(edge, posting, {
        instruction: voidOf(request.params.id, request.body),
        dryRun: request.query.dry_run,
        request,
        paramOf: noParam,
      }),
  });
}

function reverse(edge: LedgerEdge, posting: PostingEdge): Operation {
  return defineOperation({
    operationId: 'reverseTransfer',
    isBodyOptional: true,
    summary: 'Reverse a transfer or a capture, in full or in part',
    description:
      'A new transfer moves the money back; the old one stays. Without an amount everything that ' +
      `was not yet reversed. A second person must approve it. ${replayNote}`,
    tags,
    refusals,
    example: { amount: '50', currency: 'CZK', description: 'refund of the postage' },
    schema: {
      params: requests.transferParams,
      query: schema.object(requests.dryRunQuery),
      body: requests.reverseBody,
      response: watchedAnswers,
    },
    objects: ({ params, body }) => portionUses({ kind: 'transfer', id: params.id }, body),
    approval: secondPerson.reversal,
    isDryRun,
    handler: async (request) =>
      postInstruction(edge, posting, {
        instruction: reverseOf(request.params.id, request.body, ''),
        portion: portionCurrencies(request.params.id, request.body, ''),
        dryRun: request.query.dry_run,
        request,
        paramOf: noParam,
      }),
  });
}

function read(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'readTransfer',
    summary: 'Read a transfer with its entries',
    tags,
    refusals: ['transfer_unknown'],
    schema: {
      params: requests.transferParams,
      response: { 200: { description: 'The transfer.', body: shapes.transfer } },
    },
    objects: readUse('transfer'),
    async handler({ params, tenant, principal }) {
      const found = await transfer(booksOf(edge, tenant), params.id);
      if (found === undefined) {
        return notFound('transfer_unknown', `There is no transfer ${params.id}.`);
      }
      const sight = sightOf({ principal }, permissions.readTransfers);
      const [only] = recordedTexts([found], sight);
      return answer(200, only ?? '');
    },
  });
}

/** Transfers that were read know the facts of their entries' accounts. */
export function recordedTexts(
  transfers: readonly RecordedTransfer[],
  sight: Sight = 'all',
): string[] {
  return transfers.map((one) => transferText(one, (entry) => entry, sight));
}

function list(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'listTransfers',
    summary: 'List transfers',
    description:
      'Newest first: all of them, the one with an external id, those of a hold, or the reversals ' +
      'of a transfer.',
    tags,
    schema: {
      query: schema.object({
        ...schema.pageQuery,
        external_id: Type.Optional(schema.text(255)),
        hold_id: Type.Optional(schema.idText('trf')),
        reverses_id: Type.Optional(schema.idText('trf')),
      }),
      response: {
        200: { description: 'A page of transfers.', body: schema.pageOf(shapes.transfer) },
      },
    },
    async handler({ query, tenant }) {
      const { limit, cursor, external_id: externalId } = query;
      const before: TransferId | undefined =
        cursor === undefined ? undefined : placeOf('transfers', cursor).id('trf');
      const found = await listTransfers(booksOf(edge, tenant), {
        limit,
        before,
        externalId,
        holdId: query.hold_id,
        reversesId: query.reverses_id,
      });
      const last = found.hasMore ? found.transfers.at(-1) : undefined;
      return answer(200, pageText(recordedTexts(found.transfers), 'transfers', last && [last.id]));
    },
  });
}

/** A list's answer from texts of its items. */
export function pageText(
  items: readonly string[],
  listName: string,
  next: readonly string[] | undefined,
): string {
  const end = JSON.stringify(pageEnd(listName, next));
  return `{"data":[${items.join(',')}],${end.slice(1)}`;
}

function readHold(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'readHold',
    summary: 'Read a hold and how much of it is left',
    tags,
    refusals: ['hold_unknown'],
    schema: {
      params: requests.transferParams,
      response: { 200: { description: 'The hold.', body: shapes.hold } },
    },
    objects: readUse('hold'),
    async handler({ params, tenant }) {
      const found = await hold(booksOf(edge, tenant), params.id, edge.clock.now());
      if (found === undefined) return notFound('hold_unknown', `There is no hold ${params.id}.`);
      return answer(200, presentHold(found));
    },
  });
}
