// Owns the SQL that finds the accounts which a hold or a transfer is about, so that whoever may use
// the accounts may use it too. Only what the tenant sees: of others nothing is found.

import { idOf, isId, uuidOf, type Uuid } from '#kernel';
import type { AccountsBehind } from '#gateway';
import { uuidArray, type Database } from '#platform';

export function openAccountsBehind(database: Database): AccountsBehind {
  return async (uses, tenant) => {
    const ids = new Set(uses.map(({ id }) => id).filter((id) => isId('trf', id)));
    if (ids.size === 0) return new Map();
    // A hold has entries too: they say what it holds.
    const rows = await database.within(tenant).query<{ transfer_id: Uuid; account_ids: Uuid[] }>({
      name: 'ledger.accounts_behind',
      text: `select e.transfer_id, array_agg(distinct e.account_id) as account_ids
        from ledger.entries e where e.transfer_id = any($1) group by e.transfer_id`,
      values: [uuidArray([...ids].map(uuidOf))],
    });
    return new Map(
      rows.map((row) => [
        idOf('trf', row.transfer_id),
        row.account_ids.map((accountId) => idOf('acc', accountId)),
      ]),
    );
  };
}
