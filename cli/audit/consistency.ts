// florin audit consistency: the proof that nothing was changed or taken out between two
// checkpoints, with both, as a file that can be verified offline.

import { auditActions, consistencyFile, consistencyReceiptOf, selectVerifierKeys } from '#audit';
import { EXIT_DONE, EXIT_FAILED, parseStrictly, UsageError, type Environment } from '../usage.ts';
import { parseLeafIndex } from './filters.ts';
import { withLog, type OpenedLog } from './open.ts';
import { LOG_TARGET, recordRead } from './reads.ts';

interface Request {
  readonly size1: number;
  readonly size2: number;
}

export async function runConsistency(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  return await withLog(env, (log) => prove(log, request));
}

function parseRequest(args: string[]): Request {
  const { positionals } = parseStrictly({ args, options: {}, allowPositionals: true });
  const [size1, size2, ...others] = positionals;
  if (size1 === undefined || size2 === undefined || others.length > 0) {
    throw new UsageError('audit consistency takes SIZE1 and SIZE2, the older one first.');
  }
  return { size1: parseLeafIndex(size1, 'SIZE1'), size2: parseLeafIndex(size2, 'SIZE2') };
}

async function prove(log: OpenedLog, { size1, size2 }: Request): Promise<number> {
  const proven = await consistencyReceiptOf(log.database, { size1, size2 });
  if (!proven.ok) {
    process.stderr.write(`florin: ${proven.refusal.message}\n`);
    return EXIT_FAILED;
  }
  const text = consistencyFile(proven.value, await selectVerifierKeys(log.database));
  await recordRead(log, {
    action: auditActions['audit.receipt.read'],
    target: LOG_TARGET,
    after: { size1, size2 },
  });
  process.stdout.write(text);
  return EXIT_DONE;
}
