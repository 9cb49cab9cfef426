// Owns what a context may ask of a search engine: which of its things hold these words. A document
// is made of the truth and can be made again from it. It is only ever found, never shown: the
// answer is ids, the greatest first, and ids of this bank grow with time.

import type { Queryable } from '../database/port.ts';

export interface SearchDocument {
  /** 1 to 255 characters; ids in the order of their bytes are in the order of time. */
  readonly id: string;
  /** Whose it is; of the tenant whose transaction it is unless given. */
  readonly tenant?: string | undefined;
  /** What is searched, in any order: ids, names, references. The first 10,000 characters count. */
  readonly text: string;
  /** What is asked for exactly. A name is small letters and underscores. */
  readonly filters?: SearchFilters | undefined;
}

/** By name, one value or several, of any length. */
export type SearchFilters = Readonly<Record<string, string | readonly string[]>>;

export interface SearchQuestion {
  /**
   * Words in any order, all of which must be there, whatever their case and accents. A word is
   * found where it begins one of the text's, or where it is part of one if it has three letters or
   * digits in a row. Any text will do: what is neither a letter nor a digit has no meaning. The
   * first 16 words count, and of each the first 64 characters. Everything, if it has no words.
   */
  readonly text?: string | undefined;
  /** For each name, one of the values. */
  readonly filters?: SearchFilters | undefined;
  /** 1 to 1,000. */
  readonly limit: number;
  /** An id, or any text: only ids before it are answered. */
  readonly after?: string | undefined;
}

export interface SearchPage {
  /** Fewer than were asked for, or none, where much had to be looked through. */
  readonly ids: readonly string[];
  /** Where the next page begins; undefined when this is the last. */
  readonly after: string | undefined;
}

/** Finds the documents of the tenants that the queryable sees. */
export interface Finder {
  /** A page is never wrong for documents that come and go meanwhile. */
  find(queryable: Queryable, question: SearchQuestion): Promise<SearchPage>;
}

/**
 * One index of documents. A queryable that is a transaction makes what is written part of it; an
 * adapter that is no database writes at once and ignores it.
 */
export interface Search extends Finder {
  /** Puts each in the place of the one of its id. Each id and tenant at most once. */
  put(queryable: Queryable, documents: readonly SearchDocument[]): Promise<void>;
  /** Absent is no error. */
  remove(queryable: Queryable, ids: readonly string[]): Promise<void>;
}
