// Owns the shapes of what the ledger answers, for the reference page and generated clients. Amounts
// are texts of minor units, and the currency stands beside them; a member that does not apply is
// absent.

import { Type } from 'typebox';
import { schema } from '#gateway';
import { accountStatuses } from '../account.ts';
import { side, transferKinds } from './request-schemas.ts';

const amount = schema.signedAmountText();
const version = Type.Integer({ description: 'how many entries the account has' });
const optionalText = Type.Optional(Type.String());

const counters = {
  balance: schema.signedAmountText({ description: "posted, on the account's normal side" }),
  posted_debits: amount,
  posted_credits: amount,
  pending_debits: amount,
  pending_credits: amount,
};

const balanceFields = {
  ...counters,
  pending_in: schema.signedAmountText({ description: "held in the account's favour" }),
  pending_out: schema.signedAmountText({ description: 'held against the account' }),
  available: schema.signedAmountText({
    description: 'what may still leave: balance - pending_out + credit_limit - floor',
  }),
};

export const account = schema.object(
  {
    id: schema.idText('acc'),
    external_id: optionalText,
    path: Type.String(),
    name: Type.String(),
    currency: schema.currencyText(),
    minor_units: Type.Integer({ description: 'decimals of the currency' }),
    normal_side: side,
    state: schema.choice(accountStatuses),
    floor: schema.orNull(amount),
    ceiling: schema.orNull(amount),
    credit_limit: amount,
    metadata: Type.Optional(schema.metadata()),
    opened_at: schema.instantText(),
    changed_at: schema.instantText(),
    version,
    balances: schema.object(balanceFields, { title: 'Balances' }),
  },
  { title: 'Account' },
);

export const balance = schema.object(
  {
    account_id: schema.idText('acc'),
    currency: schema.currencyText(),
    minor_units: Type.Integer(),
    normal_side: side,
    effective_at: schema.orNull(schema.instantText()),
    recorded_at: schema.orNull(schema.instantText()),
    version,
    ...balanceFields,
  },
  { title: 'Balance' },
);

const entryFields = {
  leg: Type.Integer({ description: 'the number of the leg, from 0' }),
  account_id: schema.idText('acc'),
  side,
  amount: schema.signedAmountText({ description: 'posted; held or given back if nothing was' }),
  currency: schema.currencyText(),
  posted: amount,
  pending: schema.signedAmountText({ description: 'held, or given back if negative' }),
};
const entryBalances = schema.object(counters, {
  title: 'EntryBalances',
  description: 'of the account, after this entry',
});
const entryVersion = Type.Integer({ description: "the account's version with this entry" });

export const transfer = schema.object(
  {
    id: schema.idText('trf'),
    kind: schema.choice(transferKinds),
    external_id: optionalText,
    description: optionalText,
    metadata: Type.Optional(schema.metadata()),
    exchange: Type.Optional(
      schema.object(
        { from: schema.currencyText(), to: schema.currencyText(), rate: Type.String() },
        { title: 'RecordedExchange' },
      ),
    ),
    hold_id: Type.Optional(schema.idText('trf')),
    reverses_id: Type.Optional(schema.idText('trf')),
    expires_at: Type.Optional(schema.instantText()),
    effective_at: schema.instantText(),
    recorded_at: schema.instantText(),
    entries: Type.Array(
      schema.object(
        {
          ...entryFields,
          version: Type.Optional(entryVersion),
          balances: Type.Optional(entryBalances),
        },
        {
          title: 'TransferEntry',
          description: 'without version and balances for whoever acts on granted objects only',
        },
      ),
    ),
    dry_run: Type.Optional(Type.Literal(true)),
  },
  { title: 'Transfer' },
);

export const entry = schema.object(
  {
    transfer_id: schema.idText('trf'),
    kind: schema.choice(transferKinds),
    ...entryFields,
    version: entryVersion,
    external_id: optionalText,
    description: optionalText,
    effective_at: schema.instantText(),
    recorded_at: schema.instantText(),
    balances: entryBalances,
  },
  { title: 'Entry' },
);

const pageFields = { has_more: Type.Boolean(), next_cursor: schema.orNull(Type.String()) };

export const statement = schema.object(
  {
    account_id: schema.idText('acc'),
    currency: schema.currencyText(),
    normal_side: side,
    from: schema.instantText(),
    to: schema.instantText(),
    version: Type.Integer({ description: 'the statement knows the entries up to this version' }),
    opening_balance: amount,
    closing_balance: amount,
    turnover: schema.object({ debits: amount, credits: amount }, { title: 'Turnover' }),
    line_count: Type.Integer({ description: 'lines of the whole statement' }),
    data: Type.Array(
      schema.object(
        {
          transfer_id: schema.idText('trf'),
          kind: schema.choice(transferKinds),
          leg: Type.Integer(),
          side,
          amount,
          currency: schema.currencyText(),
          balance_after: amount,
          external_id: optionalText,
          description: optionalText,
          effective_at: schema.instantText(),
          recorded_at: schema.instantText(),
          version: Type.Integer(),
        },
        { title: 'StatementLine' },
      ),
    ),
    ...pageFields,
  },
  { title: 'Statement' },
);

