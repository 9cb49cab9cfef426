// Owns one day of generated transactions while it is written and once it is in order. A day is all
// that is in memory of the transactions, however many days there are.

/** One generated day, in the order of time; each column is as long as there are transactions. */
export interface GeneratedDay {
  /** 0 is the first. */
  readonly day: number;
  readonly count: number;
  /** How many transactions came on the days before. */
  readonly before: number;
  readonly customers: Uint32Array;
  readonly terminals: Uint32Array;
  /** Minor units. */
  readonly amounts: Uint32Array;
  /** Since the start of the first day. */
  readonly seconds: Uint32Array;
  /** The code of the pattern, 0 for genuine. */
  readonly patterns: Uint8Array;
  readonly devices: Uint32Array;
}

export interface Draft {
  customer: number;
  terminal: number;
  amount: number;
  /** Of the day. */
  second: number;
  pattern: number;
  device: number;
}

const DAY_S = 86_400;
/** Above the count of any day, so that second and position fit in one exact number. */
const POSITIONS = 2 ** 32;

export interface DayDrafts {
  add(draft: Readonly<Draft>): void;
  /** The day in order, and the drafts empty again. Of one second, the first added comes first. */
  settle(day: number, before: number): GeneratedDay;
}

export function openDrafts(): DayDrafts {
  const fields = 6;
  let rows = new Float64Array(fields * 1_024);
  let count = 0;
  return {
    add({ customer, terminal, amount, second, pattern, device }) {
      if ((count + 1) * fields > rows.length) {
        const larger = new Float64Array(rows.length * 2);
        larger.set(rows);
        rows = larger;
      }
      const at = count * fields;
      rows[at] = customer;
      rows[at + 1] = terminal;
      rows[at + 2] = amount;
      rows[at + 3] = second;
      rows[at + 4] = pattern;
      rows[at + 5] = device;
      count += 1;
    },
    settle(day, before) {
      const order = new Float64Array(count);
      for (let row = 0; row < count; row += 1) {
        order[row] = (rows[row * fields + 3] ?? 0) * POSITIONS + row;
      }
      order.sort();
      const column = (field: number) => (key: number) =>
        rows[(key % POSITIONS) * fields + field] ?? 0;
      const settled = {
        day,
        count,
        before,
        customers: Uint32Array.from(order, column(0)),
        terminals: Uint32Array.from(order, column(1)),
        amounts: Uint32Array.from(order, column(2)),
        seconds: Uint32Array.from(order, (key) => day * DAY_S + column(3)(key)),
        patterns: Uint8Array.from(order, column(4)),
        devices: Uint32Array.from(order, column(5)),
      };
      count = 0;
      return settled;
    },
  };
}
