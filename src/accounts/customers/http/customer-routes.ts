// The HTTP operations that take customers on, change them, and find and read them.

import { Type } from 'typebox';
import { limits } from '#config';
import { isId } from '#kernel';
import {
  answer,
  badCursor,
  defineOperation,
  EdgeRefusal,
  readCursor,
  schema,
  transact,
  writeCursor,
  type Operation,
  type Route,
} from '#gateway';
import { changeCustomer } from '../change.ts';
import { createCustomersOrReplay, type CreateAnswer } from '../create.ts';
import { customerKinds, type CustomerId } from '../customer.ts';
import { findByLookup, type LookupKind } from '../lookup.ts';
import { customer, customersById, listCustomers } from '../read.ts';
import { customerRefusals } from '../refusals.ts';
import { verificationStates } from '../verification.ts';
import * as shapes from './customer-schemas.ts';
import {
  hidden,
  noCustomer,
  onlyOwn,
  permissions,
  rowsFor,
  tenantOf,
  type CustomersEdge,
} from './edge.ts';
import { changeOf, newCustomerOf, presentCustomer, presentState } from './present.ts';

const tags = ['customers'];
const LIST = 'customers';
const example = {
  external_id: 'client-17',
  kind: 'person',
  particulars: { name: 'Eva Nováková', email: 'eva@example.com', birth_date: '1985-02-28' },
};
const createRefusals = ['customer_exists_with_different_content', 'customer_particulars_invalid'];
const aboutOne = {
  target: ({ params }: { readonly params: { readonly id: string } }) => params.id,
};

export function customerRoutes(edge: CustomersEdge): Route[] {
  const at = '/v1/customers';
  const { read, write } = permissions;
  return [
    { method: 'POST', path: at, permission: write, operation: createOne(edge) },
    { method: 'POST', path: `${at}/batch`, permission: write, operation: createMany(edge) },
    { method: 'POST', path: `${at}/search`, permission: read, operation: search(edge) },
    { method: 'GET', path: at, permission: read, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: read, operation: readOne(edge) },
    { method: 'PATCH', path: `${at}/{id}`, permission: write, operation: change(edge) },
  ];
}

function createOne(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'createCustomer',
    summary: 'Take a customer on',
    description:
      'What is known of the customer is kept sealed under a key of its own, and is not in the ' +
      'answer. With an external_id the request can be repeated: the answer is then the same ' +
      'customer, with status 200.',
    tags,
    refusals: createRefusals,
    example,
    schema: {
      body: shapes.newCustomer,
      response: {
        200: { description: 'It had been taken on before.', body: shapes.customerState },
        201: { description: 'The customer.', body: shapes.customerState },
      },
    },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const answers = await createCustomersOrReplay(tx, [newCustomerOf(request.body)]);
        const { result, isReplay } = answers[0] as CreateAnswer;
        if (!result.ok) return result;
        const body = presentState(result.value, tx.now);
        if (isReplay) return { status: 200, body, headers: { 'idempotent-replayed': 'true' } };
        const location = `/v1/customers/${result.value.id}`;
        return { status: 201, body, headers: { location } };
      }),
  });
}

function createMany(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'createCustomers',
    summary: 'Take many customers on',
    description:
      'One result per customer, in order; one refused customer does not hold up the others.',
    tags,
    refusals: createRefusals,
    example: [example],
    isNdjsonAccepted: true,
    bodyBytesMax: limits.httpBatchBodyBytesMax.value,
    schema: {
      body: shapes.newCustomers,
      response: { 200: { description: 'The results.', body: shapes.createdCustomers } },
    },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const answers = await createCustomersOrReplay(tx, request.body.map(newCustomerOf));
        const refused = answers.filter(({ result }) => !result.ok).length;
        const results = answers.map(({ result, isReplay }) => {
          if (result.ok) {
            const status = isReplay ? 'replayed' : 'created';
            return { status, customer: presentState(result.value, tx.now) };
          }
          const { code, message, param } = result.refusal;
          const { retryable } = customerRefusals[code];
          return { status: 'refused', refusal: { code, message, retryable, param } };
        });
        return answer(200, { accepted: answers.length - refused, refused, results });
      }),
  });
}

