// Owns reading what a customer sends to have paid (pain.001) or collected (pain.008), all versions
// alike, as a stream of items. A message that breaks its schema, or states wrong totals, is refused
// as a whole; a payment with a wrong account, amount or currency only for itself.
import type { FileFormat, FileItem, FileTotals } from '../../files/format.ts';
import { textAt, type MessageElement } from '../element.ts';
import { readMessage, type MessageFault, type MessagePart } from '../read-message.ts';
import { amountTextOf, readEntry, type EntryKind } from './entry.ts';
import { StatedTotals } from './totals.ts';

export interface InitiationKind {
  /** `pain.001`. */
  readonly name: string;
  /** The element of one payment. */
  readonly transaction: string;
  readonly entry: EntryKind;
  /** Codes of PmtMtd that the bank carries out. */
  readonly methods: readonly string[];
}

/** A format of files of one kind of initiation. */
export function initiationFormat(kind: InitiationKind): FileFormat {
  return {
    name: kind.name,
    // In both the standard's namespaces and those of the Swiss banks.
    isLikely: (head) => {
      const text = head.toString('latin1');
      return text.includes(`:xsd:${kind.name}.001.`) || text.includes(`/de/${kind.name}.001.`);
    },
    read: (source) => readInitiation(source, kind),
  };
}

async function* readInitiation(
  source: AsyncIterable<Buffer>,
  kind: InitiationKind,
): AsyncGenerator<FileItem> {
  const reader = new InitiationReader(kind);
  for await (const parts of readMessage(source)) {
    for (const part of parts) yield* reader.read(part);
  }
  yield* reader.end();
}

interface Batch {
  readonly index: number;
  readonly line: number;
  readonly totals: StatedTotals;
  readonly pieces: MessageElement[];
  /** What all its payments have in common: known when the first of them comes. */
  head?: MessageElement;
  amount: bigint;
}

class InitiationReader {
  readonly #kind: InitiationKind;
  readonly #totals = new StatedTotals();
  #message = '';
  #batch: Batch | undefined;
  #batches = 0;
  #entries = 0;
  #amount = 0n;
  #headLine = 1;
  /** A message that cannot be relied on gives no further payments. */
  #isRefused = false;

  constructor(kind: InitiationKind) {
    this.#kind = kind;
  }

  *read(part: MessagePart): Generator<FileItem> {
    switch (part.kind) {
      case 'message':
        yield* this.#begin(part);
        break;
      case 'fault':
        this.#isRefused = true;
        yield fileFault(part.fault);
        break;
      case 'open':
        this.#openBatch(part.line);
        break;
      case 'piece':
        if (!this.#isRefused) yield* this.#piece(part.element);
        break;
      case 'close':
        if (!this.#isRefused) yield* this.#closeBatch();
        break;
    }
  }

  /** The last items: what the whole states wrongly, and what it has. */
  *end(): Generator<FileItem> {
    if (!this.#isRefused) {
      for (const fault of this.#totals.faults('GrpHdr', this.#headLine)) yield fileFault(fault);
    }
    yield {
      kind: 'end',
      totals: this.#totalsOf(this.#entries, this.#batches, this.#amount),
    };
  }

  *#begin(part: MessagePart & { kind: 'message' }): Generator<FileItem> {
    this.#message = part.message;
    if (part.message.startsWith(`${this.#kind.name}.001.`) && part.schema !== 'none') return;
    this.#isRefused = true;
    const message = `The message is no ${this.#kind.name} that is read here.`;
    yield fileFault({ rule: 'iso_message_unknown', message, line: part.line });
  }

  *#piece(element: MessageElement): Generator<FileItem> {
    const batch = this.#batch;
    if (batch === undefined) {
      if (element.name === 'GrpHdr') yield* this.#head(element);
      return;
    }
    if (element.name !== this.#kind.transaction) {
      batch.pieces.push(element);
      return;
    }
    if (batch.head === undefined) yield* this.#announce(batch);
    yield* this.#entry(batch, element);
  }

  *#head(header: MessageElement): Generator<FileItem> {
    this.#totals.state(textAt(header, 'NbOfTxs'), textAt(header, 'CtrlSum'));
    this.#headLine = header.line;
    yield {
      kind: 'file',
      format: this.#message,
      messageId: textAt(header, 'MsgId') ?? '',
      sender: textAt(header, 'InitgPty/Nm'),
      createdAt: textAt(header, 'CreDtTm'),
      details: detailsOf(header, ['NbOfTxs', 'CtrlSum']),
    };
  }

  #openBatch(line: number): void {
    this.#batch = {
      index: this.#batches,
      line,
      totals: new StatedTotals(),
      pieces: [],
      amount: 0n,
    };
    this.#batches += 1;
  }

  *#announce(batch: Batch): Generator<FileItem> {
    const { index, line } = batch;
    const head = { name: 'PmtInf', line, attributes: [], children: batch.pieces, text: '' };
    batch.head = head;
    batch.totals.state(textAt(head, 'NbOfTxs'), textAt(head, 'CtrlSum'));
    const names = ['PmtInfId', 'PmtMtd', 'BtchBookg', 'NbOfTxs', 'CtrlSum'];
    yield { kind: 'batch', batch: index, record: line, details: detailsOf(head, names) };
    const method = textAt(head, 'PmtMtd') ?? '';
    if (this.#kind.methods.includes(method)) return;
    const message = `The bank does not pay by the method ${method}.`;
    const rule = 'iso_method_unsupported';
    const place = { record: line, field: 'PmtInf/PmtMtd', batch: index };
    yield { kind: 'fault', fault: { scope: 'batch', rule, message, ...place } };
  }

  *#entry(batch: Batch, element: MessageElement): Generator<FileItem> {
    const written = amountTextOf(element);
    this.#totals.count(written);
    batch.totals.count(written);
    const place = { index: this.#entries, batch: batch.index };
    const { entry, faults } = readEntry(this.#kind.entry, batch.head, element, place);
    this.#entries += 1;
    this.#amount += entry.amount;
    batch.amount += entry.amount;
    for (const fault of faults) {
      const { rule, message, line: record, field } = fault;
      const where = { record, field, batch: place.batch, entry: place.index };
      yield { kind: 'fault', fault: { scope: 'entry', rule, message, ...where } };
    }
    yield { kind: 'entry', entry };
  }

  *#closeBatch(): Generator<FileItem> {
    const batch = this.#batch;
    if (batch === undefined) return;
    if (batch.head === undefined) yield* this.#announce(batch);
    for (const { rule, message, line: record, field } of batch.totals.faults(
      'PmtInf',
      batch.line,
    )) {
      const fault = { scope: 'batch', rule, message, record, field, batch: batch.index } as const;
      yield { kind: 'fault', fault };
    }
    const totals = this.#totalsOf(batch.totals.entries, 1, batch.amount);
    yield { kind: 'batch_end', batch: batch.index, totals };
    this.#batch = undefined;
  }

  #totalsOf(entries: number, batches: number, amount: bigint): FileTotals {
    const isDebit = this.#kind.entry === 'debit';
    return { entries, batches, debits: isDebit ? amount : 0n, credits: isDebit ? 0n : amount };
  }
}

function fileFault({ rule, message, line: record, field }: MessageFault): FileItem {
  return { kind: 'fault', fault: { scope: 'file', rule, message, record, field } };
}

function detailsOf(from: MessageElement, names: readonly string[]): Record<string, string> {
  const found = names.map((name) => [name, textAt(from, name)] as const);
  return Object.fromEntries(
    found.filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
