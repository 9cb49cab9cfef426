// The HTTP operations that stop or undo payments: cancel, recall, return, reverse. Each is legal in
// the states that the table of payments says.

import {
  answer,
  defineOperation,
  proposedAnswer,
  contextOf,
  keepAnswers,
  type EdgeRequest,
  type Operation,
  type Outcome,
  type Route,
} from '#gateway';
import { withLedger } from '#ledger';
import { changePayments, type PaymentChange } from '../change.ts';
import type { PaymentId, PaymentStatus } from '../payment.ts';
import { no } from '../plan.ts';
import { isReasonFor } from '../reasons.ts';
import { selectPayments } from '../store/payment-store.ts';
import { noPayment, paymentUse, permissions, rowsOf, type PaymentsEdge } from './edge.ts';
import * as shapes from './payment-schemas.ts';
import { presentPayment } from './present.ts';
import { undoing } from './second-person.ts';

const tags = ['payments'];
const refusals = [
  'payment_unknown',
  'payment_change_not_legal',
  'payment_reason_unknown',
  'insufficient_available',
  'account_closed',
  'account_frozen',
];

export function changeRoutes(edge: PaymentsEdge): Route[] {
  const at = '/v1/payments/{id}';
  const { make, undo } = permissions;
  return [
    { method: 'POST', path: `${at}/cancel`, permission: make, operation: cancel(edge) },
    { method: 'POST', path: `${at}/recall`, permission: make, operation: recall(edge) },
    { method: 'POST', path: `${at}/recall/refuse`, permission: undo, operation: refuse(edge) },
    { method: 'POST', path: `${at}/return`, permission: undo, operation: giveBack(edge) },
    { method: 'POST', path: `${at}/reverse`, permission: undo, operation: reverse(edge) },
  ];
}

interface Wanted {
  readonly to: PaymentStatus;
  /** Of which kinds of payments. */
  readonly kinds: RegExp;
  readonly errand?: PaymentChange['errand'];
  readonly from?: readonly PaymentStatus[];
  readonly reason: string;
}

type Request = EdgeRequest<{
  readonly params: typeof shapes.paymentParams;
  readonly body: typeof shapes.changeBody;
  readonly response: Record<never, never>;
}>;

async function change(edge: PaymentsEdge, request: Request, wanted: Wanted): Promise<Outcome> {
  const id: PaymentId = request.params.id;
  const reason = request.body.reason ?? wanted.reason;
  const [found] = await selectPayments(rowsOf(edge, request.tenant), [id]);
  const flaw = found === undefined ? noPayment(id) : flawOf(found, wanted, reason);
  const { claim } = request;
  return withLedger(edge.database, contextOf(edge.clock, request), async (tx) => {
    const { to, from, errand } = wanted;
    const asked: PaymentChange = { paymentId: id, to, from, errand, reason };
    const [changed] = flaw === undefined ? await changePayments(tx, [asked]) : [flaw];
    const result = changed ?? noPayment(id);
    const outcome = result.ok ? answer(200, presentPayment(result.value)) : result;
    const [settled = outcome] = await keepAnswers(tx, [{ claim, outcome }]);
    return settled;
  });
}

function flawOf(found: Parameters<typeof presentPayment>[0], wanted: Wanted, reason: string) {
  const isAsked = wanted.errand === 'recall' || wanted.errand === 'recall_refusal';
  if (!wanted.kinds.test(found.kind) || (isAsked && found.rail !== 'sct_inst')) {
    const message = `A payment of kind ${found.kind} cannot become ${wanted.to} here.`;
    return no('payment_change_not_legal', message);
  }
  if (isReasonFor(found.rail, reason)) return undefined;
  return no('payment_reason_unknown', `The rail has no reason ${reason}.`, 'reason');
}

const answers = {
  200: { description: 'The payment as it is now.', body: shapes.payment },
  ...proposedAnswer,
};

const common = {
  tags,
  refusals,
  isBodyOptional: true,
  example: {},
  schema: { params: shapes.paymentParams, body: shapes.changeBody, response: answers },
} as const;

function cancel(edge: PaymentsEdge): Operation {
  return defineOperation({
    ...common,
    operationId: 'cancelPayment',
    summary: 'Take back a payment that was not given to its rail',
    objects: paymentUse('debit'),
    handler: (request) =>
      change(edge, request, { to: 'cancelled', kinds: /_out$/, reason: 'CUST' }),
  });
}

function recall(edge: PaymentsEdge): Operation {
  return defineOperation({
    ...common,
    operationId: 'recallPayment',
    summary: 'Ask for a settled payment back',
    description:
      'The other bank answers in its own time: the payment is then returned, or settled again.',
    objects: paymentUse('debit'),
    handler: (request) =>
      change(edge, request, {
        to: 'recall_requested',
        kinds: /^credit_out$/,
        from: ['settled'],
        errand: 'recall',
        reason: 'CUST',
      }),
  });
}

function refuse(edge: PaymentsEdge): Operation {
  return defineOperation({
    ...common,
    operationId: 'refuseRecall',
    summary: 'Keep an incoming payment that was asked back',
    handler: (request) =>
      change(edge, request, {
        to: 'settled',
        kinds: /^credit_in$/,
        from: ['recall_requested'],
        errand: 'recall_refusal',
        reason: 'NOAS',
      }),
  });
}

function giveBack(edge: PaymentsEdge): Operation {
  return defineOperation({
    ...common,
    operationId: 'returnPayment',
    summary: 'Send an incoming payment back',
    description: 'All of it, with the reason. A second person must approve it.',
    approval: undoing('A return'),
    handler: (request) =>
      change(edge, request, { to: 'returned', kinds: /_in$/, errand: 'return', reason: 'FOCR' }),
  });
}

function reverse(edge: PaymentsEdge): Operation {
  return defineOperation({
    ...common,
    operationId: 'reversePayment',
    summary: 'Undo a payment within the bank',
    description: 'The money goes back to the payer. A second person must approve it.',
    approval: undoing('A reversal'),
    handler: (request) =>
      change(edge, request, { to: 'reversed', kinds: /^book$/, reason: 'DUPL' }),
  });
}
