import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { DAY_US, manualClock, parseDate, type Instant } from '#kernel';
import { openFolderObjects } from '#platform';
import { lakeOf, paymentFeatures } from '#fraud';
import { decision, event, writeKept } from '../../../src/fraud/testing/lake.ts';
import { captured } from '../../testing.ts';
import { fraudCommand } from '../fraud.ts';
import { UsageError } from '../../usage.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'florin-test-lake-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string): string => path.join(folder, name);
const env = { FLORIN_OBJECTS_DIR: inFolder('objects'), FLORIN_DATA_DIR: inFolder('data') };
const start = parseDate('2026-03-01') ?? assert.fail();
const days = ['--from', '2026-03-01', '--until', '2026-03-30'];
const perDay = 60;

/** What it prints, but for its progress. */
async function run(...words: readonly string[]): Promise<string> {
  const { code, output } = await captured(() => fraudCommand.run([...words], env));
  assert.equal(code, 0);
  return output;
}

/** Thirty days of decisions; large ones are fraud, which becomes known a day later. */
before(async () => {
  const objects = await openFolderObjects({
    folder: env.FLORIN_OBJECTS_DIR,
    clock: manualClock(start),
  });
  const lake = lakeOf(objects, 'main');
  const names = paymentFeatures.features.map(({ name }) => name);
  const place = names.indexOf('amount');
  for (let day = 0; day < 30; day += 1) {
    const made = Array.from({ length: perDay }, (_, index) => {
      const isFraud = index % 20 === 7;
      const amount = isFraud ? 90_000 + index : 1_000 + ((index * 37 + day * 11) % 500);
      const at = (start + day * DAY_US + index * 60_000_000) as Instant;
      const features = new Float64Array(names.length).fill(1);
      features[place] = amount / 100;
      const keys = { payer: `acc_${index}`, channel: 'book' };
      const id = `dec_${String(day).padStart(2, '0')}_${String(index).padStart(3, '0')}`;
      return {
        isFraud,
        decision: decision(id, at, {
          event: event(id, at, { amount, keys }),
          accountId: `acc_${day}_${index}`,
          features,
          score: isFraud ? 0.9 : 0.1,
          featureSetVersion: paymentFeatures.version,
        }),
      };
    });
    const decisions = made.map((one) => one.decision);
    const labels = made
      .filter(({ isFraud }) => isFraud)
      .map(({ decision: { event: of, decidedAt } }) => ({
        event: of,
        knownAt: (decidedAt + DAY_US) as Instant,
        isFraud: true,
      }));
    // Two files a day.
    await writeKept(lake, decisions.slice(0, 30));
    await writeKept(lake, decisions.slice(30), labels);
  }
});

const rules = (version: number, score: number): string =>
  JSON.stringify({
    format: 1,
    name: 'payments',
    version,
    rules: [
      {
        id: 'score',
        when: { gt: [{ score: 'model' }, score] },
        outcome: 'review',
        reason: 'score_high',
      },
    ],
  });

test('a model is trained on what was decided, and judged on later days', async () => {
  const asked = ['--model', inFolder('model.json'), '--trees', '20', '--depth', '3'];
  const plan = ['--train-days', '5', '--delay-days', '3', '--test-days', '5', '--weeks', '2'];
  const out = await run('train', '--from-lake', ...days, ...asked, ...plan);
  assert.match(out, /Trained on 2026-03-18 to 2026-03-22: 300 transactions, 15 of them fraud/);
  assert.match(out, /2026-03-26 to 2026-03-30 +1\.000 +1\.000/);
  const { card } = JSON.parse(readFileSync(inFolder('model.json'), 'utf8')) as {
    card: { features: { version: string } };
  };
  assert.equal(card.features.version, paymentFeatures.version);
});

test('a back-test replays what was decided, with the scores as they were or of another model', async () => {
  writeFileSync(inFolder('before.json'), rules(1, 0.95));
  writeFileSync(inFolder('after.json'), rules(2, 0.5));
  const sets = [inFolder('before.json'), inFolder('after.json')];
  const json = await run('backtest', '--from-lake', ...sets, ...days, '--json');
  const report = JSON.parse(json) as Record<'newlyCaught' | 'newFalseAlarms' | 'frauds', object>;
  assert.deepEqual(report.frauds, report.newlyCaught);
  assert.deepEqual(report.newFalseAlarms, { events: 0, value: 0 });
  const model = ['--model', inFolder('model.json')];
  const again = await run('backtest', '--from-lake', ...sets, ...days, '--json', ...model);
  const { alerts } = (JSON.parse(again) as { after: { alerts: { events: number } } }).after;
  assert.ok(alerts.events > 0 && alerts.events <= 90, again);
});

test('a copy has plain files a day, which training and back-tests read as the lake itself', async () => {
  const copy = inFolder('copy');
  assert.match(await run('lake', 'copy', copy), /: 90 files written, .*; 0 were there/);
  assert.match(await run('lake', 'copy', copy, ...days), /: 0 files written, .*; 89 were there/);
  assert.equal(readdirSync(path.join(copy, 'decisions', 'day=2026-03-05')).length, 2);
  const sets = [inFolder('before.json'), inFolder('after.json')];
  const replayed = async (...source: readonly string[]): Promise<unknown> => {
    const json = await run('backtest', '--from-lake', ...source, ...sets, ...days, '--json');
    return JSON.parse(json, (name, value: unknown) => (name === 'latency' ? undefined : value));
  };
  assert.deepEqual(await replayed(copy), await replayed());
});

test('days that are over become one file a table', async () => {
  const out = await run('lake', 'compact');
  assert.match(out, /^30 days of tables: 60 files became 30\.\n$/);
  assert.match(await run('lake', 'compact', ...days), /^0 days of tables/);
  assert.match(await run('lake', 'copy', inFolder('copy')), /: 30 files written, .* 60 went/);
});

for (const [words, told] of [
  [['lake'], /^fraud lake is followed by status, copy or compact\.$/],
  [['lake', 'copy'], /takes one FOLDER/],
  [['lake', 'copy', 'x', '--tenant', '../main'], /--tenant is "..\/main", which is no name of/],
  [['lake', 'copy', 'x', '--tenant', 'nobody'], /The lake is empty/],
  [['lake', 'compact', '--from', '2026-03-05'], /A lake is read with --until DATE/],
  [['train', '--from-lake', ...days, '--model', 'x', '--features', 'generic'], /--features is for/],
  [['train', '--from-lake', folder, ...days, '--model', 'x'], /is no copy of a lake/],
  [['backtest', '--from-lake', 'x', ...days], /at most one FOLDER, the rules BEFORE and/],
] as const) {
  test(`${words.slice(0, 5).join(' ')} is refused with a sentence that says why`, async () => {
    await assert.rejects(run(...words), (error) => {
      return error instanceof UsageError && told.test(error.message);
    });
  });
}
