// Makes the files of the invented sample bank, always the same ones. Nothing in them is taken from
// a real bank but their form. The printed balances are exact; a few amounts are printed off by
// 0.10, as a bank's rounded reports are, and one account is overdrawn.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { currencyOf, formatDate, formatDecimal, parseDate, type Instant } from '#kernel';

const folder = path.join(import.meta.dirname, '../examples/sample-bank');
const firstDay = parseDate('2025-01-01') as Instant;
const days = 181;
const DAY_US = 86_400_000_000;

/** A small repeatable source of chance: mulberry32. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pick = chance(20_250_101);
const banks = ['AB', 'CD', 'GH', 'KL'];

function money(haler: number): string {
  return formatDecimal(BigInt(haler), currencyOf('CZK') ?? fail());
}

function fail(): never {
  throw new Error('CZK is in ISO 4217');
}

const dayAt = (index: number): Instant => (firstDay + index * DAY_US) as Instant;
const short = (instant: Instant): string => formatDate(instant).slice(2).replaceAll('-', '');
const dayOfMonth = (index: number): number => Number(formatDate(dayAt(index)).slice(8));
const isMonthEnd = (index: number): boolean => dayOfMonth(index + 1) === 1;

interface Movement {
  readonly words: readonly [type: string, operation: string, kSymbol: string];
  /** Haler, above zero. */
  readonly amount: number;
  readonly bank?: string;
  readonly account?: string;
  /** Haler by which the printed amount is off. */
  readonly misprint?: number;
}

interface Order {
  readonly bank: string;
  readonly account: string;
  readonly amount: number;
  readonly purpose: string;
  readonly day: number;
}

interface Profile {
  readonly district: number;
  readonly frequency: string;
  readonly opened: number;
  /** Haler a month, and the day it comes; a pension comes as one. */
  readonly income: number;
  readonly payday: number;
  readonly isPension: boolean;
  readonly orders: readonly Order[];
  readonly isSpendthrift?: boolean;
}

const monthly = 'POPLATEK MESICNE';
const weekly = 'POPLATEK TYDNE';

const order = (purpose: string, amount: number, day: number): Order => ({
  bank: banks[pick(banks.length)] ?? 'AB',
  account: String(10_000_000 + pick(89_999_999)),
  amount,
  purpose,
  day,
});

function profile(district: number, income: number, rest: Partial<Profile> = {}): Profile {
  return {
    district,
    income,
    frequency: monthly,
    opened: pick(20),
    payday: 5 + pick(10),
    isPension: false,
    orders: [],
    ...rest,
  };
}

const profiles: readonly Profile[] = [
  profile(1, 3_240_000, { orders: [order('SIPO', 612_000, 20), order('POJISTNE', 84_500, 22)] }),
  profile(1, 2_875_050, { orders: [order('UVER', 417_300, 12)] }),
  profile(2, 1_461_000, { isPension: true, orders: [order('SIPO', 389_000, 18)] }),
  profile(2, 4_105_000, { frequency: weekly }),
  profile(3, 2_219_900, { isSpendthrift: true }),
  profile(3, 1_388_000, { isPension: true }),
  profile(3, 3_650_000, { orders: [order('UVER', 502_000, 8), order(' ', 150_000, 25)] }),
  profile(4, 2_540_000, { orders: [order('SIPO', 541_000, 19)] }),
  profile(4, 1_975_000, { frequency: 'POPLATEK PO OBRATU' }),
  profile(5, 5_120_000, { orders: [order('POJISTNE', 121_000, 15)] }),
  profile(5, 2_015_500, {}),
  profile(5, 2_760_000, { orders: [order('UVER', 288_700, 10)] }),
];

const districts: readonly (readonly [name: string, region: string])[] = [
  ['Lipova', 'upper Florinia'],
  ['Dolni Brod', 'upper Florinia'],
  ['Kamenice', 'upper Florinia'],
  ['Stara Hut', 'lower Florinia'],
  ['Vrbno nad Lesnou', 'lower Florinia'],
];

/** Account number, in steps so that ids and positions are not confused. */
const accountId = (index: number): number => 101 + index * 7;

function movementsOn(person: Profile, index: number, balance: number): Movement[] {
  const movements: Movement[] = [];
  const day = dayOfMonth(index);
  if (index === person.opened) {
    movements.push({ words: ['PRIJEM', 'VKLAD', ''], amount: 50_000 + pick(20) * 10_000 });
    return movements;
  }
  if (day === person.payday) {
    const purpose = person.isPension ? 'DUCHOD' : '';
    const words = ['PRIJEM', 'PREVOD Z UCTU', purpose] as const;
    const account = String(20_000_000 + person.income);
    movements.push({ words, amount: person.income, bank: banks[0] ?? 'AB', account });
  }
  for (const { day: due, purpose, bank, account, amount } of person.orders) {
    if (day !== due || balance < amount) continue;
    movements.push({ words: ['VYDAJ', 'PREVOD NA UCET', purpose], amount, bank, account });
  }
  const isSpending = pick(person.isSpendthrift === true ? 6 : 14) === 0;
  const most = person.isSpendthrift === true ? balance + 180_000 : Math.floor(balance / 3);
  if (isSpending && most > 20_000) {
    const operation = pick(4) === 0 ? 'VYBER KARTOU' : 'VYBER';
    const amount = Math.max(10_000, Math.floor((most * (40 + pick(60))) / 1_000_000) * 10_000);
    movements.push({ words: ['VYDAJ', operation, ''], amount });
  }
  if (isMonthEnd(index)) movements.push(...monthEnd(balance));
  return movements;
}

let interestCount = 0;

