// Owns the shapes of what clients send of nostro accounts, statements and breaks, and what they are
// answered.

import { Type, type Static } from 'typebox';
import { schema } from '#gateway';
import { breakKinds, breakStates, resolutions } from '../nostro.ts';
import { ruleKinds } from '../rule.ts';

const rule = schema.object(
  {
    kind: schema.choice(ruleKinds),
    days: Type.Integer({ minimum: 0, maximum: 366, description: 'between the two dates, at most' }),
    items_max: Type.Integer({ minimum: 1, maximum: 12, description: 'entries that add up to one' }),
  },
  { title: 'ReconciliationRule' },
);
export type RuleBody = Static<typeof rule>;
const rules = Type.Array(rule, {
  minItems: 1,
  maxItems: 20,
  description: 'tried in their order',
});
const number = Type.String({
  pattern: '^[A-Za-z0-9]{1,34}$',
  description: 'as statements name the account: an IBAN, or another number',
});

export const newNostro = schema.object(
  {
    number,
    account_id: schema.idText('acc', { description: 'the account of the ledger that mirrors it' }),
    currency: schema.currencyText(),
    write_off_account_id: Type.Optional(schema.idText('acc')),
    rules: Type.Optional(rules),
    is_history_settled: Type.Optional(
      Type.Boolean({ description: 'whether entries that it has already are not waited for' }),
    ),
  },
  { title: 'NewNostro' },
);

export const nostroChange = schema.object(
  {
    write_off_account_id: schema.orNull(schema.idText('acc')),
    rules,
  },
  { title: 'NostroChange' },
);

export const nostroParams = schema.object({ id: schema.idText('nos') });
export const statementParams = schema.object({ id: schema.idText('stm') });
export const breakParams = schema.object({ id: schema.idText('brk') });

export const nostro = schema.object(
  {
    id: schema.idText('nos'),
    number,
    account_id: schema.idText('acc'),
    currency: schema.currencyText(),
    write_off_account_id: schema.orNull(schema.idText('acc')),
    rules,
    revision: Type.Integer(),
    changed_at: schema.instantText(),
  },
  { title: 'Nostro' },
);

const count = Type.Integer({ minimum: 0 });
const amount = schema.signedAmountText();

export const summary = schema.object(
  {
    nostro,
    books: schema.signedAmountText({ description: "the balance of the ledger's account" }),
    statement: schema.signedAmountText({
      description: 'the latest closing balance, with what notifications told of since',
    }),
    unmatched_books: amount,
    unmatched_statement: amount,
    unexplained: schema.signedAmountText({
      description: 'books less (statement and unmatched books less unmatched statement): 0 is well',
    }),
    breaks: Type.Array(schema.object({ kind: schema.choice(breakKinds), count, amount })),
    matches: Type.Array(schema.object({ rule: Type.String(), count })),
  },
  { title: 'NostroSummary' },
);

export const upload = schema.object(
  {
    content: schema.prose(16_000_000, {
      minLength: 1,
      description: 'the camt.053, camt.052 or camt.054 message, as XML text',
    }),
  },
  { title: 'StatementUpload' },
);

export const statement = schema.object(
  {
    id: schema.idText('stm'),
    nostro_id: schema.idText('nos'),
    kind: schema.choice(['statement', 'notification'] as const),
    reference: Type.String(),
    sequence: schema.orNull(Type.String()),
    opening_balance: schema.orNull(amount),
    closing_balance: schema.orNull(amount),
    ends_on: schema.dateText(),
    entries: count,
    recorded_at: schema.instantText(),
  },
  { title: 'BankStatement' },
);

export const takenStatements = schema.object({
  data: Type.Array(
    schema.object({ statement, matched: count, breaks: count }, { title: 'TakenStatement' }),
  ),
});

export const nostroQuery = schema.object(schema.pageQuery);
export const statementQuery = schema.object({
  ...schema.pageQuery,
  nostro_id: Type.Optional(schema.idText('nos')),
});
export const breakQuery = schema.object({
  ...schema.pageQuery,
  nostro_id: Type.Optional(schema.idText('nos')),
  kind: Type.Optional(schema.choice(breakKinds)),
  state: Type.Optional(
    schema.choice(breakStates, { description: 'all that are not resolved, unless given' }),
  ),
});

export const breakShape = schema.object(
  {
    id: schema.idText('brk'),
    nostro_id: schema.idText('nos'),
    kind: schema.choice(breakKinds),
    amount,
    statement_id: schema.orNull(schema.idText('stm')),
    entry: schema.orNull(count),
    account_id: schema.orNull(schema.idText('acc')),
    account_version: schema.orNull(Type.String()),
    state: schema.choice(breakStates),
    assignee: schema.orNull(Type.String()),
    resolution: schema.orNull(schema.choice(resolutions)),
    note: schema.orNull(Type.String()),
    transfer_id: schema.orNull(schema.idText('trf')),
    wait_until: schema.orNull(schema.dateText()),
    since_on: schema.dateText(),
    changed_at: schema.instantText(),
  },
  { title: 'ReconciliationBreak' },
);

const note = schema.text(500, { description: 'why, for whoever reads it later; no names' });

export const resolution = Type.Union(
  [
    schema.object({ action: Type.Literal('assign'), assignee: schema.text(200) }),
    schema.object({ action: Type.Literal('wait'), until: schema.dateText(), note }),
    schema.object({
      action: Type.Literal('link'),
      with: Type.Array(schema.idText('brk'), { minItems: 1, maxItems: 100, uniqueItems: true }),
      note,
    }),
    schema.object({ action: Type.Literal('write_off'), note }),
    schema.object({ action: Type.Literal('accept'), note }),
  ],
  { title: 'BreakResolution' },
);
export type ResolutionBody = Static<typeof resolution>;
