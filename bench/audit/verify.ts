// Full verification of a log: every leaf hashed again from its bundle, every subtree, every
// checkpoint and its signature; and, apart from that, every change of the ledger compared with its
// record. The records are those of real transfers, a thousand in a bundle.

import { openSequencer, SIGNING_KEY, verifyLog, type LogVerification } from '#audit';
import { ledgerSources } from '#ledger';
import { openSession } from '#platform';
import { transfers, type World, withWorld } from '../ledger-world.ts';
import { medianRun, type Run } from '../measure.ts';

export interface VerifyScale {
  readonly accounts: number;
  readonly leaves: number;
  readonly runs: number;
}

export interface VerifyBench {
  /** Leaves a second of the verification alone; the times are those of a whole one. */
  readonly verified: Run;
  /** Changes a second of comparing them with their records, after a verification. */
  readonly reconciledPerSecond: number;
  readonly leaves: number;
  readonly residentMib: number;
}

const BATCH = 1_000;
const CALLERS = 5;
const MIB = 1_048_576;

export async function benchVerify(
  scale: VerifyScale,
  log: (line: string) => void,
): Promise<VerifyBench> {
  log(`opening ${scale.accounts.toLocaleString('en')} accounts`);
  return await withWorld(scale.accounts, async (world) => {
    await fillLog(world, scale.leaves, log);
    return await measure(world, scale, log);
  });
}

async function fillLog(world: World, leaves: number, log: (line: string) => void): Promise<void> {
  log(`recording ${leaves.toLocaleString('en')} transfers`);
  const sequencer = openSequencer(world.database);
  let left = Math.ceil(leaves / BATCH);
  const post = async (): Promise<void> => {
    for (left -= 1; left >= 0; left -= 1) {
      const { answers } = await world.poster.post(
        world.context(),
        transfers(world.accounts, BATCH),
      );
      if (!answers.every(({ ok }) => ok)) throw new Error('a benchmark transfer was refused');
      if (left % 50 === 0) await sequencer.run(world.context());
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, post));
  await sequencer.run(world.context());
  const owner = await openSession(world.opened.ownerUrl);
  await owner.query({ text: 'vacuum analyze' });
  await owner.query({ text: 'checkpoint' });
  await owner.close();
}

async function measure(
  world: World,
  { runs }: VerifyScale,
  log: (line: string) => void,
): Promise<VerifyBench> {
  const verified: Run[] = [];
  let leaves = 0;
  // The first round warms up.
  for (let round = 0; round <= runs; round += 1) {
    const { size, elapsedMs } = await verifySound(world, false);
    if (round === 0) continue;
    leaves = size;
    const ratePerSecond = (size / elapsedMs) * 1_000;
    log(`verify, run ${round}: ${Math.round(ratePerSecond).toLocaleString('en')} leaves a second`);
    verified.push({ ratePerSecond, p50Ms: elapsedMs, p99Ms: elapsedMs });
  }
  const median = medianRun(verified);
  const whole = await verifySound(world, true);
  const reconcileMs = Math.max(1, whole.elapsedMs - median.p50Ms);
  return {
    verified: median,
    reconciledPerSecond: (whole.counts.changes / reconcileMs) * 1_000,
    leaves,
    residentMib: Math.round(process.memoryUsage().rss / MIB),
  };
}

/** What is measured is worth nothing unless the log is sound. */
async function verifySound(world: World, isReconciled: boolean): Promise<LogVerification> {
  const verification = await verifyLog({
    open: () => openSession(world.opened.ownerUrl),
    connections: 2,
    findingsPerRuleMax: 3,
    trustedKeys: [await world.database.keys.publicKey(SIGNING_KEY)],
    sources: isReconciled ? ledgerSources : [],
  });
  const [finding] = verification.findings;
  if (finding !== undefined) {
    throw new Error(`a benchmark's log is not sound: ${finding.rule} ${finding.place}`);
  }
  return verification;
}
