// Owns reading bank statements, reports and notifications from camt.053, 052 and 054 of any version
// the bank speaks. A message that breaks its schema is refused as a whole; a statement that does
// not add up is read, and says so in its faults.
import { limits } from '#config';
import { elementAt, firstTextAt, textAt, type MessageElement } from '../element.ts';
import { agentOf } from '../files/parties.ts';
import { readMessage, type MessageFault, type MessagePart } from '../read-message.ts';
import type {
  BankStatement,
  StatementAccount,
  StatementBalance,
  StatementEntry,
  StatementKind,
} from '../statement.ts';
import { balanceFaults, summaryFaults } from './balances.ts';
import { dayAt, readStatementEntry, signedAmount } from './entry.ts';

export type ReadStatements =
  | { readonly isRead: true; readonly statements: readonly BankStatement[] }
  | { readonly isRead: false; readonly faults: readonly MessageFault[] };

/** Which message holds which kind, and the element of one. */
const kinds: Readonly<Record<string, { kind: StatementKind; element: string }>> = {
  'camt.052': { kind: 'report', element: 'Rpt' },
  'camt.053': { kind: 'statement', element: 'Stmt' },
  'camt.054': { kind: 'notification', element: 'Ntfctn' },
};

/** Reads a whole message; the number of its entries is bounded. */
export async function readStatements(source: AsyncIterable<Uint8Array>): Promise<ReadStatements> {
  const reader = new StatementsReader();
  for await (const parts of readMessage(source)) for (const part of parts) reader.read(part);
  return reader.end();
}

interface Current {
  readonly line: number;
  readonly pieces: MessageElement[];
  readonly balances: StatementBalance[];
  readonly entries: StatementEntry[];
}

/** Makes statements of the parts of a message, as they come. */
export class StatementsReader {
  readonly #statements: BankStatement[] = [];
  readonly #faults: MessageFault[] = [];
  #message = '';
  #kind: StatementKind | undefined;
  #header: MessageElement | undefined;
  #current: Current | undefined;
  #entries = 0;

  read(part: MessagePart): void {
    switch (part.kind) {
      case 'message':
        this.#message = part.message;
        this.#kind = part.schema === 'none' ? undefined : kinds[part.message.slice(0, 8)]?.kind;
        break;
      case 'fault':
        this.#faults.push(part.fault);
        break;
      case 'open':
        this.#current = { line: part.line, pieces: [], balances: [], entries: [] };
        break;
      case 'piece':
        if (this.#faults.length === 0) this.#piece(part.element);
        break;
      case 'close':
        if (this.#faults.length === 0) this.#close();
        this.#current = undefined;
        break;
    }
  }

  end(): ReadStatements {
    if (this.#kind === undefined && this.#faults.length === 0) {
      this.#refuse('iso_message_unknown', 'The message is no bank statement.', 1);
    }
    return this.#faults.length > 0
      ? { isRead: false, faults: this.#faults }
      : { isRead: true, statements: this.#statements };
  }

  #piece(element: MessageElement): void {
    const current = this.#current;
    if (current === undefined) {
      if (element.name === 'GrpHdr') this.#header = element;
    } else if (element.name === 'Bal') current.balances.push(this.#balance(element));
    else if (element.name === 'Ntry') this.#entry(current, element);
    else current.pieces.push(element);
  }

  #balance(element: MessageElement): StatementBalance {
    const money = signedAmount(element, (rule, message, { line }) =>
      this.#refuse(rule, message, line),
    );
    const paths = ['Tp/CdOrPrtry/Cd', 'Tp/CdOrPrtry/Prtry', 'Tp/Cd', 'Tp/Prtry'];
    const type = firstTextAt(element, paths) ?? '';
    return { type, ...money, on: dayAt(element, 'Dt') ?? '', record: element.line };
  }

  #entry(current: Current, element: MessageElement): void {
    this.#entries += 1;
    const most = limits.isoStatementEntriesMax.value;
    if (this.#entries > most) {
      this.#refuse('iso_entries_too_many', `At most ${most} entries are read.`, element.line);
      return;
    }
    const refuse = (rule: string, message: string, { line }: MessageElement) =>
      this.#refuse(rule, message, line);
    current.entries.push(readStatementEntry(element, current.entries.length, refuse));
  }

  #close(): void {
    const current = this.#current;
    if (current === undefined || this.#kind === undefined) return;
    const { line, pieces, balances, entries } = current;
    const from = { name: '', line, attributes: [], children: pieces, text: '' };
    const sums = this.#kind === 'statement' ? balanceFaults(balances, entries) : [];
    this.#statements.push({
      kind: this.#kind,
      message: this.#message,
      messageId: textAt(this.#header, 'MsgId') ?? '',
      id: textAt(from, 'Id') ?? '',
      sequence: firstTextAt(from, ['ElctrncSeqNb', 'LglSeqNb']),
      createdAt: firstTextAt(from, ['CreDtTm']) ?? textAt(this.#header, 'CreDtTm'),
      from: textAt(from, 'FrToDt/FrDtTm'),
      to: textAt(from, 'FrToDt/ToDtTm'),
      account: accountOf(elementAt(from, 'Acct')),
      balances,
      entries,
      faults: [...sums, ...summaryFaults(elementAt(from, 'TxsSummry'), entries)],
    });
  }

  #refuse(rule: string, message: string, line: number): void {
    if (this.#faults.length < limits.isoFaultsMax.value) this.#faults.push({ rule, message, line });
  }
}

function accountOf(account: MessageElement | undefined): StatementAccount {
  return {
    iban: textAt(account, 'Id/IBAN'),
    other: firstTextAt(account, ['Id/Othr/Id', 'Id/PrtryAcct/Id', 'Id/BBAN']),
    currency: textAt(account, 'Ccy'),
    servicer: agentOf(elementAt(account, 'Svcr')),
  };
}
