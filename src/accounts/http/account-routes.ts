// The HTTP operations on bank accounts: open, list, read, block, close, and what each earned.

import { limits } from '#config';
import { isId } from '#kernel';
import { accountsById, expireHolds } from '#ledger';
import {
  answer,
  defineOperation,
  EdgeRefusal,
  proposedAnswer,
  schema,
  transact,
  pageOf,
  type Operation,
  type Route,
} from '#gateway';
import { listBankAccounts } from '../bank-account-store.ts';
import { changeOverdraft, changeStatus } from '../change.ts';
import { closeBankAccount } from '../close.ts';
import { selectBookings, selectPosition } from '../interest/position-store.ts';
import { openBankAccountsOrReplay, type OpenBankAccountAnswer } from '../open.ts';
import { bankAccounts } from '../read.ts';
import { bankAccountRefusals } from '../refusals.ts';
import * as shapes from './account-schemas.ts';
import {
  contextOf,
  disclosure,
  isWatched,
  noAccount,
  onlyOwn,
  permissions,
  placeIn,
  readUse,
  rowsOf,
  type AccountsEdge,
} from './edge.ts';
import { newAccountOf, presentAccount, presentBooking, presentInterest } from './present.ts';

const tags = ['accounts'];
const BASE = '/v1/accounts';
const example = {
  product: 'current',
  owners: [{ customer: 'cus_01990000-0000-7000-8000-000000000001', role: 'owner' }],
};

export function bankAccountRoutes(edge: AccountsEdge): Route[] {
  const { read, list, open, change } = permissions;
  const row = (
    method: Route['method'],
    path: string,
    permission: string,
    operation: Operation,
  ): Route => ({ method, path: `${BASE}${path}`, permission, operation });
  return [
    row('POST', '', open, openOne(edge)),
    row('POST', '/batch', open, openMany(edge)),
    row('GET', '', list, listAll(edge)),
    row('GET', '/{id}', read, readOne(edge)),
    row('POST', '/{id}/status', change, setStatus(edge)),
    row('PUT', '/{id}/overdraft', change, setOverdraft(edge)),
    row('POST', '/{id}/closing', change, close(edge)),
    row('GET', '/{id}/interest', read, readInterest(edge)),
    row('GET', '/{id}/bookings', read, listBookings(edge)),
  ];
}

const openRefusals = [
  'product_unknown',
  'owner_required',
  'holder_exists',
  'holders_too_many',
  'holder_customer_unknown',
  'overdraft_exceeded',
  'account_number_invalid',
  'account_number_taken',
  'ledger_account_unfit',
  'bank_account_exists_with_different_content',
] as const;

function openOne(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'openBankAccount',
    summary: 'Open a bank account',
    description:
      'With its books in the ledger, a number of its own and a mandate for each holder. With an ' +
      'external_id the request can be repeated: the answer is then the same account, with status ' +
      '200 and the header Idempotent-Replayed.',
    tags,
    refusals: openRefusals,
    example,
    schema: {
      body: shapes.openAccountBody,
      response: {
        200: { description: 'It had been opened before.', body: shapes.account },
        201: { description: 'The account.', body: shapes.account },
      },
    },
    async handler(request) {
      const asked = newAccountOf(request.body);
      return transact(edge, request, async (tx) => {
        const [opened] = await openBankAccountsOrReplay(tx, [asked]);
        const { result, isReplay } = opened as OpenBankAccountAnswer;
        if (!result.ok) return result;
        const body = presentAccount(result.value);
        if (isReplay) return { status: 200, body, headers: { 'idempotent-replayed': 'true' } };
        return { status: 201, body, headers: { location: `${BASE}/${result.value.id}` } };
      });
    },
  });
}

