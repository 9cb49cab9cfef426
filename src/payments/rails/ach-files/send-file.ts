// Owns that a file was sent: whoever carries it to the network says so, once.

import { record } from '#audit';
import { accept, type Result } from '#kernel';
import { emit, type Transaction } from '#platform';
import { fileActions } from '../../files/audit-actions.ts';
import type { FileId } from '../../files/file.ts';
import { no, type FileRefusal } from '../../files/refusals.ts';
import { lockOutgoingFile, setSent } from './outgoing-file-store.ts';
import type { OutgoingFile } from './outgoing-file.ts';

/** Said again, it is no change. */
export async function markSent(
  tx: Transaction,
  id: FileId,
): Promise<Result<OutgoingFile, FileRefusal>> {
  const file = await lockOutgoingFile(tx, id);
  if (file === undefined) return no('file_unknown', `There is no outgoing file ${id}.`, 'id');
  if (file.state === 'sent') return accept(file);
  await setSent(tx, id);
  const action = fileActions['payments.outgoing_file.send'];
  await record(tx, [
    { action, target: id, before: { state: file.state }, after: { state: 'sent' } },
  ]);
  const { entries, sha256 } = file;
  await emit(tx, [{ type: 'ach_file.sent', subject: id, data: { entries, sha256 } }]);
  return accept({ ...file, state: 'sent', sentAt: tx.now });
}
