// Owns the parts that messages of a rail have in common, written and read: heads, agents, parties,
// reasons, and the references to an earlier payment. What is written is valid by the schema, so
// free text is cut to what fits; identifications that are too long are a mistake of ours.
import { assert } from '#kernel';
import { XmlWriter } from '#platform';
import { readAmount, writeAmount } from '../amounts.ts';
import { attributeOf, elementAt, elementsAt, textAt, type MessageElement } from '../element.ts';
import { agentOf, NOT_PROVIDED } from '../files/parties.ts';
import { namespaceOf } from '../schema/catalogue.ts';
import type {
  MessageAmount,
  MessageHead,
  MessageParty,
  MessageReason,
  OriginalPayment,
} from './message.ts';

const NAME_MAX = 140;
const REMITTANCE_MAX = 140;
const REASON_TEXT_MAX = 105;
const REASON_TEXTS_MAX = 10;

/** Opens the document of a message and the element of the message itself. */
export function openMessage(message: string, root: string): XmlWriter {
  return new XmlWriter().open('Document', { xmlns: namespaceOf(message) }).open(root);
}

export function closeMessage(writer: XmlWriter): string {
  return writer.close().close().end();
}

const BIC = /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/;

/**
 * Free text as a message can hold it: cut between characters, never within one, and without the
 * controls that XML has no character for.
 */
export function fitting(text: string, max: number): string {
  const clean = text.toWellFormed().replaceAll(/[\p{Cc}\u{FFFE}\u{FFFF}]/gu, ' ');
  return clean.length <= max ? clean : Array.from(clean).slice(0, max).join('');
}

/** A bank by its BIC, or by its number in the clearing system of its country. */
export function writeAgent(writer: XmlWriter, name: string, agent: string | undefined): void {
  writer.open(name).open('FinInstnId');
  if (agent === undefined) writer.open('Othr').leaf('Id', NOT_PROVIDED).close();
  else if (BIC.test(agent)) writer.leaf('BICFI', agent);
  else writer.open('ClrSysMmbId').leaf('MmbId', agent).close();
  writer.close().close();
}

export function writeParty(writer: XmlWriter, name: string, { name: called }: MessageParty): void {
  writer
    .open(name)
    .leaf('Nm', fitting(called ?? NOT_PROVIDED, NAME_MAX))
    .close();
}

export function writeAccount(writer: XmlWriter, name: string, party: MessageParty): void {
  if (party.iban === undefined && party.account === undefined) return;
  writer.open(name).open('Id');
  if (party.iban !== undefined) writer.leaf('IBAN', party.iban);
  else writer.open('Othr').leaf('Id', party.account).close();
  writer.close().close();
}

export function writeMoney(
  writer: XmlWriter,
  name: string,
  money: MessageAmount | undefined,
): void {
  if (money === undefined) return;
  const { amount, currency } = money;
  assert(amount >= 0n, 'a message moves no negative amount');
  writer.leaf(name, writeAmount(amount, currency), { Ccy: currency });
}

export function writeRemittance(writer: XmlWriter, text: string | undefined): void {
  if (text === undefined || text === '') return;
  writer.open('RmtInf').leaf('Ustrd', fitting(text, REMITTANCE_MAX)).close();
}

/** Reasons under the element of that name; a code longer than four letters is proprietary. */
export function writeReasons(
  writer: XmlWriter,
  name: string,
  reasons: readonly MessageReason[],
): void {
  for (const { code, text } of reasons) {
    writer
      .open(name)
      .open('Rsn')
      .leaf(isCode(code) ? 'Cd' : 'Prtry', code)
      .close();
    for (const line of linesOf(text)) writer.leaf('AddtlInf', line);
    writer.close();
  }
}

export function isCode(code: string): boolean {
  return code.length <= 4;
}

function linesOf(text: string | undefined): string[] {
  const characters = Array.from(fitting(text ?? '', REASON_TEXT_MAX * REASON_TEXTS_MAX));
  const lines: string[] = [];
  for (let at = 0; at < characters.length && lines.length < REASON_TEXTS_MAX;) {
    lines.push(characters.slice(at, at + REASON_TEXT_MAX).join(''));
    at += REASON_TEXT_MAX;
  }
  return lines;
}

