import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { manualClock, parseDate, type Instant } from '#kernel';
import { openFolderObjects } from '#platform';
import { lakeOf, paymentFeatures, readNewModel } from '#fraud';
import { decision, event, writeKept } from '../../../src/fraud/testing/lake.ts';
import { smallModel } from '../../../src/fraud/testing/registry.ts';
import { fraudCommand } from '../fraud.ts';
import type { Ran } from '../../testing.ts';
import { ended } from './testing.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'florin-test-reference-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string): string => path.join(folder, name);
const env = { FLORIN_OBJECTS_DIR: inFolder('objects'), FLORIN_DATA_DIR: inFolder('data') };
const start = parseDate('2026-03-01') ?? assert.fail();
const { content } = smallModel(1);

before(async () => {
  const clock = manualClock(start);
  const lake = lakeOf(await openFolderObjects({ folder: env.FLORIN_OBJECTS_DIR, clock }), 'main');
  const decisions = Array.from({ length: 50 }, (_, index) => {
    const at = (start + index * 60_000_000) as Instant;
    const id = `dec_${index}`;
    return decision(id, at, {
      event: event(id, at, { amount: index, keys: { payer: 'acc_1' } }),
      features: new Float64Array(paymentFeatures.features.length).fill(index),
      featureSetVersion: paymentFeatures.version,
    });
  });
  await writeKept(lake, decisions);
  writeFileSync(inFolder('model.json'), content);
});

const reference = async (...words: string[]): Promise<Ran> =>
  await ended(
    async () =>
      await fraudCommand.run(['models', 'reference', inFolder('model.json'), ...words], env),
  );

test('what kept decisions look like becomes the reference of a model', async () => {
  const out = inFolder('drift.json');
  const days = ['--from', '2026-03-01', '--until', '2026-03-01'];
  const written = await reference(...days, '--out', out);
  assert.match(written.output, /drift\.json: of 50 decisions\./, written.errors);
  const read = readNewModel(paymentFeatures, { content, drift: readFileSync(out, 'utf8') });
  assert.ok(read.ok);
  assert.equal(read.value.drift?.rows, 50);
  const again = await reference(...days, '--out', out);
  assert.equal(again.code, 2);
});

test('days without decisions make no reference', async () => {
  const days = ['--from', '2026-05-01', '--until', '2026-05-02'];
  const none = await reference(...days, '--out', inFolder('none.json'));
  assert.equal(none.code, 2);
});
