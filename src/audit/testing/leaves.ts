// What a test reads of the log: every record as its leaf, in the log's own order. Ids are no order:
// those of one moment differ by chance only.

import type { Database } from '#platform';
import { leavesOf, type BundleRow } from '../store/bundle-store.ts';

export async function leavesInOrder(database: Pick<Database, 'query'>): Promise<string[]> {
  const rows = await database.query<BundleRow>({
    text: `select b.encoding, b.leaf_count, b.leaves from audit.bundles b
      left join audit.places p on p.bundle_id = b.id
      left join audit.inbox i on i.bundle_id = b.id
      order by p.first_leaf, i.number`,
  });
  return rows.flatMap((row) => leavesOf(row).map(String));
}
