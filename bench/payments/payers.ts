// The customers that the benchmarks of payments pay from and to, and the payments that they make.

import { addProduct, createCustomers, openBankAccounts, readTerms } from '#accounts';
import { currencyOf, type AccountId, type Currency } from '#kernel';
import type { TransactionContext } from '#platform';
import type { HttpClient } from '../http-client.ts';
import { seeded, type World } from '../ledger-world.ts';
import { clientAt } from '../server.ts';

const OPENED_AT_ONCE = 1_000;
const SHED = 503;
const CZK = currencyOf('CZK') as Currency;

/** The world's accounts become bank accounts. */
export async function adopt({ database, context, accounts }: World): Promise<void> {
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

/**
 * One payment of a caller, between two of the accounts. Where the server has too much to do, that
 * is a failure unless `onShed` is given.
 */
export function payingWith(
  clients: readonly HttpClient[],
  accounts: readonly AccountId[],
  onShed?: () => Promise<unknown>,
) {
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
    if (answer.status === SHED && onShed !== undefined) {
      await onShed();
      return 0;
    }
    if (answer.status !== 201) throw new Error(answer.text.slice(0, 600));
    return 1;
  };
}