function openMany(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'openBankAccounts',
    summary: 'Open many bank accounts',
    description: 'One result per account, in order; a refused one does not hold up the others.',
    tags,
    refusals: openRefusals,
    example: [example],
    isNdjsonAccepted: true,
    bodyBytesMax: limits.httpBatchBodyBytesMax.value,
    schema: {
      body: shapes.openAccountsBody,
      response: { 200: { description: 'The results.', body: shapes.openedAccounts } },
    },
    async handler(request) {
      const asked = request.body.map(newAccountOf);
      return transact(edge, request, async (tx) => {
        const answers = await openBankAccountsOrReplay(tx, asked);
        const refused = answers.filter(({ result }) => !result.ok).length;
        const results = answers.map(presentOpened);
        return answer(200, { accepted: answers.length - refused, refused, results });
      });
    },
  });
}

function presentOpened({ result, isReplay }: OpenBankAccountAnswer): object {
  if (result.ok) {
    const account = presentAccount(result.value);
    return { status: isReplay ? 'replayed' : 'opened', account };
  }
  const { code, message, param } = result.refusal;
  const { retryable } = bankAccountRefusals[code];
  return { status: 'refused', refusal: { code, message, retryable, param } };
}

const LIST = 'bank_accounts';

function listAll(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'listBankAccounts',
    summary: 'List bank accounts',
    description: 'Oldest first. Customers and partners see the accounts they hold.',
    tags,
    disclosure: { target: () => 'accounts' },
    schema: {
      query: shapes.accountQuery,
      response: {
        200: { description: 'A page of accounts.', body: schema.pageOf(shapes.account) },
      },
    },
    async handler(request) {
      const { limit, cursor, product, status, external_id: externalId } = request.query;
      const own = onlyOwn(request);
      const customer = own ?? request.query.customer;
      const place = placeIn(LIST, cursor);
      if (place !== undefined && !isId('acc', place)) throw badCursor();
      const isHidden = own === 'nobody' || (request.query.customer ?? customer) !== customer;
      const found =
        isHidden || customer === 'nobody'
          ? []
          : await listBankAccounts(rowsOf(edge, request), {
              customer,
              product,
              status,
              externalId,
              after: place,
              limit: limit + 1,
            });
      return answer(
        200,
        pageOf({ list: LIST, found, limit, present: presentAccount, place: (last) => [last.id] }),
      );
    },
  });
}

function badCursor(): EdgeRefusal {
  return new EdgeRefusal('field_invalid', 'cursor is not one of this list.', { param: 'cursor' });
}

function readOne(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'readBankAccount',
    summary: 'Read a bank account with its balance',
    tags,
    refusals: ['bank_account_unknown'],
    disclosure,
    schema: {
      params: shapes.accountParams,
      response: { 200: { description: 'The account.', body: shapes.accountWithBalance } },
    },
    objects: readUse,
    async handler(request) {
      const { id } = request.params;
      const rows = rowsOf(edge, request);
      const [account] = await bankAccounts(rows, [id]);
      const [books] = await accountsById(rows, [id], edge.clock.now());
      if (account === undefined || books === undefined) return noAccount(id);
      const { balance, available } = books.balances;
      return answer(200, {
        ...presentAccount(account),
        balance: String(balance),
        available: String(available),
      });
    },
  });
}

function setStatus(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'changeBankAccountStatus',
    summary: 'Block or unblock a bank account, or wake it',
    description:
      'blocked: nothing moves. debits_blocked: nothing leaves. The books follow at once. A block ' +
      'is lifted once a second person has approved it.',
    tags,
    refusals: ['bank_account_unknown', 'bank_account_closed', 'bank_account_status_unchanged'],
    example: { status: 'debits_blocked', reason: 'attachment order 12 EXE 345/2026' },
    schema: {
      params: shapes.accountParams,
      body: shapes.statusBody,
      response: {
        200: { description: 'The account as it is now.', body: shapes.account },
        ...proposedAnswer,
      },
    },
    approval: {
      when: (request) => isWatched(request) && request.body.status === 'active',
      what: ({ params }) => ({ summary: `The block of ${params.id} would be lifted.` }),
    },
    async handler(request) {
      const { id } = request.params;
      const asked = { accountId: id, ...request.body };
      return transact(edge, request, async (tx) => {
        const result = await changeStatus(tx, asked);
        return result.ok ? answer(200, presentAccount(result.value)) : result;
      });
    },
  });
}

