// Lakes and decisions for tests of the lake.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { DAY_US, manualClock, SECOND_US, type Instant } from '#kernel';
import { openFolderObjects, type Objects, type ParquetFields } from '#platform';
import type { FraudEvent } from '../event.ts';
import { lakeDecisions, type LakeDecision } from '../lake/decisions.ts';
import { lakeLabels, type LakeLabel } from '../lake/events.ts';
import type { LakeObjects } from '../lake/layout.ts';
import { readLake, type LakeRange } from '../lake/read.ts';
import type { LakeTable } from '../lake/table.ts';
import { openLakeWriter, type LakeReport } from '../lake/write.ts';

export const start = 1_522_540_800_000_000 as Instant;

export const someDays: LakeRange = { from: start, until: at(10) };

export function at(days: number, seconds = 0): Instant {
  return (start + days * DAY_US + seconds * SECOND_US) as Instant;
}

export async function openStore(context: TestContext): Promise<Objects> {
  const folder = await mkdtemp(path.join(tmpdir(), 'florin-lake-'));
  context.after(() => rm(folder, { recursive: true }));
  return await openFolderObjects({ folder, clock: manualClock(at(100)) });
}

export function event(id: string, time: Instant, more: Partial<FraudEvent> = {}): FraudEvent {
  return { id, at: time, amount: 1_234, keys: { customer: 'c-1', terminal: 't-1' }, ...more };
}

export function decision(
  id: string,
  time: Instant,
  more: Partial<LakeDecision> = {},
): LakeDecision {
  return {
    event: event(id, time, { keys: { payer: 'acc_1', payee: 'h_2', channel: 'book' } }),
    batch: 'scb_1',
    subject: 'pay_1',
    accountId: 'acc_1',
    revision: 4,
    decidedAt: time,
    tookUs: 6.25,
    mode: 'full',
    outcome: 'approve',
    shadowOutcome: 'approve',
    score: 0.1 + 0.2,
    challenger: undefined,
    challengerScore: undefined,
    features: Float64Array.of(12.34, NaN),
    featureSetVersion: 'trial-1',
    modelVersion: 'model-7',
    ruleSetVersion: 3,
    ruleSetFingerprint: 'ab'.repeat(32),
    ruleReasons: [],
    modelReasons: [],
    ...more,
  };
}

export async function write<Row, Fields extends ParquetFields>(
  lake: LakeObjects,
  table: LakeTable<Row, Fields>,
  rows: readonly Row[],
  partRowsMax?: number,
): Promise<LakeReport> {
  const writer = openLakeWriter(lake, table, { partRowsMax });
  await writer.add(rows);
  return await writer.close();
}

/** As the bank feeds its lake. */
export async function writeKept(
  lake: LakeObjects,
  decisions: readonly LakeDecision[],
  labels: readonly LakeLabel[] = [],
): Promise<void> {
  await write(lake, lakeDecisions, decisions);
  await write(lake, lakeLabels, labels);
}

export async function read<Row, Fields extends ParquetFields>(
  lake: LakeObjects,
  table: LakeTable<Row, Fields>,
  range: LakeRange = someDays,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readLake(lake, table, range)) rows.push(...batch);
  return rows;
}

export async function keysOf(lake: LakeObjects, prefix = 'fraud/'): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of lake.list(prefix)) keys.push(key);
  return keys;
}

/** Fails in place of a put or a removal, once so many have been done. */
export function failingAfter(lake: Objects, steps: number): Objects {
  let left = steps;
  const step = (): void => {
    left -= 1;
    if (left < 0) throw new Error('the process ended');
  };
  return new Proxy(lake, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      assert.ok(typeof member === 'function');
      return (...args: unknown[]) => {
        if (name === 'put' || name === 'remove') step();
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
}
