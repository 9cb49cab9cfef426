// Owns the SQL that reads what can never change: an account's currency and normal side, and which
// account each leg of a transfer is on.

import { idOf, uuidOf, type AccountId, type TransferId, type Uuid } from '#kernel';
import { uuidArray, type Queryable } from '#platform';
import type { Side } from '../posting/instruction.ts';

export interface AccountFacts {
  readonly currency: string;
  readonly normalSide: Side;
}

export async function selectAccountFacts(
  queryable: Queryable,
  ids: readonly AccountId[],
): Promise<(AccountFacts & { readonly id: AccountId })[]> {
  const rows = await queryable.query<{ id: Uuid; currency: string; normal_side: Side }>({
    name: 'ledger.account_facts',
    text: 'select id, currency, normal_side from ledger.accounts where id = any($1)',
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map((row) => ({
    id: idOf('acc', row.id),
    currency: row.currency,
    normalSide: row.normal_side,
  }));
}

export interface LegCurrency {
  readonly transferId: TransferId;
  readonly leg: number;
  readonly currency: string;
}

/** The currency of each leg that made an entry, of the transfers and holds that exist. */
export async function selectLegCurrencies(
  queryable: Queryable,
  ids: readonly TransferId[],
): Promise<LegCurrency[]> {
  const rows = await queryable.query<{ transfer_id: Uuid; leg: number; currency: string }>({
    name: 'ledger.leg_currencies',
    text: `select e.transfer_id, e.leg, a.currency
      from ledger.entries e join ledger.accounts a on a.id = e.account_id
      where e.transfer_id = any($1)`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map((row) => ({
    transferId: idOf('trf', row.transfer_id),
    leg: row.leg,
    currency: row.currency,
  }));
}
