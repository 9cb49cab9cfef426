// The HTTP operations on accounts: open, change, read, and the lists of what happened on one.

import { Type } from 'typebox';
import { limits } from '#config';
import { formatInstant, type Refused } from '#kernel';
import {
  answer,
  defineOperation,
  proposedAnswer,
  schema,
  transact,
  type Operation,
  type Route,
} from '#gateway';
import { changeAccount } from '../change.ts';
import { expireHolds } from '../expire.ts';
import { openAccountsOrReplay, type OpenAnswer } from '../open.ts';
import {
  balanceAt,
  listAccounts,
  listEntries,
  listOpenHolds,
  statement,
  type AccountFilter,
} from '../read.ts';
import { accountRefusals, refusals } from '../refusals.ts';
import { accountStatuses } from '../account.ts';
import { accountUse } from './access/object-uses.ts';
import { accountLimits } from './access/second-person.ts';
import * as shapes from './answer-schemas.ts';
import { booksOf, contextOf, noAccount, permissions, replayed, type LedgerEdge } from './edge.ts';
import { changeAccountOf, openAccountOf } from './parse.ts';
import {
  presentAccount,
  presentBalance,
  presentEntry,
  presentHold,
  presentStatement,
} from './present.ts';
import { pageEnd, placeOf, readAsOf, readFrom, readTo, requireOrder } from './query.ts';
import * as requests from './request-schemas.ts';

const tags = ['ledger accounts'];
/** Reading of an account is noted in the audit log: these are data of a customer. */
const disclosure = {
  target: ({ params }: { readonly params: { readonly id: string } }) => params.id,
};
const example = {
  external_id: 'customer-17-current',
  path: 'liabilities:deposits:current',
  currency: 'CZK',
  normal_side: 'credit',
  floor: '0',
  credit_limit: '500000',
};

export function accountRoutes(edge: LedgerEdge): Route[] {
  const at = '/v1/ledger/accounts';
  const { readAccounts, openAccounts, changeAccounts } = permissions;
  return [
    { method: 'POST', path: at, permission: openAccounts, operation: openOne(edge) },
    { method: 'POST', path: `${at}/batch`, permission: openAccounts, operation: openMany(edge) },
    { method: 'GET', path: at, permission: readAccounts, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: readAccounts, operation: read(edge) },
    { method: 'PATCH', path: `${at}/{id}`, permission: changeAccounts, operation: change(edge) },
    {
      method: 'GET',
      path: `${at}/{id}/balance`,
      permission: readAccounts,
      operation: readBalance(edge),
    },
    {
      method: 'GET',
      path: `${at}/{id}/entries`,
      permission: readAccounts,
      operation: entries(edge),
    },
    {
      method: 'GET',
      path: `${at}/{id}/statement`,
      permission: readAccounts,
      operation: readStatement(edge),
    },
    { method: 'GET', path: `${at}/{id}/holds`, permission: readAccounts, operation: holds(edge) },
  ];
}

const openRefusals = [
  'account_exists_with_different_content',
  'account_limits_crossed',
  'account_limit_below_balance',
] as const;

function openOne(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'openAccount',
    summary: 'Open an account',
    description:
      'With an external_id the request can be repeated: the answer is then the same account, ' +
      'with status 200 and the header Idempotent-Replayed.',
    tags,
    refusals: openRefusals,
    example,
    schema: {
      body: requests.openAccountBody,
      response: {
        200: { description: 'It had been opened before.', body: shapes.account },
        201: { description: 'The account.', body: shapes.account },
      },
    },
    async handler(request) {
      const asked = openAccountOf(request.body);
      return transact(edge, request, async (tx) => {
        const [opened] = await openAccountsOrReplay(tx, [asked]);
        const { result, isReplay } = opened as OpenAnswer;
        if (!result.ok) return result;
        const body = presentAccount(result.value);
        if (isReplay) return { status: 200, body, headers: replayed };
        const location = `/v1/ledger/accounts/${result.value.id}`;
        return { status: 201, body, headers: { location } };
      });
    },
  });
}

function openMany(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'openAccounts',
    summary: 'Open many accounts',
    description:
      'One result per account, in order; one refused account does not hold up the others.',
    tags,
    refusals: openRefusals,
    example: [example],
    isNdjsonAccepted: true,
    bodyBytesMax: limits.httpBatchBodyBytesMax.value,
    schema: {
      body: requests.openAccountsBody,
      response: { 200: { description: 'The results.', body: shapes.openedAccounts } },
    },
    async handler(request) {
      const asked = request.body.map(openAccountOf);
      return transact(edge, request, async (tx) => {
        const answers = await openAccountsOrReplay(tx, asked);
        const results = answers.map(presentOpened);
        const refused = answers.filter(({ result }) => !result.ok).length;
        return answer(200, { accepted: answers.length - refused, refused, results });
      });
    },
  });
}

