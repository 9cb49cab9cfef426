// Owns the eight files of the bank: their names, columns and what each column may hold. Values come
// out typed: amounts in haler, dates as instants, the code words in the bank's own Czech spelling.

import { assert, currencyOf, parseDate, parseDecimal, type Instant } from '#kernel';
import type { Column, RowOf, Table } from './dialect.ts';

const koruna = currencyOf('CZK');
assert(koruna !== undefined, 'CZK is in ISO 4217');

/** The bank knows one currency; its minor unit is the haler. */
export const CURRENCY = koruna;

const ID_MAX = 2_147_483_647;

/** A whole number above zero that fits PostgreSQL's integer. */
const id: Column<number> = {
  expected: 'an id, a whole number above zero without quotes',
  read: (text, isQuoted) => {
    if (isQuoted || !/^[1-9]\d{0,9}$/.test(text)) return undefined;
    const value = Number(text);
    return value <= ID_MAX ? value : undefined;
  },
};

const count: Column<number> = {
  expected: 'a whole number without quotes',
  read: (text, isQuoted) =>
    !isQuoted && /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined,
};

/** A figure of the statistics, kept as text: nothing is computed from it. '' is unknown. */
const statistic: Column<string> = {
  expected: 'a number without quotes, or ? for an unknown one',
  read: (text, isQuoted) => {
    if (isQuoted) return undefined;
    if (text === '?') return '';
    return /^\d{1,9}(\.\d{1,4})?$/.test(text) ? text : undefined;
  },
};

/** Haler, above zero. */
const amount: Column<bigint> = {
  expected: 'an amount above zero with at most two decimals, without quotes',
  read: (text, isQuoted) => {
    const value = isQuoted ? undefined : parseDecimal(text, CURRENCY);
    return value !== undefined && value > 0n ? value : undefined;
  },
};

/** Haler, of either sign. */
const balance: Column<bigint> = {
  expected: 'a balance with at most two decimals, without quotes',
  read: (text, isQuoted) => (isQuoted ? undefined : parseDecimal(text, CURRENCY)),
};

/** YYMMDD; the files begin in 1993, so a small year is one of this century. */
const date: Column<Instant> = {
  expected: 'a date written YYMMDD, without quotes',
  read: (text, isQuoted) => (isQuoted ? undefined : parseShortDate(text, 70)),
};

const dateTime: Column<Instant> = {
  expected: 'a date written YYMMDD 00:00:00, without quotes',
  read: (text, isQuoted) => {
    const part = /^(\d{6}) 00:00:00$/.exec(text);
    return isQuoted || part === null ? undefined : parseShortDate(part[1] ?? '', 70);
  },
};

