// Owns the shapes of what clients send to the ledger. Shapes only: whether an account exists or
// debits equal credits is for the ledger to say. Objects are closed, and every list has a limit.

import { Type, type Static } from 'typebox';
import { limits } from '#config';
import { schema } from '#gateway';
import { accountStatuses, PATH_LENGTH_MAX } from '../account.ts';

const EXTERNAL_ID_LENGTH_MAX = 255;
const DESCRIPTION_LENGTH_MAX = 500;
const NAME_LENGTH_MAX = 200;
/** Legs of one transfer: enough for a payroll, and its entries still fit in one answer. */
const LEGS_MAX = 1_000;

export const transferKinds = [
  'transfer',
  'hold',
  'capture',
  'increase',
  'void',
  'expiry',
  'reversal',
] as const;
export const sides = ['debit', 'credit'] as const;

export const side = schema.choice(sides);

const externalId = schema.text(EXTERNAL_ID_LENGTH_MAX, {
  description: "the client's own name for this, unique for ever: asked again, it is done once",
});

export const path = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*(:[A-Za-z0-9][A-Za-z0-9_.-]*){0,15}$',
  maxLength: PATH_LENGTH_MAX,
  description:
    'a place in the chart of accounts: 1 to 16 names of letters, digits and _.- joined by colons',
});

/** A limit: up to 18 digits, so that it fits the database's bigint. */
const limit = schema.signedAmountText({
  pattern: '^(0|-?[1-9][0-9]{0,17})$',
  description: 'minor units as text: 1 to 18 digits, negative with a minus sign',
});

const limitsOfAccount = {
  floor: Type.Optional(schema.orNull(limit)),
  ceiling: Type.Optional(schema.orNull(limit)),
  credit_limit: Type.Optional(schema.amountOrZeroText()),
};

export const openAccountBody = schema.object(
  {
    external_id: Type.Optional(externalId),
    path,
    name: Type.Optional(schema.prose(NAME_LENGTH_MAX)),
    currency: schema.currencyText(),
    normal_side: side,
    ...limitsOfAccount,
    metadata: Type.Optional(schema.metadata()),
  },
  { title: 'OpenAccount' },
);
export type OpenAccountBody = Static<typeof openAccountBody>;

export const changeAccountBody = schema.object(
  {
    name: Type.Optional(schema.prose(NAME_LENGTH_MAX)),
    ...limitsOfAccount,
    metadata: Type.Optional(schema.orNull(schema.metadata())),
    state: Type.Optional(schema.choice(accountStatuses)),
  },
  { title: 'ChangeAccount', minProperties: 1 },
);
export type ChangeAccountBody = Static<typeof changeAccountBody>;

export const closePeriodBody = schema.object(
  {
    closed_before: schema.instantOrDateText({
      description: 'a time of RFC 3339 that has passed, or a date meaning its first moment (UTC)',
    }),
  },
  { title: 'ClosePeriod' },
);

const common = {
  external_id: Type.Optional(externalId),
  description: Type.Optional(schema.prose(DESCRIPTION_LENGTH_MAX)),
  metadata: Type.Optional(schema.metadata()),
  effective_at: Type.Optional(
    schema.instantOrDateText({
      description: 'a time of RFC 3339, or a date meaning its first moment (UTC): the value date',
    }),
  ),
};

