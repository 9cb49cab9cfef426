// Owns reading the whole folder: all eight files, then the references between them. It answers with
// the bank's files in full, or with every reason why not; nothing is ever half-read.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, formatDate, refuse, type Refusal, type Result } from '#kernel';
import { readTable, type Column, type Problem, type RowOf, type Table } from './dialect.ts';
import { postingKindOf } from './mapping.ts';
import {
  accountTable,
  cardTable,
  clientTable,
  dispositionTable,
  districtTable,
  loanTable,
  orderTable,
  transactionTable,
  type Account,
  type Card,
  type Client,
  type Disposition,
  type District,
  type Loan,
  type Order,
  type Transaction,
} from './tables.ts';

export interface BankFiles {
  readonly districts: readonly District[];
  readonly accounts: readonly Account[];
  readonly clients: readonly Client[];
  readonly dispositions: readonly Disposition[];
  readonly orders: readonly Order[];
  readonly loans: readonly Loan[];
  readonly cards: readonly Card[];
  readonly transactions: readonly Transaction[];
}

export interface UnreadableBank extends Refusal {
  readonly code: 'directory_missing' | 'files_missing' | 'malformed';
  readonly problems: readonly Problem[];
}

const fileNames = [
  accountTable,
  cardTable,
  clientTable,
  dispositionTable,
  districtTable,
  loanTable,
  orderTable,
  transactionTable,
].map(({ file }) => file);

export async function readBank(directory: string): Promise<Result<BankFiles, UnreadableBank>> {
  const missing = await missingFrom(directory);
  if (missing !== undefined) return refuse(missing);
  const problems: Problem[] = [];
  const rowsOf = async <Given extends Readonly<Record<string, Column<unknown>>>>(
    table: Table<Given>,
  ): Promise<RowOf<Given>[]> => {
    const answer = await readTable(table, join(directory, table.file));
    for (const problem of answer.problems) problems.push(problem);
    return answer.rows;
  };
  const files: BankFiles = {
    districts: await rowsOf(districtTable),
    accounts: await rowsOf(accountTable),
    clients: await rowsOf(clientTable),
    dispositions: await rowsOf(dispositionTable),
    orders: await rowsOf(orderTable),
    loans: await rowsOf(loanTable),
    cards: await rowsOf(cardTable),
    transactions: await rowsOf(transactionTable),
  };
  // A malformed line would be missed by every line that refers to it: one reason is enough.
  if (problems.length === 0) problems.push(...crossCheck(files));
  if (problems.length === 0) return accept(files);
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const message = `The files cannot be used, because of ${count} in them.`;
  return refuse({ code: 'malformed', message, problems });
}

async function missingFrom(directory: string): Promise<UnreadableBank | undefined> {
  const kindOf = async (path: string): Promise<'folder' | 'file' | undefined> => {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) return 'folder';
    return found?.isFile() === true ? 'file' : undefined;
  };
  if ((await kindOf(directory)) !== 'folder') {
    const message = `There is no folder ${directory}; it should hold ${fileNames.join(', ')}.`;
    return { code: 'directory_missing', message, problems: [] };
  }
  const kinds = await Promise.all(fileNames.map((file) => kindOf(join(directory, file))));
  const missing = fileNames.filter((_, index) => kinds[index] !== 'file');
  if (missing.length === 0) return undefined;
  const verb = missing.length === 1 ? 'is' : 'are';
  const message = `The folder ${directory} is incomplete: ${missing.join(', ')} ${verb} missing.`;
  return { code: 'files_missing', message, problems: [] };
}

/** References between the files, and combinations of words that nobody knows how to book. */
export function crossCheck(files: BankFiles): Problem[] {
  const problems: Problem[] = [];
  const { districts, accounts, clients, dispositions } = files;
  const districtIds = new Set(districts.map(({ A1 }) => A1));
  const clientIds = new Set(clients.map(({ client_id }) => client_id));
  const dispositionIds = new Set(dispositions.map(({ disp_id }) => disp_id));
  const accountOf = new Map(accounts.map((account) => [account.account_id, account]));

  const refer = <Row extends { readonly line: number }, Field extends keyof Row & string>(
    from: { readonly file: string; readonly rows: readonly Row[]; readonly field: Field },
    to: { readonly file: string; has(id: Row[Field]): boolean },
  ): void => {
    for (const row of from.rows) {
      if (to.has(row[from.field])) continue;
      const why = `${to.file} has no ${String(row[from.field])}`;
      problems.push({ file: from.file, line: row.line, field: from.field, why });
    }
  };

  const toDistricts = { file: districtTable.file, has: (key: number) => districtIds.has(key) };
  const toClients = { file: clientTable.file, has: (key: number) => clientIds.has(key) };
  const toAccounts = { file: accountTable.file, has: (key: number) => accountOf.has(key) };
  const toDispositions = {
    file: dispositionTable.file,
    has: (key: number) => dispositionIds.has(key),
  };
  refer({ file: accountTable.file, rows: accounts, field: 'district_id' }, toDistricts);
  refer({ file: clientTable.file, rows: clients, field: 'district_id' }, toDistricts);
  refer({ file: dispositionTable.file, rows: dispositions, field: 'client_id' }, toClients);
  refer({ file: dispositionTable.file, rows: dispositions, field: 'account_id' }, toAccounts);
  refer({ file: orderTable.file, rows: files.orders, field: 'account_id' }, toAccounts);
  refer({ file: loanTable.file, rows: files.loans, field: 'account_id' }, toAccounts);
  refer({ file: cardTable.file, rows: files.cards, field: 'disp_id' }, toDispositions);
  refer({ file: transactionTable.file, rows: files.transactions, field: 'account_id' }, toAccounts);
  return [...problems, ...checkOwners(files), ...checkTransactions(files, accountOf)];
}

function checkOwners({ accounts, dispositions }: BankFiles): Problem[] {
  const owners = new Map<number, number>();
  for (const { type, account_id } of dispositions) {
    if (type === 'OWNER') owners.set(account_id, (owners.get(account_id) ?? 0) + 1);
  }
  return accounts.flatMap(({ account_id, line }) => {
    const count = owners.get(account_id) ?? 0;
    if (count === 1) return [];
    const why = `${dispositionTable.file} gives account ${account_id} ${count} owners, not one`;
    return [{ file: accountTable.file, line, field: 'account_id', why }];
  });
}

function checkTransactions(
  { transactions }: BankFiles,
  accountOf: ReadonlyMap<number, Account>,
): Problem[] {
  const { file } = transactionTable;
  const problems: Problem[] = [];
  for (const row of transactions) {
    const { line, trans_id, type, operation, k_symbol, bank } = row;
    if (postingKindOf(row) === undefined) {
      const words = `type "${type}", operation "${operation}", k_symbol "${k_symbol}"`;
      const why =
        `transaction ${trans_id} is of an unknown kind: ` +
        `${words}, ${bank === '' ? 'no bank' : `bank "${bank}"`}`;
      problems.push({ file, line, field: 'operation', why });
    }
    const opened = accountOf.get(row.account_id)?.date;
    if (opened !== undefined && row.date < opened) {
      const why = `${formatDate(row.date)} is before account ${row.account_id} was opened`;
      problems.push({ file, line, field: 'date', why });
    }
  }
  return problems;
}
