// The SQL that reads whose signatures the log's checkpoints have.

import type { Queryable } from '#platform';
import { verifierKey } from '../tree/note.ts';

/** The verifier keys of all that ever signed, oldest first; empty while the log is. */
export async function selectVerifierKeys(queryable: Queryable): Promise<string[]> {
  const rows = await queryable.query<{ origin: string; public_key: Buffer }>({
    name: 'audit.verifier_keys',
    text: `select l.origin, k.public_key from audit.logs l cross join audit.signing_keys k
      order by k.since_size, k.added_at`,
  });
  return rows.map(({ origin, public_key: publicKey }) => verifierKey(origin, publicKey));
}
