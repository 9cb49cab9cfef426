// From the bodies that clients send, already of the right shape, to the ledger's instructions. What
// a schema cannot say is said here: which members belong together. Plain loops, because a batch of
// ten thousand items comes through.

import { parseDate, parseInstant, parseRate } from '#kernel';
import type { AccountId, BatchId, Instant, TransferId } from '#kernel';
import { EdgeRefusal } from '#gateway';
import type { ChangeAccount, OpenAccount } from '../account.ts';
import type {
  CaptureInstruction,
  HoldInstruction,
  IncreaseInstruction,
  Instruction,
  Leg,
  LegConditions,
  LegPart,
  Portion,
  ReverseInstruction,
  TransferInstruction,
  VoidInstruction,
} from '../posting/instruction.ts';
import type { ReverseBatch } from '../reading/batch-reversal.ts';
import type {
  BatchItem,
  CaptureBody,
  ChangeAccountBody,
  CommonBody,
  IncreaseBody,
  LegBody,
  OpenAccountBody,
  PortionBody,
  ReverseBatchBody,
  ReverseBody,
  TransferBody,
  VoidBody,
} from './request-schemas.ts';

function missing(param: string, why = 'is required'): EdgeRefusal {
  return new EdgeRefusal('field_missing', `${param} ${why}.`, { param });
}

function invalid(param: string, why: string): EdgeRefusal {
  return new EdgeRefusal('field_invalid', `${param} ${why}.`, { param });
}

/** A time, or a date as its first moment. The schema has seen to it that it is one of them. */
export function instantOf(text: string): Instant {
  return (parseInstant(text) ?? parseDate(text)) as Instant;
}

function limitOf(text: string | null | undefined): bigint | null | undefined {
  return text === undefined || text === null ? text : BigInt(text);
}

export function openAccountOf(body: OpenAccountBody): OpenAccount {
  const { credit_limit: creditLimit } = body;
  return {
    externalId: body.external_id,
    path: body.path,
    name: body.name,
    currency: body.currency,
    normalSide: body.normal_side,
    floor: limitOf(body.floor),
    ceiling: limitOf(body.ceiling),
    creditLimit: creditLimit === undefined ? undefined : BigInt(creditLimit),
    metadata: body.metadata,
  };
}

export function changeAccountOf(accountId: AccountId, body: ChangeAccountBody): ChangeAccount {
  const { credit_limit: creditLimit } = body;
  return {
    accountId,
    name: body.name,
    floor: limitOf(body.floor),
    ceiling: limitOf(body.ceiling),
    creditLimit: creditLimit === undefined ? undefined : BigInt(creditLimit),
    metadata: body.metadata,
    state: body.state,
  };
}

/** The instructions of a batch; a fault names the item by its number from 0. */
export function batchOf(items: readonly BatchItem[]): Instruction[] {
  const instructions: Instruction[] = [];
  for (let index = 0; index < items.length; index += 1) {
    instructions.push(itemOf(items[index] as BatchItem, `[${index}].`));
  }
  return instructions;
}

function itemOf(item: BatchItem, at: string): Instruction {
  switch (item.kind) {
    case 'capture':
      return captureOf(item.hold_id, item, at);
    case 'increase':
      return increaseOf(item.hold_id, item, at);
    case 'void':
      return voidOf(item.hold_id, item);
    case 'reverse':
      return reverseOf(item.transfer_id, item, at);
    default:
      return transferOf(item, at);
  }
}

type Linkable<Body> = Body & { readonly linked?: boolean };

function commonOf(body: Linkable<CommonBody>): {
  externalId: string | undefined;
  description: string | undefined;
  metadata: Record<string, string> | undefined;
  effectiveAt: Instant | undefined;
  linked: boolean | undefined;
} {
  const { effective_at: effectiveAt } = body;
  return {
    externalId: body.external_id,
    description: body.description,
    metadata: body.metadata,
    effectiveAt: effectiveAt === undefined ? undefined : instantOf(effectiveAt),
    linked: body.linked,
  };
}

/** A transfer or a hold. `at` is put before the name of a member at fault: empty or `[3].`. */
export function transferOf(
  body: Linkable<TransferBody>,
  at: string,
): TransferInstruction | HoldInstruction {
  const common = commonOf(body);
  const legs = body.legs === undefined ? pairOf(body, at) : legsOf(body, body.legs, at);
  const { exchange, expires_at: expiresAt } = body;
  if (exchange !== undefined && parseRate(exchange.rate) === undefined) {
    throw invalid(`${at}exchange.rate`, 'must be above zero');
  }
  if (body.kind !== 'hold') {
    if (expiresAt !== undefined) throw invalid(`${at}expires_at`, 'belongs to a hold');
    return { kind: 'transfer', ...common, legs, exchange };
  }
  const deadline = expiresAt === undefined ? undefined : instantOf(expiresAt);
  return { kind: 'hold', ...common, legs, exchange, expiresAt: deadline };
}

function pairOf(body: TransferBody, at: string): Leg[] {
  const { debit_account_id: debit, credit_account_id: credit, currency } = body;
  if (debit === undefined && credit === undefined) throw missing(`${at}legs`);
  if (debit === undefined) throw missing(`${at}debit_account_id`);
  if (credit === undefined) throw missing(`${at}credit_account_id`);
  if (body.amount === undefined) throw missing(`${at}amount`);
  if (currency === undefined) throw missing(`${at}currency`, 'is required with an amount');
  const amount = BigInt(body.amount);
  return [
    { accountId: debit, side: 'debit', amount, currency },
    { accountId: credit, side: 'credit', amount, currency },
  ];
}

