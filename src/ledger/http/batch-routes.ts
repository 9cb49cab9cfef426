// The HTTP operations on batches: post one, read what it posted, reverse it as a whole.

import { limits } from '#config';
import { refuse, type Refused } from '#kernel';
import {
  answer,
  defineOperation,
  proposedAnswer,
  schema,
  type Operation,
  type Outcome,
  type Route,
} from '#gateway';
import type { BatchAnswer } from '../post.ts';
import type { Answer } from '../posting/decide.ts';
import { batchTransfers } from '../read.ts';
import { postRefusals, type PostRefusal } from '../refusals.ts';
import { reversalOfBatch } from '../reading/batch-reversal.ts';
import { batchUses } from './access/object-uses.ts';
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
} from './edge.ts';
import { batchCurrencies, batchOf, reverseBatchOf } from './parse.ts';
import { noParam, paramIn, type PostingEdge } from './posting-edge.ts';
import { placeOf } from './query.ts';
import * as requests from './request-schemas.ts';
import type { BatchItem } from './request-schemas.ts';
import type { ParamOf } from './serialise.ts';
import { pageText, recordedTexts } from './transfer-routes.ts';

const tags = ['ledger batches'];
const itemsMax = limits.httpBatchItemsMax.value;

export function batchRoutes(edge: LedgerEdge, posting: PostingEdge): Route[] {
  const { post, readTransfers } = permissions;
  const path = '/v1/ledger/batches/{id}';
  return [
    {
      method: 'POST',
      path: '/v1/ledger/transfers/batch',
      permission: post,
      operation: postMany(edge, posting),
    },
    { method: 'GET', path, permission: readTransfers, operation: readBatch(edge) },
    {
      method: 'POST',
      path: `${path}/reverse`,
      permission: post,
      operation: reverseBatch(edge, posting),
    },
  ];
}

const batchQuery = schema.object({
  mode: schema.choice(['each', 'stop', 'atomic'] as const, {
    default: 'each',
    description:
      'each: every item on its own; stop: none after the first refusal; atomic: all or none',
  }),
  ...requests.dryRunQuery,
});

function postMany(edge: LedgerEdge, posting: PostingEdge): Operation {
  return defineOperation({
    operationId: 'postBatch',
    summary: 'Post many transfers, holds, captures, increases, voids and reversals',
    description:
      'A JSON array, or NDJSON with one item a line, answered in the same form and order. Items ' +
      'are decided in order, each seeing what those before it did. linked binds an item to the ' +
      'next, all or nothing. An item of the wrong shape refuses the whole request and names its ' +
      'index; then nothing is posted. In an NDJSON answer the batch id and the counts are ' +
      'headers: Batch-Id, Accepted-Count, Refused-Count. A batch with a reversal or a large ' +
      'payment waits for a second person as a whole.',
    tags,
    refusals: ['currency_mismatch'],
    example: [
      {
        external_id: 'payroll-2026-03-17',
        debit_account_id: 'acc_01980a3e-4c00-7000-8000-000000000001',
        credit_account_id: 'acc_01980a3e-4c00-7000-8000-000000000002',
        amount: '2500000',
        currency: 'CZK',
      },
    ],
    isNdjsonAccepted: true,
    bodyBytesMax: limits.httpBatchBodyBytesMax.value,
    schema: {
      query: batchQuery,
      body: requests.batchBody,
      response: {
        200: { description: 'One result per item, in order.', body: shapes.batch },
        ...proposedAnswer,
      },
    },
    objects: ({ body }) => batchUses(body),
    approval: secondPerson.batch,
    isDryRun,
    async handler(request) {
      const items = request.body;
      const { mode, dry_run: dryRun } = request.query;
      const instructions = batchOf(items);
      const refused = await posting.checkCurrencies(batchCurrencies(items), request.tenant);
      if (refused !== undefined) return refused;
      await posting.prepare(instructions);
      const options = { mode, dryRun };
      const type = request.header('content-type') ?? '';
      const shown = {
        dryRun,
        sight: sightOf(request, permissions.post),
        isNdjson: type.startsWith('application/x-ndjson'),
        paramOf: (index: number) => paramOfItem(items[index] as BatchItem),
      };
      return edge.poster.postBatch(instructions, options, callerOf(request), {
        claim: request.claim,
        prepare: posting.know,
        present: (batch) => posting.answerBatch(batch, shown),
      });
    },
  });
}

