// The verbs of grants: what a person let a client do, which tokens call their session. Ending one
// ends every token of it at once, and the browser's session that led to it.

import { record, type AuditRecord } from '#audit';
import { limits } from '#config';
import { MINUTE_US, SECOND_US, type Instant } from '#kernel';
import type { Database, Transaction, TransactionContext } from '#platform';
import { providerActions } from '../audit-actions.ts';
import { deleteExpired, endGrants, selectGrants, type EndedGrant } from './artifact-store.ts';

/** No access token outlives this, however clocks differ. */
const KEPT_US = limits.identityAccessTokenS.value * SECOND_US + 5 * MINUTE_US;

const ROWS_MAX = limits.identitySweepRows.value;

export async function endGrant(tx: Transaction, grant: string): Promise<void> {
  const [known] = await selectGrants(tx, { grant });
  await endGrants(tx, [grant], { now: tx.now, keptUntil: (tx.now + KEPT_US) as Instant });
  if (known === undefined) return;
  await record(tx, [endOf(known)]);
}

/** Ends everything people let a client do. */
export async function endGrantsOfClient(tx: Transaction, clientId: string): Promise<void> {
  const known = await selectGrants(tx, { clientId });
  const grants = known.map(({ grant }) => grant);
  await endGrants(tx, grants, { now: tx.now, keptUntil: (tx.now + KEPT_US) as Instant });
  await record(tx, known.map(endOf));
}

function endOf({ grant, subject, clientId }: EndedGrant): AuditRecord {
  return {
    action: providerActions['identity.grant.end'],
    target: subject ?? clientId ?? 'identity.grants',
    after: { client_id: clientId, session: grant },
  };
}

/** Removes what is over or belongs to a session that was ended: the job of each minute. */
export async function sweepArtifacts(
  database: Database,
  context: TransactionContext,
): Promise<number> {
  let removed = 0;
  let last: number = ROWS_MAX;
  while (last >= ROWS_MAX) {
    last = await deleteExpired(database, context.now, ROWS_MAX);
    removed += last;
  }
  return removed;
}
