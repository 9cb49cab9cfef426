import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { at, openStore, read } from '../../testing/lake.ts';
import { lakeDecisions } from '../decisions.ts';
import { lakeEvents } from '../events.ts';
import { lakeOf } from '../layout.ts';
import { fedDecisions } from './columns.ts';
import { daysOfRows } from './days.ts';
import type { FeedBatch, FeedColumns } from './feed-store.ts';
import { writeFed } from './files.ts';

const EPOCH_2000_US = 946_684_800_000_000n;
const absent = Buffer.alloc(8, 0xff);

interface Fed {
  readonly id: string;
  readonly eventAt: number;
  readonly decidedAt: number;
  readonly keys?: Readonly<Record<string, string>>;
  readonly score?: number;
  readonly features?: readonly number[];
  readonly rules?: unknown;
}

function whole(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function double(value: number | undefined): Buffer {
  if (value === undefined) return absent;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** As the database tells them. */
function told(rows: readonly Fed[]): FeedColumns {
  const text = (of: (row: Fed) => string, between = ','): string => rows.map(of).join(between);
  const bytes = (of: (row: Fed) => Buffer): Buffer => Buffer.concat(rows.map(of));
  const instant = (us: number): Buffer => whole(BigInt(us) - EPOCH_2000_US);
  return {
    ids: text(({ id }) => id),
    batches: text(() => '1'),
    subjects: text(() => ''),
    accounts: text(() => 'acc_1'),
    eventAt: bytes(({ eventAt }) => instant(eventAt)),
    decidedAt: bytes(({ decidedAt }) => instant(decidedAt)),
    amounts: bytes(() => whole(-3n)),
    keys: text(({ keys = { payer: 'acc_1' } }) => JSON.stringify(keys)),
    tookUs: bytes(() => double(5.5)),
    modes: text(() => 'full'),
    outcomes: text(() => 'approve'),
    shadowOutcomes: text(() => 'review'),
    scores: bytes(({ score }) => double(score)),
    challengerScores: bytes(() => absent),
    features: Buffer.concat(
      rows.map(({ features = [1, NaN] }) => Buffer.from(Float64Array.from(features).buffer)),
    ),
    featureBytes: text(({ features = [1, NaN] }) => String(features.length * 8)),
    ruleReasons: text(({ rules }) => (rules === undefined ? '' : JSON.stringify(rules)), '\n'),
    modelReasons: text(() => '', '\n'),
  };
}

const batch: FeedBatch = {
  id: '01a2040a-e8bb-7000-8000-000000000000',
  tenant: 'main',
  decisions: 1,
  revision: 7n,
  featureSet: 'payments-1',
  ruleSetVersion: null,
  ruleSetFingerprint: null,
  model: 'trees-1',
  challenger: null,
};

test('whatever order decisions are read in, files have them by time and id, each day apart', async (context) => {
  const objects = await openStore(context);
  const drawn = fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 99 }),
      eventS: fc.integer({ min: 0, max: 3 }),
      decidedS: fc.integer({ min: 0, max: 3 }),
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 40 },
  );
  let trial = 0;
  await fc.assert(
    fc.asyncProperty(drawn, async (rows) => {
      trial += 1;
      // Some before and some after the end of a day.
      const time = (seconds: number): number => at(1, seconds - 2);
      const fed = rows.map(({ id, eventS, decidedS }) => ({
        id: `dec_${String(id).padStart(2, '0')}`,
        eventAt: time(eventS),
        decidedAt: time(decidedS),
        features: Array.from({ length: id % 3 }, (_, place) => id + place),
        ...(id % 2 === 0 ? {} : { score: id / 100 }),
      }));
      const lake = lakeOf(objects, `t${trial}`);
      await writeFed(
        lake,
        fedDecisions(
          [batch],
          [told(fed.slice(0, 3)), told(fed.slice(3))].filter((piece) => piece.ids !== ''),
        ),
      );
      const byTime = (key: 'eventAt' | 'decidedAt') =>
        fed.toSorted((one, other) => one[key] - other[key] || (one.id < other.id ? -1 : 1));
      assert.deepEqual(
        (await read(lake, lakeEvents)).map(({ id, at: time }) => [id, time]),
        byTime('eventAt').map(({ id, eventAt }) => [id, eventAt]),
      );
      assert.deepEqual(
        (await read(lake, lakeDecisions)).map((row) => [
          row.event.id,
          row.event.at,
          row.score,
          row.modelVersion,
          [...row.features],
        ]),
        byTime('decidedAt').map(({ id, eventAt, score, features }) => [
          id,
          eventAt,
          score,
          score === undefined ? undefined : 'trees-1',
          features,
        ]),
      );
    }),
    { numRuns: 25 },
  );
});

test('what is special of a decision comes back as it was', async (context) => {
  const objects = await openStore(context);
  const keys = { payer: 'acc_1', note: 'one, two\nthree', 'a "kind"': 'é' };
  const rules = [
    { code: 'amount_large', rule: 'big', shadow: false, outcome: 'review', setAside: false },
  ];
  const row = { id: 'dec_1', eventAt: at(1), decidedAt: at(1, 1), keys, score: -0, rules };
  await writeFed(objects, fedDecisions([batch], [told([{ ...row, features: [-0, NaN, 1 / 3] }])]));
  const [found] = await read(objects, lakeDecisions);
  assert.deepEqual(found?.event, { id: 'dec_1', at: at(1), amount: -3, keys });
  assert.deepEqual(found.features, Float64Array.of(-0, NaN, 1 / 3));
  assert.ok(Object.is(found.score, -0));
  assert.deepEqual([found.ruleReasons, found.modelReasons], [rules, []]);
  assert.deepEqual([found.ruleSetVersion, found.ruleSetFingerprint], [0, '']);
  assert.deepEqual([found.subject, found.challenger, found.revision], [undefined, undefined, 7]);
});

test('rows that come in order are taken as they are', () => {
  const times = Float64Array.of(at(1), at(1), at(1, 1));
  assert.deepEqual(daysOfRows(times, ['a', 'b', 'a']), [
    { first: at(1), last: at(1, 1), places: undefined },
  ]);
  assert.deepEqual(daysOfRows(times, ['b', 'a', 'a']), [
    { first: at(1), last: at(1, 1), places: Uint32Array.of(1, 0, 2) },
  ]);
});
