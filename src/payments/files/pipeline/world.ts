// What the work on files stands on, and what all of its steps share: the formats, the lease that
// every change rests on, and the context in which a file's tenant is worked for.

import { limits } from '#config';
import { Fault, type Clock, type Instant } from '#kernel';
import type { TransactionContext } from '#platform';
import { csvFormat } from '../../csv/format.ts';
import type { Agreement } from '../agreement.ts';
import type { Lease, PaymentFile } from '../file.ts';
import type { FileFormat, FileItem } from '../format.ts';
import type { ReceiveWorld } from '../receive.ts';
import type { PaymentScreener } from '../../screening.ts';
import type { EntryOutcome } from '../store/entry-store.ts';

/** Writes what is sent back about a file; undefined where there is nothing to send. */
export interface AnswerWriter {
  /** How the answer ends when it is a file: `ach`, `xml`. */
  readonly extension: string;
  write(answering: Answering): AsyncGenerator<Buffer> | undefined;
}

/** An item of the file; of an entry that was not posted, with what became of it. */
export interface AnsweredItem {
  readonly item: FileItem;
  readonly outcome?: EntryOutcome | undefined;
}

export interface Answering {
  readonly file: PaymentFile;
  readonly now: Instant;
  /** Why the file was refused whole; undefined where it was not. */
  readonly refusal: string | undefined;
  /** How many entries were posted, and how many are sent back. */
  readonly posted: number;
  readonly returned: number;
  /** Reads the file again. */
  readonly items: () => AsyncGenerator<AnsweredItem>;
}

export interface FilesWorld extends ReceiveWorld {
  readonly clock: Clock;
  /** Judges entries before they are posted. */
  readonly screener: PaymentScreener;
  /** By name; CSV is not among them, as each sender has a form of its own. */
  readonly formats: ReadonlyMap<string, FileFormat>;
  /** By the name of the file's format. */
  readonly answers: ReadonlyMap<string, AnswerWriter>;
}

/** Another works on the file, or has ended it: what this one was doing must not be. */
export class LeaseLost extends Fault {
  constructor() {
    super('file_lease_lost', { retryable: false, message: 'Another works on the file.' });
  }
}

export function requireLease(isHeld: boolean): void {
  if (!isHeld) throw new LeaseLost();
}

/** One worker's work on one file. */
export interface Work {
  readonly world: FilesWorld;
  readonly file: PaymentFile;
  readonly agreement: Agreement;
  readonly format: FileFormat;
  readonly lease: Lease;
}

export function formatOf(world: FilesWorld, agreement: Agreement): FileFormat | undefined {
  const { format, mapping } = agreement;
  return mapping === undefined ? world.formats.get(format) : csvFormat(mapping);
}

/** As whom a file is worked on: the bank, for the tenant whose file it is. */
export function contextFor({ world, file }: Pick<Work, 'world' | 'file'>): TransactionContext {
  return {
    now: world.clock.now(),
    clockOffsetUs: world.clock.offsetUs,
    actor: 'florin',
    correlationId: file.id,
    tenant: file.tenant,
  };
}

export function leaseUntil(now: Instant): Instant {
  return (now + limits.fileLeaseMs.value * 1_000) as Instant;
}
