// What tests of the audit log share: a whole log on a database of its own, with keys and objects in
// a temporary folder and a clock that the test sets.

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { manualClock, parseInstant, SECOND_US, type Instant, type ManualClock } from '#kernel';
import {
  openFolderObjects,
  openLocalKeys,
  type Caller,
  type Database,
  type Keys,
  type Objects,
  type TransactionContext,
} from '#platform';
import { testDatabase } from '../../platform/database/testing.ts';
import { defineActions } from '../action.ts';
import { record, type AuditRecord, type AuditRecordId } from '../record.ts';
import { openSequencer, type Sequencer } from '../sequence.ts';

/** Actions for tests of the log, which knows those of no context. */
export const testActions = defineActions({
  'test.thing.change': ['books', 'a thing was changed'],
  'test.door.open': ['security', 'a door was opened'],
  'test.money.watch': ['aml', 'money was watched'],
});

export interface TestLog {
  readonly database: Database;
  /** As the owner. */
  readonly url: string;
  readonly keys: Keys;
  readonly objects: Objects;
  /** Where keys and objects are, for tests that look at the files. */
  readonly folder: string;
  readonly clock: ManualClock;
  readonly sequencer: Sequencer;
  context(caller?: Partial<Caller>): TransactionContext;
  /** Records in one transaction, as one bundle. */
  record(records: readonly AuditRecord[], caller?: Partial<Caller>): Promise<AuditRecordId[]>;
  /** Plain records in bundles of the given size, the clock going on a second with each bundle. */
  recordSome(
    count: number,
    options?: { readonly bundle?: number; readonly prefix?: string },
  ): Promise<AuditRecordId[]>;
  /** Gives places to everything recorded. */
  sequence(): Promise<number>;
  close(): Promise<void>;
}

const BEGINNING = parseInstant('2026-11-21T20:00:00Z') as Instant;

export async function testLog(name: string): Promise<TestLog> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'florin-log-'));
  const keys = await openLocalKeys({ folder: path.join(folder, 'keys') });
  const clock = manualClock(BEGINNING);
  const objects = await openFolderObjects({ folder: path.join(folder, 'objects'), clock });
  const test = await testDatabase(name, { keys });
  const { database, url } = test;
  const sequencer = openSequencer(database, { objects, origin: 'florin.test/log' });
  const context = (caller: Partial<Caller> = {}): TransactionContext => {
    return { now: clock.now(), actor: 'tester', correlationId: 'req-test', ...caller };
  };
  const recordOne: TestLog['record'] = (records, caller) =>
    database.transaction(context(caller), (tx) => record(tx, records));
  return {
    database,
    url,
    keys,
    objects,
    folder,
    clock,
    sequencer,
    context,
    record: recordOne,
    async recordSome(count, { bundle = 1, prefix = 'thing' } = {}) {
      const ids: AuditRecordId[] = [];
      for (let from = 0; from < count; from += bundle) {
        const numbers = Array.from({ length: Math.min(bundle, count - from) }, (_, i) => from + i);
        ids.push(...(await recordOne(numbers.map((number) => plainRecord(prefix, number)))));
        clock.advance(SECOND_US);
      }
      return ids;
    },
    async sequence() {
      return (await sequencer.run(context({ actor: 'florin' }))).leaves;
    },
    async close() {
      await test.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function plainRecord(prefix: string, number: number): AuditRecord {
  const names = ['test.thing.change', 'test.door.open', 'test.money.watch'] as const;
  const action = testActions[names[number % names.length] ?? 'test.thing.change'];
  return { action, target: `${prefix}-${number}`, after: { number, words: `plain word${number}` } };
}
