// The HTTP operations on labels: what systems and people outside the cases know of decisions.

import { answer, defineOperation, transact, type Operation, type Route } from '#gateway';
import { formatInstant, parseInstant, type Id } from '#kernel';
import type { Transaction } from '#platform';
import type { Label, NewLabel } from '../../labels/label.ts';
import { decisionsAbout, labelsOfDecisions } from '../../labels/label-store.ts';
import { labelDecisions, type LabelResult } from '../../labels/labels.ts';
import type { DecisionId } from '../../screening/item.ts';
import { no } from '../refusals.ts';
import { casePermissions as permissions, seen, tags, type CasesEdge } from './edge.ts';
import * as shapes from './report-schemas.ts';

export function labelRoutes(edge: CasesEdge): Route[] {
  const path = '/v1/fraud/labels';
  return [
    { method: 'POST', path, permission: permissions.work, operation: make(edge) },
    { method: 'GET', path, permission: permissions.read, operation: list(edge) },
  ];
}

function make(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'labelFraudDecisions',
    summary: 'Say of decisions whether they were about fraud',
    description:
      'One result per label, in order, all in one transaction; a refused one does not hold up ' +
      'the others. Of a payment its latest decision is meant. Screening learns from each; a ' +
      'later label of a decision counts instead of the ones before.',
    tags,
    refusals: [
      'fraud_label_decision_unknown',
      'fraud_label_time_unfit',
      'fraud_label_exists_with_different_content',
    ],
    example: [
      {
        payment_id: 'pay_01980a3e-4c00-7000-8000-000000000001',
        is_fraud: true,
        source: 'chargeback',
        external_id: 'CB-2026-000117',
      },
    ],
    isNdjsonAccepted: true,
    schema: {
      body: shapes.newLabels,
      response: { 200: { description: 'The results.', body: shapes.labelResults } },
    },
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const results = await labelAll(tx, request.body);
        const refused = results.filter(({ ok }) => !ok).length;
        const accepted = results.length - refused;
        return answer(200, { accepted, refused, results: results.map(presentResult) });
      }),
  });
}

async function labelAll(
  tx: Transaction,
  bodies: readonly shapes.NewLabelBody[],
): Promise<LabelResult[]> {
  const payments = bodies.flatMap((body) => ('payment_id' in body ? [body.payment_id] : []));
  const about = await decisionsAbout(tx, [...new Set(payments)]);
  const asked = bodies.map((body) => newLabelOf(body, about));
  const results = await labelDecisions(
    tx,
    asked.flatMap((each) => each ?? []),
  );
  let next = 0;
  return asked.map((each): LabelResult => {
    const result = each === undefined ? undefined : results[next++];
    if (result !== undefined) return result;
    const message = 'Nothing was decided about this payment.';
    return no('fraud_label_decision_unknown', message, 'payment_id');
  });
}

function newLabelOf(
  body: shapes.NewLabelBody,
  about: ReadonlyMap<Id<'pay'>, DecisionId>,
): NewLabel | undefined {
  const decisionId = 'payment_id' in body ? about.get(body.payment_id) : body.decision_id;
  if (decisionId === undefined) return undefined;
  const { is_fraud: isFraud, known_at: known, source, external_id: externalId, pattern } = body;
  const knownAt = known === undefined ? undefined : parseInstant(known);
  return { decisionId, isFraud, knownAt, source, externalId, pattern };
}

function presentResult(result: LabelResult): object {
  if (result.ok) {
    const { label, isReplay } = result.value;
    return { status: isReplay ? 'known' : 'made', label: presentLabel(label) };
  }
  const { code, message, param } = result.refusal;
  return { status: 'refused', refusal: { code, message, param } };
}

function presentLabel(label: Label): object {
  return {
    id: label.id,
    decision_id: label.decisionId,
    is_fraud: label.isFraud,
    known_at: formatInstant(label.knownAt),
    source: label.source,
    external_id: label.externalId ?? null,
    pattern: label.pattern ?? null,
    case_id: label.caseId ?? null,
    made_by: label.madeBy,
  };
}

function list(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'listFraudLabels',
    summary: 'List what was said of a decision',
    description: 'In the order in which it was said; the last counts.',
    tags,
    schema: {
      query: shapes.labelQuery,
      response: { 200: { description: 'The labels.', body: shapes.labels } },
    },
    async handler(request) {
      const { decision_id: id } = request.query;
      const labels = await labelsOfDecisions(seen(edge, request), [id]);
      return answer(200, { data: labels.map(presentLabel) });
    },
  });
}
