// The shapes of requests and answers about bank accounts and products.

import { Type, type Static } from 'typebox';
import { limits } from '#config';
import { schema } from '#gateway';
import { bankAccountStatuses, holderRoles } from '../account.ts';
import { ibanCountries } from '../numbers/own-number.ts';
import { dayCounts, periods, productKinds, tierMethods, wakeRules } from '../products/product.ts';

export const productCode = () =>
  schema.text(63, {
    pattern: '^[a-z][a-z0-9_-]*$',
    description: 'small letters, digits, hyphens and underscores',
  });
const iban = () => schema.text(34, { pattern: '^[A-Z]{2}[0-9]{2}[A-Z0-9]+$' });
const routingNumber = () => schema.text(9, { pattern: '^[0-9]{9}$' });
const externalId = () => schema.text(255);
const rate = () =>
  schema.text(16, {
    pattern: '^(0|[1-9][0-9]{0,2})([.][0-9]{1,12})?$',
    description: 'a yearly rate as a decimal fraction: 0.025 is 2.5 %',
  });

export const accountParams = schema.object({ id: schema.idText('acc') });
export const holderParams = schema.object({
  id: schema.idText('acc'),
  customer: schema.idText('cus'),
});
export const productParams = schema.object({ code: productCode() });

const holder = schema.object({
  customer: schema.idText('cus'),
  role: schema.choice(holderRoles, {
    description: 'owner: it is theirs, jointly where there are several; authorised: may act on it',
  }),
});

const number = Type.Union([
  schema.object({ iban: iban() }),
  schema.object({
    routing_number: routingNumber(),
    account_number: schema.text(17, { pattern: '^[A-Z0-9-]+$' }),
  }),
]);

export const openAccountBody = schema.object({
  product: productCode(),
  owners: Type.Array(holder, { minItems: 1, maxItems: limits.accountHoldersMax.value }),
  external_id: Type.Optional(externalId()),
  overdraft: Type.Optional(schema.amountOrZeroText()),
  number: Type.Optional(number),
  ledger_account: Type.Optional(
    schema.idText('acc', { description: 'an account of the ledger that becomes the bank account' }),
  ),
});
export type OpenAccountBody = Static<typeof openAccountBody>;

export const openAccountsBody = Type.Array(openAccountBody, {
  minItems: 1,
  maxItems: limits.accountOpenBatchMax.value,
});

const reason = () => schema.text(500, { description: 'why, for the record' });

export const statusBody = schema.object({
  status: schema.choice(['active', 'blocked', 'debits_blocked']),
  reason: reason(),
});
export type StatusBody = Static<typeof statusBody>;

export const overdraftBody = schema.object({ overdraft: schema.amountOrZeroText() });

export const closingBody = schema.object({
  reason: reason(),
  payout_account_id: Type.Optional(
    schema.idText('acc', { description: 'where what is left goes, in the same currency' }),
  ),
});

export const holderBody = schema.object({
  ...holder.properties,
  acts: Type.Optional(
    Type.Array(schema.choice(['read', 'credit', 'debit']), {
      minItems: 1,
      maxItems: 3,
      uniqueItems: true,
      description: 'of who is authorised: what they may do; all of it unless given',
    }),
  ),
  transfer_max: Type.Optional(schema.amountText()),
  day_max: Type.Optional(schema.amountText()),
  valid_to: Type.Optional(schema.instantText()),
});
export type HolderBody = Static<typeof holderBody>;

const accountFields = {
  id: schema.idText('acc'),
  product: productCode(),
  currency: schema.currencyText(),
  status: schema.choice(bankAccountStatuses),
  status_reason: schema.orNull(Type.String()),
  owners: Type.Array(holder),
  iban: schema.orNull(Type.String()),
  routing_number: schema.orNull(Type.String()),
  account_number: schema.orNull(Type.String()),
  external_id: schema.orNull(Type.String()),
  overdraft: schema.amountOrZeroText(),
  opened_at: schema.instantText(),
  changed_at: schema.instantText(),
};

export const account = schema.object(accountFields);

