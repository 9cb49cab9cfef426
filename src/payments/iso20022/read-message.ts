// Owns cutting a message into pieces while it streams past, judged by its schema on the way: what
// repeats (a payment, an entry) comes one by one, so that a message of any length needs the memory
// of one piece. A wrapper around the document (a business header, an envelope) is passed over.
import { limits } from '#config';
import { readXml, readXmlText, type XmlEvent, type XmlLimits, type XmlOpen } from '#platform';
import type { MessageElement } from './element.ts';
import { messageOf, schemaOf } from './schema/catalogue.ts';
import { SchemaValidator } from './schema/validator.ts';

export interface MessageFault {
  /** A stable code: `xml_…` is not well-formed, `iso_…` breaks the standard. */
  readonly rule: string;
  readonly message: string;
  readonly line: number;
  readonly field?: string | undefined;
}

export type MessagePart =
  | {
      readonly kind: 'message';
      /** `pain.001.001.09`, or empty where the namespace is not the standard's. */
      readonly message: string;
      readonly namespace: string;
      readonly schema: 'exact' | 'derived' | 'none';
      readonly line: number;
    }
  /** An element that repeats and holds pieces: a payment information, a statement. */
  | { readonly kind: 'open'; readonly name: string; readonly line: number }
  | { readonly kind: 'piece'; readonly element: MessageElement }
  | { readonly kind: 'close'; readonly name: string; readonly line: number }
  | { readonly kind: 'fault'; readonly fault: MessageFault };

interface Growing extends MessageElement {
  readonly children: Growing[];
  text: string;
}

/** Elements that hold pieces and are no piece themselves. */
const containers: ReadonlySet<string> = new Set(['PmtInf', 'Stmt', 'Rpt', 'Ntfctn']);

const xmlLimits: XmlLimits = {
  depthMax: limits.isoDepthMax.value,
  attributesMax: limits.isoAttributesMax.value,
  tokenCharactersMax: limits.isoTokenCharactersMax.value,
};

/** The parts of a message that comes in chunks of bytes. */
export async function* readMessage(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly MessagePart[]> {
  const cutter = new MessageCutter();
  for await (const events of readXml(source, xmlLimits)) yield cutter.read(events);
  yield cutter.end();
}

/** The parts of a message that is in memory. */
export function readMessageText(text: string): readonly MessagePart[] {
  const cutter = new MessageCutter();
  return [...cutter.read(readXmlText(text, xmlLimits)), ...cutter.end()];
}

class MessageCutter {
  #parts: MessagePart[] = [];
  #validator: SchemaValidator | undefined;
  /** Elements open from the document down to the innermost container. */
  readonly #spine: string[] = [];
  readonly #piece: Growing[] = [];
  #pieceElements = 0;
  #faults = 0;
  #hasDocument = false;
  #isBroken = false;

  read(events: readonly XmlEvent[]): readonly MessagePart[] {
    this.#parts = [];
    for (const event of events) {
      if (event.kind === 'fault') {
        this.#isBroken = true;
        this.#fault(event.fault);
      } else if (this.#spine.length === 0) this.#outside(event);
      else this.#inside(event);
    }
    return this.#parts;
  }

  end(): readonly MessagePart[] {
    this.#parts = [];
    if (!this.#hasDocument && !this.#isBroken) {
      this.#fault({ rule: 'iso_document_missing', message: 'There is no message.', line: 1 });
    }
    return this.#parts;
  }

  #outside(event: XmlEvent): void {
    if (event.kind !== 'open' || event.name !== 'Document') return;
    if (this.#hasDocument) {
      const message = 'There is a second message behind the first.';
      this.#fault({ rule: 'iso_document_second', message, line: event.line });
    }
    this.#begin(event);
  }

  #begin(event: XmlOpen): void {
    const message = messageOf(event.namespace) ?? '';
    const found = schemaOf(event.namespace);
    const schema = found === undefined ? 'none' : found.isExact ? 'exact' : 'derived';
    const { namespace, line } = event;
    this.#hasDocument = true;
    this.#parts.push({ kind: 'message', message, namespace, schema, line });
    this.#validator = found === undefined ? undefined : new SchemaValidator(found.schema);
    this.#judge(event);
    this.#spine.push(event.name);
  }

  #inside(event: XmlEvent): void {
    this.#judge(event);
    if (event.kind === 'open') this.#open(event);
    else if (event.kind === 'close') this.#close(event.name, event.line);
    else if (event.kind === 'text') {
      const element = this.#piece.at(-1);
      if (element !== undefined) element.text += event.text;
    }
  }

  #judge(event: XmlEvent): void {
    if (this.#validator === undefined || this.#faults >= limits.isoFaultsMax.value) return;
    for (const { rule, message, line, path } of this.#validator.read(event)) {
      this.#fault({ rule, message, line, field: path });
    }
  }

  #open({ name, line, attributes }: XmlOpen): void {
    if (this.#piece.length === 0 && this.#isContainer(name)) {
      this.#spine.push(name);
      if (this.#spine.length > 2) this.#parts.push({ kind: 'open', name, line });
      return;
    }
    if (this.#piece.length === 0) this.#pieceElements = 0;
    this.#pieceElements += 1;
    if (this.#pieceElements === limits.isoPieceElementsMax.value) {
      const message = `An element ${name} holds more elements than are read here.`;
      this.#fault({ rule: 'iso_piece_too_large', message, line });
    }
    const element: Growing = { name, line, attributes, children: [], text: '' };
    const isKept = this.#pieceElements < limits.isoPieceElementsMax.value;
    if (isKept) this.#piece.at(-1)?.children.push(element);
    this.#piece.push(element);
  }

  /** The document's only child holds pieces too: it is the message itself. */
  #isContainer(name: string): boolean {
    return this.#spine.length === 1 || (this.#spine.length === 2 && containers.has(name));
  }

  #close(name: string, line: number): void {
    const element = this.#piece.pop();
    if (element !== undefined) {
      if (this.#piece.length === 0) this.#parts.push({ kind: 'piece', element });
      return;
    }
    if (this.#spine.length > 2) this.#parts.push({ kind: 'close', name, line });
    this.#spine.pop();
  }

  #fault(fault: MessageFault): void {
    this.#faults += 1;
    if (this.#faults <= limits.isoFaultsMax.value + 1) this.#parts.push({ kind: 'fault', fault });
  }
}
