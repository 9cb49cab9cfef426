// Owns the small invented bank that shows a newcomer a living ledger. It is loaded like any other,
// from files of the same form, under a source of its own, so a real bank can be imported beside it.

import { fileURLToPath } from 'node:url';
import { Fault, type Clock, type Refusal } from '#kernel';
import type { Database } from '#platform';
import { silentProgress, type Progress } from '../progress.ts';
import { importBank } from './import.ts';
import { readBank } from './read.ts';
import type { ImportReport } from './tally.ts';

export const sampleBankDirectory = fileURLToPath(
  new URL('../../examples/sample-bank', import.meta.url),
);

/** Loading it again changes nothing. */
export async function loadSampleBank(
  database: Database,
  clock: Clock,
  progress: Progress = silentProgress,
): Promise<ImportReport> {
  const startedMs = performance.now();
  const directory = sampleBankDirectory;
  const read = await readBank(directory);
  if (!read.ok) throw notLoaded(read.refusal);
  const imported = await importBank({
    database,
    clock,
    directory,
    files: read.value,
    startedMs,
    source: 'sample',
    progress,
  });
  if (!imported.ok) throw notLoaded(imported.refusal);
  return imported.value;
}

function notLoaded({ code, message }: Refusal): Fault {
  return new Fault(`sample_${code}`, {
    retryable: false,
    message: `The sample bank was not loaded. ${message}`,
  });
}
