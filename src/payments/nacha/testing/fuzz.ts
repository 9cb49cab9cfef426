// Mutates NACHA files with a seed and holds the reader to its promises: it never throws, ends what
// it begins, and a file without a fault has sums equal to its entries. For tests alone.

import { assert } from '#kernel';
import type { FileItem, FileTotals } from '../../files/format.ts';
import { nachaFormatWith } from '../read.ts';
import type { NachaOptions } from '../options.ts';

/** Numbers from 0 to below a bound, the same for the same seed (mulberry32). */
export function seededNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Mutation = (bytes: Buffer, next: (below: number) => number) => Buffer;

const digits = '0123456789';

const mutations: readonly Mutation[] = [
  function changeByte(bytes, next) {
    const copy = Buffer.from(bytes);
    copy[next(copy.length)] = next(256);
    return copy;
  },
  function changeDigit(bytes, next) {
    const copy = Buffer.from(bytes);
    for (let tries = 0; tries < 40; tries++) {
      const index = next(copy.length);
      if (digits.includes(String.fromCharCode(copy[index] ?? 0))) {
        copy[index] = 48 + next(10);
        break;
      }
    }
    return copy;
  },
  function cut(bytes, next) {
    const start = next(bytes.length);
    const end = start + 1 + next(200);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  function truncate(bytes, next) {
    return bytes.subarray(0, next(bytes.length));
  },
  function repeat(bytes, next) {
    const start = next(bytes.length);
    const piece = bytes.subarray(start, start + 1 + next(200));
    return Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(start)]);
  },
  function swapRecords(bytes, next) {
    const lines = bytes.toString('latin1').split('\n');
    const [one, other] = [next(lines.length), next(lines.length)];
    [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  function repeatRecord(bytes, next) {
    const lines = bytes.toString('latin1').split('\n');
    const index = next(lines.length);
    lines.splice(next(lines.length), 0, lines[index] ?? '');
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  function dropRecord(bytes, next) {
    const lines = bytes.toString('latin1').split('\n');
    lines.splice(next(lines.length), 1);
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  function joinLines(bytes) {
    return Buffer.from(bytes.toString('latin1').replaceAll('\n', ''), 'latin1');
  },
];

export function mutate(bytes: Buffer, next: (below: number) => number): Buffer {
  let mutated = bytes;
  const count = 1 + next(3);
  for (let round = 0; round < count && mutated.length > 0; round++) {
    mutated = (mutations[next(mutations.length)] ?? mutate)(mutated, next);
  }
  return mutated;
}

/** Reads in pieces of uneven length, as a network gives them. */
async function* piecesOf(bytes: Buffer, next: (below: number) => number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const end = start + 1 + next(400);
    yield bytes.subarray(start, end);
    start = end;
  }
}

export async function readAll(
  bytes: Buffer,
  {
    options = {},
    next = () => 65_535,
  }: { options?: NachaOptions; next?: (below: number) => number } = {},
): Promise<FileItem[]> {
  const items: FileItem[] = [];
  for await (const item of nachaFormatWith(options).read(piecesOf(bytes, next))) {
    items.push(item);
  }
  return items;
}

/** Whether the file was accepted; a broken promise is thrown. */
export function checkPromises(items: readonly FileItem[]): boolean {
  const last = items.at(-1);
  assert(last?.kind === 'end', 'the last item is the end');
  const sums = { entries: 0, batches: 0, debits: 0n, credits: 0n };
  const ended = { entries: 0, batches: 0, debits: 0n, credits: 0n };
  let hasFault = false;
  for (const item of items) {
    if (item.kind === 'entry') {
      const { amount, details } = item.entry;
      assert(amount >= 0n, 'no amount is negative');
      sums.entries += 1;
      sums[isDebit(details['transactionCode'] ?? '') ? 'debits' : 'credits'] += amount;
    } else if (item.kind === 'batch') {
      sums.batches += 1;
    } else if (item.kind === 'batch_end') {
      add(ended, item.totals);
    } else if (item.kind === 'fault') {
      hasFault = true;
    }
  }
  for (const name of ['entries', 'batches', 'debits', 'credits'] as const) {
    assert(last.totals[name] === sums[name], `the end counts the ${name} that were handed on`);
    assert(ended[name] === sums[name], `the batches count the ${name} that were handed on`);
  }
  return !hasFault;
}

/** What the file control says, by other code than the reader's; nothing where it is not plain. */
export function statedTotals(bytes: Buffer): { debits: bigint; credits: bigint } | undefined {
  const lines = bytes.toString('latin1').split(/\r?\n/);
  const control = lines.findLast((line) => /^9\d{54}/.test(line) && !line.startsWith('99'));
  const isAdvice = lines.some((line) => line.startsWith('5280') && line.slice(50, 53) === 'ADV');
  if (control === undefined || lines.some((line) => line.trimEnd().length > 94)) {
    return undefined;
  }
  const width = isAdvice ? 20 : 12;
  return {
    debits: BigInt(control.slice(31, 31 + width)),
    credits: BigInt(control.slice(31 + width, 31 + 2 * width)),
  };
}

/** What the entries of a file come to, with what moves no money. */
export function enteredTotals(items: readonly FileItem[]): { debits: bigint; credits: bigint } {
  const totals = { debits: 0n, credits: 0n };
  for (const item of items) {
    if (item.kind === 'entry') {
      const { amount, details } = item.entry;
      const name = isDebit(details['transactionCode'] ?? '') ? 'debits' : 'credits';
      totals[name] += amount === 0n ? BigInt(details['amount'] ?? 0) : amount;
    }
  }
  return totals;
}

function isDebit(transactionCode: string): boolean {
  const digit = transactionCode.slice(1);
  return transactionCode.startsWith('8')
    ? Number(digit) % 2 === 0
    : transactionCode === '55' || Number(digit) > 5;
}

function add(sums: { -readonly [Name in keyof FileTotals]: FileTotals[Name] }, more: FileTotals) {
  sums.entries += more.entries;
  sums.batches += more.batches;
  sums.debits += more.debits;
  sums.credits += more.credits;
}