function presentOpened({ result, isReplay }: OpenAnswer): object {
  if (result.ok) {
    const status = isReplay ? 'replayed' : 'opened';
    return { status, account: presentAccount(result.value) };
  }
  const { code, message, param } = result.refusal;
  const { retryable } = refusals[code];
  return { status: 'refused', refusal: { code, message, retryable, param } };
}

function change(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'changeAccount',
    summary: 'Change an account',
    description:
      'Name, limits, metadata (replaced as a whole) and state. A closed account stays closed; an ' +
      'account closes only with a balance of zero and no open holds. Limits are changed once a ' +
      'second person has approved it.',
    tags,
    refusals: Object.keys(accountRefusals).filter(
      (code) => !code.startsWith('account_exists') && code !== 'account_currency_unknown',
    ),
    example: { credit_limit: '1000000', state: 'debits_frozen' },
    schema: {
      params: requests.accountParams,
      body: requests.changeAccountBody,
      response: {
        200: { description: 'The account as it is now.', body: shapes.account },
        ...proposedAnswer,
      },
    },
    objects: accountUse('manage'),
    approval: accountLimits,
    async handler(request) {
      const asked = changeAccountOf(request.params.id, request.body);
      // What is no longer held must not stand in the way of a limit, or of closing.
      await expireHolds(edge.database, contextOf(edge, request));
      return transact(edge, request, async (tx) => {
        const result = await changeAccount(tx, asked);
        return result.ok ? answer(200, presentAccount(result.value)) : result;
      });
    },
  });
}

function read(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'readAccount',
    summary: 'Read an account with its balances',
    tags,
    refusals: ['account_unknown'],
    disclosure,
    schema: {
      params: requests.accountParams,
      response: { 200: { description: 'The account.', body: shapes.account } },
    },
    objects: accountUse('read'),
    async handler({ params, tenant }) {
      const found = await edge.accounts.read(params.id, tenant);
      return found === undefined ? noAccount(params.id) : answer(200, presentAccount(found));
    },
  });
}

function list(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'listAccounts',
    summary: 'List accounts',
    description: 'In the order of the chart of accounts: by path, then by age.',
    tags,
    disclosure: { target: () => 'accounts' },
    schema: {
      query: schema.object({
        ...schema.pageQuery,
        path: Type.Optional(requests.path),
        currency: Type.Optional(schema.currencyText()),
        state: Type.Optional(schema.choice(accountStatuses)),
        external_id: Type.Optional(schema.text(255)),
      }),
      response: {
        200: { description: 'A page of accounts.', body: schema.pageOf(shapes.account) },
      },
    },
    async handler({ query, tenant }) {
      const { limit, cursor, path, currency, state, external_id: externalId } = query;
      const place = cursor === undefined ? undefined : placeOf('accounts', cursor);
      const after = place === undefined ? undefined : { path: place.text(), id: place.id('acc') };
      const filter: AccountFilter = { limit, path, currency, state, externalId, after };
      const page = await listAccounts(booksOf(edge, tenant), filter, edge.clock.now());
      const last = page.hasMore ? page.accounts.at(-1) : undefined;
      const end = pageEnd('accounts', last === undefined ? undefined : [last.path, last.id]);
      return answer(200, { data: page.accounts.map(presentAccount), ...end });
    },
  });
}

function readBalance(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'readBalance',
    summary: 'Read a balance, now or as of a time',
    description:
      'effective_at asks what the balance was by value date, recorded_at what was known of it at ' +
      'a time; both together, what was then known of that date. Held money has no value date: ' +
      'the pending figures are those of recorded_at. available follows from the limits in force ' +
      'now.',
    tags,
    refusals: ['account_unknown'],
    disclosure,
    schema: {
      params: requests.accountParams,
      query: schema.object(requests.asOfQuery),
      response: { 200: { description: 'The balance.', body: shapes.balance } },
    },
    objects: accountUse('read'),
    async handler({ params, query, tenant }) {
      const asOf = readAsOf(query);
      const found = await balanceAt(booksOf(edge, tenant), params.id, asOf, edge.clock.now());
      if (found === undefined) return noAccount(params.id);
      return answer(200, presentBalance(found.account, found.balances, asOf));
    },
  });
}

const entryQuery = schema.object({
  ...schema.pageQuery,
  order: schema.choice(['desc', 'asc'] as const, {
    default: 'desc',
    description: 'newest first, or oldest first',
  }),
  effective_from: Type.Optional(schema.instantOrDateText()),
  effective_to: Type.Optional(schema.instantOrDateText()),
  recorded_from: Type.Optional(schema.instantOrDateText()),
  recorded_to: Type.Optional(schema.instantOrDateText()),
  side: Type.Optional(requests.side),
  min_amount: Type.Optional(schema.amountOrZeroText()),
  max_amount: Type.Optional(schema.amountOrZeroText()),
  kind: Type.Optional(schema.choice(requests.transferKinds)),
  transfer_id: Type.Optional(schema.idText('trf')),
});

