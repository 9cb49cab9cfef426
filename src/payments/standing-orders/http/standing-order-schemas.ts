// Owns the shapes of what clients send of standing orders and of what they are answered.

import { Type, type Static } from 'typebox';
import { businessDayRules, calendars } from '#kernel';
import { schema } from '#gateway';
import { railNames } from '../../payment.ts';
import { frequencies } from '../schedule.ts';
import { occurrenceStates, orderStatuses } from '../standing-order.ts';

const externalId = schema.text(255, {
  description: "the client's own name for it, unique for ever: asked again, it is the same order",
});
const name = Type.Optional(schema.text(140, { description: 'whom the money is for' }));
const iban = Type.String({
  pattern: '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$',
  description: 'without spaces',
});

const creditor = Type.Union(
  [
    schema.object({ account_id: schema.idText('acc') }),
    schema.object({ iban, name }),
    schema.object({
      number: Type.String({ pattern: '^[A-Za-z0-9]{1,34}$' }),
      agent: Type.String({
        pattern: '^[A-Z0-9]{2,11}$',
        description: 'the bank that keeps it: a BIC, a routing number, a national code',
      }),
      name,
    }),
  ],
  { description: 'an account of the bank, an IBAN, or a number and the bank that keeps it' },
);

const amount = Type.Union(
  [
    schema.object({ fixed: schema.amountText() }),
    schema.object({
      keep: schema.amountOrZeroText({ description: 'moves all above it, where there is any' }),
    }),
  ],
  { description: 'the same each time, or a sweep of the balance' },
);

const dayOfMonth = Type.Integer({
  minimum: 1,
  maximum: 31,
  description: 'of the month; the last where the month is shorter, so that 31 is always the last',
});
const count = Type.Integer({ minimum: 1, maximum: 100_000 });
const payRules = [...businessDayRules, 'skip'] as const;

const schedule = schema.object(
  {
    frequency: schema.choice(frequencies),
    day: Type.Optional(dayOfMonth),
    starts_on: schema.dateText(),
    ends_on: Type.Optional(schema.dateText()),
    occurrence_max: Type.Optional(count),
    calendar: Type.Optional(schema.choice(calendars, { default: 'every_day' })),
    business_day_rule: Type.Optional(
      schema.choice(payRules, {
        default: 'following',
        description: 'what happens to a date on which banks are closed',
      }),
    ),
  },
  { title: 'StandingOrderSchedule' },
);

const retry = schema.object(
  {
    retries_a_day: Type.Integer({ minimum: 0, maximum: 20 }),
    days: Type.Integer({ minimum: 0, maximum: 30, description: 'further business days' }),
  },
  { description: 'what is done where there is not enough on the account' },
);

const remittance = schema.text(140, { description: 'for whoever is paid' });
const purpose = Type.String({ pattern: '^[A-Za-z0-9_]{1,35}$' });

export const createBody = schema.object(
  {
    external_id: Type.Optional(externalId),
    account_id: schema.idText('acc', { description: 'who pays' }),
    creditor,
    rail: Type.Optional(schema.choice(railNames, { description: 'by which another bank is paid' })),
    currency: schema.currencyText(),
    amount,
    remittance: Type.Optional(remittance),
    purpose: Type.Optional(purpose),
    schedule,
    retry: Type.Optional(retry),
  },
  { title: 'NewStandingOrder' },
);
export type CreateBody = Static<typeof createBody>;

export const changeBody = schema.object(
  {
    amount: Type.Optional(amount),
    remittance: Type.Optional(schema.orNull(remittance)),
    ends_on: Type.Optional(schema.orNull(schema.dateText())),
    occurrence_max: Type.Optional(schema.orNull(count)),
    retry: Type.Optional(retry),
  },
  { title: 'StandingOrderChange' },
);
export type ChangeBody = Static<typeof changeBody>;

export const params = schema.object({ id: schema.idText('sto') });

export const orderQuery = schema.object({
  ...schema.pageQuery,
  account_id: Type.Optional(schema.idText('acc')),
  status: Type.Optional(schema.choice(orderStatuses)),
});

export const occurrenceQuery = schema.object({
  ...schema.pageQuery,
  state: Type.Optional(schema.choice(occurrenceStates)),
});

const reason = schema.orNull(Type.String());

export const standingOrder = schema.object(
  {
    id: schema.idText('sto'),
    external_id: schema.orNull(Type.String()),
    account_id: schema.idText('acc'),
    creditor,
    rail: schema.orNull(schema.choice(railNames)),
    currency: schema.currencyText(),
    amount,
    remittance: schema.orNull(Type.String()),
    purpose: schema.orNull(Type.String()),
    schedule: schema.object({
      frequency: schema.choice(frequencies),
      day: schema.orNull(dayOfMonth),
      starts_on: schema.dateText(),
      ends_on: schema.orNull(schema.dateText()),
      occurrence_max: schema.orNull(count),
      calendar: schema.choice(calendars),
      business_day_rule: schema.choice(payRules),
    }),
    retry,
    status: schema.choice(orderStatuses),
    status_reason: reason,
    next_due_on: schema.orNull(schema.dateText()),
    next_pay_on: schema.orNull(schema.dateText()),
    revision: Type.Integer(),
    created_at: schema.instantText(),
    changed_at: schema.instantText(),
  },
  { title: 'StandingOrder' },
);

export const occurrence = schema.object(
  {
    due_on: schema.dateText({ description: 'by the schedule' }),
    pay_on: schema.dateText({ description: 'by the business-day rule' }),
    state: schema.choice(occurrenceStates),
    reason,
    amount: schema.orNull(schema.amountText()),
    payment_id: schema.orNull(schema.idText('pay')),
    attempts: Type.Integer(),
    retry_at: schema.orNull(schema.instantText()),
    changed_at: schema.instantText(),
  },
  { title: 'StandingOrderOccurrence' },
);
