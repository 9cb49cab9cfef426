// What every format of a payment file is read as: a stream of items in the order of the file, so
// that a file of any size needs the memory of one item. A reader judges as it reads and never
// throws for what a file holds: faults are items too, and come before the end.

/** Who pays or is paid, as the file says it. */
export interface FileParty {
  readonly name?: string | undefined;
  readonly iban?: string | undefined;
  /** A number that is no IBAN, such as a US account number. */
  readonly account?: string | undefined;
  /** BIC, or an ABA routing number of nine digits. */
  readonly agent?: string | undefined;
}

export type FileEntryKind =
  | 'credit'
  | 'debit'
  | 'prenotification'
  | 'return'
  | 'dishonored_return'
  | 'notification_of_change'
  | 'acknowledgement'
  | 'advice';

/** One payment of a file. */
export interface FileEntry {
  /** Counts the entries of the file from 0. */
  readonly index: number;
  /** Counts the batches (NACHA batch, ISO payment information) of the file from 0. */
  readonly batch: number;
  /** Where it begins: the line of the file, from 1. */
  readonly record: number;
  readonly kind: FileEntryKind;
  /** Minor units of the currency; 0 for what moves nothing. */
  readonly amount: bigint;
  readonly currency: string;
  readonly debtor: FileParty;
  readonly creditor: FileParty;
  /** As its sender calls it: EndToEndId, or the individual identification number. */
  readonly endToEndId?: string | undefined;
  /** As the network calls it: NACHA trace number, TxId. */
  readonly trace?: string | undefined;
  /** The day it is for, `2026-11-21`. */
  readonly requestedOn?: string | undefined;
  readonly remittance?: string | undefined;
  /** Of a return or notification of change: R01, C01, AC04, … */
  readonly reason?: string | undefined;
  /** What the format has beyond that, as its standard names it. */
  readonly details: Readonly<Record<string, string>>;
}

/** What refuses a file, one batch of it, or one entry. */
export interface FileFault {
  readonly scope: 'file' | 'batch' | 'entry';
  /** The rule that was broken: a stable code, such as `nacha_entry_hash_wrong`. */
  readonly rule: string;
  /** One sentence: what, where, and what was expected. */
  readonly message: string;
  /** The line of the file, from 1. */
  readonly record: number;
  /** As the standard names it. */
  readonly field?: string | undefined;
  readonly batch?: number | undefined;
  readonly entry?: number | undefined;
}

export interface FileTotals {
  readonly entries: number;
  readonly batches: number;
  /** Minor units, of all currencies together where the format adds them up so. */
  readonly debits: bigint;
  readonly credits: bigint;
}

export type FileItem =
  | {
      readonly kind: 'file';
      readonly format: string;
      /** By which its sender tells it from others: MsgId, or the fields of a NACHA file header. */
      readonly messageId: string;
      readonly sender?: string | undefined;
      readonly createdAt?: string | undefined;
      readonly details: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'batch';
      readonly batch: number;
      readonly record: number;
      readonly details: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'entry'; readonly entry: FileEntry }
  | { readonly kind: 'batch_end'; readonly batch: number; readonly totals: FileTotals }
  | { readonly kind: 'fault'; readonly fault: FileFault }
  | { readonly kind: 'end'; readonly totals: FileTotals };

export interface FileFormat {
  readonly name: string;
  /** Whether a file that begins so is likely one of this format. */
  isLikely(head: Buffer): boolean;
  /** Reads with bounded memory. The last item is `end`, also of a file that cannot be read. */
  read(source: AsyncIterable<Buffer>): AsyncGenerator<FileItem>;
}
