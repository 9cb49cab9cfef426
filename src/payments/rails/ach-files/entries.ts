// Decides how payments stand in an ACH file: which of them can, in which batch, under which trace
// number. Pure. Every payment that is placed can be written, and its trace ascends in its batch.

import { isRoutingNumber } from '#accounts';
import type { AccountId } from '#kernel';
import { nachaAmountMax, type OriginatedBatch } from '../../nacha/writing/originate.ts';
import type { Payment } from '../../payment.ts';
import type { Originator } from '../originators.ts';

/** As other banks number their accounts: what fits the field, and does not begin with a blank. */
const ACCOUNT_NUMBER = /^[0-9A-Za-z-][0-9A-Za-z -]{0,16}$/;

/** ExternalStatusReason1Code of ISO 20022. */
export type AchFlaw = 'AC01' | 'AM02' | 'AM03' | 'RC01';

/** Why a payment cannot be written; undefined where it can. */
export function achFlawOf({ amount, currency, party }: Payment): AchFlaw | undefined {
  if (currency !== 'USD') return 'AM03';
  if (amount > nachaAmountMax) return 'AM02';
  if (party?.agent === undefined || !isRoutingNumber(party.agent)) return 'RC01';
  return ACCOUNT_NUMBER.test(party.account ?? '') ? undefined : 'AC01';
}

export interface AchBatch {
  readonly entryClass: 'PPD' | 'CCD';
  readonly direction: 'credit' | 'debit';
  readonly companyName: string;
  readonly payments: readonly Payment[];
}

/**
 * A batch is one originator's, of one class and one direction. What a company pays is CCD. What is
 * collected is always PPD, which leaves a consumer who did not agree to it all the time to object;
 * who it is collected from is not known here.
 */
export function achBatchesOf(
  payments: readonly Payment[],
  originators: ReadonlyMap<AccountId, Originator>,
  ownName: string,
): AchBatch[] {
  const placed = payments.map((payment) => {
    const originator = originators.get(payment.accountId);
    const direction = payment.kind === 'debit_out' ? 'debit' : 'credit';
    const isCorporate = direction === 'credit' && originator?.isCompany === true;
    const companyName = textOr(originator?.name, ownName);
    return { entryClass: isCorporate ? 'CCD' : 'PPD', direction, companyName, payment } as const;
  });
  const batches = Map.groupBy(placed, (each) =>
    JSON.stringify([each.entryClass, each.direction, each.companyName]),
  );
  return [...batches.values()].flatMap((each) => {
    const [first] = each;
    if (first === undefined) return [];
    const { entryClass, direction, companyName } = first;
    const own = each.map(({ payment }) => payment);
    return [{ entryClass, direction, companyName, payments: own }];
  });
}

const SEQUENCE_DIGITS = 7;

export function traceOf(originatingDfi: string, sequence: number): string {
  return originatingDfi + String(sequence).padStart(SEQUENCE_DIGITS, '0');
}

/** As entries name their text: who is paid, or who pays. */
const NAMELESS = 'NOT PROVIDED';
const IDENTIFICATION_MAX = 15;
const descriptions = { credit: 'PAYMENT', debit: 'COLLECTION' } as const;
/** The first character of an identification that is of the originating bank's own making. */
const OWN_MAKING = '9';

export interface BatchNumbers {
  /** Of nine digits, ours. */
  readonly routingNumber: string;
  readonly batchNumber: number;
  readonly effectiveOn: string;
}

/** A batch as the writer takes it; the trace numbers are those the payments have. */
export function originationOf(
  { entryClass, direction, companyName, payments }: AchBatch,
  { routingNumber, batchNumber, effectiveOn }: BatchNumbers,
): OriginatedBatch {
  return {
    companyName,
    companyIdentification: OWN_MAKING + routingNumber,
    companyEntryDescription: descriptions[direction],
    standardEntryClassCode: entryClass,
    effectiveOn,
    originatingRoutingNumber: routingNumber,
    batchNumber,
    entries: payments.map(({ amount, endToEndId, party, remittance, transactionId }) => ({
      direction,
      account: 'demand',
      purpose: 'live',
      routingNumber: party?.agent ?? '',
      accountNumber: party?.account ?? '',
      amount,
      name: textOr(party?.name, NAMELESS),
      identification: (endToEndId ?? '').length > IDENTIFICATION_MAX ? undefined : endToEndId,
      remittance: remittance?.trim(),
      sequence: Number((transactionId ?? '').slice(-SEQUENCE_DIGITS)),
    })),
  };
}

function textOr(text: string | undefined, otherwise: string): string {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? otherwise : trimmed;
}
