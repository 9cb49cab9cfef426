// The HTTP operations on standing orders: give, read, change, pause, end, and what became of each
// of their dates. Who has a mandate for the paying account may do so too.

import {
  actsOnGrants,
  answer,
  badCursor,
  defineOperation,
  EdgeRefusal,
  idInCursor,
  pageOf,
  readCursor,
  schema,
  transact,
  type EdgeRequest,
  type ObjectUse,
  type Operation,
  type Outcome,
  type Route,
} from '#gateway';
import { formatDate, parseDate, type Clock, type Instant, type Result } from '#kernel';
import { rowsFor, type Database, type Queryable, type Transaction } from '#platform';
import {
  changeStandingOrder,
  endStandingOrder,
  noOrder,
  resumeStandingOrder,
  suspendStandingOrder,
} from '../change.ts';
import { createStandingOrders, type Created } from '../create.ts';
import { listOccurrences } from '../occurrence-store.ts';
import { standingOrderRefusals } from '../refusals.ts';
import type { StandingOrder, StandingOrderId } from '../standing-order.ts';
import { findOrder, listOrders } from '../store.ts';
import { changeOf, orderOf, presentOccurrence, presentOrder } from './present.ts';
import * as shapes from './standing-order-schemas.ts';

export interface StandingOrdersEdge {
  readonly database: Database;
  readonly clock: Clock;
}

/** Names of permissions. */
export const standingOrderPermissions = {
  read: 'payments.standing_orders.read',
  write: 'payments.standing_orders.write',
} as const;

const tags = ['standing orders'];
const refusals = Object.keys(standingOrderRefusals);
const disclosure = {
  target: ({ params }: { readonly params: { readonly id: string } }) => params.id,
};

export function standingOrderRoutes(edge: StandingOrdersEdge): Route[] {
  const at = '/v1/standing-orders';
  const { read, write } = standingOrderPermissions;
  return [
    { method: 'POST', path: at, permission: write, operation: create(edge) },
    { method: 'GET', path: at, permission: read, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: read, operation: readOne(edge) },
    { method: 'PATCH', path: `${at}/{id}`, permission: write, operation: change(edge) },
    { method: 'POST', path: `${at}/{id}/pause`, permission: write, operation: pause(edge) },
    { method: 'POST', path: `${at}/{id}/resume`, permission: write, operation: resume(edge) },
    { method: 'POST', path: `${at}/{id}/end`, permission: write, operation: end(edge) },
    {
      method: 'GET',
      path: `${at}/{id}/occurrences`,
      permission: read,
      operation: occurrences(edge),
    },
  ];
}

type About = { readonly params: { readonly id: StandingOrderId } };

/** The mandates for the account behind an order are those for the order. */
const use =
  (act: 'read' | 'debit') =>
  ({ params }: About): readonly ObjectUse[] => [
    { kind: 'transfer', id: params.id, act, ...(act === 'debit' ? { amount: 0n } : {}) },
  ];

function seen(
  { database }: StandingOrdersEdge,
  { tenant }: Pick<EdgeRequest, 'tenant'>,
): Queryable {
  return rowsFor(database, tenant);
}

const example = {
  account_id: 'acc_01980a3e-4c00-7000-8000-000000000001',
  creditor: { iban: 'DE89370400440532013000', name: 'Ada Example' },
  rail: 'sct_inst',
  currency: 'EUR',
  amount: { fixed: '50000' },
  schedule: {
    frequency: 'monthly',
    day: 31,
    starts_on: '2026-12-01',
    calendar: 'target',
    business_day_rule: 'modified_following',
  },
  retry: { retries_a_day: 2, days: 3 },
};

function create(edge: StandingOrdersEdge): Operation {
  return defineOperation({
    operationId: 'createStandingOrder',
    summary: 'Give a standing order',
    description:
      'With an external_id the request can be repeated: the answer is then the same order, with ' +
      'status 200. Each date is paid once, on the business day that the rule names.',
    tags,
    refusals,
    example,
    schema: {
      body: shapes.createBody,
      response: {
        200: { description: 'It had been given before.', body: shapes.standingOrder },
        201: { description: 'The standing order.', body: shapes.standingOrder },
      },
    },
    objects: ({ body: { account_id: id, amount, currency } }) => [
      {
        kind: 'account',
        id,
        act: 'debit',
        amount: 'fixed' in amount ? BigInt(amount.fixed) : undefined,
        currency,
      },
    ],
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const [created] = await createStandingOrders(tx, [orderOf(request.body)]);
        const { result, isReplay } = created as Created;
        if (!result.ok) return result;
        const body = presentOrder(result.value);
        if (isReplay) return { status: 200, body, headers: { 'idempotent-replayed': 'true' } };
        const location = `/v1/standing-orders/${result.value.id}`;
        return { status: 201, body, headers: { location } };
      }),
  });
}

const LIST = 'standing_orders';