function setOverdraft(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'changeOverdraft',
    summary: 'Change by how much a bank account may be overdrawn',
    description: 'Within the limit of its product, once a second person has approved it.',
    tags,
    refusals: [
      'bank_account_unknown',
      'bank_account_closed',
      'overdraft_exceeded',
      'overdraft_in_use',
    ],
    example: { overdraft: '5000000' },
    schema: {
      params: shapes.accountParams,
      body: shapes.overdraftBody,
      response: {
        200: { description: 'The account as it is now.', body: shapes.account },
        ...proposedAnswer,
      },
    },
    approval: {
      when: isWatched,
      what: ({ params, body }) => ({
        summary: `${params.id} could be overdrawn by ${body.overdraft}.`,
      }),
    },
    async handler(request) {
      const overdraft = BigInt(request.body.overdraft);
      const accountId = request.params.id;
      return transact(edge, request, async (tx) => {
        const result = await changeOverdraft(tx, { accountId, overdraft });
        return result.ok ? answer(200, presentAccount(result.value)) : result;
      });
    },
  });
}

function close(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'closeBankAccount',
    summary: 'Close a bank account for good',
    description:
      'Interest and fees are settled first, to the day before. What is then left goes to ' +
      'payout_account_id; without it the account must be empty. An account that owes, is blocked ' +
      'or has open holds stays open.',
    tags,
    refusals: [
      'bank_account_unknown',
      'bank_account_closed',
      'bank_account_blocked',
      'bank_account_not_empty',
      'bank_account_payout_refused',
    ],
    example: { reason: 'asked for by the owner' },
    schema: {
      params: shapes.accountParams,
      body: shapes.closingBody,
      response: { 200: { description: 'The closed account.', body: shapes.account } },
    },
    async handler(request) {
      const { reason, payout_account_id: payoutTo } = request.body;
      const asked = { accountId: request.params.id, reason, payoutTo };
      // What is no longer held must not stand in the way.
      await expireHolds(edge.database, contextOf(edge, request));
      return transact(edge, request, async (tx) => {
        const result = await closeBankAccount(tx, asked);
        return result.ok ? answer(200, presentAccount(result.value)) : result;
      });
    },
  });
}

function readInterest(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'readInterest',
    summary: 'Read what a bank account has earned and cost since it was last booked',
    tags,
    refusals: ['bank_account_unknown'],
    disclosure,
    schema: {
      params: shapes.accountParams,
      response: { 200: { description: 'Interest so far.', body: shapes.interest } },
    },
    objects: readUse,
    async handler(request) {
      const { id } = request.params;
      const position = await selectPosition(rowsOf(edge, request), id);
      return position === undefined ? noAccount(id) : answer(200, presentInterest(position));
    },
  });
}

const VERSION = /^[1-9][0-9]{0,17}$/;

function listBookings(edge: AccountsEdge): Operation {
  return defineOperation({
    operationId: 'listBookings',
    summary: 'List the interest and fees booked on a bank account',
    description: 'Newest first.',
    tags,
    refusals: ['bank_account_unknown'],
    disclosure,
    schema: {
      params: shapes.accountParams,
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of bookings.', body: schema.pageOf(shapes.booking) },
      },
    },
    objects: readUse,
    async handler(request) {
      const { id } = request.params;
      const { limit, cursor } = request.query;
      const list = `bookings.${id}`;
      const place = placeIn(list, cursor);
      if (place !== undefined && !VERSION.test(place)) throw badCursor();
      const rows = rowsOf(edge, request);
      const [account] = await bankAccounts(rows, [id]);
      if (account === undefined) return noAccount(id);
      const before = place === undefined ? undefined : BigInt(place);
      const found = await selectBookings(rows, id, { before, countMax: limit + 1 });
      return answer(
        200,
        pageOf({
          list,
          found,
          limit,
          present: presentBooking,
          place: (last) => [String(last.version)],
        }),
      );
    },
  });
}