const conditions = schema.object(
  {
    available_at_least: Type.Optional(limit),
    balance_at_least: Type.Optional(limit),
    version: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  { title: 'LegConditions', description: 'what must hold of the account just before' },
);

export const leg = schema.object(
  {
    account_id: schema.idText('acc'),
    side,
    amount: Type.Optional(schema.amountText()),
    remaining: Type.Optional(
      Type.Literal(true, { description: 'takes whatever balances its currency' }),
    ),
    currency: Type.Optional(schema.currencyText()),
    up_to: Type.Optional(
      Type.Boolean({ description: 'moves what the limits let through, at most the amount' }),
    ),
    conditions: Type.Optional(conditions),
  },
  { title: 'Leg', description: 'either amount with its currency, or remaining' },
);
export type LegBody = Static<typeof leg>;

const exchange = schema.object(
  {
    from: schema.currencyText(),
    to: schema.currencyText(),
    rate: Type.String({
      pattern: '^(0|[1-9][0-9]{0,11})([.][0-9]{1,12})?$',
      description: 'decimal text, above zero: how much of `to` one major unit of `from` buys',
    }),
  },
  { title: 'Exchange' },
);

const movingKinds = ['transfer', 'hold'] as const;
const movingKind = schema.choice(movingKinds);

const transferFields = {
  kind: Type.Optional(movingKind),
  ...common,
  legs: Type.Optional(Type.Array(leg, { minItems: 1, maxItems: LEGS_MAX })),
  debit_account_id: Type.Optional(schema.idText('acc')),
  credit_account_id: Type.Optional(schema.idText('acc')),
  amount: Type.Optional(schema.amountText()),
  currency: Type.Optional(schema.currencyText()),
  exchange: Type.Optional(exchange),
  expires_at: Type.Optional(
    schema.instantText({ description: 'a time of RFC 3339: the deadline of a hold' }),
  ),
};

export const transferBody = schema.object(transferFields, {
  title: 'PostTransfer',
  description:
    'a transfer or a hold: legs, or for the simple case debit_account_id, credit_account_id, ' +
    'amount and currency',
});
export type TransferBody = Static<typeof transferBody>;

const portion = {
  amount: Type.Optional(schema.amountText()),
  currency: Type.Optional(schema.currencyText()),
  legs: Type.Optional(
    Type.Array(
      schema.object(
        {
          leg: Type.Integer({ minimum: 0, maximum: LEGS_MAX - 1 }),
          amount: schema.amountText(),
          currency: schema.currencyText(),
        },
        { title: 'LegPart', description: 'part of a leg, by its number from 0' },
      ),
      { minItems: 1, maxItems: LEGS_MAX },
    ),
  ),
};

const captureFields = {
  ...common,
  ...portion,
  final: Type.Optional(Type.Boolean({ description: 'gives back what is not captured' })),
};
const increaseFields = {
  ...common,
  ...portion,
  expires_at: Type.Optional(
    schema.instantText({ description: 'a time of RFC 3339: the new deadline' }),
  ),
};
const voidFields = common;
const reverseFields = { ...common, ...portion };

export const captureBody = schema.object(captureFields, { title: 'Capture' });
export const increaseBody = schema.object(increaseFields, { title: 'Increase' });
export const voidBody = schema.object(voidFields, { title: 'Void' });
export const reverseBody = schema.object(reverseFields, { title: 'Reverse' });
export const reverseBatchBody = schema.object(common, { title: 'ReverseBatch' });
export type CaptureBody = Static<typeof captureBody>;
export type IncreaseBody = Static<typeof increaseBody>;
export type VoidBody = Static<typeof voidBody>;
export type ReverseBody = Static<typeof reverseBody>;
export type ReverseBatchBody = Static<typeof reverseBatchBody>;
export type PortionBody = Pick<CaptureBody, 'amount' | 'currency' | 'legs'>;
export type CommonBody = VoidBody;

const linked = Type.Optional(
  Type.Boolean({ description: 'all or nothing together with the next item' }),
);
const holdId = schema.idText('trf', { description: 'the id of a hold, trf_ and a UUID' });

const captureKind = Type.Literal('capture');
const increaseKind = Type.Literal('increase');
const voidKind = Type.Literal('void');
const reverseKind = Type.Literal('reverse');

// Most items are transfers: the union tries its variants in this order.
const batchItem = Type.Union([
  schema.object({ ...transferFields, linked }, { title: 'TransferItem' }),
  schema.object(
    { kind: captureKind, hold_id: holdId, ...captureFields, linked },
    { title: 'CaptureItem' },
  ),
  schema.object(
    { kind: increaseKind, hold_id: holdId, ...increaseFields, linked },
    { title: 'IncreaseItem' },
  ),
  schema.object({ kind: voidKind, hold_id: holdId, ...voidFields, linked }, { title: 'VoidItem' }),
  schema.object(
    {
      kind: reverseKind,
      transfer_id: schema.idText('trf', { description: 'the id of a transfer, trf_ and a UUID' }),
      ...reverseFields,
      linked,
    },
    { title: 'ReverseItem' },
  ),
]);
export type BatchItem = Static<typeof batchItem>;

const itemsMax = limits.httpBatchItemsMax.value;

export const batchBody = Type.Array(batchItem, { minItems: 1, maxItems: itemsMax });
export const openAccountsBody = Type.Array(openAccountBody, { minItems: 1, maxItems: itemsMax });

export const accountParams = schema.object({ id: schema.idText('acc') });
export const transferParams = schema.object({ id: schema.idText('trf') });
export const batchParams = schema.object({ id: schema.idText('bat') });

export const dryRunQuery = {
  dry_run: Type.Boolean({
    default: false,
    description: 'answers what would happen, and does nothing',
  }),
};

export const asOfQuery = {
  effective_at: Type.Optional(
    schema.instantOrDateText({
      description:
        'a time of RFC 3339, or a date with its whole day: only value dates up to it count',
    }),
  ),
  recorded_at: Type.Optional(
    schema.instantOrDateText({
      description: 'a time of RFC 3339, or a date meaning its end: as it was known then',
    }),
  ),
};

/** Reports are read whole more often than in pages, so their pages are large. */
export const reportPage = {
  limit: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 1_000,
    description: 'how many lines to return, from 1 to 1,000',
  }),
  cursor: Type.Optional(schema.text(1_000, { description: 'the next_cursor of the page before' })),
};
