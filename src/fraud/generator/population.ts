// Owns who pays where: customers with a home, an amount and a rhythm of their own, terminals on the
// same map, and how habits change. Its memory is 40 bytes a customer and 20 a terminal.

import { randomStream, type RandomStream } from './random.ts';

/** The map is a square of this side. */
const SIDE = 100;
/** Customers pay within this distance where there are 10,000 terminals: at about 75 of them. */
const RADIUS = 5;
const RADIUS_TERMINALS = 10_000;
const AMOUNT_MIN = 500;
const AMOUNT_MAX = 10_000;
const PER_DAY_MAX = 4;
const NOON_S = 43_200;
const TRIES_MAX = 64;
const PURPOSE_TERMINALS = 101;
const PURPOSE_CUSTOMERS = 102;
const PURPOSE_DRIFT = 103;

export interface Population {
  readonly customers: number;
  readonly terminals: number;
  /** Mean amount of each customer, minor units. */
  readonly amounts: Float64Array;
  /** Mean number of transactions a day. */
  readonly perDay: Float64Array;
  /** Around which second of the day the customer pays. */
  readonly peaks: Float64Array;
  readonly homes: Places;
  readonly places: Places;
  readonly grid: Grid;
}

interface Places {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Terminals by the square they are in, so that those near a place are found without a search. */
interface Grid {
  readonly radius: number;
  readonly perSide: number;
  /** Where each square begins in the list; one more than there are squares. */
  readonly starts: Uint32Array;
  readonly list: Uint32Array;
}

export function settle(
  size: { readonly customers: number; readonly terminals: number },
  seed: number,
): Population {
  const { customers, terminals } = size;
  const places = placesOf(terminals, randomStream(seed, PURPOSE_TERMINALS));
  const random = randomStream(seed, PURPOSE_CUSTOMERS);
  const homes = placesOf(customers, random);
  const amounts = new Float64Array(customers);
  const perDay = new Float64Array(customers);
  for (let customer = 0; customer < customers; customer += 1) {
    amounts[customer] = random.between(AMOUNT_MIN, AMOUNT_MAX);
    perDay[customer] = random.between(0, PER_DAY_MAX);
  }
  const peaks = new Float64Array(customers).fill(NOON_S);
  return { customers, terminals, amounts, perDay, peaks, homes, places, grid: gridOf(places) };
}

function placesOf(count: number, random: RandomStream): Places {
  const x = Float64Array.from({ length: count }, () => random.between(0, SIDE));
  const y = Float64Array.from({ length: count }, () => random.between(0, SIDE));
  return { x, y };
}

function gridOf({ x, y }: Places): Grid {
  const terminals = x.length;
  // As many terminals within reach, however many there are.
  const radius = Math.min(SIDE, RADIUS * Math.sqrt(RADIUS_TERMINALS / terminals));
  const perSide = Math.max(1, Math.floor(SIDE / radius));
  const squares = Uint32Array.from(x, (each, at) => squareOf(each, y[at] ?? 0, perSide));
  const starts = new Uint32Array(perSide * perSide + 1);
  for (const square of squares) starts[square + 1] = (starts[square + 1] ?? 0) + 1;
  for (let square = 1; square < starts.length; square += 1) {
    starts[square] = (starts[square] ?? 0) + (starts[square - 1] ?? 0);
  }
  const ends = starts.slice();
  const list = new Uint32Array(terminals);
  squares.forEach((square, terminal) => {
    const at = ends[square] ?? 0;
    list[at] = terminal;
    ends[square] = at + 1;
  });
  return { radius, perSide, starts, list };
}

function squareOf(x: number, y: number, perSide: number): number {
  return rowOf(y, perSide) * perSide + rowOf(x, perSide);
}

function rowOf(coordinate: number, perSide: number): number {
  return Math.min(perSide - 1, Math.floor((coordinate / SIDE) * perSide));
}

/**
 * A terminal near the customer's home. Drawn from the squares around it until one is near enough,
 * because a list for each customer would be most of the memory.
 */
export function terminalNear(who: Population, customer: number, random: RandomStream): number {
  const { grid, homes, places } = who;
  const { perSide, starts, list, radius } = grid;
  const x = homes.x[customer] ?? 0;
  const y = homes.y[customer] ?? 0;
  const left = Math.max(0, rowOf(x, perSide) - 1);
  const right = Math.min(perSide - 1, rowOf(x, perSide) + 1);
  const top = Math.max(0, rowOf(y, perSide) - 1);
  const bottom = Math.min(perSide - 1, rowOf(y, perSide) + 1);
  let total = 0;
  for (let row = top; row <= bottom; row += 1) {
    total += (starts[row * perSide + right + 1] ?? 0) - (starts[row * perSide + left] ?? 0);
  }
  for (let tries = 0; tries < TRIES_MAX && total > 0; tries += 1) {
    let rest = random.below(total);
    for (let row = top; row <= bottom; row += 1) {
      const start = starts[row * perSide + left] ?? 0;
      const length = (starts[row * perSide + right + 1] ?? 0) - start;
      if (rest >= length) {
        rest -= length;
        continue;
      }
      const terminal = list[start + rest] ?? 0;
      const across = (places.x[terminal] ?? 0) - x;
      const along = (places.y[terminal] ?? 0) - y;
      if (across * across + along * along < radius * radius) return terminal;
      break;
    }
  }
  return random.below(who.terminals);
}

export interface Drift {
  readonly seed: number;
  readonly day: number;
  /** The share of customers whose habits change within 30 days. */
  readonly perMonth: number;
}

/** Some customers move, some spend otherwise, some pay more often or at other hours. */
export function changeHabits(who: Population, { seed, day, perMonth }: Drift): void {
  const random = randomStream(seed, PURPOSE_DRIFT, day);
  const changes = random.count((who.customers * perMonth) / 30);
  for (let change = 0; change < changes; change += 1) {
    const customer = random.below(who.customers);
    const kind = random.below(4);
    if (kind === 0) {
      who.homes.x[customer] = random.between(0, SIDE);
      who.homes.y[customer] = random.between(0, SIDE);
    } else if (kind === 1) {
      const amount = (who.amounts[customer] ?? AMOUNT_MIN) * random.between(0.5, 2);
      who.amounts[customer] = Math.min(AMOUNT_MAX, Math.max(AMOUNT_MIN, amount));
    } else if (kind === 2) {
      who.perDay[customer] = random.between(0, PER_DAY_MAX);
    } else {
      who.peaks[customer] = NOON_S + random.between(-NOON_S / 2, NOON_S / 2);
    }
  }
}
