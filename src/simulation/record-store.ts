// Owns reading a whole ledger back as it stands in the database, row by row and with SQL of its
// own, so that what a simulation left behind is judged without the ledger's help.

import type { Side, TransferKind } from '#ledger';
import type { Queryable } from '#platform';

export interface AccountRow {
  readonly id: string;
  readonly normal_side: Side;
  readonly floor: bigint | null;
  readonly ceiling: bigint | null;
  readonly credit_limit: bigint;
  readonly version: bigint;
  readonly posted_debits: bigint;
  readonly posted_credits: bigint;
  readonly pending_debits: bigint;
  readonly pending_credits: bigint;
}

export interface EntryRow {
  readonly account_id: string;
  readonly version: bigint;
  readonly transfer_id: string;
  readonly is_debit: boolean;
  readonly posted: bigint;
  readonly pending: bigint;
  readonly posted_debits: bigint;
  readonly posted_credits: bigint;
  readonly pending_debits: bigint;
  readonly pending_credits: bigint;
}

export interface TransferRow {
  readonly id: string;
  readonly kind: TransferKind;
  readonly external_id: string | null;
  readonly hold_id: string | null;
  readonly expires_at_us: bigint | null;
  readonly effective_at_us: bigint;
  readonly recorded_at_us: bigint;
}

export interface LedgerRecord {
  readonly accounts: readonly AccountRow[];
  /** By account, then version. */
  readonly entries: readonly EntryRow[];
  readonly transfers: ReadonlyMap<string, TransferRow>;
}

export async function readRecord(queryable: Queryable): Promise<LedgerRecord> {
  const accounts = await queryable.query<AccountRow>({
    text: `select a.id, a.normal_side, a.floor, a.ceiling, a.credit_limit, b.version,
        b.posted_debits, b.posted_credits, b.pending_debits, b.pending_credits
      from ledger.accounts a join ledger.balances b on b.account_id = a.id order by a.id`,
  });
  const entries = await queryable.query<EntryRow>({
    text: `select account_id, version, transfer_id, is_debit, posted, pending, posted_debits,
        posted_credits, pending_debits, pending_credits
      from ledger.entries order by account_id, version`,
  });
  const transfers = await queryable.query<TransferRow>({
    text: `select id, kind, external_id, hold_id,
        (extract(epoch from expires_at) * 1000000)::bigint as expires_at_us,
        (extract(epoch from effective_at) * 1000000)::bigint as effective_at_us,
        (extract(epoch from recorded_at) * 1000000)::bigint as recorded_at_us
      from ledger.transfers`,
  });
  return { accounts, entries, transfers: new Map(transfers.map((row) => [row.id, row])) };
}

/** The transfers that have one of these external ids: id by external id, and none twice. */
export async function transfersNamed(
  queryable: Queryable,
  externalIds: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = await queryable.query<{ external_id: string; id: string }>({
    text: 'select external_id, id from ledger.transfers where external_id = any($1::text[])',
    values: [[...externalIds]],
  });
  const found = new Map<string, string[]>();
  for (const row of rows) {
    const ids = found.get(row.external_id) ?? [];
    found.set(row.external_id, [...ids, `trf_${row.id}`]);
  }
  return found;
}
