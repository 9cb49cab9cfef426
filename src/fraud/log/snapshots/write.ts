// Owns writing snapshots, so that a start need not fold the whole log. One follows from the log up
// to its entry and from nothing else, so whichever process writes it writes the same bytes, and a
// store that keeps what it has refuses any other.

import { limits } from '#config';
import { assert } from '#kernel';
import type { TransactionContext } from '#platform';
import { logPages } from '../fold.ts';
import { countLog, selectLogHead, selectLogTenants } from '../log-store.ts';
import { entryAt, listSnapshots, snapshotKey, useSnapshot, type SnapshotWorld } from './find.ts';
import { openFolding } from './folding.ts';

/**
 * Of each tenant whose log has grown enough since the latest: that one, with the rest of the log
 * folded in, is the next. Answers how many were written.
 */
export async function writeSnapshots(
  world: SnapshotWorld,
  { now }: Pick<TransactionContext, 'now'>,
  entriesMin: number = limits.fraudSnapshotEntriesMin.value,
): Promise<number> {
  const { database, objects } = world;
  let written = 0;
  for (const tenant of await selectLogTenants(database)) {
    const [latest] = await listSnapshots(world, tenant);
    const after = latest?.position ?? 0n;
    if ((await countLog(database, { tenant, after })) < entriesMin) continue;
    await writeSnapshot(world, tenant);
    written += 1;
    const old = (await listSnapshots(world, tenant)).slice(limits.fraudSnapshotsKept.value);
    for (const { key } of old) await objects.remove(key, now);
  }
  return written;
}

async function writeSnapshot(world: SnapshotWorld, tenant: string): Promise<void> {
  const { database, objects } = world;
  const upTo = await selectLogHead(database, tenant);
  const folding = openFolding();
  try {
    const after = await useSnapshot(world, { tenant }, (content) => folding.restore(content));
    if (after === 0n) await folding.open();
    for await (const entries of logPages(database, { tenant, after, upTo })) {
      await folding.fold(entries);
    }
    const last = await entryAt(database, { tenant, position: upTo });
    assert(last !== undefined, 'a log of which there is something to write has a last entry');
    await objects.put(snapshotKey(last), await folding.snapshot());
  } finally {
    await folding.close();
  }
}
