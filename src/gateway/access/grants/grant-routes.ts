// The HTTP operations on mandates: given, listed, read and ended. They are those of the caller's
// tenant.

import { Type } from 'typebox';
import type { Static } from 'typebox';
import { assert, formatInstant, isId, parseInstant, uuidOf } from '#kernel';
import type { Clock, Instant } from '#kernel';
import type { Principal } from '#identity';
import type { Database } from '#platform';
import { readCursor, pageOf } from '../../cursor.ts';
import { transact } from '../../idempotency/transact.ts';
import { contextOf } from '../../intake/caller.ts';
import { answer, defineOperation } from '../../routes.ts';
import type { Operation, Route } from '../../routes.ts';
import * as schema from '../../schema.ts';
import { selectGrants } from './grant-store.ts';
import type { Grant, NewGrant } from './grant-store.ts';
import { findGrant, giveGrant, revokeGrant } from './grants.ts';
import { enterTenant } from '../tenant-store.ts';

export interface AccessEdge {
  readonly database: Database;
  readonly clock: Clock;
}

const tags = ['access'];
const LIST = 'grants';
const permissions = { read: 'access.grants.read', write: 'access.grants.write' } as const;
const subjectText = schema.text(300, { pattern: '^[!-~]+$' });
const objectText = schema.text(100, { pattern: '^[A-Za-z0-9_-]+$' });
const weekday = Type.Integer({ minimum: 1, maximum: 7 });
const minute = (minimum: number, maximum: number, meaning: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description: meaning }));

const fields = {
  grantee_kind: schema.choice(['subject', 'customer'], {
    description: 'whether one person or client may, or whoever acts for a customer',
  }),
  grantee: subjectText,
  object_kind: schema.choice(['account', 'hold', 'transfer']),
  object_id: objectText,
  acts: Type.Array(schema.choice(['read', 'credit', 'debit', 'manage']), {
    minItems: 1,
    maxItems: 4,
    uniqueItems: true,
  }),
};

const newGrant = schema.object(
  {
    ...fields,
    currency: Type.Optional(schema.currencyText()),
    transfer_max: Type.Optional(schema.amountText()),
    day_max: Type.Optional(schema.amountText()),
    time_zone: Type.Optional(schema.text(64, { pattern: '^[A-Za-z0-9_+/-]+$' })),
    weekdays: Type.Optional(Type.Array(weekday, { minItems: 1, maxItems: 7, uniqueItems: true })),
    minute_from: minute(0, 1_439, 'of the day, from which on it may be used'),
    minute_to: minute(1, 1_440, 'of the day, before which it may be used'),
    valid_from: Type.Optional(schema.instantText()),
    valid_to: Type.Optional(schema.instantText()),
  },
  { title: 'NewGrant' },
);

const grantShape = schema.object(
  {
    id: schema.idText('grt'),
    ...fields,
    currency: schema.orNull(schema.currencyText()),
    transfer_max: schema.orNull(schema.amountText()),
    day_max: schema.orNull(schema.amountText()),
    time_zone: schema.text(64),
    weekdays: Type.Array(weekday, { maxItems: 7 }),
    minute_from: Type.Integer(),
    minute_to: Type.Integer(),
    valid_from: schema.instantText(),
    valid_to: schema.orNull(schema.instantText()),
    created_at: schema.instantText(),
    created_by: schema.text(300),
    revoked_at: schema.orNull(schema.instantText()),
    revoked_by: schema.orNull(schema.text(300)),
  },
  { title: 'Grant' },
);

const example: Static<typeof newGrant> = {
  grantee_kind: 'customer',
  grantee: 'cus_019abcde-1234-7abc-8def-0123456789ab',
  object_kind: 'account',
  object_id: 'acc_019abcde-1234-7abc-8def-0123456789ab',
  acts: ['read', 'debit'],
  day_max: '10000000',
  time_zone: 'Europe/Prague',
  weekdays: [1, 2, 3, 4, 5],
};

const ALL_WEEK: readonly number[] = [1, 2, 3, 4, 5, 6, 7];
const MINUTES_OF_DAY = 1_440;

export function grantRoutes(edge: AccessEdge): Route[] {
  const path = '/v1/access/grants';
  const { read, write } = permissions;
  return [
    { method: 'POST', path, permission: write, operation: give(edge) },
    { method: 'GET', path, permission: read, operation: list(edge) },
    { method: 'GET', path: `${path}/{id}`, permission: read, operation: readOne(edge) },
    { method: 'DELETE', path: `${path}/{id}`, permission: write, operation: end(edge) },
  ];
}

