import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Fault } from '#kernel';
import { writeParquet } from '#platform';
import { lakeDecisions } from './decisions.ts';
import { lakeEvents, lakeLabels, type LakeLabel } from './events.ts';
import { readLakeTransactions } from './transactions.ts';
import {
  at,
  decision,
  event,
  keysOf,
  openStore,
  read,
  someDays,
  start,
  write,
} from '../testing/lake.ts';

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === code;
}

const reviewed = decision('e-1', at(1, 1), {
  event: event('e-1', at(1), { keys: { payer: 'acc_1', payee: 'h_2', channel: 'book' } }),
  outcome: 'review',
  shadowOutcome: 'decline',
  challenger: 'model-8',
  challengerScore: 0.7,
  features: Float64Array.of(12.34, NaN, -0, 1 / 3),
  ruleReasons: [
    { code: 'amount_large', rule: 'big', shadow: false, outcome: 'review', setAside: false },
    { code: 'card_testing', rule: 'try', shadow: true, outcome: 'decline', setAside: false },
  ],
  modelReasons: [{ code: 'amount_unusual', contribution: 0.7 }],
});

test('events are filed by day and read back in their total order', async (context) => {
  const objects = await openStore(context);
  const late = event('a', at(0, 5));
  const rows = [event('b', at(0, 7)), event('b', at(0, 5)), event('c', at(2)), late];
  const report = await write(objects, lakeEvents, rows);
  assert.deepEqual([report.rows, report.parts], [4, 2]);
  assert.deepEqual(
    (await keysOf(objects)).map((key) => key.split('/').slice(0, 3)),
    [
      ['fraud', 'events', 'day=2018-04-01'],
      ['fraud', 'events', 'day=2018-04-03'],
    ],
  );
  assert.deepEqual(await read(objects, lakeEvents), [late, rows[1], rows[0], rows[2]]);
});

test('events of the same time are in the order of the bytes of their ids', async (context) => {
  const objects = await openStore(context);
  const rows = ['\u{1f600}', '\uff5e', 'z'].map((id) => event(id, at(0)));
  await write(objects, lakeEvents, rows);
  const ids = (await read(objects, lakeEvents)).map(({ id }) => id);
  assert.deepEqual(ids, ['z', '\uff5e', '\u{1f600}']);
});

test('only rows of the range are read, to the microsecond', async (context) => {
  const objects = await openStore(context);
  const rows = [
    event('a', at(0, 1)),
    event('b', at(0, 2)),
    event('c', at(1)),
    event('d', at(1, 1)),
  ];
  await write(objects, lakeEvents, rows);
  const range = { from: at(0, 2), until: at(1, 1) };
  assert.deepEqual(await read(objects, lakeEvents, range), rows.slice(1, 3));
});

test('writing the same rows again stores nothing new', async (context) => {
  const objects = await openStore(context);
  const rows = [event('a', at(0)), event('b', at(1))];
  await write(objects, lakeEvents, rows);
  const keys = await keysOf(objects);
  await write(objects, lakeEvents, rows);
  assert.deepEqual(await keysOf(objects), keys);
});

test('however rows are cut into files and repeated, each is read once', async (context) => {
  const objects = await openStore(context);
  const second = fc.integer({ min: 0, max: 30 });
  const drawn = fc.uniqueArray(fc.tuple(second, fc.integer({ min: 0, max: 9 })), {
    selector: ([seconds, id]) => `${seconds}.${id}`,
    maxLength: 60,
  });
  let day = 0;
  await fc.assert(
    fc.asyncProperty(drawn, fc.integer({ min: 1, max: 7 }), async (places, partRowsMax) => {
      day += 1;
      const rows = places.map(([seconds, id]) => event(`e-${id}`, at(day, seconds)));
      await write(objects, lakeEvents, rows, partRowsMax);
      await write(objects, lakeEvents, rows.toReversed(), partRowsMax + 1);
      const expected = rows.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
      const range = { from: at(day), until: at(day + 1) };
      assert.deepEqual(await read(objects, lakeEvents, range), expected);
    }),
    { numRuns: 15 },
  );
});

test('two rows at one place that say different things are a fault', async (context) => {
  const objects = await openStore(context);
  const rows = [event('a', at(0)), event('a', at(0), { amount: 1 })];
  await assert.rejects(write(objects, lakeEvents, rows), hasCode('lake_conflict'));
  for (const row of rows) await write(objects, lakeEvents, [row]);
  await assert.rejects(read(objects, lakeEvents), hasCode('lake_conflict'));
});

test('keys of any kind come back', async (context) => {
  const objects = await openStore(context);
  const keys = { device: 'd', "rider's": 'r', account: 'a', country: '' };
  await write(objects, lakeEvents, [event('a', at(0), { keys }), event('b', at(0), { keys: {} })]);
  const read2 = await read(objects, lakeEvents);
  assert.deepEqual(
    read2.map((row) => row.keys),
    [keys, {}],
  );
});

