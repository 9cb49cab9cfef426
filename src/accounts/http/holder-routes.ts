// The HTTP operations on who holds a bank account: joint owners and the authorised join and leave.

import {
  answer,
  defineOperation,
  EdgeRefusal,
  proposedAnswer,
  transact,
  type Operation,
  type Route,
} from '#gateway';
import { addHolder, endHolder } from '../holders.ts';
import * as shapes from './account-schemas.ts';
import { isWatched, permissions, type AccountsEdge } from './edge.ts';
import { newHolderOf, presentAccount } from './present.ts';

const tags = ['accounts'];

export function holderRoutes(edge: AccountsEdge): Route[] {
  const { change } = permissions;
  const holders = '/v1/accounts/{id}/holders';
  return [
    { method: 'POST', path: holders, permission: change, operation: add(edge) },
    { method: 'DELETE', path: `${holders}/{customer}`, permission: change, operation: end(edge) },
  ];
}

function add(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'addAccountHolder',
    summary: 'Add a joint owner, or give a mandate for a bank account',
    description:
      'The customer may act on the account from now on: an owner without limits, who is ' +
      'authorised as far as acts, transfer_max, day_max and valid_to say. In force once a second ' +
      'person has approved it.',
    tags,
    refusals: [
      'bank_account_unknown',
      'bank_account_closed',
      'holder_exists',
      'holders_too_many',
      'holder_customer_unknown',
    ],
    example: {
      customer: 'cus_01990000-0000-7000-8000-000000000001',
      role: 'authorised',
      acts: ['read', 'debit'],
      day_max: '1000000',
    },
    schema: {
      params: shapes.accountParams,
      body: shapes.holderBody,
      response: {
        201: { description: 'The account with its holders.', body: shapes.account },
        ...proposedAnswer,
      },
    },
    approval: {
      when: isWatched,
      what: ({ params, body }) => ({
        summary: `${params.id} would have another holder, ${body.role}.`,
        beneficiaries: [body.customer],
      }),
    },
    async handler(request) {
      const { body, params } = request;
      const limited = (['acts', 'transfer_max', 'day_max', 'valid_to'] as const).find(
        (name) => body[name] !== undefined,
      );
      if (body.role === 'owner' && limited !== undefined) {
        const message = `${limited} is for who is authorised; an owner has no limits.`;
        throw new EdgeRefusal('field_invalid', message, { param: limited });
      }
      const added = newHolderOf(params.id, body);
      return transact(edge, request, async (tx) => {
        const result = await addHolder(tx, added);
        return result.ok ? answer(201, presentAccount(result.value)) : result;
      });
    },
  });
}

function end(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'endAccountHolder',
    summary: 'End what a customer holds of a bank account',
    description: 'In force at once, with the mandate that went with it. The last owner stays.',
    tags,
    isIdempotentByNature: true,
    refusals: ['bank_account_unknown', 'holder_unknown', 'owner_required'],
    schema: {
      params: shapes.holderParams,
      response: { 200: { description: 'The account with its holders.', body: shapes.account } },
    },
    async handler(request) {
      const { id: accountId, customer } = request.params;
      return transact(edge, request, async (tx) => {
        const result = await endHolder(tx, { accountId, customer });
        return result.ok ? answer(200, presentAccount(result.value)) : result;
      });
    },
  });
}
