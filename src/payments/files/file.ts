// Owns what a file of payments is, the states it goes through, and the verdict on it once all of it
// was read. Pure. A file moves money only after it was accepted, and once it has it can no longer
// be refused: what cannot be posted then is returned entry by entry.

import type { Id, Instant, Uuid } from '#kernel';
import type { Agreement, AgreementId } from './agreement.ts';
import type { FileTotals } from './format.ts';

export type FileId = Id<'fil'>;

export const fileStates = [
  'uploading',
  'received',
  'accepted',
  'posted',
  'completed',
  'refused',
  'failed',
  'abandoned',
] as const;
export type FileState = (typeof fileStates)[number];

/** From each state the ones that can follow it. */
export const transitions: Readonly<Record<FileState, readonly FileState[]>> = {
  uploading: ['received', 'abandoned'],
  received: ['accepted', 'refused', 'failed'],
  accepted: ['posted', 'failed'],
  posted: ['completed', 'failed'],
  completed: [],
  refused: [],
  failed: ['received', 'accepted', 'posted'],
  abandoned: [],
};

/** States in which there is work to do. */
export const dueStates = ['received', 'accepted', 'posted'] as const;
export type DueState = (typeof dueStates)[number];

export type FileSource = 'upload' | 'folder' | 'store';

export interface PaymentFile {
  readonly id: FileId;
  readonly tenant: string;
  readonly agreementId: AgreementId;
  readonly sender: string;
  readonly format: string;
  readonly source: FileSource;
  readonly name: string;
  readonly bytes: number;
  readonly receivedBytes: number;
  readonly checkedBytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly sealedKey: Buffer;
  readonly state: FileState;
  readonly reason: string | undefined;
  readonly messageId: string | undefined;
  /** Known once it was checked. */
  readonly totals: FileTotals | undefined;
  readonly faults: number;
  readonly attempts: number;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

/** What has been done of a file. */
export interface FileProgress {
  readonly posted: number;
  readonly returned: number;
  readonly noted: number;
  readonly leftOut: number;
  /** Minor units of what was posted. */
  readonly debits: bigint;
  readonly credits: bigint;
}

/** Whoever holds it works on the file; another may once its time is over. */
export interface Lease {
  readonly fileId: FileId;
  readonly owner: Uuid;
}

/** What reading a file to its end has found. */
export interface Findings {
  readonly messageId: string | undefined;
  readonly totals: FileTotals;
  readonly faults: number;
  /** There is a fault of the file as such, or more of them than can be left out one by one. */
  readonly isWholeAtFault: boolean;
  readonly isDigestRight: boolean;
  readonly isMessageKnown: boolean;
  readonly debitEntries: number;
  /** Minor units: the largest entry. */
  readonly largest: bigint;
}

export type Verdict =
  { readonly state: 'accepted' } | { readonly state: 'refused'; readonly reason: string };

/**
 * Whether a file is taken. What is wrong with the file as such refuses it whole; what is wrong with
 * single entries or batches does only where the agreement says so.
 */
export function judge(agreement: Agreement, found: Findings): Verdict {
  const reason = reasonAgainst(agreement, found);
  return reason === undefined ? { state: 'accepted' } : { state: 'refused', reason };
}

function reasonAgainst(agreement: Agreement, found: Findings): string | undefined {
  const { totals } = found;
  if (!found.isDigestRight) return 'file_digest_wrong';
  if (found.isMessageKnown) return 'file_message_duplicate';
  if (found.faults > 0 && agreement.acceptance === 'whole') return 'file_has_faults';
  if (found.isWholeAtFault) return 'file_has_faults';
  if (totals.entries === 0) return 'file_empty';
  if (agreement.state === 'ended') return 'file_agreement_ended';
  if (found.debitEntries > 0 && !agreement.areDebitsAllowed) return 'file_debits_not_allowed';
  const { entryMax, fileMax } = agreement;
  if (entryMax !== undefined && found.largest > entryMax) return 'file_entry_over_limit';
  const sum = totals.debits > totals.credits ? totals.debits : totals.credits;
  if (fileMax !== undefined && sum > fileMax) return 'file_sum_over_limit';
  return undefined;
}

/** The pause before a file that failed is taken up again: doubled each time, up to 256 times. */
export function pauseMs(attempts: number, firstMs: number): number {
  return firstMs * 2 ** Math.min(8, Math.max(0, attempts - 1));
}