function search(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'searchCustomers',
    summary: 'Find customers by their exact e-mail address or tax id',
    description:
      'In a body, because an address does not belong into a URL. Letters’ case does not count, ' +
      'nor how a tax id is set. Newest first, at most 100.',
    tags,
    disclosure: { target: () => 'customers' },
    isIdempotentByNature: true,
    example: { email: 'eva@example.com' },
    schema: {
      body: shapes.search,
      response: {
        200: {
          description: 'The customers.',
          body: schema.object({ data: Type.Array(shapes.customer) }),
        },
      },
    },
    async handler(request) {
      const { email, tax_id: taxId } = request.body;
      const kind: LookupKind = email === undefined ? 'tax_id' : 'email';
      const text = email ?? taxId;
      if (text === undefined) {
        throw new EdgeRefusal('field_missing', 'email or tax_id is required.', { param: 'email' });
      }
      const rows = rowsFor(edge, request);
      const countMax = limits.customersFoundMax.value;
      const ids = await findByLookup(rows, { tenant: tenantOf(request), kind, text, countMax });
      const own = onlyOwn(request, permissions.read);
      const seen = own === undefined ? ids : ids.filter((id) => id === own);
      const found = await customersById(rows, seen);
      const now = edge.clock.now();
      const data = seen.flatMap((id) => {
        const each = found.get(id);
        return each === undefined ? [] : [presentCustomer(each, now)];
      });
      return answer(200, { data });
    },
  });
}

const listQuery = schema.object({
  ...schema.pageQuery,
  external_id: Type.Optional(schema.text(255)),
  kind: Type.Optional(schema.choice(customerKinds)),
  verification: Type.Optional(schema.choice(verificationStates)),
});

function list(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'listCustomers',
    summary: 'List customers, newest first',
    description: 'Whoever is a customer sees itself.',
    tags,
    disclosure: { target: () => 'customers' },
    schema: {
      query: listQuery,
      response: {
        200: { description: 'A page of customers.', body: schema.pageOf(shapes.customer) },
      },
    },
    async handler(request) {
      const { limit, cursor, kind, verification, external_id: externalId } = request.query;
      const rows = rowsFor(edge, request);
      const now = edge.clock.now();
      const own = onlyOwn(request, permissions.read);
      if (own !== undefined) {
        const self = isId('cus', own) ? await customer(rows, own) : undefined;
        const data = self === undefined ? [] : [presentCustomer(self, now)];
        return answer(200, { data, has_more: false, next_cursor: null });
      }
      const before = cursor === undefined ? undefined : placeOf(cursor);
      const filter = { limit, before, kind, verification, externalId };
      const page = await listCustomers(rows, filter);
      const last = page.hasMore ? page.customers.at(-1) : undefined;
      return answer(200, {
        data: page.customers.map((each) => presentCustomer(each, now)),
        has_more: last !== undefined,
        next_cursor: last === undefined ? null : writeCursor(LIST, [last.id]),
      });
    },
  });
}

function placeOf(cursor: string): CustomerId {
  const [place] = readCursor(LIST, cursor);
  if (typeof place === 'string' && isId('cus', place)) return place;
  throw badCursor();
}

function readOne(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'readCustomer',
    summary: 'Read a customer',
    description: 'Of a customer that was erased nothing is known any more: particulars is null.',
    tags,
    refusals: ['customer_unknown'],
    disclosure: aboutOne,
    schema: {
      params: shapes.customerParams,
      response: { 200: { description: 'The customer.', body: shapes.customer } },
    },
    async handler(request) {
      const { id } = request.params;
      const refused = hidden(request, permissions.read, id);
      if (refused !== undefined) return refused;
      const found = await customer(rowsFor(edge, request), id);
      if (found === undefined) return noCustomer(id);
      return answer(200, presentCustomer(found, edge.clock.now()));
    },
  });
}

function change(edge: CustomersEdge): Operation {
  return defineOperation({
    operationId: 'changeCustomer',
    summary: 'Change what is known of a customer',
    description:
      'A field that is null is known no more. Whoever was verified and changes name, date of ' +
      'birth, tax id or registration number has to be verified again.',
    tags,
    refusals: [
      'customer_unknown',
      'customer_erased',
      'customer_particulars_invalid',
      'customer_revision_mismatch',
    ],
    example: { revision: 1, particulars: { phone: '+420601123456' } },
    schema: {
      params: shapes.customerParams,
      body: shapes.changeCustomer,
      response: { 200: { description: 'The customer as it is now.', body: shapes.customerState } },
    },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const asked = { id: request.params.id, ...changeOf(request.body) };
        const result = await changeCustomer(tx, asked);
        return result.ok ? answer(200, presentState(result.value, tx.now)) : result;
      }),
  });
}
