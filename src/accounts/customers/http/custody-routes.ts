// The HTTP operations on what a bank must be able to show of a customer: how it was verified, what
// it consented to, what was ever changed, and that it was erased.

import { Type } from 'typebox';
import { parseInstant, type Instant } from '#kernel';
import {
  answer,
  badCursor,
  defineOperation,
  proposedAnswer,
  readCursor,
  schema,
  transact,
  writeCursor,
  type EdgeRequest,
  type Operation,
  type Route,
} from '#gateway';
import { sayConsent } from '../consent.ts';
import { eraseCustomer } from '../erase.ts';
import { customer, listConsents, listCustomerChanges } from '../read.ts';
import { verifyCustomer } from '../verify.ts';
import * as shapes from './customer-schemas.ts';
import { hidden, noCustomer, permissions, rowsFor, type CustomersEdge } from './edge.ts';
import { presentChange, presentConsent, presentState } from './present.ts';

const tags = ['customers'];
const LIST = 'customer-changes';
const aboutOne = {
  target: ({ params }: { readonly params: { readonly id: string } }) => params.id,
};

export function custodyRoutes(edge: CustomersEdge): Route[] {
  const at = '/v1/customers/{id}';
  const { read, verify, consent, erase } = permissions;
  return [
    { method: 'POST', path: `${at}/verification`, permission: verify, operation: verifyOne(edge) },
    { method: 'POST', path: `${at}/consents`, permission: consent, operation: say(edge) },
    { method: 'GET', path: `${at}/consents`, permission: read, operation: consents(edge) },
    { method: 'GET', path: `${at}/changes`, permission: read, operation: changes(edge) },
    { method: 'POST', path: `${at}/erasure`, permission: erase, operation: eraseOne(edge) },
  ];
}

function verifyOne(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'verifyCustomer',
    summary: 'Say how far the identity of a customer is proven',
    description: 'From expires_at on the verification is expired, and has to be done again.',
    tags,
    refusals: [
      'customer_unknown',
      'customer_erased',
      'verification_transition_illegal',
      'verification_expiry_invalid',
    ],
    example: { state: 'verified', method: 'document', reference: 'AB 123456' },
    schema: {
      params: shapes.customerParams,
      body: shapes.verify,
      response: { 200: { description: 'The customer as it is now.', body: shapes.customerState } },
    },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const { expires_at: until, ...said } = request.body;
        const expiresAt = until === undefined ? undefined : (parseInstant(until) as Instant);
        const result = await verifyCustomer(tx, { id: request.params.id, ...said, expiresAt });
        return result.ok ? answer(200, presentState(result.value, tx.now)) : result;
      }),
  });
}

function say(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'sayConsent',
    summary: 'Record that a customer consents, or no longer does',
    description: 'Each purpose for itself. Saying again what was said last is no change.',
    tags,
    refusals: ['customer_unknown', 'customer_erased', 'consent_not_given'],
    example: { purpose: 'marketing_email', is_given: true, text_version: '2026-01' },
    schema: {
      params: shapes.customerParams,
      body: shapes.sayConsent,
      response: { 200: { description: 'The consent as it is now.', body: shapes.consent } },
    },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const { purpose, is_given: isGiven, text_version: textVersion } = request.body;
        const { id } = request.params;
        const refused = hidden(request, permissions.consent, id);
        if (refused !== undefined) return refused;
        const result = await sayConsent(tx, { id, purpose, isGiven, textVersion });
        return result.ok ? answer(200, presentConsent(result.value)) : result;
      }),
  });
}

function consents(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'listConsents',
    summary: 'List the consents of a customer',
    description: 'The latest word on each purpose, by purpose.',
    tags,
    refusals: ['customer_unknown'],
    disclosure: aboutOne,
    schema: {
      params: shapes.customerParams,
      response: {
        200: {
          description: 'The consents.',
          body: schema.object({ data: Type.Array(shapes.consent) }),
        },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const rows = rowsFor(edge, request);
      const refused = hidden(request, permissions.read, id);
      if (refused !== undefined) return refused;
      if ((await customer(rows, id)) === undefined) return noCustomer(id);
      return answer(200, { data: (await listConsents(rows, id)).map(presentConsent) });
    },
  });
}

function changes(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'listCustomerChanges',
    summary: 'List what was changed about a customer, newest first',
    description: 'Which fields, when and by whom; never what stood in them.',
    tags,
    refusals: ['customer_unknown'],
    disclosure: aboutOne,
    schema: {
      params: shapes.customerParams,
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of changes.', body: schema.pageOf(shapes.customerChange) },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const { limit, cursor } = request.query;
      const rows = rowsFor(edge, request);
      const refused = hidden(request, permissions.read, id);
      if (refused !== undefined) return refused;
      if ((await customer(rows, id)) === undefined) return noCustomer(id);
      const before = cursor === undefined ? undefined : placeOf(cursor);
      const page = await listCustomerChanges(rows, id, { before, limit });
      const last = page.hasMore ? page.changes.at(-1) : undefined;
      return answer(200, {
        data: page.changes.map(presentChange),
        has_more: last !== undefined,
        next_cursor: last === undefined ? null : writeCursor(LIST, [last.revision]),
      });
    },
  });
}

function placeOf(cursor: string): number {
  const [place] = readCursor(LIST, cursor);
  if (typeof place === 'number' && Number.isInteger(place) && place > 0 && place < 2 ** 31) {
    return place;
  }
  throw badCursor();
}

type Erasing = Pick<EdgeRequest, 'principal'> & { readonly params: { readonly id: string } };

/** Nobody brings back what was erased, so a second person looks at it first. */
const erasure = {
  when: ({ principal }: Erasing) => principal !== undefined && principal.kind !== 'local',
  what: ({ params }: Erasing) => ({ summary: `${params.id} would be erased for good.` }),
};

function eraseOne(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'eraseCustomer',
    summary: 'Erase a customer',
    description:
      'Destroys the key under which everything known of the customer is sealed, in its rows and ' +
      'in the audit log. Its id and its history stay. Refused while it has accounts that are not ' +
      'closed. Done once a second person has approved it.',
    tags,
    refusals: ['customer_unknown', 'customer_has_accounts'],
    example: { reason: 'request 2026-17' },
    schema: {
      params: shapes.customerParams,
      body: shapes.erase,
      response: {
        200: { description: 'What is left of the customer.', body: shapes.customerState },
        ...proposedAnswer,
      },
    },
    approval: erasure,
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const { reason } = request.body;
        const result = await eraseCustomer(tx, { id: request.params.id, reason });
        return result.ok ? answer(200, presentState(result.value, tx.now)) : result;
      }),
  });
}
