// Owns what commands that change what screening runs by have in common: the bank as one tenant sees
// it, and a refusal said as a sentence. What they do counts in every server within about a second.

import type { Clock } from '#kernel';
import type { Database, Queryable, Transaction } from '#platform';
import { withLog } from '../../audit/open.ts';
import { EXIT_DONE, EXIT_FAILED, UsageError, type Environment } from '../../usage.ts';
import { tenantOf } from '../kept.ts';
import { print } from '../print.ts';

export interface AtBank {
  readonly tenant: string;
  readonly database: Database;
  readonly clock: Clock;
  /** As the tenant sees it. */
  readonly queryable: Queryable;
  readonly change: <Value>(work: (tx: Transaction) => Promise<Value>) => Promise<Value>;
}

/** A command that was understood, to be done where the bank is. */
export interface Asked {
  readonly tenant: string | undefined;
  readonly act: (bank: AtBank) => Promise<number>;
}

export const tenantOption = { tenant: { type: 'string' } } as const;

export type Parsers = Readonly<Record<string, (args: string[]) => Asked>>;

/** The word after `florin fraud NOUN`. */
export async function runVerb(
  noun: string,
  parsers: Parsers,
  [name, ...rest]: string[],
  env: Environment,
): Promise<number> {
  const parse = name !== undefined && Object.hasOwn(parsers, name) ? parsers[name] : undefined;
  if (parse === undefined) {
    throw new UsageError(`fraud ${noun} is followed by one of ${Object.keys(parsers).join(', ')}.`);
  }
  const { tenant: given, act } = parse(rest);
  const tenant = tenantOf(given);
  return await withLog(env, async (log) => {
    const { database, clock } = log;
    return await act({
      tenant,
      database,
      clock,
      queryable: database.within(tenant),
      change: async (work) => await database.transaction({ ...log.context(), tenant }, work),
    });
  });
}

export function done(...lines: readonly string[]): number {
  print(lines);
  return EXIT_DONE;
}

export function refused({ message }: { readonly message: string }): number {
  process.stderr.write(`${message}\n`);
  return EXIT_FAILED;
}
