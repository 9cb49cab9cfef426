// The HTTP operations on the whole ledger: trial balance, chart of accounts, closed periods, and
// the currencies that accounts can be kept in.

import { Type } from 'typebox';
import { currencyOf, currencyRecords, uuidOf } from '#kernel';
import {
  answer,
  defineOperation,
  proposedAnswer,
  schema,
  transact,
  type Operation,
  type Route,
} from '#gateway';
import { PATH_DEPTH_MAX } from '../account.ts';
import { closePeriod, periodCloses } from '../close-period.ts';
import { rollUp, trialBalance } from '../read.ts';
import { periodRefusals } from '../refusals.ts';
import { periodClose } from './access/second-person.ts';
import * as shapes from './answer-schemas.ts';
import { booksOf, permissions, replayed, type LedgerEdge } from './edge.ts';
import {
  presentAsOf,
  presentChartNode,
  presentPeriodClose,
  presentTotal,
  presentTrialBalanceLine,
} from './present.ts';
import { pageEnd, placeOf, readAsOf, readFrom } from './query.ts';
import * as requests from './request-schemas.ts';

const tags = ['ledger reports'];

export function reportRoutes(edge: LedgerEdge): Route[] {
  const { readReports, closePeriods } = permissions;
  const at = '/v1/ledger';
  const closes = `${at}/period-closes`;
  return [
    { method: 'GET', path: `${at}/trial-balance`, permission: readReports, operation: trial(edge) },
    { method: 'GET', path: `${at}/chart`, permission: readReports, operation: chart(edge) },
    { method: 'POST', path: closes, permission: closePeriods, operation: close(edge) },
    { method: 'GET', path: closes, permission: readReports, operation: listCloses(edge) },
    { method: 'GET', path: `${at}/currencies`, permission: readReports, operation: currencies() },
  ];
}

const trialQuery = schema.object({
  by: schema.choice(['path', 'account'] as const, {
    default: 'path',
    description: 'one line per path of the chart of accounts, or per account',
  }),
  depth: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PATH_DEPTH_MAX,
      description: 'names of a path that make a line, from the left; all when absent',
    }),
  ),
  currency: Type.Optional(schema.currencyText()),
  ...requests.asOfQuery,
  ...requests.reportPage,
});

function trial(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'readTrialBalance',
    summary: 'Read the trial balance',
    description:
      'Posted debits and credits of everything that was ever posted to. The totals are of the ' +
      'whole ledger, per currency, on every page; debits equal credits in each.',
    tags,
    schema: {
      query: trialQuery,
      response: { 200: { description: 'The trial balance.', body: shapes.trialBalance } },
    },
    async handler({ query, tenant }) {
      const { by, depth, currency, limit, cursor } = query;
      const asOf = readAsOf(query);
      const listName = `trial-balance.${by}.${depth ?? ''}`;
      const place = cursor === undefined ? undefined : placeOf(listName, cursor);
      const after = place && {
        currency: place.text(),
        path: place.text(),
        accountId: by === 'account' ? uuidOf(place.id('acc')) : undefined,
      };
      const asked = { by, depth, currency, limit, after, ...asOf };
      const found = await trialBalance(booksOf(edge, tenant), asked);
      const last = found.hasMore ? found.lines.at(-1) : undefined;
      const next = last && [last.currency, last.path, ...(last.accountId ? [last.accountId] : [])];
      return answer(200, {
        by,
        ...presentAsOf(asOf),
        is_balanced: found.totals.every(({ debits, credits }) => debits === credits),
        totals: found.totals.map(presentTotal),
        data: found.lines.map(presentTrialBalanceLine),
        ...pageEnd(listName, next),
      });
    },
  });
}

const chartQuery = schema.object({
  path: Type.Optional(requests.path),
  depth: Type.Integer({
    minimum: 0,
    maximum: PATH_DEPTH_MAX,
    default: 1,
    description: 'levels below the node; 0 is the node alone',
  }),
  ...requests.asOfQuery,
  ...requests.reportPage,
});

function chart(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'readChart',
    summary: 'Read the chart of accounts with the sum of each subtree',
    description: 'One line per node and currency. Without a path it begins at the root.',
    tags,
    schema: {
      query: chartQuery,
      response: { 200: { description: 'The nodes.', body: shapes.chart } },
    },
    async handler({ query, tenant }) {
      const { path, depth, limit, cursor } = query;
      const asOf = readAsOf(query);
      const listName = `chart.${path ?? ''}.${depth}`;
      const place = cursor === undefined ? undefined : placeOf(listName, cursor);
      const after = place && { path: place.text(), currency: place.text() };
      const found = await rollUp(booksOf(edge, tenant), { path, depth, limit, after, ...asOf });
      const last = found.hasMore ? found.nodes.at(-1) : undefined;
      return answer(200, {
        path: path ?? '',
        depth,
        ...presentAsOf(asOf),
        data: found.nodes.map(presentChartNode),
        ...pageEnd(listName, last && [last.path, last.currency]),
      });
    },
  });
}

function close(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'closePeriod',
    summary: 'Close a period',
    description:
      'From then on nothing is posted with an effective time before closed_before. A close is ' +
      'never taken back, so a second person must approve it.',
    tags,
    refusals: Object.keys(periodRefusals),
    example: { closed_before: '2026-01-01' },
    schema: {
      body: requests.closePeriodBody,
      response: {
        200: { description: 'It had been closed before.', body: shapes.periodClose },
        201: { description: 'The close.', body: shapes.periodClose },
        ...proposedAnswer,
      },
    },
    approval: periodClose,
    async handler(request) {
      const closedBefore = readFrom(request.body.closed_before);
      return transact(edge, request, async (tx) => {
        const result = await closePeriod(tx, { closedBefore });
        if (!result.ok) return result;
        const body = presentPeriodClose(result.value.close);
        return result.value.isReplay ? { status: 200, body, headers: replayed } : answer(201, body);
      });
    },
  });
}

function listCloses(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'listPeriodCloses',
    summary: 'List the closed periods',
    description: 'Latest first.',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of them.', body: schema.pageOf(shapes.periodClose) },
      },
    },
    async handler({ query, tenant }) {
      const { limit, cursor } = query;
      const before = cursor === undefined ? undefined : placeOf('closes', cursor).instant();
      const found = await periodCloses(booksOf(edge, tenant), { before, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      const end = pageEnd('closes', last && [last.closedBefore]);
      return answer(200, { data: page.map(presentPeriodClose), ...end });
    },
  });
}

function currencies(): Operation {
  const data = currencyRecords.map(({ code, number, minorUnits }) => ({
    code,
    number,
    minor_units: minorUnits,
    is_usable: currencyOf(code) !== undefined,
  }));
  const body = JSON.stringify({ data, ...pageEnd('currencies', undefined) });
  return defineOperation({
    operationId: 'listCurrencies',
    summary: 'List the currencies of ISO 4217 with their minor units',
    tags,
    schema: {
      response: { 200: { description: 'All of them.', body: schema.pageOf(shapes.currency) } },
    },
    handler: () => Promise.resolve(answer(200, body)),
  });
}
