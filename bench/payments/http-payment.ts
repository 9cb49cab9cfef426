// A full payment over HTTP: authenticated, within the limits of a plan, validated, posted, audited,
// with its row and its event, answered when all of it is durable. As many as fit, and the tail at a
// thousand a second, counted from when each was due.

import { mintTokens } from '../callers.ts';
import { closeWorld, openWorld, removeFolder, temporaryFolder } from '../ledger-world.ts';
import { medianRun, paced, run, type Run } from '../measure.ts';
import { startBank, withClients } from '../server.ts';
import { adopt, payingWith } from './payers.ts';

export interface HttpPaymentScale {
  readonly accounts: number;
  readonly durationMs: number;
  readonly runs: number;
}

export interface HttpPaymentBench {
  readonly run: Run;
  /** At a thousand a second. */
  readonly paced: Run;
}

const CONNECTIONS = 64;
const PACED_PER_SECOND = 1_000;

export async function benchHttpPayment(
  scale: HttpPaymentScale,
  log: (line: string) => void,
): Promise<HttpPaymentBench> {
  const folder = temporaryFolder();
  try {
    const world = await openWorld(folder, scale.accounts);
    const tokens = await mintTokens(world, CONNECTIONS, ['teller']);
    await adopt(world);
    const { accounts } = world;
    await closeWorld(world);
    const server = await startBank(folder);
    try {
      return await withClients(server.port, tokens, async (clients) => {
        const pay = payingWith(clients, accounts);
        const runs: Run[] = [];
        // Not measured: code is compiled, statements are prepared.
        await run({ concurrency: CONNECTIONS, durationMs: scale.durationMs, call: pay });
        for (let round = 1; round <= scale.runs; round += 1) {
          const { durationMs } = scale;
          runs.push(await run({ concurrency: CONNECTIONS, durationMs, call: pay }));
          const rate = Math.round(runs.at(-1)?.ratePerSecond ?? 0).toLocaleString('en');
          log(`http_payment, run ${round}: ${rate} a second`);
        }
        const load = { concurrency: CONNECTIONS, durationMs: scale.durationMs, call: pay };
        return {
          run: medianRun(runs),
          paced: await paced({ ...load, perSecond: PACED_PER_SECOND }),
        };
      });
    } finally {
      await server.stop();
    }
  } finally {
    removeFolder(folder);
  }
}