function paramOfItem(item: BatchItem): ParamOf {
  const isMoving = item.kind === undefined || item.kind === 'transfer' || item.kind === 'hold';
  return isMoving ? paramIn(item) : noParam;
}

function readBatch(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'readBatch',
    summary: 'List what a batch posted',
    description: 'In the order of its items; refused items left nothing behind.',
    tags,
    refusals: ['batch_unknown'],
    schema: {
      params: requests.batchParams,
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of transfers.', body: schema.pageOf(shapes.transfer) },
      },
    },
    async handler({ params, query, tenant }) {
      const { limit, cursor } = query;
      const listName = `batch.${params.id}`;
      const after = cursor === undefined ? undefined : placeOf(listName, cursor).id('trf');
      const found = await batchTransfers(booksOf(edge, tenant), params.id, { after, limit });
      if (found.transfers.length === 0 && after === undefined) return noBatch(params.id);
      const last = found.hasMore ? found.transfers.at(-1) : undefined;
      return answer(200, pageText(recordedTexts(found.transfers), listName, last && [last.id]));
    },
  });
}

function noBatch(id: string): Refused {
  return notFound('batch_unknown', `There is no batch ${id}, or it posted nothing.`);
}

function reverseBatch(edge: LedgerEdge, posting: PostingEdge): Operation {
  return defineOperation({
    operationId: 'reverseBatch',
    isBodyOptional: true,
    summary: 'Reverse a whole batch, or nothing of it',
    description:
      'In the reverse order: transfers and captures are reversed, holds that are still open are ' +
      'voided, holds that have ended are left. Refused as a whole, with the first refusal as the ' +
      'problem, when one part cannot be reversed. With an external_id the request can be ' +
      'repeated. A second person must approve it.',
    tags,
    refusals: ['batch_unknown', ...Object.keys(postRefusals)],
    example: { external_id: 'undo-payroll-2026-03', description: 'sent twice' },
    schema: {
      params: requests.batchParams,
      query: schema.object(requests.dryRunQuery),
      body: requests.reverseBatchBody,
      response: {
        200: { description: 'It had been reversed before, or was a dry run.', body: shapes.batch },
        201: { description: 'The reversals, in the order they were posted.', body: shapes.batch },
        ...proposedAnswer,
      },
    },
    approval: secondPerson.batchReversal,
    isDryRun,
    async handler(request) {
      const { dry_run: dryRun } = request.query;
      const { id } = request.params;
      const reversal = await reversalOfBatch(
        booksOf(edge, request.tenant),
        reverseBatchOf(id, request.body),
        {
          now: edge.clock.now(),
          transfersMax: itemsMax,
        },
      );
      if (!reversal.ok) return reversal;
      const options = { mode: 'atomic', dryRun } as const;
      return edge.poster.postBatch(reversal.value, options, callerOf(request), {
        claim: request.claim,
        prepare: posting.know,
        present: (batch) => presentReversal(posting, batch, dryRun),
      });
    },
  });
}

function presentReversal(posting: PostingEdge, batch: BatchAnswer, dryRun: boolean): Outcome {
  const { answers } = batch;
  const culprit = culpritOf(answers);
  if (culprit !== undefined) return refuse({ code: culprit.code, message: culprit.message });
  const isReplay = answers.every((one) => one.ok && one.value.isReplay);
  const status = isReplay || dryRun ? 200 : 201;
  // Whole batches are for those who see all.
  const form = { isNdjson: false, sight: 'all', paramOf: () => noParam } as const;
  return posting.answerBatch(batch, { dryRun, status, ...form });
}

// Chained refusals only tell that another one was refused.
function culpritOf(answers: readonly Answer[]): PostRefusal | undefined {
  const refusals = answers.flatMap((one) => (one.ok ? [] : [one.refusal]));
  return refusals.find(({ code }) => code !== 'linked_transfer_failed') ?? refusals[0];
}
