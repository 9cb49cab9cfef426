// The HTTP operations on alerts and snoozes.

import {
  answer,
  defineOperation,
  idInCursor,
  pageOf,
  schema,
  transact,
  writeCursor,
  type Operation,
  type Route,
} from '#gateway';
import { tenantOf } from '../../registry/facts.ts';
import { openListNames } from '../../registry/http/list-names.ts';
import { listAlerts, selectAlerts, type AlertFilter } from '../alerts/alert-store.ts';
import { findAlerts } from '../search/find.ts';
import { no } from '../refusals.ts';
import { listSnoozes } from '../snoozes/snooze-store.ts';
import { addSnooze, endSnooze } from '../snoozes/snoozes.ts';
import { untilOf } from './act.ts';
import * as shapes from './case-schemas.ts';
import { casePermissions as permissions, seen, tags, type CasesEdge } from './edge.ts';
import { presentAlert, presentSnooze } from './present.ts';

export function alertRoutes(edge: CasesEdge): Route[] {
  const [alerts, snoozes] = ['/v1/fraud/alerts', '/v1/fraud/snoozes'];
  const { read, work } = permissions;
  return [
    { method: 'GET', path: alerts, permission: read, operation: list(edge) },
    { method: 'GET', path: `${alerts}/{id}`, permission: read, operation: readOne(edge) },
    { method: 'GET', path: snoozes, permission: read, operation: snoozed(edge) },
    { method: 'POST', path: snoozes, permission: work, operation: snooze(edge) },
    { method: 'POST', path: `${snoozes}/{id}/end`, permission: work, operation: end(edge) },
  ];
}

const LIST = 'fraud-alerts';

function list(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'listFraudAlerts',
    summary: 'List alerts',
    description:
      'The latest first; with text those whose ids, payees, rules or reasons hold all its words: ' +
      'a page may then have fewer than were asked for, or none, while has_more is true. An alert ' +
      'that is snoozed belongs to no case.',
    tags,
    schema: {
      query: shapes.alertQuery,
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.alertShape) } },
    },
    async handler(request) {
      const queryable = seen(edge, request);
      const { limit, cursor, text } = request.query;
      const filter = filterOf(request.query);
      const before = idInCursor(LIST, 'alr', cursor);
      if (text !== undefined) {
        const found = await findAlerts(queryable, { text, after: before, limit }, filter);
        return answer(200, {
          data: found.items.map(presentAlert),
          has_more: found.after !== undefined,
          next_cursor: found.after === undefined ? null : writeCursor(LIST, [found.after]),
        });
      }
      const found = await listAlerts(queryable, { ...filter, before, limit: limit + 1 });
      const place = ({ id }: { readonly id: string }) => [id];
      return answer(200, pageOf({ list: LIST, found, limit, present: presentAlert, place }));
    },
  });
}

function filterOf(query: shapes.AlertQuery): Omit<AlertFilter, 'before' | 'limit'> {
  const { case_id: caseId, account_id: accountId, outcome, is_snoozed: isSnoozed } = query;
  return { caseId, accountId, outcome, isSnoozed };
}

function readOne(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'readFraudAlert',
    summary: 'Read an alert',
    tags,
    refusals: ['alert_unknown'],
    schema: {
      params: shapes.alertParams,
      response: { 200: { description: 'The alert.', body: shapes.alertShape } },
    },
    async handler(request) {
      const { id } = request.params;
      const [found] = await selectAlerts(seen(edge, request), [id]);
      if (found !== undefined) return answer(200, presentAlert(found));
      return no('alert_unknown', `There is no alert ${id}.`, 'id');
    },
  });
}

const SNOOZES = 'fraud-snoozes';

function snoozed(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'listFraudSnoozes',
    summary: 'List what is snoozed',
    tags,
    schema: {
      query: shapes.snoozeQuery,
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.snoozeShape) } },
    },
    async handler(request) {
      const { limit, cursor, is_in_force: isInForce = false } = request.query;
      const found = await listSnoozes(seen(edge, request), {
        inForceAt: isInForce ? edge.clock.now() : undefined,
        after: idInCursor(SNOOZES, 'snz', cursor),
        limit: limit + 1,
      });
      const place = ({ id }: { readonly id: string }) => [id];
      return answer(200, pageOf({ list: SNOOZES, found, limit, present: presentSnooze, place }));
    },
  });
}

function snooze(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'addFraudSnooze',
    summary: 'Keep alerts of some kind aside for a while',
    description:
      'By account, payee or rule; all that are named must fit, and an alert of several rules is ' +
      'kept aside only where each of them is snoozed. What was decided stays decided, and what ' +
      'could not be judged as usual is never kept aside.',
    tags,
    refusals: ['snooze_unfit', 'snooze_account_unknown'],
    example: {
      account_id: 'acc_01980a3e-4c00-7000-8000-000000000001',
      rule: 'many_payees',
      until: '2026-12-24',
      reason: 'pays its staff once a month',
    },
    schema: {
      body: shapes.newSnooze,
      response: { 201: { description: 'The snooze.', body: shapes.snoozeShape } },
    },
    async handler(request) {
      const { account_id: accountId, counterparty: payee, rule, until, reason } = request.body;
      const nameOf = await openListNames(edge.database.keys, tenantOf(request));
      const counterparty = payee === undefined ? undefined : nameOf('counterparty', payee);
      const scope = { accountId, counterparty, rule };
      return transact(edge, request, async (tx) => {
        const added = await addSnooze(tx, { ...scope, until: untilOf(until), reason });
        return added.ok ? answer(201, presentSnooze(added.value)) : added;
      });
    },
  });
}

function end(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'endFraudSnooze',
    summary: 'End a snooze before its time',
    tags,
    refusals: ['snooze_unknown', 'snooze_ended'],
    schema: {
      params: shapes.snoozeParams,
      response: { 200: { description: 'The snooze as it ended.', body: shapes.snoozeShape } },
    },
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const ended = await endSnooze(tx, request.params.id);
        return ended.ok ? answer(200, presentSnooze(ended.value)) : ended;
      }),
  });
}
