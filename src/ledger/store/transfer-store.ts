// The SQL that reads transfers back as the ledger answered them, entries and counters included. How
// a row of either table becomes a value stands here once, for every other store too.

import { idOf, uuidOf, type Instant, type TransferId } from '#kernel';
import { uuidArray, type Queryable } from '#platform';
import type { Exchange, Metadata } from '../posting/instruction.ts';
import type { Entry, StoredTransfer, Transfer, TransferKind } from '../posting/transfer.ts';

export interface TransferRow {
  readonly id: string;
  readonly kind: TransferKind;
  readonly external_id: string | null;
  readonly description: string | null;
  readonly metadata: Metadata | null;
  readonly exchange: Exchange | null;
  readonly hold_id: string | null;
  readonly reverses_id: string | null;
  readonly expires_at_us: bigint | null;
  readonly effective_at_us: bigint;
  readonly recorded_at_us: bigint;
}

export interface EntryRow {
  readonly transfer_id: string;
  readonly account_id: string;
  readonly version: bigint;
  readonly leg: number;
  readonly is_debit: boolean;
  readonly posted: bigint;
  readonly pending: bigint;
  readonly posted_debits: bigint;
  readonly posted_credits: bigint;
  readonly pending_debits: bigint;
  readonly pending_credits: bigint;
}

/** Of transfers as t. */
export const transferColumns = `t.id, t.kind, t.external_id, t.description, t.metadata, t.exchange,
  t.hold_id, t.reverses_id, (extract(epoch from t.expires_at) * 1000000)::bigint as expires_at_us,
  (extract(epoch from t.effective_at) * 1000000)::bigint as effective_at_us,
  (extract(epoch from t.recorded_at) * 1000000)::bigint as recorded_at_us`;

/** Of entries as e. */
export const entryColumns = `e.transfer_id, e.account_id, e.version, e.leg, e.is_debit, e.posted,
  e.pending, e.posted_debits, e.posted_credits, e.pending_debits, e.pending_credits`;

/** The transfers that exist among the ids, ordered by id, each with its entries in leg order. */
export async function loadTransfers(
  q: Queryable,
  ids: readonly TransferId[],
): Promise<StoredTransfer[]> {
  if (ids.length === 0) return [];
  const values = [uuidArray(ids.map(uuidOf))];
  const entryRows = await q.query<EntryRow>({
    name: 'ledger.load_transfer_entries',
    text: `select ${entryColumns}
      from ledger.entries e where e.transfer_id = any($1) order by e.transfer_id, e.leg`,
    values,
  });
  const entries = new Map<string, Entry[]>();
  for (const row of entryRows) {
    const list = entries.get(row.transfer_id) ?? [];
    entries.set(row.transfer_id, list);
    list.push(entryOf(row));
  }
  const rows = await q.query<TransferRow & { readonly content_hash: string | null }>({
    name: 'ledger.load_transfers',
    text: `select ${transferColumns}, encode(t.content_hash, 'hex') as content_hash
      from ledger.transfers t where t.id = any($1) order by t.id`,
    values,
  });
  return rows.map((row) => ({
    ...transferOf(row, entries.get(row.id) ?? []),
    contentHash: row.content_hash ?? '',
  }));
}

export function entryOf(row: EntryRow): Entry {
  return {
    accountId: idOf('acc', row.account_id),
    version: row.version,
    leg: row.leg,
    side: row.is_debit ? 'debit' : 'credit',
    posted: row.posted,
    pending: row.pending,
    postedDebits: row.posted_debits,
    postedCredits: row.posted_credits,
    pendingDebits: row.pending_debits,
    pendingCredits: row.pending_credits,
  };
}

export function transferOf(row: TransferRow, entries: readonly Entry[]): Transfer {
  const instant = (us: bigint): Instant => Number(us) as Instant;
  return {
    id: idOf('trf', row.id),
    kind: row.kind,
    externalId: row.external_id ?? undefined,
    description: row.description ?? undefined,
    metadata: row.metadata ?? undefined,
    exchange: row.exchange ?? undefined,
    holdId: row.hold_id === null ? undefined : idOf('trf', row.hold_id),
    reversesId: row.reverses_id === null ? undefined : idOf('trf', row.reverses_id),
    expiresAt: row.expires_at_us === null ? undefined : instant(row.expires_at_us),
    effectiveAt: instant(row.effective_at_us),
    recordedAt: instant(row.recorded_at_us),
    entries,
  };
}
