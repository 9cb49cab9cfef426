// Owns the schema of the reference records and their writing. Each record is written once: a record
// that is already there must be the same, or nothing is written at all.

import { readFile } from 'node:fs/promises';
import { accept, formatDate, refuse, type Refusal, type Result } from '#kernel';
import type { Database, Transaction, TransactionContext } from '#platform';
import { frequencies, loanStates, orderPurposes, roles } from './mapping.ts';
import { signedAmount, type Plan } from './plan.ts';
import type { BankFiles } from './read.ts';
import type { District } from './tables.ts';

/** A table's rows as columns, which PostgreSQL takes as arrays in one statement. */
interface Records {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: string; values: unknown[] }[];
}

type Cells<Row> = Readonly<Record<string, readonly [type: string, value: (row: Row) => unknown]>>;

export interface ReferenceCounts {
  readonly added: number;
  readonly existing: number;
}

export interface ReferenceRefusal extends Refusal {
  readonly code: 'reference_differs';
}

class Differs extends Error {
  readonly refusal: ReferenceRefusal;

  constructor(refusal: ReferenceRefusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

const schemaFile = new URL('schema.sql', import.meta.url);

/** All of them in one transaction, which waits for another import of the same kind to end. */
export async function storeReferences(
  database: Database,
  context: TransactionContext,
  input: { readonly source: string; readonly files: BankFiles; readonly plan: Plan },
): Promise<Result<ReferenceCounts, ReferenceRefusal>> {
  const schema = await readFile(schemaFile, 'utf8');
  try {
    const counts = await database.transaction(context, async (tx) => {
      await tx.query({ text: `select pg_advisory_xact_lock(hashtext('florin.berka'))` });
      await becomeOwner(tx);
      await tx.query({ text: schema });
      let added = 0;
      let existing = 0;
      for (const each of recordsOf(input.files, input.plan)) {
        const given = each.columns[0]?.values.length ?? 0;
        const inserted = await insert(tx, input.source, each);
        added += inserted;
        existing += given - inserted;
      }
      return { added, existing };
    });
    return accept(counts);
  } catch (error) {
    if (error instanceof Differs) return refuse(error.refusal);
    throw error;
  }
}

/** For this transaction only: who connected, because the application's role may not make tables. */
async function becomeOwner(tx: Transaction): Promise<void> {
  await tx.query({ text: `select set_config('role', session_user, true)` });
}

async function insert(
  tx: Transaction,
  source: string,
  { table, columns }: Records,
): Promise<number> {
  const names = columns.map(({ name }) => name).join(', ');
  const arrays = columns.map(({ type }, index) => `$${index + 2}::${type}[]`).join(', ');
  const given = `select $1::text, given.* from unnest(${arrays}) as given (${names})`;
  const values = [source, ...columns.map((column) => column.values)];
  const inserted = await tx.query({
    text: `insert into berka.${table} (source, ${names}) ${given}
      on conflict do nothing returning 1`,
    values,
  });
  const stored = `select source, ${names} from berka.${table} where source = $1`;
  const different = await tx.query({ text: `${given} except ${stored} limit 1`, values });
  if (different.length === 0) return inserted.length;
  const message =
    `Another bank was imported as "${source}" before: its ${table.replaceAll('_', ' ')} ` +
    'are not the ones in these files.';
  throw new Differs({ code: 'reference_differs', message });
}

function recordsOf(files: BankFiles, plan: Plan): Records[] {
  return [
    districtRecords(files.districts),
    ...peopleRecords(files),
    ...productRecords(files),
    records('transactions_set_aside', plan.setAside, {
      trans_id: ['integer', (row) => row.trans_id],
      account_id: ['integer', (row) => row.account_id],
      made_on: ['date', (row) => formatDate(row.date)],
      signed_amount_minor: ['bigint', (row) => signedAmount(row)],
      printed_balance_minor: ['bigint', (row) => row.balance],
      original: ['text', (row) => [row.type, row.operation, row.k_symbol].join(';')],
    }),
  ];
}

function districtRecords(districts: readonly District[]): Records {
  const figure = (text: string): string | null => (text === '' ? null : text);
  return records('districts', districts, {
    district_id: ['integer', (row) => row.A1],
    name: ['text', (row) => row.A2],
    region: ['text', (row) => row.A3],
    inhabitants: ['integer', (row) => row.A4],
    municipalities_to_499: ['integer', (row) => row.A5],
    municipalities_to_1999: ['integer', (row) => row.A6],
    municipalities_to_9999: ['integer', (row) => row.A7],
    municipalities_above: ['integer', (row) => row.A8],
    cities: ['integer', (row) => row.A9],
    urban_percent: ['numeric', (row) => figure(row.A10)],
    average_salary: ['numeric', (row) => figure(row.A11)],
    unemployment_percent_1995: ['numeric', (row) => figure(row.A12)],
    unemployment_percent_1996: ['numeric', (row) => figure(row.A13)],
    entrepreneurs_per_1000: ['numeric', (row) => figure(row.A14)],
    crimes_1995: ['numeric', (row) => figure(row.A15)],
    crimes_1996: ['numeric', (row) => figure(row.A16)],
  });
}

/** Clients, accounts and who may use which: in the order of their references. */
function peopleRecords(files: BankFiles): Records[] {
  return [
    records('clients', files.clients, {
      client_id: ['integer', (row) => row.client_id],
      district_id: ['integer', (row) => row.district_id],
      birth_date: ['date', (row) => formatDate(row.birth_number.birthDate)],
      sex: ['text', (row) => row.birth_number.sex],
    }),
    records('accounts', files.accounts, {
      account_id: ['integer', (row) => row.account_id],
      district_id: ['integer', (row) => row.district_id],
      statement: ['text', (row) => frequencies[row.frequency]],
      opened_on: ['date', (row) => formatDate(row.date)],
    }),
    records('ownerships', files.dispositions, {
      ownership_id: ['integer', (row) => row.disp_id],
      client_id: ['integer', (row) => row.client_id],
      account_id: ['integer', (row) => row.account_id],
      role: ['text', (row) => roles[row.type]],
    }),
  ];
}

function productRecords(files: BankFiles): Records[] {
  return [
    records('permanent_orders', files.orders, {
      order_id: ['integer', (row) => row.order_id],
      account_id: ['integer', (row) => row.account_id],
      bank_to: ['text', (row) => row.bank_to],
      account_to: ['text', (row) => row.account_to],
      amount_minor: ['bigint', (row) => row.amount],
      purpose: ['text', (row) => orderPurposes[row.k_symbol]],
    }),
    records('loans', files.loans, {
      loan_id: ['integer', (row) => row.loan_id],
      account_id: ['integer', (row) => row.account_id],
      granted_on: ['date', (row) => formatDate(row.date)],
      amount_minor: ['bigint', (row) => row.amount],
      duration_months: ['integer', (row) => Number(row.duration)],
      payment_minor: ['bigint', (row) => row.payments],
      state: ['text', (row) => loanStates[row.status]],
    }),
    records('cards', files.cards, {
      card_id: ['integer', (row) => row.card_id],
      ownership_id: ['integer', (row) => row.disp_id],
      type: ['text', (row) => row.type],
      issued_on: ['date', (row) => formatDate(row.issued)],
    }),
  ];
}

function records<Row>(table: string, rows: readonly Row[], cells: Cells<Row>): Records {
  const columns = Object.entries(cells).map(([name, [type, value]]) => {
    return { name, type, values: rows.map((row) => value(row)) };
  });
  return { table, columns };
}