export function writeOriginalGroup(
  writer: XmlWriter,
  name: string,
  { messageId, message }: OriginalPayment,
): void {
  writer.open(name).leaf('OrgnlMsgId', messageId).leaf('OrgnlMsgNmId', message).close();
}

export function writeOriginalIds(writer: XmlWriter, original: OriginalPayment): void {
  writer
    .leaf('OrgnlInstrId', original.instructionId)
    .leaf('OrgnlEndToEndId', original.endToEndId)
    .leaf('OrgnlTxId', original.transactionId)
    .leaf('OrgnlUETR', original.uetr);
}

/** Settlement amount and day of the original, in the order of the schemas. */
export function writeOriginalSettlement(writer: XmlWriter, original: OriginalPayment): void {
  writeMoney(writer, 'OrgnlIntrBkSttlmAmt', original.amount);
  writer.leaf('OrgnlIntrBkSttlmDt', original.settledOn);
}

export function readReasons(from: MessageElement, name: string): MessageReason[] {
  return elementsAt(from, name).map((reason) => {
    const texts = elementsAt(reason, 'AddtlInf').map(({ text }) => text);
    const code = textAt(reason, 'Rsn/Cd') ?? textAt(reason, 'Rsn/Prtry') ?? '';
    return { code, text: texts.length === 0 ? undefined : texts.join('') };
  });
}

/** The original of one payment; what only the whole message says is used where it says nothing. */
export function readOriginal(
  from: MessageElement,
  group: MessageElement | undefined,
): OriginalPayment {
  const own = elementAt(from, 'OrgnlGrpInf') ?? group;
  return {
    messageId: textAt(own, 'OrgnlMsgId') ?? '',
    message: textAt(own, 'OrgnlMsgNmId') ?? '',
    instructionId: textAt(from, 'OrgnlInstrId'),
    endToEndId: textAt(from, 'OrgnlEndToEndId'),
    transactionId: textAt(from, 'OrgnlTxId'),
    uetr: textAt(from, 'OrgnlUETR'),
    amount: readMoney(from, 'OrgnlIntrBkSttlmAmt'),
    settledOn: textAt(from, 'OrgnlIntrBkSttlmDt'),
  };
}

/** Undefined where there is none, or none that can be kept exactly. */
export function readMoney(from: MessageElement, name: string): MessageAmount | undefined {
  const element = elementAt(from, name);
  if (element === undefined) return undefined;
  const read = readAmount(element.text, attributeOf(element, 'Ccy') ?? '');
  return read.isRead ? { amount: read.amount, currency: read.currency } : undefined;
}

/** What every message of a rail begins with. */
export function writeHead(writer: XmlWriter, head: MessageHead): void {
  writer.leaf('MsgId', head.messageId).leaf('CreDtTm', head.createdAt);
}

export function writeAgents(writer: XmlWriter, { from, to }: MessageHead): void {
  if (from !== undefined) writeAgent(writer, 'InstgAgt', from);
  if (to !== undefined) writeAgent(writer, 'InstdAgt', to);
}

export function readHead(header: MessageElement | undefined): MessageHead {
  return {
    messageId: textAt(header, 'MsgId') ?? '',
    createdAt: textAt(header, 'CreDtTm') ?? '',
    from: agentOf(elementAt(header, 'InstgAgt')),
    to: agentOf(elementAt(header, 'InstdAgt')),
  };
}

/** Investigations name who asks whom instead of a header. */
export function writeAssignment(writer: XmlWriter, head: MessageHead): void {
  writer.open('Assgnmt').leaf('Id', head.messageId);
  writer.open('Assgnr');
  writeAgent(writer, 'Agt', head.from);
  writer.close().open('Assgne');
  writeAgent(writer, 'Agt', head.to);
  writer.close().leaf('CreDtTm', head.createdAt).close();
}

export function readAssignment(assignment: MessageElement | undefined): MessageHead {
  return {
    messageId: textAt(assignment, 'Id') ?? '',
    createdAt: textAt(assignment, 'CreDtTm') ?? '',
    from: agentOf(elementAt(assignment, 'Assgnr/Agt')),
    to: agentOf(elementAt(assignment, 'Assgne/Agt')),
  };
}
