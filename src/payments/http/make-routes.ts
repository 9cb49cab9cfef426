// The HTTP operations that make payments: one, or a list that is answered as one.

import {
  answer,
  callerOf,
  defineOperation,
  proposedAnswer,
  type ObjectUse,
  type Operation,
  type Route,
} from '#gateway';
import { paymentRefusals } from '../refusals.ts';
import type { PaymentResult } from '../send.ts';
import { askedOf } from './asked.ts';
import { permissions, type PaymentsEdge } from './edge.ts';
import * as shapes from './payment-schemas.ts';
import { presentPayment } from './present.ts';
import { largePayment, largePayments } from './second-person.ts';

const tags = ['payments'];
const at = '/v1/payments';

/** Those of the ledger that a transfer of two legs can meet, and our own. */
const refusals = [
  ...Object.keys(paymentRefusals).filter(
    (code) => !/^payment_(unknown|change|reason|amount)/.test(code),
  ),
  'account_not_found',
  'account_closed',
  'account_frozen',
  'currency_mismatch',
  'insufficient_available',
  'ceiling_exceeded',
  'amount_overflow',
];

const example = {
  debtor_account_id: 'acc_01980a3e-4c00-7000-8000-000000000001',
  creditor: { name: 'Ada Example', iban: 'DE89370400440532013000' },
  amount: '1050',
  currency: 'EUR',
  end_to_end_id: 'invoice-4711',
  remittance: 'Invoice 4711',
};

export function makeRoutes(edge: PaymentsEdge): Route[] {
  const permission = permissions.make;
  return [
    { method: 'POST', path: at, permission, operation: makeOne(edge) },
    { method: 'POST', path: `${at}/batch`, permission, operation: makeMany(edge) },
  ];
}

// Whoever may pay from an account may pay to any: only what is debited needs a mandate.
function useOf(body: shapes.NewPaymentBody, transfer?: number): ObjectUse {
  return {
    kind: 'account',
    id: body.debtor_account_id,
    act: 'debit',
    amount: BigInt(body.amount),
    currency: body.currency,
    transfer,
  };
}

function makeOne(edge: PaymentsEdge): Operation {
  return defineOperation({
    operationId: 'makePayment',
    summary: 'Pay',
    description:
      'Within the bank the payment is settled when it is answered. To another bank it is ' +
      'accepted: the money has left the account, and the rail is told. A payment that our ' +
      'screening declines is kept as declined and moves nothing. A large payment waits for a ' +
      'second person.',
    tags,
    refusals,
    example,
    schema: {
      body: shapes.newPayment,
      response: {
        201: { description: 'The payment.', body: shapes.payment },
        ...proposedAnswer,
      },
    },
    objects: ({ body }) => [useOf(body)],
    approval: largePayment,
    handler: async (request) =>
      edge.payments.make({
        asked: [askedOf(request.body, '')],
        caller: callerOf(request),
        claim: request.claim,
        present([result]) {
          if (result === undefined) throw new TypeError('a list of one has one result');
          if (!result.ok) return result;
          const headers = { location: `${at}/${result.value.id}` };
          return { status: 201, body: presentPayment(result.value), headers };
        },
      }),
  });
}

function makeMany(edge: PaymentsEdge): Operation {
  return defineOperation({
    operationId: 'makePayments',
    summary: 'Make many payments',
    description:
      'One result per payment, in order, all in one transaction; a refused payment does not hold ' +
      'up the others. A list with a large payment waits for a second person.',
    tags,
    refusals,
    example: [example],
    isNdjsonAccepted: true,
    schema: {
      body: shapes.newPayments,
      response: {
        200: { description: 'The results.', body: shapes.results },
        ...proposedAnswer,
      },
    },
    objects: ({ body }) => body.map((payment, index) => useOf(payment, index)),
    approval: largePayments,
    handler: async (request) =>
      edge.payments.make({
        asked: request.body.map((body, index) => askedOf(body, `[${index}].`)),
        caller: callerOf(request),
        claim: request.claim,
        present(results) {
          const refused = results.filter(({ ok }) => !ok).length;
          const accepted = results.length - refused;
          return answer(200, { accepted, refused, results: results.map(presentResult) });
        },
      }),
  });
}

function presentResult(result: PaymentResult): object {
  if (result.ok) return { status: 'made', payment: presentPayment(result.value) };
  const { code, message, param } = result.refusal;
  return { status: 'refused', refusal: { code, message, param } };
}
