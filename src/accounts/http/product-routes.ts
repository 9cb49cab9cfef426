// The HTTP operations on products: add a version, list the products, read all versions of one.

import { Type } from 'typebox';
import {
  answer,
  defineOperation,
  proposedAnswer,
  schema,
  transact,
  pageOf,
  type Operation,
  type Route,
} from '#gateway';
import { selectProducts } from '../products/product-store.ts';
import { addProduct, productVersions } from '../products/products.ts';
import { no } from '../refusals.ts';
import * as shapes from './account-schemas.ts';
import { isWatched, permissions, placeIn, rowsOf, type AccountsEdge } from './edge.ts';
import { newVersionOf, presentProduct } from './present.ts';

const tags = ['products'];
const LIST = 'products';

export function productRoutes(edge: AccountsEdge): Route[] {
  const { readProducts, writeProducts } = permissions;
  return [
    { method: 'GET', path: '/v1/products', permission: readProducts, operation: list(edge) },
    { method: 'GET', path: '/v1/products/{code}', permission: readProducts, operation: read(edge) },
    {
      method: 'POST',
      path: '/v1/products/{code}/versions',
      permission: writeProducts,
      operation: add(edge),
    },
  ];
}

function add(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'addProductVersion',
    summary: 'Make a product, or give it another version',
    description:
      'A version is in force from its day on, for every account of the product, once a second ' +
      'person has approved it. What was accrued before stays as it was.',
    tags,
    refusals: ['product_terms_invalid', 'product_identity_fixed', 'product_date_passed'],
    example: {
      effective_from: '2027-01-01',
      kind: 'savings',
      currency: 'CZK',
      name: 'Savings account',
      terms: {
        interest: {
          day_count: 'ACT/365',
          booking: 'monthly',
          method: 'portion',
          credit: [{ from: '0', rate: '0.0325' }],
          debit: [],
        },
      },
    },
    schema: {
      params: shapes.productParams,
      body: shapes.productBody,
      response: { 201: { description: 'The version.', body: shapes.product }, ...proposedAnswer },
    },
    approval: {
      when: isWatched,
      what: ({ params, body }) => ({
        summary: `Product ${params.code} would have other terms from ${body.effective_from}.`,
      }),
    },
    async handler(request) {
      const added = newVersionOf(request.params.code, request.body, edge.ownNumbering);
      return transact(edge, request, async (tx) => {
        const result = await addProduct(tx, added);
        return result.ok ? answer(201, presentProduct(result.value)) : result;
      });
    },
  });
}

function list(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'listProducts',
    summary: 'List the products',
    description: 'Each in its latest version, which may be in force from a later day only.',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of products.', body: schema.pageOf(shapes.product) },
      },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const after = placeIn(LIST, cursor);
      const found = await selectProducts(rowsOf(edge, request), { after, countMax: limit + 1 });
      return answer(
        200,
        pageOf({ list: LIST, found, limit, present: presentProduct, place: (last) => [last.code] }),
      );
    },
  });
}

function read(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'readProduct',
    summary: 'Read a product in all its versions',
    tags,
    refusals: ['product_unknown'],
    schema: {
      params: shapes.productParams,
      response: {
        200: {
          description: 'The versions, oldest first.',
          body: schema.object({ data: Type.Array(shapes.product) }),
        },
      },
    },
    async handler(request) {
      const { code } = request.params;
      const versions = (await productVersions(rowsOf(edge, request), [code])).get(code);
      if (versions === undefined) {
        return no('product_unknown', `There is no product ${code}.`, 'code');
      }
      return answer(200, { data: versions.map(presentProduct) });
    },
  });
}
