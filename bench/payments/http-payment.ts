// A full payment over HTTP: authenticated, within the limits of a plan, validated, posted, audited,
// with its row and its event, answered when all of it is durable. As many as fit, and the tail at a
// thousand a second, counted from when each was due.

import { addProduct, createCustomers, openBankAccounts, readTerms } from '#accounts';
import { currencyOf, type AccountId, type Currency } from '#kernel';
import type { TransactionContext } from '#platform';
import type { HttpClient } from '../http-client.ts';
import { mintTokens } from '../callers.ts';
import { closeWorld, openWorld, removeFolder, seeded, temporaryFolder } from '../ledger-world.ts';
import type { World } from '../ledger-world.ts';
import { medianRun, paced, run, type Run } from '../measure.ts';
import { clientAt, startBank, withClients } from '../server.ts';

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
const OPENED_AT_ONCE = 1_000;
const CZK = currencyOf('CZK') as Currency;

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

/** The world's accounts become bank accounts. */
async function adopt({ database, context, accounts }: World): Promise<void> {
  const terms = readTerms({
    overdraft_max: '0',
    balance_max: null,
    numbering: { scheme: 'iban', country: 'CZ', bank_code: '2999' },
    interest: null,
    fees: [],
    dormancy: null,
  });
  if (terms === undefined) throw new Error('the terms of the product cannot be read');
  const own = (): TransactionContext => ({ ...context(), tenant: 'main' });
  const product = { code: 'crowns', name: 'Crowns', kind: 'current', currency: CZK } as const;
  const customer = await database.transaction(own(), async (tx) => {
    await addProduct(tx, { ...product, effectiveFrom: tx.now, terms });
    const [made] = await createCustomers(tx, [{ kind: 'person', particulars: { name: 'Bench' } }]);
    if (made?.ok !== true) throw new Error('the customer could not be made');
    return made.value.id;
  });
  const owners = [{ customer, role: 'owner' }] as const;
  for (let from = 0; from < accounts.length; from += OPENED_AT_ONCE) {
    const some = accounts.slice(from, from + OPENED_AT_ONCE);
    const opened = await database.transaction(own(), (tx) =>
      openBankAccounts(
        tx,
        some.map((ledgerAccount) => ({ product: product.code, owners, ledgerAccount })),
      ),
    );
    for (const each of opened) if (!each.ok) throw new Error(each.refusal.message);
  }
}

function payingWith(clients: readonly HttpClient[], accounts: readonly AccountId[]) {
  const random = seeded(20_261_122);
  return async (caller: number): Promise<number> => {
    const from = random(accounts.length);
    const to = (from + 1 + random(accounts.length - 1)) % accounts.length;
    const body = JSON.stringify({
      debtor_account_id: accounts[from],
      creditor: { account_id: accounts[to] },
      amount: String(1 + random(100_000)),
      currency: 'CZK',
      end_to_end_id: `bench-${random(1_000_000)}`,
    });
    const answer = await clientAt(clients, caller).post('/v1/payments', body);
    if (answer.status !== 201) throw new Error(answer.text.slice(0, 600));
    return 1;
  };
}