function list(edge: StandingOrdersEdge): Operation {
  return defineOperation({
    operationId: 'listStandingOrders',
    summary: 'List standing orders',
    description: 'The oldest first; a customer asks for those of one account.',
    tags,
    disclosure: { target: ({ query }) => query.account_id ?? 'standing_orders' },
    schema: {
      query: shapes.orderQuery,
      response: {
        200: { description: 'A page of orders.', body: schema.pageOf(shapes.standingOrder) },
      },
    },
    objects: ({ query: { account_id: id } }) =>
      id === undefined ? [] : [{ kind: 'account', id, act: 'read' }],
    async handler(request) {
      const { limit, cursor, account_id: accountId, status } = request.query;
      const { principal } = request;
      const isGranted =
        principal !== undefined && actsOnGrants(principal, standingOrderPermissions.read);
      if (isGranted && accountId === undefined) {
        throw new EdgeRefusal('forbidden', 'Ask for those of one of your accounts: account_id.');
      }
      const after = idInCursor(LIST, 'sto', cursor);
      const asked = { accountId, status, after, limit: limit + 1 };
      const found = await listOrders(seen(edge, request), asked);
      return answer(
        200,
        pageOf({ list: LIST, found, limit, present: presentOrder, place: (last) => [last.id] }),
      );
    },
  });
}

const orderAnswer = {
  200: { description: 'The order as it is now.', body: shapes.standingOrder },
};

function readOne(edge: StandingOrdersEdge): Operation {
  return defineOperation({
    operationId: 'readStandingOrder',
    summary: 'Read a standing order',
    tags,
    refusals: ['standing_order_unknown'],
    disclosure,
    schema: { params: shapes.params, response: orderAnswer },
    objects: use('read'),
    async handler(request) {
      const { id } = request.params;
      const found = await findOrder(seen(edge, request), id);
      return found === undefined ? noOrder(id) : answer(200, presentOrder(found));
    },
  });
}

function change(edge: StandingOrdersEdge): Operation {
  return defineOperation({
    operationId: 'changeStandingOrder',
    summary: 'Change a standing order',
    description:
      'Its amount, text, end and tries, from the next date on. Whom it pays and on which days ' +
      'never changes: another order is given for that.',
    tags,
    refusals,
    example: { amount: { fixed: '52000' }, ends_on: '2027-12-31' },
    schema: { params: shapes.params, body: shapes.changeBody, response: orderAnswer },
    objects: ({ params: { id }, body: { amount } }) => {
      const isFixed = amount !== undefined && 'fixed' in amount;
      const most = amount === undefined ? 0n : isFixed ? BigInt(amount.fixed) : undefined;
      return [{ kind: 'transfer', id, act: 'debit', amount: most }];
    },
    handler: async (request) =>
      shown(edge, request, (tx) =>
        changeStandingOrder(tx, request.params.id, changeOf(request.body)),
      ),
  });
}

/** Does something with one order; answers it as it is then. */
async function shown(
  edge: StandingOrdersEdge,
  request: Parameters<typeof transact>[1],
  work: (tx: Transaction) => Promise<Result<StandingOrder>>,
): Promise<Outcome> {
  return await transact(edge, request, async (tx) => {
    const result = await work(tx);
    return result.ok ? answer(200, presentOrder(result.value)) : result;
  });
}

const ASKED = 'requested';

function pause(edge: StandingOrdersEdge): Operation {
  return defineOperation({
    operationId: 'pauseStandingOrder',
    summary: 'Pause a standing order',
    description: 'Nothing is paid until it is resumed, and what was due meanwhile never is.',
    tags,
    refusals,
    schema: { params: shapes.params, response: orderAnswer },
    objects: use('debit'),
    handler: async (request) =>
      shown(edge, request, (tx) => suspendStandingOrder(tx, request.params.id, ASKED)),
  });
}

function resume(edge: StandingOrdersEdge): Operation {
  return defineOperation({
    operationId: 'resumeStandingOrder',
    summary: 'Resume a standing order',
    description: 'From today on; each date of the pause is recorded as skipped.',
    tags,
    refusals,
    schema: { params: shapes.params, response: orderAnswer },
    objects: use('debit'),
    handler: async (request) =>
      shown(edge, request, (tx) => resumeStandingOrder(tx, request.params.id)),
  });
}

function end(edge: StandingOrdersEdge): Operation {
  return defineOperation({
    operationId: 'endStandingOrder',
    summary: 'End a standing order for good',
    tags,
    refusals,
    schema: { params: shapes.params, response: orderAnswer },
    objects: use('debit'),
    handler: async (request) =>
      shown(edge, request, (tx) => endStandingOrder(tx, request.params.id, ASKED)),
  });
}

function occurrences(edge: StandingOrdersEdge): Operation {
  return defineOperation({
    operationId: 'listStandingOrderOccurrences',
    summary: 'List what became of each date of a standing order',
    description: 'The latest first.',
    tags,
    refusals: ['standing_order_unknown'],
    disclosure,
    schema: {
      params: shapes.params,
      query: shapes.occurrenceQuery,
      response: {
        200: { description: 'A page of dates.', body: schema.pageOf(shapes.occurrence) },
      },
    },
    objects: use('read'),
    async handler(request) {
      const { id: orderId } = request.params;
      const { limit, cursor, state } = request.query;
      const sees = seen(edge, request);
      if ((await findOrder(sees, orderId)) === undefined) return noOrder(orderId);
      const listName = `occurrences.${orderId}`;
      const before = cursor === undefined ? undefined : dateIn(listName, cursor);
      const found = await listOccurrences(sees, { orderId, state, before, limit: limit + 1 });
      return answer(
        200,
        pageOf({
          list: listName,
          found,
          limit,
          present: presentOccurrence,
          place: (last) => [formatDate(last.dueOn)],
        }),
      );
    },
  });
}

function dateIn(name: string, cursor: string): Instant {
  const [place] = readCursor(name, cursor);
  const date = typeof place === 'string' ? parseDate(place) : undefined;
  if (date === undefined) throw badCursor();
  return date;
}