export const accountWithBalance = schema.object({
  ...accountFields,
  balance: schema.signedAmountText({
    description: 'minor units on the side of the books: of a loan what is owed',
  }),
  available: schema.signedAmountText(),
});

export const openedAccounts = schema.object({
  accepted: Type.Integer(),
  refused: Type.Integer(),
  results: Type.Array(
    schema.object({
      status: schema.choice(['opened', 'replayed', 'refused']),
      account: Type.Optional(account),
      refusal: Type.Optional(
        schema.object({
          code: Type.String(),
          message: Type.String(),
          retryable: Type.Boolean(),
          param: Type.Optional(Type.String()),
        }),
      ),
    }),
  ),
});

export const accountQuery = schema.object({
  ...schema.pageQuery,
  customer: Type.Optional(schema.idText('cus')),
  product: Type.Optional(productCode()),
  status: Type.Optional(schema.choice(bankAccountStatuses)),
  external_id: Type.Optional(externalId()),
});

export const interest = schema.object({
  accrued_through: schema.dateText({ description: 'the last day that is counted' }),
  credit: schema.signedAmountText({ description: 'accrued for the account and not booked' }),
  debit: schema.signedAmountText({ description: 'accrued from the account and not booked' }),
  due_through: schema.dateText({ description: 'the end of the last period that fell due' }),
});

export const booking = schema.object({
  transfer_id: schema.idText('trf'),
  kind: schema.choice(['interest_credit', 'interest_debit', 'fee']),
  fee: schema.orNull(Type.String()),
  period_end: schema.dateText(),
  amount: schema.signedAmountText(),
  booked_at: schema.instantText(),
});

const tiers = () =>
  Type.Array(schema.object({ from: schema.amountOrZeroText(), rate: rate() }), {
    maxItems: limits.productTiersMax.value,
  });

const numbering = Type.Union([
  schema.object({ scheme: Type.Literal('none') }),
  schema.object({
    scheme: Type.Literal('iban'),
    country: schema.choice(ibanCountries),
    bank_code: schema.text(8, { pattern: '^[0-9]+$' }),
  }),
  schema.object({ scheme: Type.Literal('us'), routing_number: routingNumber() }),
]);

const interestTerms = schema.object({
  day_count: schema.choice(dayCounts),
  booking: schema.choice(periods),
  method: schema.choice(tierMethods, {
    description: 'whether a tier is for the part of the balance within it, or for all of it',
  }),
  credit: tiers(),
  debit: tiers(),
});

const fees = Type.Array(
  schema.object({
    code: schema.text(63, { pattern: '^[a-z][a-z0-9_-]*$' }),
    name: schema.text(100),
    amount: schema.amountText(),
    calendar: schema.choice(periods),
  }),
  { maxItems: limits.productFeesMax.value },
);

const dormancy = schema.object({
  after_days: Type.Integer({ minimum: 1, maximum: 36_500 }),
  wakes_by: schema.choice(wakeRules, {
    description: 'activity: a posting wakes the account; request: nothing leaves it before',
  }),
});

export const productBody = schema.object({
  effective_from: schema.dateText({ description: 'the first day of this version' }),
  kind: schema.choice(productKinds),
  currency: schema.currencyText(),
  name: schema.text(100),
  terms: schema.object({
    overdraft_max: Type.Optional(schema.amountOrZeroText()),
    balance_max: Type.Optional(schema.orNull(schema.amountText())),
    numbering: Type.Optional(numbering),
    interest: Type.Optional(schema.orNull(interestTerms)),
    fees: Type.Optional(fees),
    dormancy: Type.Optional(schema.orNull(dormancy)),
  }),
});
export type ProductBody = Static<typeof productBody>;

export const product = schema.object({
  code: productCode(),
  version: Type.Integer({ minimum: 1 }),
  effective_from: schema.dateText(),
  kind: schema.choice(productKinds),
  currency: schema.currencyText(),
  name: Type.String(),
  terms: schema.object({
    overdraft_max: schema.amountOrZeroText(),
    balance_max: schema.orNull(schema.amountText()),
    numbering,
    interest: schema.orNull(interestTerms),
    fees,
    dormancy: schema.orNull(dormancy),
  }),
  created_at: schema.instantText(),
});