const pairFields = ['debit_account_id', 'credit_account_id', 'amount', 'currency'] as const;

function legsOf(body: TransferBody, bodies: readonly LegBody[], at: string): Leg[] {
  for (const name of pairFields) {
    if (body[name] !== undefined) throw invalid(`${at}${name}`, 'cannot be given beside legs');
  }
  const legs: Leg[] = [];
  for (let index = 0; index < bodies.length; index += 1) {
    legs.push(legOf(bodies[index] as LegBody, at, index));
  }
  return legs;
}

function legOf(body: LegBody, at: string, index: number): Leg {
  const { amount, currency, remaining } = body;
  if (amount === undefined) {
    if (remaining === undefined) throw missing(`${at}legs[${index}].amount`);
    if (body.up_to !== undefined) {
      throw invalid(`${at}legs[${index}].up_to`, 'needs an amount, not the remainder');
    }
  } else {
    if (remaining !== undefined) {
      throw invalid(`${at}legs[${index}].remaining`, 'cannot be given beside an amount');
    }
    if (currency === undefined) {
      throw missing(`${at}legs[${index}].currency`, 'is required with an amount');
    }
  }
  const { conditions } = body;
  return {
    accountId: body.account_id,
    side: body.side,
    amount: amount === undefined ? 'remaining' : BigInt(amount),
    currency,
    upTo: body.up_to,
    conditions: conditions === undefined ? undefined : conditionsOf(conditions),
  };
}

function conditionsOf(body: NonNullable<LegBody['conditions']>): LegConditions {
  const { available_at_least: available, balance_at_least: balance, version } = body;
  return {
    availableAtLeast: available === undefined ? undefined : BigInt(available),
    balanceAtLeast: balance === undefined ? undefined : BigInt(balance),
    version: version === undefined ? undefined : BigInt(version),
  };
}

/** A portion's amounts, each with the currency that the client believes the leg to have. */
export interface PortionCurrencies {
  readonly transferId: TransferId;
  /** The leg's number, or undefined for the one amount of a pair. */
  readonly legs: readonly {
    readonly leg: number | undefined;
    readonly currency: string;
    readonly param: string;
  }[];
}

function portionOf(body: PortionBody, at: string): Portion {
  const { amount, currency, legs } = body;
  if (amount === undefined) {
    if (currency !== undefined) throw invalid(`${at}currency`, 'needs an amount');
  } else {
    if (legs !== undefined) throw invalid(`${at}legs`, 'cannot be given beside an amount');
    if (currency === undefined) throw missing(`${at}currency`, 'is required with an amount');
  }
  return {
    amount: amount === undefined ? undefined : BigInt(amount),
    legs: legs?.map((part): LegPart => ({ leg: part.leg, amount: BigInt(part.amount) })),
  };
}

/** What a portion says of currencies, for the check against the transfer it is a portion of. */
export function portionCurrencies(
  transferId: TransferId,
  body: PortionBody,
  at: string,
): PortionCurrencies | undefined {
  if (body.currency !== undefined) {
    const named = { leg: undefined, currency: body.currency, param: `${at}currency` };
    return { transferId, legs: [named] };
  }
  if (body.legs === undefined) return undefined;
  const legs = body.legs.map(({ leg, currency }, index) => {
    return { leg, currency, param: `${at}legs[${index}].currency` };
  });
  return { transferId, legs };
}

/** Of a whole batch. */
export function batchCurrencies(items: readonly BatchItem[]): PortionCurrencies[] {
  const named: PortionCurrencies[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] as BatchItem;
    let id: TransferId;
    if (item.kind === 'capture' || item.kind === 'increase') id = item.hold_id;
    else if (item.kind === 'reverse') id = item.transfer_id;
    else continue;
    const currencies = portionCurrencies(id, item, `[${index}].`);
    if (currencies !== undefined) named.push(currencies);
  }
  return named;
}

export function captureOf(
  holdId: TransferId,
  body: Linkable<CaptureBody>,
  at: string,
): CaptureInstruction {
  return {
    kind: 'capture',
    ...commonOf(body),
    ...portionOf(body, at),
    holdId,
    final: body.final,
  };
}

export function increaseOf(
  holdId: TransferId,
  body: Linkable<IncreaseBody>,
  at: string,
): IncreaseInstruction {
  const { expires_at: expiresAt } = body;
  if (body.amount === undefined && body.legs === undefined) throw missing(`${at}amount`);
  return {
    kind: 'increase',
    ...commonOf(body),
    ...portionOf(body, at),
    holdId,
    expiresAt: expiresAt === undefined ? undefined : instantOf(expiresAt),
  };
}

export function voidOf(holdId: TransferId, body: Linkable<VoidBody>): VoidInstruction {
  return { kind: 'void', ...commonOf(body), holdId };
}

export function reverseOf(
  transferId: TransferId,
  body: Linkable<ReverseBody>,
  at: string,
): ReverseInstruction {
  return { kind: 'reverse', ...commonOf(body), ...portionOf(body, at), transferId };
}

export function reverseBatchOf(batchId: BatchId, body: ReverseBatchBody): ReverseBatch {
  const { linked: _linked, ...common } = commonOf(body);
  return { ...common, batchId };
}