function monthEnd(balance: number): Movement[] {
  const movements: Movement[] = [{ words: ['VYDAJ', 'VYBER', 'SLUZBY'], amount: 1_460 }];
  if (balance < 0) {
    const amount = Math.max(10, Math.floor(-balance / 500) * 10);
    movements.push({ words: ['VYDAJ', 'VYBER', 'SANKC. UROK'], amount });
  } else if (balance > 10_000) {
    interestCount += 1;
    const misprint = interestCount % 20 === 7 ? (interestCount % 40 === 7 ? 10 : -10) : 0;
    const amount = 100 + Math.floor(balance / 3_000) * 10;
    movements.push({ words: ['PRIJEM', '', 'UROK'], amount, misprint });
  }
  return movements;
}

interface Printed {
  readonly index: number;
  readonly account: number;
  readonly movement: Movement;
  readonly balance: number;
}

function history(): Printed[] {
  const printed: Printed[] = [];
  const balances = profiles.map(() => 0);
  for (let index = 0; index < days; index += 1) {
    for (const [who, person] of profiles.entries()) {
      if (index < person.opened) continue;
      let balance = balances[who] ?? 0;
      const movements = movementsOn(person, index, balance);
      // The order that the day's printed balances tell: what came in, then what went out.
      const inFirst = (movement: Movement): number => (movement.words[0] === 'PRIJEM' ? 0 : 1);
      for (const movement of movements.toSorted((a, b) => inFirst(a) - inFirst(b))) {
        balance += inFirst(movement) === 0 ? movement.amount : -movement.amount;
        printed.push({ index, account: accountId(who), movement, balance });
      }
      balances[who] = balance;
    }
  }
  return printed;
}

const text = (value: string): string => `"${value}"`;
const optional = (value: string | undefined): string => (value === undefined ? '' : text(value));

/** Ids that do not follow the order of the day, as in the real files. */
function transactionLines(printed: readonly Printed[]): string[] {
  const ids = printed.map((_, index) => 1_000 + index);
  for (let last = ids.length - 1; last > 0; last -= 1) {
    const other = pick(last + 1);
    const [a = 0, b = 0] = [ids[last], ids[other]];
    ids[last] = b;
    ids[other] = a;
  }
  const lines = printed.map(({ index, account, movement, balance }, row) => {
    const { words, amount, misprint = 0, bank, account: other } = movement;
    const [type, operation, kSymbol] = words;
    const cells = [
      String(ids[row]),
      String(account),
      short(dayAt(index)),
      text(type),
      text(operation),
      money(amount + misprint),
      money(balance),
      text(kSymbol),
      optional(bank),
      optional(other),
    ];
    return { day: index, id: ids[row] ?? 0, line: cells.join(';') };
  });
  return lines.toSorted((a, b) => a.day - b.day || a.id - b.id).map(({ line }) => line);
}

function write(file: string, header: string, lines: readonly string[]): void {
  const quoted = header.startsWith('A1') ? header : header.split(';').map(text).join(';');
  writeFileSync(path.join(folder, `${file}.asc`), `${[quoted, ...lines].join('\n')}\n`);
}

const people = profiles.length + 2;
const birth = (who: number): string => {
  const month = 1 + pick(12) + (who % 2 === 0 ? 50 : 0);
  return [50 + pick(49), month, 1 + pick(28)].map((part) => String(part).padStart(2, '0')).join('');
};

mkdirSync(folder, { recursive: true });
write(
  'district',
  Array.from({ length: 16 }, (_, index) => `A${index + 1}`).join(';'),
  districts.map(([name, region], index) => {
    const people4 = 40_000 + pick(80_000);
    const figures = [people4, 10 + pick(20), pick(20), pick(8), pick(4), 3 + pick(5)];
    const rest = ['52.5', 8_000 + pick(3_000), '2.10', '2.60', 110 + pick(40), '?', pick(5_000)];
    return [index + 1, text(name), text(region), ...figures, ...rest].join(';');
  }),
);
write(
  'account',
  'account_id;district_id;frequency;date',
  profiles.map(({ district, frequency, opened }, who) =>
    [accountId(who), district, text(frequency), short(dayAt(opened))].join(';'),
  ),
);
write(
  'client',
  'client_id;birth_number;district_id',
  Array.from({ length: people }, (_, who) => {
    const { district } = profiles[who % profiles.length] ?? { district: 1 };
    return [201 + who, text(birth(who)), district].join(';');
  }),
);
write(
  'disp',
  'disp_id;client_id;account_id;type',
  Array.from({ length: people }, (_, who) => {
    const isOwner = who < profiles.length;
    const account = accountId(who % profiles.length);
    return [301 + who, 201 + who, account, text(isOwner ? 'OWNER' : 'DISPONENT')].join(';');
  }),
);
write(
  'order',
  'order_id;account_id;bank_to;account_to;amount;k_symbol',
  profiles
    .flatMap(({ orders }, who) => orders.map((given) => ({ ...given, who })))
    .map(({ who, bank, account, amount, purpose }, index) =>
      [401 + index, accountId(who), text(bank), text(account), money(amount), text(purpose)].join(
        ';',
      ),
    ),
);
write(
  'loan',
  'loan_id;account_id;date;amount;duration;payments;status',
  [1, 6, 11].map((who, index) => {
    const payment = profiles[who]?.orders.find(({ purpose }) => purpose === 'UVER')?.amount ?? 0;
    const total = String((payment * 24) / 100);
    return [501 + index, accountId(who), '250120', total, 24, money(payment), text('C')].join(';');
  }),
);
write(
  'card',
  'card_id;disp_id;type;issued',
  ['classic', 'gold', 'junior', 'classic'].map((type, index) =>
    [601 + index, 301 + index * 3, text(type), `250${index + 2}10 00:00:00`].join(';'),
  ),
);
write(
  'trans',
  'trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account',
  transactionLines(history()),
);
