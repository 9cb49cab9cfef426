// The HTTP operations on decisions: to read them, to have one explained and made again, and to ask
// how screening stands in the process that answers.

import { answer, defineOperation, type Operation, type Route } from '#gateway';
import { instantOfMs, madeAtMs, uuidOf, type Id } from '#kernel';
import { decisionsOfSubject, selectDecision } from '../../screening/decision-store.ts';
import { explainDecision } from '../explain.ts';
import { selectLogHead } from '../log-store.ts';
import { no } from '../refusals.ts';
import { DECISIONS_READ, seen, tags, type DecisionsEdge } from './edge.ts';
import * as shapes from './decision-schemas.ts';
import { presentDecision, presentExplanation } from './present.ts';

export function decisionRoutes(edge: DecisionsEdge): Route[] {
  const at = '/v1/fraud/decisions';
  const permission = DECISIONS_READ;
  return [
    { method: 'GET', path: at, permission, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission, operation: readOne(edge) },
    { method: 'POST', path: `${at}/{id}/replay`, permission, operation: replay(edge) },
    { method: 'GET', path: '/v1/fraud/status', permission, operation: status(edge) },
  ];
}

function list(edge: DecisionsEdge): Operation {
  return defineOperation({
    operationId: 'listFraudDecisions',
    summary: 'List what was decided of a payment',
    description: 'In the order in which it was; empty where the payment was not screened.',
    tags,
    schema: {
      query: shapes.decisionQuery,
      response: { 200: { description: 'The decisions.', body: shapes.decisions } },
    },
    async handler(request) {
      const { payment_id: payment } = request.query;
      const asked = { subject: uuidOf(payment), around: madeAt(payment) };
      const found = await decisionsOfSubject(seen(edge, request).queryable, asked);
      return answer(200, { data: found.map(presentDecision) });
    },
  });
}

/** In the year 6429: an id that says it is of a later time is nobody's. */
const MADE_MS_MAX = 2 ** 47;

function madeAt(id: Id<'pay'>) {
  return instantOfMs(Math.min(madeAtMs(uuidOf(id)), MADE_MS_MAX));
}

function readOne(edge: DecisionsEdge): Operation {
  return defineOperation({
    operationId: 'readFraudDecision',
    summary: 'Read a decision',
    tags,
    refusals: ['decision_unknown'],
    schema: {
      params: shapes.decisionParams,
      response: { 200: { description: 'The decision.', body: shapes.decision } },
    },
    async handler(request) {
      const { id } = request.params;
      const found = await selectDecision(seen(edge, request).queryable, id);
      return found === undefined ? unknown(id) : answer(200, presentDecision(found));
    },
  });
}

function unknown(id: string) {
  return no('decision_unknown', `There is no decision ${id}.`, 'id');
}

function replay(edge: DecisionsEdge): Operation {
  return defineOperation({
    operationId: 'replayFraudDecision',
    summary: 'Explain a decision, and make it again',
    description:
      'Its features by name, what each contributed to the score, and the decision made again of ' +
      'them under the rules, lists, models and policies that were in force. Nothing is changed.',
    tags,
    isIdempotentByNature: true,
    refusals: ['decision_unknown', 'decision_not_repeatable'],
    schema: {
      params: shapes.decisionParams,
      response: { 200: { description: 'The explanation.', body: shapes.explanation } },
    },
    async handler(request) {
      const { id } = request.params;
      const { queryable } = seen(edge, request);
      const found = await selectDecision(queryable, id);
      if (found === undefined) return unknown(id);
      const explanation = await explainDecision(queryable, found);
      if (explanation !== undefined) return answer(200, presentExplanation(explanation));
      const what = `The features or the rules that ${id} was made with`;
      return no('decision_not_repeatable', `${what} cannot be read any more.`, 'id');
    },
  });
}

function status(edge: DecisionsEdge): Operation {
  return defineOperation({
    operationId: 'readFraudStatus',
    summary: 'Read how screening stands in the process that answers',
    description:
      'It has folded all of the log where folded_up_to is not less than log_head. Others have ' +
      'states of their own, which arrive at the same.',
    tags,
    schema: { response: { 200: { description: 'As it is now.', body: shapes.status } } },
    async handler(request) {
      const { tenant, queryable } = seen(edge, request);
      const { screener, registry } = edge.screening;
      const head = await selectLogHead(queryable, tenant);
      const config = registry.configOf(tenant);
      const { features, foldedUpTo, pending } = screener.states.of(tenant);
      const { keysEvicted, ...counts } = features.counts();
      return answer(200, {
        run: screener.run,
        log_head: String(head),
        folded_up_to: String(foldedUpTo),
        pending_batches: pending.size,
        ...counts,
        keys_let_go: keysEvicted,
        revision: config?.revision ?? null,
        rule_set_version: config?.ruleSet?.version ?? null,
        champion: config?.champion?.version ?? null,
        challenger: config?.challenger?.version ?? null,
      });
    },
  });
}
