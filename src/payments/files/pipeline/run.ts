// Takes up files with work to do, one at a time: leases the oldest, does its next step, and gives
// it back. Any number of processes may do so at once. A process that dies is relieved when its
// lease ends; what fails waits longer each time, and after many attempts counts as failed, so that
// it holds up no other file.

import { record } from '#audit';
import { limits } from '#config';
import { Fault, msOf, newUuid, type Instant } from '#kernel';
import { emit, type TransactionContext } from '#platform';
import { fileActions } from '../audit-actions.ts';
import { pauseMs, type DueState, type Lease, type PaymentFile } from '../file.ts';
import { findAgreement } from '../store/agreement-store.ts';
import { leaseFile, releaseLease, takeStep } from '../store/file-store.ts';
import { completeFile } from './answer.ts';
import { checkFile } from './check.ts';
import { postFile } from './post.ts';
import {
  contextFor,
  formatOf,
  LeaseLost,
  leaseUntil,
  type FilesWorld,
  type Work,
} from './world.ts';

const steps: Readonly<Record<DueState, (work: Work) => Promise<void>>> = {
  received: checkFile,
  accepted: postFile,
  posted: completeFile,
};

export interface RunReport {
  /** Steps done; the run ends when there is nothing to do, or after one that failed. */
  readonly steps: number;
  readonly failure?: Error;
}

/** Does all there is to do, at most so many steps. */
export async function runFiles(
  world: FilesWorld,
  context: TransactionContext,
  stepsMax = 100,
): Promise<RunReport> {
  for (let count = 0; count < stepsMax; count += 1) {
    const owner = newUuid(msOf(context.now));
    const now = world.clock.now();
    const file = await world.database.transaction({ ...context, now }, (tx) =>
      leaseFile(tx, { owner, until: leaseUntil(now) }),
    );
    if (file === undefined) return { steps: count };
    const failure = await work(world, file, { fileId: file.id, owner });
    if (failure !== undefined) return { steps: count, failure };
  }
  return { steps: stepsMax };
}

async function work(
  world: FilesWorld,
  file: PaymentFile,
  lease: Lease,
): Promise<Error | undefined> {
  const { database } = world;
  try {
    const agreement = await findAgreement(database, file.agreementId);
    const format = agreement === undefined ? undefined : formatOf(world, agreement);
    if (agreement === undefined || format === undefined) {
      const message = `Files of the format ${file.format} cannot be read.`;
      throw new Fault('file_format_unknown', { retryable: false, message });
    }
    await steps[file.state as DueState]({ world, file, agreement, format, lease });
    return undefined;
  } catch (error) {
    if (error instanceof LeaseLost) return undefined;
    await giveBack(world, file, lease, codeOf(error));
    return error instanceof Error ? error : new Error(String(error));
  }
}

function codeOf(error: unknown): string {
  return error instanceof Fault ? error.code : 'internal';
}

async function giveBack(
  world: FilesWorld,
  file: PaymentFile,
  lease: Lease,
  reason: string,
): Promise<void> {
  const context = contextFor({ world, file });
  if (file.attempts < limits.fileAttemptsMax.value) {
    const waitUs = pauseMs(file.attempts, limits.fileRetryMs.value) * 1_000;
    await releaseLease(world.database, lease, (context.now + waitUs) as Instant);
    return;
  }
  await world.database.transaction(context, async (tx) => {
    const step = { from: file.state as DueState, to: 'failed', reason } as const;
    if (!(await takeStep(tx, lease, step))) return;
    const action = fileActions['payments.file.fail'];
    const before = { state: file.state === 'posted' ? 'accepted' : file.state };
    await record(tx, [{ action, target: file.id, before, after: { reason, state: 'failed' } }]);
    const data = { agreement_id: file.agreementId, reason };
    await emit(tx, [{ type: 'file.failed', subject: file.id, data }]);
  });
}