export const hold = schema.object(
  {
    id: schema.idText('trf'),
    state: schema.choice(['open', 'captured', 'voided', 'expired']),
    external_id: optionalText,
    description: optionalText,
    metadata: Type.Optional(schema.metadata()),
    expires_at: schema.orNull(schema.instantText()),
    effective_at: schema.instantText(),
    recorded_at: schema.instantText(),
    legs: Type.Array(
      schema.object(
        {
          leg: Type.Integer(),
          account_id: schema.idText('acc'),
          side,
          currency: schema.currencyText(),
          held: amount,
          captured: amount,
          remaining: schema.signedAmountText({ description: 'still held' }),
        },
        { title: 'HeldLeg' },
      ),
    ),
  },
  { title: 'Hold' },
);

const refusal = schema.object(
  {
    code: Type.String(),
    message: Type.String(),
    retryable: Type.Boolean(),
    leg: Type.Optional(Type.Integer()),
    param: optionalText,
  },
  { title: 'Refusal' },
);

export const batch = schema.object(
  {
    batch_id: schema.idText('bat'),
    dry_run: Type.Optional(Type.Literal(true)),
    accepted: Type.Integer(),
    refused: Type.Integer(),
    results: Type.Array(
      schema.object(
        {
          status: schema.choice(['posted', 'replayed', 'refused']),
          transfer: Type.Optional(transfer),
          refusal: Type.Optional(refusal),
        },
        { title: 'BatchResult' },
      ),
    ),
  },
  { title: 'Batch' },
);

export const openedAccounts = schema.object(
  {
    accepted: Type.Integer(),
    refused: Type.Integer(),
    results: Type.Array(
      schema.object(
        {
          status: schema.choice(['opened', 'replayed', 'refused']),
          account: Type.Optional(account),
          refusal: Type.Optional(refusal),
        },
        { title: 'OpenedAccount' },
      ),
    ),
  },
  { title: 'OpenedAccounts' },
);

const asOf = {
  effective_at: schema.orNull(schema.instantText()),
  recorded_at: schema.orNull(schema.instantText()),
};

export const trialBalance = schema.object(
  {
    by: schema.choice(['path', 'account']),
    ...asOf,
    is_balanced: Type.Boolean({ description: 'debits equal credits in every currency' }),
    totals: Type.Array(
      schema.object(
        {
          currency: schema.currencyText(),
          accounts: Type.Integer(),
          debits: amount,
          credits: amount,
          difference: schema.signedAmountText({ description: 'debits less credits: zero' }),
        },
        { title: 'TrialBalanceTotal' },
      ),
    ),
    data: Type.Array(
      schema.object(
        {
          currency: schema.currencyText(),
          path: Type.String(),
          account_id: Type.Optional(schema.idText('acc')),
          accounts: Type.Integer(),
          debits: amount,
          credits: amount,
          debit_balance: schema.signedAmountText({ description: 'debits less credits, or 0' }),
          credit_balance: schema.signedAmountText({ description: 'credits less debits, or 0' }),
        },
        { title: 'TrialBalanceLine' },
      ),
    ),
    ...pageFields,
  },
  { title: 'TrialBalance' },
);

export const chart = schema.object(
  {
    path: Type.String({ description: 'empty for the root' }),
    depth: Type.Integer(),
    ...asOf,
    data: Type.Array(
      schema.object(
        {
          path: Type.String({ description: 'empty for the root' }),
          level: Type.Integer(),
          currency: schema.currencyText(),
          accounts: Type.Integer({ description: 'accounts at and below this node' }),
          normal_side: schema.orNull(side),
          debits: amount,
          credits: amount,
          balance: schema.signedAmountText({
            description: 'on the normal side; debits less credits where the accounts differ in it',
          }),
        },
        { title: 'ChartNode' },
      ),
    ),
    ...pageFields,
  },
  { title: 'Chart' },
);

export const periodClose = schema.object(
  {
    closed_before: schema.instantText(),
    closed_at: schema.instantText(),
    actor: Type.String(),
  },
  { title: 'PeriodClose' },
);

export const currency = schema.object(
  {
    code: Type.String(),
    number: Type.String(),
    minor_units: schema.orNull(Type.Integer()),
    is_usable: Type.Boolean({ description: 'whether an account can be kept in it' }),
  },
  { title: 'Currency' },
);
