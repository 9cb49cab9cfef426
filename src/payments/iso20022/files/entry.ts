// Owns one payment of an initiation: what its own element and its payment information say of it
// together, and what is wrong with it beyond its schema. The values of a fault are not repeated,
// for they are names and account numbers.
import { readIban } from '#accounts';
import type { FileEntry } from '../../files/format.ts';
import { readAmount } from '../amounts.ts';
import { attributeOf, elementAt, firstTextAt, textAt, type MessageElement } from '../element.ts';
import type { MessageFault } from '../read-message.ts';
import { creditorReferenceOf, partyOf, remittanceOf, type ReadParty } from './parties.ts';

export type EntryKind = 'credit' | 'debit';

export interface ReadEntry {
  readonly entry: FileEntry;
  readonly faults: readonly MessageFault[];
}

/** Where the amount of a payment stands, by version and kind. */
const amountPaths = ['InstdAmt', 'Amt/InstdAmt', 'Amt/EqvtAmt/Amt'];

/** Facts beside the payment, by their names in the standard. */
const detailPaths: Readonly<Record<string, readonly string[]>> = {
  PmtInfId: ['PmtInfId'],
  InstrId: ['PmtId/InstrId'],
  UETR: ['PmtId/UETR'],
  SvcLvl: ['PmtTpInf/SvcLvl/Cd', 'PmtTpInf/SvcLvl/Prtry'],
  LclInstrm: ['PmtTpInf/LclInstrm/Cd', 'PmtTpInf/LclInstrm/Prtry'],
  CtgyPurp: ['PmtTpInf/CtgyPurp/Cd', 'PmtTpInf/CtgyPurp/Prtry'],
  SeqTp: ['PmtTpInf/SeqTp'],
  ChrgBr: ['ChrgBr'],
  Purp: ['Purp/Cd', 'Purp/Prtry'],
  MndtId: ['DrctDbtTx/MndtRltdInf/MndtId'],
  DtOfSgntr: ['DrctDbtTx/MndtRltdInf/DtOfSgntr'],
  CdtrSchmeId: ['DrctDbtTx/CdtrSchmeId/Id/PrvtId/Othr/Id', 'CdtrSchmeId/Id/PrvtId/Othr/Id'],
  UltmtDbtr: ['UltmtDbtr/Nm'],
  UltmtCdtr: ['UltmtCdtr/Nm'],
};

const datePaths = ['ReqdExctnDt', 'ReqdExctnDt/Dt', 'ReqdExctnDt/DtTm', 'ReqdColltnDt'];

/** The amount as it is written, for sums that add it as it stands. */
export function amountTextOf(element: MessageElement): string | undefined {
  return firstTextAt(element, amountPaths);
}

export function readEntry(
  kind: EntryKind,
  head: MessageElement | undefined,
  element: MessageElement,
  place: { readonly index: number; readonly batch: number },
): ReadEntry {
  const faults: MessageFault[] = [];
  const refuse = (rule: string, message: string, field: string) =>
    faults.push({ rule, message, line: element.line, field });
  const { amount, currency } = amountOf(element, refuse);
  const isCredit = kind === 'credit';
  const debtor = partyOf(isCredit ? head : element, 'Dbtr');
  const creditor = partyOf(isCredit ? element : head, 'Cdtr');
  checkAccount(debtor, 'DbtrAcct', refuse);
  checkAccount(creditor, 'CdtrAcct', refuse);
  const entry: FileEntry = {
    ...place,
    record: element.line,
    kind,
    amount,
    currency,
    debtor,
    creditor,
    endToEndId: textAt(element, 'PmtId/EndToEndId'),
    requestedOn: firstTextAt(head, datePaths)?.slice(0, 10),
    remittance: remittanceOf(element),
    details: detailsOf(head, element),
  };
  return { entry, faults };
}

type Refuse = (rule: string, message: string, field: string) => void;

function amountOf(element: MessageElement, refuse: Refuse): { amount: bigint; currency: string } {
  const path = amountPaths.find((one) => elementAt(element, one) !== undefined) ?? 'InstdAmt';
  const found = elementAt(element, path);
  const currency = attributeOf(found, 'Ccy') ?? '';
  const read = readAmount(found?.text ?? '', currency);
  if (!read.isRead) {
    refuse(read.rule, read.message, path);
    return { amount: 0n, currency };
  }
  if (path.includes('EqvtAmt')) {
    refuse('iso_amount_equivalent', 'An amount to be converted is not accepted.', path);
  } else if (read.amount <= 0n) refuse('iso_amount_zero', 'A payment moves more than zero.', path);
  return { amount: read.amount, currency };
}

function checkAccount({ iban, account }: ReadParty, field: string, refuse: Refuse): void {
  if (iban === undefined) {
    if (account === undefined) refuse('iso_account_missing', 'There is no account number.', field);
    return;
  }
  if (!readIban(iban).ok) {
    refuse('iso_iban_wrong', 'The IBAN breaks the rules of its country.', `${field}/Id/IBAN`);
  }
}

/** What the payment says itself goes before what its payment information says for all. */
function detailsOf(
  head: MessageElement | undefined,
  element: MessageElement,
): Record<string, string> {
  const details: Record<string, string> = {};
  for (const [name, paths] of Object.entries(detailPaths)) {
    const value = firstTextAt(element, paths) ?? firstTextAt(head, paths);
    if (value !== undefined) details[name] = value;
  }
  const reference = creditorReferenceOf(element);
  if (reference !== undefined) details['CdtrRef'] = reference;
  return details;
}
