// Owns the statement as the message camt.053.001.08 of ISO 20022, written as it is read. What does
// not fit into a field of the message is left out if it is an id, and cut if it is text.

import {
  formatDate,
  formatDecimal,
  formatInstant,
  uuidOf,
  type AccountId,
  type Currency,
  type TransferId,
} from '#kernel';
import { XmlWriter } from '#platform';
import type { AccountStatement, StatementEntry } from './statement.ts';

const NAMESPACE = 'urn:iso:std:iso:20022:tech:xsd:camt.053.001.08';
const REFERENCE_CHARACTERS_MAX = 35;
const REMITTANCE_CHARACTERS_MAX = 140;
const NAME_CHARACTERS_MAX = 140;
/** Each of 140 characters. */
const REMITTANCES_MAX = 4;
/** Given on together, about 400 KB. */
const ENTRIES_AT_ONCE = 500;
/** Of the bank transaction codes, which are the kinds of the ledger's transfers. */
const CODE_ISSUER = 'FLORIN';

export async function* camt053Of(statement: AccountStatement): AsyncGenerator<string> {
  const writer = new XmlWriter();
  const { id, madeAt, from, to } = statement;
  const made = formatInstant(madeAt);
  writer.open('Document', { xmlns: NAMESPACE }).open('BkToCstmrStmt');
  writer.open('GrpHdr').leaf('MsgId', id).leaf('CreDtTm', made).close();
  writer.open('Stmt').leaf('Id', id).leaf('CreDtTm', made);
  writer.open('FrToDt').leaf('FrDtTm', formatInstant(from)).leaf('ToDtTm', formatInstant(to));
  writer.close();
  writeAccount(writer, statement);
  writeBalance(writer, statement, 'OPBD');
  writeBalance(writer, statement, 'CLBD');
  writeSummary(writer, statement);
  const { currency } = statement;
  for await (const entries of statement.pages()) {
    for (const entry of entries) {
      writeEntry(writer, entry, currency);
      if (entry.number % ENTRIES_AT_ONCE === 0) yield writer.take();
    }
  }
  writer.close().close().close();
  yield writer.end();
}

function writeAccount(writer: XmlWriter, { account, bankAccount, ownerNames }: AccountStatement) {
  const { iban, routingNumber, accountNumber } = bankAccount ?? {};
  writer.open('Acct').open('Id');
  if (iban !== undefined) writer.leaf('IBAN', iban);
  else
    writer
      .open('Othr')
      .leaf('Id', accountNumber ?? plain(account.id))
      .close();
  writer.close().leaf('Ccy', account.currency);
  const owners = textOf(ownerNames.join(', '));
  if (owners !== '') {
    writer.open('Ownr').leaf('Nm', cut(owners, NAME_CHARACTERS_MAX)).close();
  }
  if (routingNumber !== undefined) {
    writer.open('Svcr').open('FinInstnId').open('ClrSysMmbId').open('ClrSysId');
    writer.leaf('Cd', 'USABA').close().leaf('MmbId', routingNumber).close().close().close();
  }
  writer.close();
}

function writeBalance(writer: XmlWriter, statement: AccountStatement, code: 'OPBD' | 'CLBD') {
  const isOpening = code === 'OPBD';
  const balance = isOpening ? statement.opening : statement.closing;
  writer.open('Bal').open('Tp').open('CdOrPrtry').leaf('Cd', code).close().close();
  writeSigned(writer, balance, statement.currency);
  const date = formatDate(isOpening ? statement.from : statement.to);
  writer.open('Dt').leaf('Dt', date).close().close();
}

function writeSigned(writer: XmlWriter, balance: bigint, currency: Currency): void {
  const size = balance < 0n ? -balance : balance;
  writer.leaf('Amt', formatDecimal(size, currency), { Ccy: currency });
  writer.leaf('CdtDbtInd', balance < 0n ? 'DBIT' : 'CRDT');
}

function writeSummary(writer: XmlWriter, statement: AccountStatement): void {
  const { currency, credits, debits, entryCount } = statement;
  const decimal = (amount: bigint): string => formatDecimal(amount, currency);
  const net = credits - debits;
  writer.open('TxsSummry').open('TtlNtries').leaf('NbOfNtries', String(entryCount));
  writer.leaf('Sum', decimal(credits + debits)).open('TtlNetNtry');
  writer.leaf('Amt', decimal(net < 0n ? -net : net)).leaf('CdtDbtInd', net < 0n ? 'DBIT' : 'CRDT');
  writer.close().close();
  writer.open('TtlCdtNtries').leaf('Sum', decimal(credits)).close();
  writer.open('TtlDbtNtries').leaf('Sum', decimal(debits)).close().close();
}

function writeEntry(writer: XmlWriter, entry: StatementEntry, currency: Currency): void {
  const { number, posted, side, kind, transferId } = entry;
  writer.open('Ntry').leaf('NtryRef', String(number));
  writer.leaf('Amt', formatDecimal(posted, currency), { Ccy: currency });
  writer.leaf('CdtDbtInd', side === 'credit' ? 'CRDT' : 'DBIT');
  if (kind === 'reversal') writer.leaf('RvslInd', 'true');
  writer.open('Sts').leaf('Cd', 'BOOK').close();
  writer.open('BookgDt').leaf('DtTm', formatInstant(entry.recordedAt)).close();
  writer.open('ValDt').leaf('DtTm', formatInstant(entry.effectiveAt)).close();
  writer.leaf('AcctSvcrRef', plain(transferId));
  writer.open('BkTxCd').open('Prtry').leaf('Cd', kind.toUpperCase()).leaf('Issr', CODE_ISSUER);
  writer.close().close();
  writeDetails(writer, entry);
  writer.close();
}

function writeDetails(writer: XmlWriter, { transferId, externalId, description }: StatementEntry) {
  writer.open('NtryDtls').open('TxDtls').open('Refs').leaf('AcctSvcrRef', plain(transferId));
  const reference = textOf(externalId ?? '');
  const isFit = reference !== '' && Array.from(reference).length <= REFERENCE_CHARACTERS_MAX;
  if (isFit) writer.leaf('EndToEndId', reference);
  writer.close();
  const remittances = piecesOf(textOf(description ?? ''));
  if (remittances.length > 0) {
    writer.open('RmtInf');
    for (const piece of remittances) writer.leaf('Ustrd', piece);
    writer.close();
  }
  writer.close().close();
}

/** An id without prefix and hyphens: 32 characters, where the message has room for 35. */
function plain(id: AccountId | TransferId): string {
  return uuidOf(id).replaceAll('-', '');
}

// The message has no place for control characters, and XML for half of them not even an escape.
function textOf(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\uFFFE\uFFFF]+/gu, ' ')
    .trim();
}

function cut(text: string, charactersMax: number): string {
  return Array.from(text).slice(0, charactersMax).join('');
}

function piecesOf(text: string): string[] {
  const characters = Array.from(text);
  const pieces: string[] = [];
  for (let from = 0; from < characters.length && pieces.length < REMITTANCES_MAX;) {
    pieces.push(characters.slice(from, from + REMITTANCE_CHARACTERS_MAX).join(''));
    from += REMITTANCE_CHARACTERS_MAX;
  }
  return pieces;
}
