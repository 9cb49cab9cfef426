// A caller for tests that ask a real server: one of the bank's own people on its machine.
import type { Database, TransactionContext } from '#platform';
import { mintLocalToken } from '../tokens/local-token.ts';

/** A token for everything that a teller, an auditor or an operator may do. */
export async function tellerToken(
  database: Database,
  context: TransactionContext,
  name = 'teller',
): Promise<string> {
  const request = { name, tenant: 'main', roles: ['teller', 'auditor', 'operator'] } as const;
  return await database.transaction(context, (tx) =>
    mintLocalToken(tx, { ...request, minutes: 60 }),
  );
}
