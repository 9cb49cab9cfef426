// The SQL of nostro accounts.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Nostro, NostroId } from './nostro.ts';
import type { Rule } from './rule.ts';

interface NostroRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly number: string;
  readonly account_id: Uuid;
  readonly currency: string;
  readonly write_off_account_id: Uuid | null;
  readonly rules: readonly Rule[];
  readonly matched_up_to: bigint;
  readonly revision: number;
  readonly created_at_us: bigint;
  readonly changed_at_us: bigint;
}

const columns = `n.id, n.tenant, n.number, n.account_id, n.currency, n.write_off_account_id,
  n.rules, n.matched_up_to, n.revision, (extract(epoch from n.created_at) * 1000000)::bigint
  as created_at_us, (extract(epoch from n.changed_at) * 1000000)::bigint as changed_at_us`;

function nostroOf(row: NostroRow): Nostro {
  const { write_off_account_id: writeOff } = row;
  return {
    id: idOf('nos', row.id),
    tenant: row.tenant,
    number: row.number,
    accountId: idOf('acc', row.account_id),
    currency: row.currency,
    writeOffAccountId: writeOff === null ? undefined : idOf('acc', writeOff),
    rules: row.rules,
    matchedUpTo: row.matched_up_to,
    revision: row.revision,
    createdAt: Number(row.created_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
  };
}

/** Whether it was inserted: the number or the account may be another's. */
export async function insertNostro(tx: Transaction, nostro: Nostro): Promise<boolean> {
  const { writeOffAccountId } = nostro;
  const rows = await tx.query({
    text: `insert into payments.nostros (id, number, account_id, currency, write_off_account_id,
        rules, matched_up_to, revision, created_at, changed_at)
      values ($1, $2, $3, $4, $5, $6::jsonb, $7, 1, $8::timestamptz, $8::timestamptz)
      on conflict do nothing returning 1`,
    values: [
      uuidOf(nostro.id),
      nostro.number,
      uuidOf(nostro.accountId),
      nostro.currency,
      writeOffAccountId === undefined ? null : uuidOf(writeOffAccountId),
      JSON.stringify(nostro.rules),
      nostro.matchedUpTo,
      formatInstant(tx.now),
    ],
  });
  return rows.length === 1;
}

export async function updateNostro(tx: Transaction, nostro: Nostro): Promise<void> {
  const { writeOffAccountId } = nostro;
  await tx.query({
    text: `update payments.nostros set write_off_account_id = $2, rules = $3::jsonb,
        revision = $4, changed_at = $5::timestamptz where id = $1`,
    values: [
      uuidOf(nostro.id),
      writeOffAccountId === undefined ? null : uuidOf(writeOffAccountId),
      JSON.stringify(nostro.rules),
      nostro.revision,
      formatInstant(nostro.changedAt),
    ],
  });
}

export async function setMatchedUpTo(
  tx: Transaction,
  id: NostroId,
  version: bigint,
): Promise<void> {
  await tx.query({
    text: 'update payments.nostros set matched_up_to = $2 where id = $1',
    values: [uuidOf(id), version],
  });
}

/** For matching: one statement of an account at a time. */
export async function lockNostro(tx: Transaction, id: NostroId): Promise<Nostro | undefined> {
  const [row] = await tx.query<NostroRow>({
    text: `select ${columns} from payments.nostros n where n.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row && nostroOf(row);
}

export async function findNostro(queryable: Queryable, id: NostroId): Promise<Nostro | undefined> {
  const [row] = await queryable.query<NostroRow>({
    text: `select ${columns} from payments.nostros n where n.id = $1`,
    values: [uuidOf(id)],
  });
  return row && nostroOf(row);
}

export async function findNostroByNumber(
  queryable: Queryable,
  {
    numbers,
    currency,
  }: { readonly numbers: readonly string[]; readonly currency?: string | undefined },
): Promise<Nostro | undefined> {
  const rows = await queryable.query<NostroRow>({
    text: `select ${columns} from payments.nostros n
      where n.number = any($1::text[]) and ($2::text is null or n.currency = $2) limit 2`,
    values: [numbers, currency ?? null],
  });
  // A number without its currency may be that of two accounts.
  return rows.length === 1 && rows[0] !== undefined ? nostroOf(rows[0]) : undefined;
}

export async function listNostros(
  queryable: Queryable,
  { after, limit }: { readonly after: NostroId | undefined; readonly limit: number },
): Promise<Nostro[]> {
  const rows = await queryable.query<NostroRow>({
    text: `select ${columns} from payments.nostros n where $1::uuid is null or n.id > $1
      order by n.id limit $2`,
    values: [after === undefined ? null : uuidOf(after), limit],
  });
  return rows.map(nostroOf);
}

/**
 * Names of the payments that any of the references means, by the transfers that moved their money:
 * the first of a payment has its UUID.
 */
export async function paymentNames(
  queryable: Queryable,
  references: readonly string[],
): Promise<ReadonlyMap<Uuid, readonly string[]>> {
  const rows = await queryable.query<{
    id: Uuid;
    transfers: Uuid[] | null;
    end_to_end_id: string | null;
    transaction_id: string | null;
  }>({
    text: `with named as (
        select p.id, p.end_to_end_id, p.transaction_id from payments.payments p
        where p.end_to_end_id = any($1::text[])
        union
        select p.id, p.end_to_end_id, p.transaction_id from payments.payments p
        where p.transaction_id = any($1::text[])
      )
      select n.id, n.end_to_end_id, n.transaction_id,
        (select jsonb_agg(c.transfer_id) from payments.changes c
          where c.payment_id = n.id and c.transfer_id is not null) as transfers
      from named n`,
    values: [references],
  });
  const names = new Map<Uuid, readonly string[]>();
  for (const { id, transfers, end_to_end_id: endToEnd, transaction_id: own } of rows) {
    const known = [endToEnd, own].filter((name) => name !== null);
    for (const transfer of [id, ...(transfers ?? [])]) names.set(transfer, known);
  }
  return names;
}