function parseShortDate(text: string, firstYearOfLastCentury: number): Instant | undefined {
  const part = /^(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (part === null) return undefined;
  const century = Number(part[1]) >= firstYearOfLastCentury ? '19' : '20';
  return parseDate(`${century}${part[1]}-${part[2]}-${part[3]}`);
}

export interface Birth {
  readonly birthDate: Instant;
  readonly sex: 'female' | 'male';
}

/** Czech birth numbers add 50 to a woman's month. All clients were born in the last century. */
const birthNumber: Column<Birth> = {
  expected: 'a birth number YYMMDD in quotes, 50 added to the month of a woman',
  read: (text, isQuoted) => {
    if (!isQuoted || !/^\d{6}$/.test(text)) return undefined;
    const month = Number(text.slice(2, 4));
    const isWoman = month > 50;
    const monthText = String(isWoman ? month - 50 : month).padStart(2, '0');
    const birthDate = parseShortDate(`${text.slice(0, 2)}${monthText}${text.slice(4)}`, 0);
    if (birthDate === undefined) return undefined;
    return { birthDate, sex: isWoman ? 'female' : 'male' };
  },
};

const name: Column<string> = {
  expected: 'a name in quotes, 1 to 60 characters',
  read: (text, isQuoted) =>
    isQuoted && text.length <= 60 && /[A-Za-z]/.test(text) ? text : undefined,
};

const bankCode: Column<string> = {
  expected: 'a bank code, two capital letters in quotes',
  read: (text, isQuoted) => (isQuoted && /^[A-Z]{2}$/.test(text) ? text : undefined),
};

const accountNumber: Column<string> = {
  expected: 'an account number in quotes, at most 20 digits',
  read: (text, isQuoted) => (isQuoted && /^\d{1,20}$/.test(text) ? text : undefined),
};

/** '' where the file has nothing, quoted or not. */
function optional(column: Column<string>): Column<string> {
  return {
    expected: `${column.expected}, or nothing`,
    read: (text, isQuoted) => (text === '' ? '' : column.read(text, isQuoted)),
  };
}

/** One of some words in quotes. Spaces around a word mean nothing: the files write "" and " ". */
function word<Value extends string>(...values: readonly Value[]): Column<Value> {
  const known = new Map<string, Value>(values.map((value) => [value, value]));
  const list = values.map((value) => (value === '' ? 'nothing' : `"${value}"`));
  return {
    expected: `one of ${list.join(', ')}`,
    read: (text, isQuoted) => (isQuoted || text === '' ? known.get(text.trim()) : undefined),
  };
}

const one = <Value extends string>(...values: readonly Value[]): Column<Value> => {
  const known = new Map<string, Value>(values.map((value) => [value, value]));
  return {
    expected: `one of ${values.join(', ')}, without quotes`,
    read: (text, isQuoted) => (isQuoted ? undefined : known.get(text)),
  };
};

export const districtTable = {
  file: 'district.asc',
  columns: {
    A1: id,
    A2: name,
    A3: name,
    A4: count,
    A5: count,
    A6: count,
    A7: count,
    A8: count,
    A9: count,
    A10: statistic,
    A11: statistic,
    A12: statistic,
    A13: statistic,
    A14: statistic,
    A15: statistic,
    A16: statistic,
  },
} as const satisfies Table<Record<string, Column<unknown>>>;

export const accountTable = {
  file: 'account.asc',
  columns: {
    account_id: id,
    district_id: id,
    frequency: word('POPLATEK MESICNE', 'POPLATEK TYDNE', 'POPLATEK PO OBRATU'),
    date,
  },
} as const satisfies Table<Record<string, Column<unknown>>>;

export const clientTable = {
  file: 'client.asc',
  columns: { client_id: id, birth_number: birthNumber, district_id: id },
} as const satisfies Table<Record<string, Column<unknown>>>;

export const dispositionTable = {
  file: 'disp.asc',
  columns: { disp_id: id, client_id: id, account_id: id, type: word('OWNER', 'DISPONENT') },
} as const satisfies Table<Record<string, Column<unknown>>>;

export const orderTable = {
  file: 'order.asc',
  columns: {
    order_id: id,
    account_id: id,
    bank_to: bankCode,
    account_to: accountNumber,
    amount,
    k_symbol: word('', 'SIPO', 'UVER', 'POJISTNE', 'LEASING'),
  },
} as const satisfies Table<Record<string, Column<unknown>>>;

export const loanTable = {
  file: 'loan.asc',
  columns: {
    loan_id: id,
    account_id: id,
    date,
    amount,
    duration: one('12', '24', '36', '48', '60'),
    payments: amount,
    status: word('A', 'B', 'C', 'D'),
  },
} as const satisfies Table<Record<string, Column<unknown>>>;

export const cardTable = {
  file: 'card.asc',
  columns: { card_id: id, disp_id: id, type: word('classic', 'junior', 'gold'), issued: dateTime },
} as const satisfies Table<Record<string, Column<unknown>>>;

export const transactionTable = {
  file: 'trans.asc',
  columns: {
    trans_id: id,
    account_id: id,
    date,
    type: word('PRIJEM', 'VYDAJ', 'VYBER'),
    operation: word('', 'VKLAD', 'VYBER', 'PREVOD Z UCTU', 'PREVOD NA UCET', 'VYBER KARTOU'),
    amount,
    balance,
    k_symbol: word('', 'SIPO', 'UROK', 'SLUZBY', 'SANKC. UROK', 'POJISTNE', 'UVER', 'DUCHOD'),
    bank: optional(bankCode),
    account: optional(accountNumber),
  },
} as const satisfies Table<Record<string, Column<unknown>>>;

export type District = RowOf<typeof districtTable.columns>;
export type Account = RowOf<typeof accountTable.columns>;
export type Client = RowOf<typeof clientTable.columns>;
export type Disposition = RowOf<typeof dispositionTable.columns>;
export type Order = RowOf<typeof orderTable.columns>;
export type Loan = RowOf<typeof loanTable.columns>;
export type Card = RowOf<typeof cardTable.columns>;
export type Transaction = RowOf<typeof transactionTable.columns>;
