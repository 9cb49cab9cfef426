// Checks what is kept outside the database, by the rules that anchors and the archive have of their
// own: every anchor and every archived leaf is there and is what the log proves.

import type { Objects, Queryable } from '#platform';
import { verifyAnchors } from '../../anchors/verify.ts';
import { verifyArchives } from '../../archive/verify.ts';
import { checkArchived } from './archived-check.ts';
import type { NoteKey } from '../../tree/note.ts';
import type { Findings } from '../finding.ts';
import type { LeafReader } from '../leaf-reader.ts';
import { countOutside } from '../structure-store.ts';

export async function checkOutside(
  queryable: Queryable,
  findings: Findings,
  outside: {
    readonly objects: Objects;
    readonly keys: readonly NoteKey[];
    readonly reader: LeafReader;
  },
): Promise<void> {
  const { objects, keys, reader } = outside;
  const counts = await countOutside(queryable);
  findings.checked('anchors', counts.anchors);
  findings.checked('archives', counts.archives);
  for await (const finding of verifyAnchors(queryable, objects, keys)) findings.breach(finding);
  for await (const finding of verifyArchives(queryable, objects, keys)) findings.breach(finding);
  await checkArchived(queryable, findings, { objects, reader });
}
