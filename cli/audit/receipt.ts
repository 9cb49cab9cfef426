// florin audit receipt: the proof that a record is in the log, for whoever wants to check it
// without trusting this installation. A file ending in .tlog-proof is written for other people's
// tools.

import { writeFile } from 'node:fs/promises';
import {
  archivedLeaves,
  auditActions,
  receiptFile,
  receiptOf,
  receiptProofFile,
  selectVerifierKeys,
  type AuditRecordId,
} from '#audit';
import { isId } from '#kernel';
import { EXIT_DONE, EXIT_FAILED, parseStrictly, UsageError, type Environment } from '../usage.ts';
import { withLog, type OpenedLog } from './open.ts';
import { recordRead } from './reads.ts';

interface Request {
  readonly recordId: AuditRecordId;
  readonly file: string | undefined;
}

export async function runReceipt(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  return await withLog(env, (log) => writeReceipt(log, request));
}

function parseRequest(args: string[]): Request {
  const { positionals } = parseStrictly({ args, options: {}, allowPositionals: true });
  const [recordId = '', file, ...others] = positionals;
  if (others.length > 0) throw new UsageError('audit receipt takes a RECORD_ID and one FILE.');
  if (!isId('aud', recordId)) throw new UsageError('A RECORD_ID is "aud_" and a UUID.');
  return { recordId, file };
}

async function writeReceipt(log: OpenedLog, { recordId, file }: Request): Promise<number> {
  const { database, objects } = log;
  const archive = archivedLeaves(database, objects);
  const found = await receiptOf(database, recordId, {
    readArchived: async (index) => (await archive.readLeaves(index, 1))[0],
  });
  if (!found.ok) {
    process.stderr.write(`florin: ${found.refusal.message}\n`);
    return EXIT_FAILED;
  }
  const receipt = found.value;
  const text =
    file?.endsWith('.tlog-proof') === true
      ? receiptProofFile(receipt)
      : receiptFile(receipt, await selectVerifierKeys(database));
  await recordRead(log, {
    action: auditActions['audit.receipt.read'],
    target: recordId,
    after: { size: receipt.size },
  });
  if (file === undefined || file === '-') process.stdout.write(text);
  else await writeFile(file, text, { flag: 'wx' });
  return EXIT_DONE;
}
