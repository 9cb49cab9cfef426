// Writes ACH files of any size for the benchmark: credits to our accounts, in batches, with every
// sum and hash as the NACHA Operating Rules want them.

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

export interface AchTarget {
  /** Nine digits. */
  readonly routing: string;
  readonly account: string;
}

const BATCH_ENTRIES = 50_000;
const HASH_MODULUS = 10_000_000_000n;
const OTHER_BANK = '09100001';

const digits = (value: bigint | number, width: number): string =>
  String(value).padStart(width, '0').slice(-width);
const text = (value: string, width: number): string => value.padEnd(width).slice(0, width);

export interface AchFileOptions {
  readonly path: string;
  readonly entries: number;
  readonly targets: readonly AchTarget[];
  /** Tells files apart: the file id modifier. */
  readonly modifier: string;
}

/** Each entry pays its number of cents, from 1 up to 1,000 and over again. */
export async function writeAchFile(options: AchFileOptions): Promise<void> {
  const { path, entries, targets, modifier } = options;
  const output = createWriteStream(path);
  let lines = 0;
  const write = async (line: string): Promise<void> => {
    lines += 1;
    if (!output.write(`${line}\n`)) await once(output, 'drain');
  };
  const first = targets[0] as AchTarget;
  await write(
    `101 ${first.routing} 0910000192611210800${modifier}094101${text('FLORIN', 23)}` +
      `${text('OTHER BANK', 23)}${text('', 8)}`,
  );
  let hash = 0n;
  let sum = 0n;
  let batches = 0;
  for (let from = 0; from < entries; from += BATCH_ENTRIES) {
    batches += 1;
    const count = Math.min(BATCH_ENTRIES, entries - from);
    await write(
      `5220${text('COMPANY', 16)}${text('', 20)}${text('1234567890', 10)}PPD` +
        `${text('PAYROLL', 10)}261121261123   1${OTHER_BANK}${digits(batches, 7)}`,
    );
    let batchHash = 0n;
    let batchSum = 0n;
    for (let index = from; index < from + count; index += 1) {
      const { routing, account } = targets[index % targets.length] as AchTarget;
      const cents = BigInt((index % 1_000) + 1);
      batchHash += BigInt(routing.slice(0, 8));
      batchSum += cents;
      await write(
        `622${routing}${text(account, 17)}${digits(cents, 10)}${text(`ID${index}`, 15)}` +
          `${text('RECEIVER', 22)}  0${OTHER_BANK}${digits(index + 1, 7)}`,
      );
    }
    await write(
      `8220${digits(count, 6)}${digits(batchHash % HASH_MODULUS, 10)}${digits(0, 12)}` +
        `${digits(batchSum, 12)}${text('1234567890', 10)}${text('', 25)}${OTHER_BANK}` +
        `${digits(batches, 7)}`,
    );
    hash += batchHash;
    sum += batchSum;
  }
  const blocks = Math.ceil((lines + 1) / 10);
  await write(
    `9${digits(batches, 6)}${digits(blocks, 6)}${digits(entries, 8)}` +
      `${digits(hash % HASH_MODULUS, 10)}${digits(0, 12)}${digits(sum, 12)}${text('', 39)}`,
  );
  while (lines % 10 !== 0) await write('9'.repeat(94));
  output.end();
  await finished(output);
}
