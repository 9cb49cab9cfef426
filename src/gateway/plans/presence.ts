// Owns how many server processes there are: each says every few seconds that it is alive. The count
// matters when the database cannot be reached, so the last that was known is kept.

import { newUuid, msOf } from '#kernel';
import type { Database, TransactionContext } from '#platform';
import { beatProcess, deleteProcess } from './limit-store.ts';

export interface Presence {
  /** How many there are, as far as is known; this one at least. */
  readonly count: number;
  /** Says that this process is alive. To be repeated well within the time of silence. */
  beat(context: TransactionContext): Promise<void>;
  /** This process is about to end. */
  leave(): Promise<void>;
}

export function openPresence(
  database: Database,
  { silentMaxMs }: { readonly silentMaxMs: number },
): Presence {
  let id: string | undefined;
  let count = 1;
  return {
    get count() {
      return count;
    },
    async beat({ now }) {
      id ??= newUuid(msOf(now));
      count = await beatProcess(database, { id, silentMaxMs });
    },
    async leave() {
      if (id !== undefined) await deleteProcess(database, id);
      id = undefined;
    },
  };
}
