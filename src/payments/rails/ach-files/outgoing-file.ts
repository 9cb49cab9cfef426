// Owns what a file is that the bank writes for a network: its states, its numbers and the modifier
// that tells the files of a day apart. Pure. What it holds never changes; it is sent at most once.

import { assert, type Instant, type Uuid } from '#kernel';
import type { FileId } from '../../files/file.ts';

/** written: kept, and its payments submitted. sent: whoever carries it says that it is there. */
export const outgoingFileStates = ['written', 'sent'] as const;
export type OutgoingFileState = (typeof outgoingFileStates)[number];

export interface OutgoingFile {
  readonly id: FileId;
  readonly tenant: string;
  readonly format: 'nacha';
  readonly state: OutgoingFileState;
  /** Routing numbers of nine digits. */
  readonly origin: string;
  readonly destination: string;
  /** The day of its header, `2026-11-21`. */
  readonly createdOn: string;
  readonly modifier: string;
  /** The day its entries should settle on. */
  readonly effectiveOn: string;
  readonly firstTrace: string;
  readonly lastTrace: string;
  readonly batches: number;
  readonly entries: number;
  /** Minor units. */
  readonly debits: bigint;
  readonly credits: bigint;
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly sealedKey: Buffer;
  readonly objectId: Uuid;
  readonly writtenAt: Instant;
  readonly sentAt: Instant | undefined;
}

const MODIFIERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Files that one day can tell apart. */
export const dayFilesMax = MODIFIERS.length;

/** The modifier of a day's file, which are counted from 0. */
export function modifierOf(place: number): string {
  const modifier = MODIFIERS[place];
  assert(modifier !== undefined, 'a day has a modifier for each of its files');
  return modifier;
}

/** What a file is called where it is fetched. */
export function fileNameOf({ createdOn, modifier }: OutgoingFile): string {
  return `ach-${createdOn}-${modifier}.ach`;
}