function give(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'giveGrant',
    summary: 'Give a mandate',
    description:
      'Lets a person, a client or whoever acts for a customer do something to one object. ' +
      'Amounts are limits of what is debited; hours and days are local to the time zone.',
    tags,
    refusals: [
      'grant_to_oneself',
      'grant_hours_invalid',
      'grant_period_invalid',
      'grant_currency_missing',
      'grant_time_zone_unknown',
    ],
    example: { ...example, currency: 'CZK' },
    schema: {
      body: newGrant,
      response: { 201: { description: 'The mandate.', body: grantShape } },
    },
    handler(request) {
      const grant = grantOf(request.body, edge.clock.now());
      return transact(edge, request, async (tx) => {
        const given = await giveGrant(tx, requirePrincipal(request.principal), grant);
        return given.ok ? answer(201, present(given.value)) : given;
      });
    },
  });
}

function list(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'listGrants',
    summary: 'List mandates, newest first',
    tags,
    schema: {
      query: schema.object({
        ...schema.pageQuery,
        grantee: Type.Optional(subjectText),
        object_id: Type.Optional(objectText),
      }),
      response: { 200: { description: 'The mandates.', body: schema.pageOf(grantShape) } },
    },
    async handler(request) {
      const { limit, cursor, grantee, object_id: objectId } = request.query;
      const { tenant } = requirePrincipal(request.principal);
      const before = cursor === undefined ? undefined : String(readCursor(LIST, cursor)[0]);
      const found = await edge.database.transaction(contextOf(edge.clock, request), async (tx) => {
        await enterTenant(tx, tenant);
        const place = { before: placeOf(before), countMax: limit + 1 };
        return await selectGrants(tx, { grantee, objectId }, place);
      });
      return answer(200, pageOf({ list: LIST, found, limit, present, place: (last) => [last.id] }));
    },
  });
}

/** A cursor that was tampered with begins at the beginning. */
function placeOf(before: string | undefined): string | undefined {
  return before !== undefined && isId('grt', before) ? uuidOf(before) : undefined;
}

function readOne(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'readGrant',
    summary: 'Read a mandate',
    tags,
    refusals: ['grant_unknown'],
    schema: {
      params: schema.object({ id: schema.idText('grt') }),
      response: { 200: { description: 'The mandate.', body: grantShape } },
    },
    async handler(request) {
      const found = await edge.database.transaction(contextOf(edge.clock, request), (tx) =>
        findGrant(tx, requirePrincipal(request.principal), request.params.id),
      );
      return found.ok ? answer(200, present(found.value)) : found;
    },
  });
}

function end(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'endGrant',
    summary: 'End a mandate',
    description: 'From now on it allows nothing; it is kept, and can still be read.',
    tags,
    refusals: ['grant_unknown', 'grant_ended'],
    schema: {
      params: schema.object({ id: schema.idText('grt') }),
      response: { 200: { description: 'The mandate.', body: grantShape } },
    },
    handler: (request) =>
      transact(edge, request, async (tx) => {
        const { id } = request.params;
        const ended = await revokeGrant(tx, requirePrincipal(request.principal), id);
        return ended.ok ? answer(200, present(ended.value)) : ended;
      }),
  });
}

export function requirePrincipal(principal: Principal | undefined): Principal {
  assert(principal !== undefined, 'operations of access are not public');
  return principal;
}

function grantOf(body: Static<typeof newGrant>, now: Instant): NewGrant {
  const amount = (text: string | undefined): bigint | undefined =>
    text === undefined ? undefined : BigInt(text);
  const time = (text: string | undefined): Instant | undefined =>
    text === undefined ? undefined : parseInstant(text);
  return {
    granteeKind: body.grantee_kind,
    grantee: body.grantee,
    objectKind: body.object_kind,
    objectId: body.object_id,
    acts: body.acts,
    currency: body.currency,
    transferMax: amount(body.transfer_max),
    dayMax: amount(body.day_max),
    timeZone: body.time_zone ?? 'UTC',
    weekdays: (body.weekdays ?? ALL_WEEK).toSorted((a, b) => a - b),
    minuteFrom: body.minute_from ?? 0,
    minuteTo: body.minute_to ?? MINUTES_OF_DAY,
    validFrom: time(body.valid_from) ?? now,
    validTo: time(body.valid_to),
  };
}

const text = (amount: bigint | undefined): string | null =>
  amount === undefined ? null : String(amount);
const timeText = (at: Instant | undefined): string | null =>
  at === undefined ? null : formatInstant(at);

function present(grant: Grant): Static<typeof grantShape> {
  return {
    id: grant.id,
    grantee_kind: grant.granteeKind,
    grantee: grant.grantee,
    object_kind: grant.objectKind,
    object_id: grant.objectId,
    acts: [...grant.acts],
    currency: grant.currency ?? null,
    transfer_max: text(grant.transferMax),
    day_max: text(grant.dayMax),
    time_zone: grant.timeZone,
    weekdays: [...grant.weekdays],
    minute_from: grant.minuteFrom,
    minute_to: grant.minuteTo,
    valid_from: formatInstant(grant.validFrom),
    valid_to: timeText(grant.validTo),
    created_at: formatInstant(grant.createdAt),
    created_by: grant.createdBy,
    revoked_at: timeText(grant.revokedAt),
    revoked_by: grant.revokedBy ?? null,
  };
}
