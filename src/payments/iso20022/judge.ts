// Owns the verdict on one message of any kind the bank speaks, without acting on it: whether it is
// well-formed, valid by its schema, and right in its own arithmetic. Memory is bounded by one
// piece, and by the entries of a statement.
import { firstTextAt, textAt, type MessageElement } from './element.ts';
import { StatedTotals } from './files/totals.ts';
import { readMessage, type MessageFault, type MessagePart } from './read-message.ts';
import { StatementsReader } from './statements/read.ts';

export interface MessageVerdict {
  /** `pain.001.001.09`; empty where the namespace is none of the standard. */
  readonly message: string;
  readonly isWellFormed: boolean;
  /** Unknown where the bank does not speak the message. */
  readonly schema: 'valid' | 'invalid' | 'unknown';
  /** Whether the schema was that of the very version. */
  readonly isExact: boolean;
  /** Of the schema and of the arithmetic, in the order of the message. */
  readonly faults: readonly MessageFault[];
}

const transactions = new Set(['CdtTrfTxInf', 'DrctDbtTxInf']);
const amountPaths = ['IntrBkSttlmAmt', 'InstdAmt', 'Amt/InstdAmt', 'Amt/EqvtAmt/Amt'];

export async function judgeMessage(source: AsyncIterable<Uint8Array>): Promise<MessageVerdict> {
  const judge = new Judge();
  for await (const parts of readMessage(source)) for (const part of parts) judge.read(part);
  return judge.end();
}

class Judge {
  readonly #faults: MessageFault[] = [];
  readonly #whole = new StatedTotals();
  #batch: StatedTotals | undefined;
  #batchLine = 0;
  #headLine = 1;
  #statements: StatementsReader | undefined;
  #message = '';
  #schema: MessageVerdict['schema'] = 'unknown';
  #isExact = false;
  #isWellFormed = true;

  read(part: MessagePart): void {
    this.#statements?.read(part);
    switch (part.kind) {
      case 'message':
        this.#begin(part);
        break;
      case 'fault':
        this.#fault(part.fault);
        break;
      case 'open':
        this.#batch = part.name === 'PmtInf' ? new StatedTotals() : undefined;
        this.#batchLine = part.line;
        break;
      case 'piece':
        this.#piece(part.element);
        break;
      case 'close':
        if (part.name === 'PmtInf') this.#faults.push(...this.#batchFaults());
        this.#batch = undefined;
        break;
    }
  }

  end(): MessageVerdict {
    this.#faults.push(...this.#whole.faults('GrpHdr', this.#headLine));
    const read = this.#statements?.end();
    if (read?.isRead === true) {
      const faults = read.statements.flatMap((statement) => statement.faults);
      for (const { rule, message, record } of faults) {
        this.#faults.push({ rule, message, line: record });
      }
    }
    return {
      message: this.#message,
      isWellFormed: this.#isWellFormed,
      schema: this.#schema,
      isExact: this.#isExact,
      faults: this.#faults,
    };
  }

  #begin(part: MessagePart & { kind: 'message' }): void {
    this.#message = part.message;
    this.#isExact = part.schema === 'exact';
    if (part.schema === 'none') return;
    this.#schema = 'valid';
    if (!/^camt\.05[234]\./.test(part.message)) return;
    this.#statements = new StatementsReader();
    this.#statements.read(part);
  }

  #fault(fault: MessageFault): void {
    this.#faults.push(fault);
    if (fault.rule.startsWith('xml_')) this.#isWellFormed = false;
    else if (this.#schema === 'valid') this.#schema = 'invalid';
  }

  #piece(element: MessageElement): void {
    if (element.name === 'GrpHdr') {
      this.#whole.state(textAt(element, 'NbOfTxs'), textAt(element, 'CtrlSum'));
      this.#headLine = element.line;
      // A report on payments states the totals of its own entries elsewhere, or nowhere.
    } else if (element.name === 'NbOfTxs') this.#batch?.stateCount(element.text.trim());
    else if (element.name === 'CtrlSum') this.#batch?.stateSum(element.text.trim());
    else if (transactions.has(element.name) || element.name === 'TxInf') this.#count(element);
  }

  #count(element: MessageElement): void {
    const paths =
      element.name === 'TxInf' ? ['RtrdIntrBkSttlmAmt', 'RvsdIntrBkSttlmAmt'] : amountPaths;
    const amount = firstTextAt(element, paths);
    this.#whole.count(amount);
    this.#batch?.count(amount);
  }

  #batchFaults(): readonly MessageFault[] {
    return this.#batch?.faults('PmtInf', this.#batchLine) ?? [];
  }
}