function entries(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'listEntries',
    summary: 'List the entries of an account with its running balance',
    description:
      'Spans of time include both ends; a date means its whole day. A page looks at 100,000 ' +
      'entries at most, so with a filter it can be short, or empty, while has_more is true.',
    tags,
    refusals: ['account_unknown'],
    disclosure,
    schema: {
      params: requests.accountParams,
      query: entryQuery,
      response: { 200: { description: 'A page of entries.', body: schema.pageOf(shapes.entry) } },
    },
    objects: accountUse('read'),
    async handler({ params, query, tenant }) {
      const { limit, cursor, order, side, kind } = query;
      const listName = `entries.${params.id}.${order}`;
      const wanted = {
        limit,
        order,
        side,
        kind,
        transferId: query.transfer_id,
        after: cursor === undefined ? undefined : placeOf(listName, cursor).version(),
        effectiveFrom: readFrom(query.effective_from),
        effectiveTo: readTo(query.effective_to),
        recordedFrom: readFrom(query.recorded_from),
        recordedTo: readTo(query.recorded_to),
        amountMin: query.min_amount === undefined ? undefined : BigInt(query.min_amount),
        amountMax: query.max_amount === undefined ? undefined : BigInt(query.max_amount),
      };
      requireOrder(['effective_from', 'effective_to'], wanted.effectiveFrom, wanted.effectiveTo);
      requireOrder(['recorded_from', 'recorded_to'], wanted.recordedFrom, wanted.recordedTo);
      requireOrder(['min_amount', 'max_amount'], wanted.amountMin, wanted.amountMax);
      const page = await listEntries(booksOf(edge, tenant), params.id, wanted, edge.clock.now());
      if (page === undefined) return noAccount(params.id);
      const data = page.entries.map((entry) => presentEntry(entry, page.account));
      const next = page.next === undefined ? undefined : [String(page.next)];
      return answer(200, { data, ...pageEnd(listName, next) });
    },
  });
}

const statementQuery = schema.object({
  from: schema.instantOrDateText({
    description: 'a time of RFC 3339, or a date from its beginning: the first value date',
  }),
  to: schema.instantOrDateText({
    description: 'a time of RFC 3339, or a date to its end: the last value date',
  }),
  recorded_at: requests.asOfQuery.recorded_at,
  ...requests.reportPage,
});

function readStatement(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'readStatement',
    summary: 'Read the statement of an account for a period',
    description:
      'By value date: opening balance, postings with the balance after each, turnovers, closing ' +
      'balance. All pages tell of the same moment: what is posted meanwhile is in none of them.',
    tags,
    refusals: ['account_unknown'],
    disclosure,
    schema: {
      params: requests.accountParams,
      query: statementQuery,
      response: { 200: { description: 'The statement.', body: shapes.statement } },
    },
    objects: accountUse('read'),
    async handler({ params, query, tenant }) {
      const { limit, cursor } = query;
      const from = readFrom(query.from);
      const to = readTo(query.to);
      requireOrder(['from', 'to'], from, to);
      const recordedAt = readTo(query.recorded_at);
      const listName = `statement.${params.id}.${formatInstant(from)}.${formatInstant(to)}`;
      const place = cursor === undefined ? undefined : placeOf(listName, cursor);
      const version = place?.version();
      const after = place && { effectiveAt: place.instant(), version: place.version() };
      const asked = { from, to, recordedAt, limit, version, after };
      const found = await statement(booksOf(edge, tenant), params.id, asked, edge.clock.now());
      if (found === undefined) return noAccount(params.id);
      const { next } = found;
      const nextPlace = next && [String(found.version), next.effectiveAt, String(next.version)];
      return answer(200, {
        ...presentStatement(found, { from, to }),
        ...pageEnd(listName, nextPlace),
      });
    },
  });
}

function holds(edge: LedgerEdge): Operation {
  return defineOperation({
    operationId: 'listHolds',
    summary: 'List the open holds of an account',
    description: 'Newest first.',
    tags,
    refusals: ['account_unknown'],
    disclosure,
    schema: {
      params: requests.accountParams,
      query: schema.object(schema.pageQuery),
      response: { 200: { description: 'A page of holds.', body: schema.pageOf(shapes.hold) } },
    },
    objects: accountUse('read'),
    async handler({ params, query, tenant }): Promise<ReturnType<typeof answer> | Refused> {
      const { limit, cursor } = query;
      const listName = `holds.${params.id}`;
      const after = cursor === undefined ? undefined : placeOf(listName, cursor).version();
      const page = await listOpenHolds(
        booksOf(edge, tenant),
        params.id,
        { after, limit },
        edge.clock.now(),
      );
      if (page === undefined) return noAccount(params.id);
      const next = page.next === undefined ? undefined : [String(page.next)];
      return answer(200, { data: page.holds.map(presentHold), ...pageEnd(listName, next) });
    },
  });
}
