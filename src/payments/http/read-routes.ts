// The HTTP operations that read payments. What a payment's status is, a projection tells: asking
// for it a thousand times a second costs the posting of money nothing.

import {
  answer,
  badCursor,
  defineOperation,
  readCursor,
  schema,
  writeCursor,
  type Operation,
  type Route,
} from '#gateway';
import { isId } from '#kernel';
import type { PaymentId } from '../payment.ts';
import { readStatuses } from '../status/statuses.ts';
import { listPayments, type PaymentPage } from '../store/list-store.ts';
import { selectChanges, selectPayments } from '../store/payment-store.ts';
import { noPayment, paymentUse, permissions, rowsOf, type PaymentsEdge } from './edge.ts';
import * as shapes from './payment-schemas.ts';
import { presentPayment, presentStatus, presentWithHistory } from './present.ts';

const tags = ['payments'];
const at = '/v1/payments';
const LIST = 'payments';

export function readRoutes(edge: PaymentsEdge): Route[] {
  const { read, list } = permissions;
  const ofAccount = '/v1/accounts/{id}/payments';
  return [
    { method: 'GET', path: at, permission: list, operation: listAll(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: read, operation: readOne(edge) },
    { method: 'GET', path: `${at}/{id}/status`, permission: read, operation: readStatus(edge) },
    { method: 'GET', path: ofAccount, permission: read, operation: listOfAccount(edge) },
  ];
}

function readOne(edge: PaymentsEdge): Operation {
  return defineOperation({
    operationId: 'readPayment',
    summary: 'Read a payment with its history',
    tags,
    refusals: ['payment_unknown'],
    disclosure: { target: ({ params }) => params.id },
    schema: {
      params: shapes.paymentParams,
      response: { 200: { description: 'The payment.', body: shapes.paymentWithHistory } },
    },
    objects: paymentUse('read'),
    async handler({ params, tenant }) {
      const rows = rowsOf(edge, tenant);
      const [found] = await selectPayments(rows, [params.id]);
      if (found === undefined) return noPayment(params.id);
      return answer(200, presentWithHistory(found, await selectChanges(rows, params.id)));
    },
  });
}

function readStatus(edge: PaymentsEdge): Operation {
  return defineOperation({
    operationId: 'readPaymentStatus',
    summary: 'Read what became of a payment',
    description:
      'Answered from a projection that follows the payments within a moment: right after it was ' +
      'made a payment may still be unknown here.',
    tags,
    refusals: ['payment_unknown'],
    schema: {
      params: shapes.paymentParams,
      response: { 200: { description: 'Its status.', body: shapes.status } },
    },
    objects: paymentUse('read'),
    async handler({ params, tenant }) {
      const now = edge.clock.now();
      const [found] = await readStatuses(rowsOf(edge, tenant), [params.id], now);
      return found === undefined
        ? noPayment(params.id)
        : answer(200, presentStatus(params.id, found));
    },
  });
}

function listAll(edge: PaymentsEdge): Operation {
  return defineOperation({
    operationId: 'listPayments',
    summary: 'List payments',
    description: 'Newest first.',
    tags,
    disclosure: { target: () => 'payments' },
    schema: {
      query: schema.object(shapes.listQuery),
      response: {
        200: { description: 'A page of payments.', body: schema.pageOf(shapes.payment) },
      },
    },
    async handler({ query, tenant }) {
      const { limit, cursor, status, kind, origin } = query;
      const page = await listPayments(rowsOf(edge, tenant), {
        limit,
        before: placeOf(cursor),
        status,
        kind,
        origin,
        endToEndId: query.end_to_end_id,
        externalId: query.external_id,
      });
      return answer(200, presentPage(page));
    },
  });
}

function listOfAccount(edge: PaymentsEdge): Operation {
  return defineOperation({
    operationId: 'listAccountPayments',
    summary: 'List the payments of an account',
    description: 'Those it pays and those it is paid by, newest first.',
    tags,
    disclosure: { target: ({ params }) => params.id },
    schema: {
      params: shapes.accountParams,
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of payments.', body: schema.pageOf(shapes.payment) },
      },
    },
    objects: ({ params }) => [{ kind: 'account', id: params.id, act: 'read' }],
    async handler({ params, query, tenant }) {
      const filter = { limit: query.limit, before: placeOf(query.cursor), accountId: params.id };
      return answer(200, presentPage(await listPayments(rowsOf(edge, tenant), filter)));
    },
  });
}

function placeOf(cursor: string | undefined): PaymentId | undefined {
  if (cursor === undefined) return undefined;
  const [id] = readCursor(LIST, cursor);
  if (typeof id === 'string' && isId('pay', id)) return id;
  throw badCursor();
}

function presentPage({ payments, hasMore }: PaymentPage): object {
  const last = hasMore ? payments.at(-1) : undefined;
  return {
    data: payments.map(presentPayment),
    has_more: last !== undefined,
    next_cursor: last === undefined ? null : writeCursor(LIST, [last.id]),
  };
}
