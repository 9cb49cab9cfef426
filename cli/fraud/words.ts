// Owns the words that commands of fraud detection have in common, and what is said where one of
// them is wrong.

import { limits } from '#config';
import { DAY_US, parseDate } from '#kernel';
import type { Transactions } from '#fraud';
import { parseCount, UsageError } from '../usage.ts';

export function requireOne([first, ...rest]: readonly string[], sentence: string): string {
  if (first === undefined || rest.length > 0) throw new UsageError(sentence);
  return first;
}

export function requireOption(value: string | undefined, sentence: string): string {
  if (value === undefined || value === '') throw new UsageError(sentence);
  return value;
}

export function seedOf(text: string): number {
  return parseCount(text, { name: 'seed', min: 0, max: limits.fraudSeedMax.value });
}

/** A share between 0 and 1, told as a decimal. */
export function shareOption(text: string, name: string): number {
  const share = /^(0\.\d{1,6}|1)$/.test(text) ? Number(text) : 0;
  if (share > 0) return share;
  throw new UsageError(
    `--${name} is ${JSON.stringify(text)} but must be above 0 and at most 1, like 0.05.`,
  );
}

/** The first transaction of a day. */
export function rowSince(text: string, transactions: Transactions): number {
  const day = dayOption(text, 'since', transactions);
  return transactions.seconds.findIndex((second) => second >= day * 86_400);
}

/** The number of a day within a history. */
export function dayOption(text: string, name: string, { start, seconds }: Transactions): number {
  const date = parseDate(text);
  const days = 1 + Math.floor((seconds.at(-1) ?? 0) / 86_400);
  const day = date === undefined ? -1 : (date - start) / DAY_US;
  if (day >= 0 && day < days) return day;
  throw new UsageError(
    `--${name} is ${JSON.stringify(text)} but must be a date of the ${days} days in the file.`,
  );
}