test('labels are filed by the day they became known and come back with their event', async (context) => {
  const objects = await openStore(context);
  const label: LakeLabel = {
    event: event('a', at(0)),
    knownAt: at(7, 1),
    isFraud: true,
    pattern: 'stolen_card',
  };
  const genuine: LakeLabel = { event: event('b', at(0, 1)), knownAt: at(8), isFraud: false };
  await write(objects, lakeLabels, [label, genuine]);
  assert.deepEqual(await read(objects, lakeLabels), [label, genuine]);
  const [key = ''] = await keysOf(objects);
  assert.match(key, /^fraud[/]labels[/]day=2018-04-08[/]/);
});

test('a decision comes back bit for bit, with its vector, versions and reasons', async (context) => {
  const objects = await openStore(context);
  const rulesOnly = decision('e-1', at(1, 2), {
    mode: 'rules_only',
    subject: undefined,
    score: undefined,
    modelVersion: undefined,
    features: Float64Array.of(),
  });
  await write(objects, lakeDecisions, [reviewed, rulesOnly]);
  assert.deepEqual(await read(objects, lakeDecisions), [reviewed, rulesOnly]);
});

test('the codes of a decision are those of the reasons that counted', () => {
  const { reason_codes: codes } = lakeDecisions.columnsOf([reviewed]);
  assert.deepEqual(codes, [['amount_large', 'amount_unusual']]);
});

test('of two labels of an event at one time the later made is the last', async (context) => {
  const objects = await openStore(context);
  const known = { event: event('a', at(0)), knownAt: at(1), source: 'import' };
  const labels: LakeLabel[] = [
    { ...known, isFraud: true, id: 'lab_1' },
    { ...known, isFraud: false, id: 'lab_2' },
  ];
  for (const label of labels.toReversed()) await write(objects, lakeLabels, [label]);
  assert.deepEqual(await read(objects, lakeLabels), labels);
});

test('a decision with a reason or an outcome that is not known is a fault', async (context) => {
  const objects = await openStore(context);
  const columns = lakeDecisions.columnsOf([reviewed]);
  for (const altered of [
    { outcome: ['maybe'] },
    { model_reasons: ['{'] },
    { rule_reasons: ['[{"code":"gossip"}]'] },
  ]) {
    const content = writeParquet(lakeDecisions.fields, { ...columns, ...altered });
    const name = `part-${at(1, 1)}-${at(1, 1)}-${'0'.repeat(16)}.parquet`;
    const key = `fraud/decisions/day=2018-04-02/${name}`;
    await objects.put(key, content);
    await assert.rejects(read(objects, lakeDecisions), hasCode('lake_part_unreadable'));
    await objects.remove(key, at(2));
  }
});

test('a file that is no part of the table is a fault that names it', async (context) => {
  const objects = await openStore(context);
  const name = `part-${start}-${start}-${'0'.repeat(16)}.parquet`;
  await objects.put(`fraud/events/day=2018-04-01/${name}`, Buffer.from('id,at\n'));
  await assert.rejects(read(objects, lakeEvents), (error) => {
    return hasCode('lake_part_unreadable')(error) && String(error).includes(name);
  });
});

test('a range comes back as columns with what was known by then', async (context) => {
  const objects = await openStore(context);
  const events = [
    event('a', at(1, 9), { keys: { customer: 'x', terminal: 'p' } }),
    event('b', at(1, 10), { keys: { customer: 'y', terminal: 'p' } }),
    event('c', at(2, 3), { keys: { customer: 'x', terminal: 'q' }, amount: 5 }),
  ];
  const [a, b, c] = events;
  assert.ok(a && b && c);
  await write(objects, lakeEvents, events);
  await write(objects, lakeLabels, [
    { event: a, knownAt: at(3), isFraud: true, pattern: 'stolen_card' },
    { event: b, knownAt: at(3, 1), isFraud: true },
    { event: c, knownAt: at(3, 2), isFraud: true },
    { event: c, knownAt: at(3, 3), isFraud: false },
    { event: c, knownAt: at(4), isFraud: true },
  ]);
  const found = await readLakeTransactions(objects, {
    from: at(1, 9),
    until: at(3),
    knownUntil: at(4),
  });
  assert.ok(found.ok);
  assert.deepEqual(found.value, {
    transactions: {
      count: 3,
      customers: Uint32Array.of(0, 1, 0),
      terminals: Uint32Array.of(0, 0, 1),
      amounts: Uint32Array.of(1_234, 1_234, 5),
      seconds: Uint32Array.of(9, 10, 86_403),
      start: at(1),
      patterns: Uint8Array.of(3, 255, 0),
    },
    customers: ['x', 'y'],
    terminals: ['p', 'q'],
  });
});

test('an event that is no card transaction is refused by its name', async (context) => {
  const objects = await openStore(context);
  await write(objects, lakeEvents, [event('wire-7', at(0), { keys: { customer: 'x' } })]);
  const found = await readLakeTransactions(objects, { ...someDays, knownUntil: at(9) });
  assert.ok(!found.ok);
  assert.equal(found.refusal.code, 'lake_key_missing');
  assert.match(found.refusal.message, /"wire-7" has no terminal/);
});
