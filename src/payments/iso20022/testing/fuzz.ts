// Owns what must hold of every message whatsoever, however damaged: no reader throws, and what one
// accepts adds up to what the message states. Broken, it throws with the message that broke it.
import assert from 'node:assert/strict';
import { currencyOf } from '#kernel';
import type { FileItem } from '../../files/format.ts';
import { DecimalSum, writeAmount } from '../amounts.ts';
import { pain001Format, pain008Format } from '../files/formats.ts';
import { judgeMessage } from '../judge.ts';
import { readRailMessage } from '../messages/read.ts';
import { readStatements } from '../statements/read.ts';
import { Mutations } from './mutations.ts';

export interface FuzzReport {
  readonly runs: number;
  /** How many of the damaged messages were accepted by the reader of their kind. */
  readonly accepted: number;
}

/** Damages samples so often, and gives each to every reader there is. */
export async function fuzzMessages(
  samples: readonly string[],
  options: { readonly runs: number; readonly seed: number },
): Promise<FuzzReport> {
  const mutations = new Mutations(options.seed);
  let accepted = 0;
  for (let run = 0; run < options.runs; run += 1) {
    let text = samples[mutations.below(samples.length)] ?? '';
    for (let times = mutations.below(3); times >= 0; times -= 1) text = mutations.damage(text);
    try {
      accepted += (await isAccepted(text, mutations)) ? 1 : 0;
    } catch (error) {
      throw new Error(`run ${run} of seed ${options.seed} broke a reader on:\n${text}`, {
        cause: error,
      });
    }
  }
  return { runs: options.runs, accepted };
}

/** Gives a message to every reader; true where one of them would act on it. */
async function isAccepted(text: string, mutations: Mutations): Promise<boolean> {
  const source = () => chunksOf(text, mutations);
  const verdict = await judgeMessage(source());
  if (!verdict.isWellFormed) assert.notDeepEqual(verdict.faults, []);
  const credits = await readFile(pain001Format.read(source()));
  const debits = await readFile(pain008Format.read(source()));
  const statements = await readStatements(source());
  if (statements.isRead) {
    assert.equal(verdict.schema, 'valid');
    const money = statements.statements.flatMap(({ entries, balances }) => [
      ...entries,
      ...balances,
    ]);
    for (const { currency } of money) assert.ok(currencyOf(currency) !== undefined, currency);
  }
  const rail = readRailMessage(text);
  // In a text the encoding has been dealt with, whatever its declaration says.
  const faults = verdict.faults.filter(({ rule }) => !rule.startsWith('xml_encoding'));
  if (rail.isRead) assert.deepEqual(faults, []);
  if (rail.isRead && rail.message.kind === 'credit_transfer') {
    for (const { amount } of rail.message.transfers) assert.ok(amount > 0n);
  }
  return credits || debits || statements.isRead || rail.isRead;
}

/** Reads a file to its end; where nothing is wrong with it, what it states must be what it has. */
async function readFile(items: AsyncIterable<FileItem>): Promise<boolean> {
  const sum = new DecimalSum();
  let [entries, amount, faults, isEnded] = [0, 0n, 0, false];
  let stated: Readonly<Record<string, string>> = {};
  for await (const item of items) {
    assert.ok(!isEnded, 'nothing comes behind the end');
    if (item.kind === 'file') stated = item.details;
    else if (item.kind === 'fault') faults += 1;
    else if (item.kind === 'entry') {
      entries += 1;
      amount += item.entry.amount;
      const currency = currencyOf(item.entry.currency);
      if (currency !== undefined) sum.add(writeAmount(item.entry.amount, currency));
    } else if (item.kind === 'end') {
      isEnded = true;
      assert.equal(item.totals.entries, entries);
      assert.equal(item.totals.debits + item.totals.credits, amount);
    }
  }
  assert.ok(isEnded, 'a file has an end');
  if (faults > 0) return false;
  assert.ok(entries > 0, 'a file without payments is not accepted');
  assert.equal(BigInt(stated['NbOfTxs'] ?? -1), BigInt(entries));
  if (stated['CtrlSum'] !== undefined) assert.ok(sum.equals(stated['CtrlSum']));
  return true;
}

/** The same bytes in pieces of any size, so that a boundary falls everywhere in turn. */
async function* chunksOf(text: string, mutations: Mutations): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    const size = 1 + mutations.below(5_000);
    yield bytes.subarray(at, at + size);
    at += size;
    await Promise.resolve();
  }
}
