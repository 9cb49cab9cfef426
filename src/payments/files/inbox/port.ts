// What a place has to offer in which senders leave their files: a folder now, a store of objects
// later. A file is told of only once it no longer changes.

export interface WaitingFile {
  /** Whose: the name of the folder it lies in. */
  readonly sender: string;
  readonly name: string;
  readonly bytes: number;
}

/** What became of a file: it was taken as this one, or could not be, for this reason. */
export type Disposal =
  { readonly as: 'done'; readonly id: string } | { readonly as: 'failed'; readonly reason: string };

export interface Inbox {
  /** Files that are whole and wait to be taken, at most so many. */
  waiting(countMax: number): Promise<readonly WaitingFile[]>;
  read(file: WaitingFile): AsyncIterable<Buffer>;
  /** Whether a file with this name was put away as this one before. */
  isDone(file: WaitingFile, id: string): Promise<boolean>;
  /** Puts the file away; one that is gone already was put away by another. */
  putAway(file: WaitingFile, disposal: Disposal): Promise<void>;
}
