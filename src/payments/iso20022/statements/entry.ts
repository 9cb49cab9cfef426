// Owns one entry of a bank statement and the payments within it, read from any version of camt.052,
// 053 and 054. An amount that cannot be kept exactly refuses the message: half a statement would
// close to the wrong balance.
import { readAmount } from '../amounts.ts';
import {
  attributeOf,
  elementAt,
  elementsAt,
  firstTextAt,
  textAt,
  type MessageElement,
} from '../element.ts';
import { creditorReferenceOf } from '../files/parties.ts';
import type { StatementDetail, StatementEntry, StatementReferences } from '../statement.ts';

export interface SignedMoney {
  /** Credit positive, debit negative. */
  readonly amount: bigint;
  readonly currency: string;
}

/** What refuses the message. */
export type Refuse = (rule: string, message: string, element: MessageElement) => void;

/** Codes of a booked entry; all others are expected, not in the balance. */
export const BOOKED = 'BOOK';

/** The amount of an element, with the sign its own credit or debit indicator gives. */
export function signedAmount(element: MessageElement, refuse: Refuse): SignedMoney {
  const found = elementAt(element, 'Amt');
  const read = readAmount(found?.text ?? '', attributeOf(found, 'Ccy') ?? '');
  if (!read.isRead) {
    refuse(read.rule, read.message, found ?? element);
    return { amount: 0n, currency: '' };
  }
  const isDebit = textAt(element, 'CdtDbtInd') === 'DBIT';
  return { amount: isDebit ? -read.amount : read.amount, currency: read.currency };
}

/** A day or an instant, as its day. */
export function dayAt(element: MessageElement | undefined, name: string): string | undefined {
  return firstTextAt(element, [`${name}/Dt`, `${name}/DtTm`])?.slice(0, 10);
}

export function readStatementEntry(
  element: MessageElement,
  index: number,
  refuse: Refuse,
): StatementEntry {
  const money = signedAmount(element, refuse);
  const isReversal = ['true', '1'].includes(textAt(element, 'RvslInd') ?? '');
  const inBatches = elementsAt(element, 'NtryDtls').flatMap((one) => elementsAt(one, 'TxDtls'));
  const details = [...inBatches, ...elementsAt(element, 'TxDtls')];
  return {
    index,
    record: element.line,
    ...money,
    isReversal,
    status: firstTextAt(element, ['Sts/Cd', 'Sts/Prtry', 'Sts']) ?? '',
    bookedOn: dayAt(element, 'BookgDt'),
    valueOn: dayAt(element, 'ValDt'),
    reference: textAt(element, 'NtryRef'),
    servicerReference: textAt(element, 'AcctSvcrRef'),
    transactionCode: transactionCodeOf(element),
    information: textAt(element, 'AddtlNtryInf'),
    details: details.map((detail) => readDetail(detail, money.amount < 0n, refuse)),
  };
}

function transactionCodeOf(element: MessageElement): string | undefined {
  const domain = textAt(element, 'BkTxCd/Domn/Cd');
  if (domain === undefined) return textAt(element, 'BkTxCd/Prtry/Cd');
  const family = textAt(element, 'BkTxCd/Domn/Fmly/Cd') ?? '';
  return `${domain}/${family}/${textAt(element, 'BkTxCd/Domn/Fmly/SubFmlyCd') ?? ''}`;
}

function readDetail(element: MessageElement, isDebit: boolean, refuse: Refuse): StatementDetail {
  const lines = elementsAt(elementAt(element, 'RmtInf'), 'Ustrd').map(({ text }) => text.trim());
  return {
    references: referencesOf(elementAt(element, 'Refs')),
    ...detailAmount(element, isDebit, refuse),
    debtorName: nameOf(element, 'Dbtr'),
    debtorAccount: accountOf(element, 'DbtrAcct'),
    creditorName: nameOf(element, 'Cdtr'),
    creditorAccount: accountOf(element, 'CdtrAcct'),
    remittance: lines.length === 0 ? undefined : lines.join(' '),
    creditorReference: creditorReferenceOf(element),
    returnReason: firstTextAt(element, [
      'RtrInf/Rsn/Cd',
      'RtrInf/Rsn/Prtry',
      'RtrInf/RtrRsn/Cd',
      'RtrInf/RtrRsn/Prtry',
    ]),
  };
}

// Newer versions have the amount itself, older ones among the details of amounts. The amount that
// was instructed is no substitute: it may be in another currency.
function detailAmount(
  element: MessageElement,
  isDebit: boolean,
  refuse: Refuse,
): { amount?: bigint; currency?: string } {
  const nested = elementAt(element, 'AmtDtls/TxAmt');
  const from = elementAt(element, 'Amt') === undefined ? nested : element;
  if (from === undefined) return {};
  const { amount, currency } = signedAmount({ ...from, children: unsigned(from) }, refuse);
  const indicator = textAt(element, 'CdtDbtInd');
  const isOut = indicator === undefined ? isDebit : indicator === 'DBIT';
  return { amount: isOut ? -amount : amount, currency };
}

function unsigned(element: MessageElement): MessageElement[] {
  return element.children.filter(({ name }) => name !== 'CdtDbtInd');
}

function referencesOf(from: MessageElement | undefined): StatementReferences {
  return {
    messageId: textAt(from, 'MsgId'),
    accountServicer: textAt(from, 'AcctSvcrRef'),
    paymentInformation: textAt(from, 'PmtInfId'),
    instruction: textAt(from, 'InstrId'),
    endToEnd: textAt(from, 'EndToEndId'),
    transaction: textAt(from, 'TxId'),
    mandate: textAt(from, 'MndtId'),
    clearing: firstTextAt(from, ['ClrSysRef', 'AcctOwnrTxId']),
    uetr: textAt(from, 'UETR'),
  };
}

function nameOf(element: MessageElement, party: string): string | undefined {
  return firstTextAt(element, [`RltdPties/${party}/Nm`, `RltdPties/${party}/Pty/Nm`]);
}

function accountOf(element: MessageElement, name: string): string | undefined {
  return firstTextAt(element, [`RltdPties/${name}/Id/IBAN`, `RltdPties/${name}/Id/Othr/Id`]);
}
