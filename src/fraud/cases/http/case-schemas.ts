// Owns the shapes of what clients send of cases, alerts and snoozes, and what they are answered.

import { Type, type Static } from 'typebox';
import { limits } from '#config';
import { schema } from '#gateway';
import { decisionModes } from '../../decision.ts';
import { outcomes } from '../../rules/rule-set.ts';
import { caseOutcomes, casePriorities, caseStates, entryKinds } from '../case.ts';

const alertOutcomes = outcomes.filter((outcome) => outcome !== 'approve');
const count = Type.Integer({ minimum: 0 });
const hundredths = Type.String({
  pattern: '^[0-9]{1,19}$',
  description: 'hundredths of a unit of the currency, whatever its own places',
});

const queueName = Type.String({
  pattern: '^[a-z][a-z0-9_-]{0,39}$',
  description: 'a list of work: review, challenge, decline, or any that the bank names',
});
const pattern = schema.text(100, { description: 'what kind of fraud, in the words of the bank' });
const words = schema.text(500, {
  description: 'words that must all be there: of ids, rules, reasons, payees and notes',
});

const exposure = schema.object({
  currency: schema.orNull(Type.String()),
  amount: Type.String({ pattern: '^[0-9]{1,30}$', description: 'hundredths of a unit, added up' }),
  alerts: count,
});

const caseMembers = {
  id: schema.idText('cse'),
  account_id: schema.idText('acc'),
  queue: queueName,
  priority: schema.choice(casePriorities),
  state: schema.choice(caseStates),
  assignee: schema.orNull(Type.String()),
  wait_until: schema.orNull(schema.instantText()),
  due_at: schema.instantText({
    description: 'when it is to be closed; of a waiting case: if it waits until then',
  }),
  is_overdue: Type.Boolean({ description: 'whether its being overdue was told' }),
  alerts: count,
  outcome: schema.orNull(schema.choice(caseOutcomes)),
  pattern: schema.orNull(Type.String()),
  opened_at: schema.instantText(),
  changed_at: schema.instantText(),
  closed_at: schema.orNull(schema.instantText()),
  exposure: Type.Array(exposure, { description: 'what its alerts are about, by currency' }),
};

export const caseShape = schema.object(caseMembers, { title: 'FraudCase' });
export const caseParams = schema.object({ id: schema.idText('cse') });

export const caseQuery = schema.object({
  ...schema.pageQuery,
  queue: Type.Optional(queueName),
  state: Type.Optional(
    schema.choice(caseStates, { description: 'all that are not closed, unless given' }),
  ),
  priority: Type.Optional(schema.choice(casePriorities)),
  assignee: Type.Optional(schema.text(600)),
  mine: Type.Optional(Type.Boolean({ description: 'those that the caller has taken on' })),
  account_id: Type.Optional(schema.idText('acc')),
  is_overdue: Type.Optional(Type.Boolean()),
  text: Type.Optional(words),
});
export type CaseQuery = Static<typeof caseQuery>;

export const claim = schema.object(
  { queue: Type.Optional(queueName) },
  { title: 'FraudCaseClaim' },
);

export const queues = schema.object({
  data: Type.Array(
    schema.object(
      { queue: queueName, open: count, assigned: count, waiting: count, overdue: count },
      { title: 'FraudCaseQueue' },
    ),
  ),
});

const note = schema.prose(limits.fraudCaseNoteLengthMax.value, {
  minLength: 1,
  description: 'what was found out, and why; kept for ever, so people are named by their ids',
});

export const newNote = schema.object({ text: note }, { title: 'FraudCaseNote' });

export const action = Type.Union(
  [
    schema.object({ action: Type.Literal('assign'), assignee: Type.Optional(schema.text(600)) }),
    schema.object({ action: Type.Literal('release') }),
    schema.object({
      action: Type.Literal('move'),
      queue: Type.Optional(queueName),
      priority: Type.Optional(schema.choice(casePriorities)),
    }),
    schema.object({
      action: Type.Literal('wait'),
      until: schema.instantOrDateText(),
      note,
    }),
    schema.object({ action: Type.Literal('resume') }),
    schema.object({
      action: Type.Literal('close'),
      outcome: schema.choice(caseOutcomes),
      pattern: Type.Optional(pattern),
      note,
    }),
    schema.object({ action: Type.Literal('reopen'), note }),
  ],
  { title: 'FraudCaseAction' },
);
export type ActionBody = Static<typeof action>;

export const journalQuery = schema.object(schema.pageQuery);
export const entryShape = schema.object(
  {
    ordinal: Type.Integer({ minimum: 1 }),
    kind: schema.choice(entryKinds),
    made_by: Type.String(),
    made_at: schema.instantText(),
    text: schema.orNull(Type.String()),
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  { title: 'FraudCaseEntry' },
);

export const alertParams = schema.object({ id: schema.idText('alr') });
export const alertQuery = schema.object({
  ...schema.pageQuery,
  case_id: Type.Optional(schema.idText('cse')),
  account_id: Type.Optional(schema.idText('acc')),
  outcome: Type.Optional(schema.choice(alertOutcomes)),
  is_snoozed: Type.Optional(Type.Boolean()),
  text: Type.Optional(words),
});
export type AlertQuery = Static<typeof alertQuery>;

export const alertShape = schema.object(
  {
    id: schema.idText('alr'),
    decision_id: schema.idText('dec'),
    payment_id: schema.orNull(schema.idText('pay')),
    case_id: schema.orNull(schema.idText('cse')),
    snooze_id: schema.orNull(schema.idText('snz')),
    account_id: schema.idText('acc'),
    counterparty: schema.orNull(Type.String()),
    channel: schema.orNull(Type.String()),
    currency: schema.orNull(Type.String()),
    amount: hundredths,
    mode: schema.choice(decisionModes),
    outcome: schema.choice(alertOutcomes),
    score: schema.orNull(Type.Number()),
    rules: Type.Array(Type.String()),
    reasons: Type.Array(Type.String()),
    event_at: schema.instantText(),
    raised_at: schema.instantText(),
  },
  { title: 'FraudAlert' },
);

const counterparty = schema.text(256, {
  description: 'as alerts name it, or a number outside the bank, of which only an HMAC is kept',
});
const rule = Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$', description: 'the id of a rule' });

export const newSnooze = schema.object(
  {
    account_id: Type.Optional(schema.idText('acc')),
    counterparty: Type.Optional(counterparty),
    rule: Type.Optional(rule),
    until: schema.instantOrDateText(),
    reason: schema.text(500, { description: 'why, for whoever reads it later; no names' }),
  },
  {
    title: 'NewFraudSnooze',
    description: 'one or more of account_id, counterparty and rule, which must all fit',
  },
);

export const snoozeParams = schema.object({ id: schema.idText('snz') });
export const snoozeQuery = schema.object({
  ...schema.pageQuery,
  is_in_force: Type.Optional(Type.Boolean({ description: 'whether it keeps alerts aside now' })),
});
export const snoozeShape = schema.object(
  {
    id: schema.idText('snz'),
    account_id: schema.orNull(schema.idText('acc')),
    counterparty: schema.orNull(Type.String()),
    rule: schema.orNull(Type.String()),
    until: schema.instantText(),
    reason: Type.String(),
    made_by: Type.String(),
    made_at: schema.instantText(),
    ended_by: schema.orNull(Type.String()),
    ended_at: schema.orNull(schema.instantText()),
  },
  { title: 'FraudSnooze' },
);
