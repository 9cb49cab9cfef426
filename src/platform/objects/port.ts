// Owns what a context may ask of a store of objects: write once, read, list, and remove only after
// the retention date. An object under a key never changes; what was read is what was written.

import type { Instant } from '#kernel';

export interface ObjectFacts {
  readonly key: string;
  readonly bytes: number;
  /** SHA-256 of the content, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly storedAt: Instant;
  /** Until then nobody can remove it; undefined may be removed at once. */
  readonly retainUntil: Instant | undefined;
  /** While true nobody can remove it, whatever its date. */
  readonly isHeld: boolean;
}

export interface PutOptions {
  readonly retainUntil?: Instant | undefined;
}

/**
 * Keys are 1 to 512 characters of [A-Za-z0-9._=-] in parts of at most 120 joined by "/", no part
 * being empty, "." or "..". What needs an object throws Fault 'object_unknown' without one.
 */
export interface Objects {
  /**
   * Stores an object durably. The same content under the same key again is no change, except that a
   * later retention date counts; other content is refused with Fault 'object_exists'.
   */
  put(
    key: string,
    content: Buffer | AsyncIterable<Buffer>,
    options?: PutOptions,
  ): Promise<ObjectFacts>;

  /**
   * Undefined when there is none. Throws Fault 'object_corrupt' when the content is not what was
   * put.
   */
  get(key: string): Promise<Buffer | undefined>;

  /** The content in pieces, with memory bounded. The last step throws when it is corrupt. */
  read(key: string): AsyncIterable<Buffer>;

  facts(key: string): Promise<ObjectFacts | undefined>;

  /** Facts of the objects whose key begins with the prefix, by key. */
  list(prefix: string): AsyncIterable<ObjectFacts>;

  /** Retention is only ever extended: an earlier date is refused with Fault 'object_retained'. */
  retain(key: string, until: Instant): Promise<void>;

  hold(key: string, isHeld: boolean): Promise<void>;

  /**
   * Refused with Fault 'object_retained' while held, or before its date by the caller's time or the
   * store's own. Absent is no error.
   */
  remove(key: string, now: Instant): Promise<void>;

  /**
   * Replaces a small pointer that has no retention (the latest checkpoint), atomically and durably.
   * Pointers live apart from objects: `list` does not show them.
   */
  point(key: string, content: Buffer): Promise<void>;

  /** The pointer's content; undefined when it was never set. */
  pointed(key: string): Promise<Buffer | undefined>;
}
