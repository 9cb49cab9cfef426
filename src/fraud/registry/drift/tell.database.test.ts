import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MINUTE_US, msOf, newUuid, type Uuid } from '#kernel';
import { openMetrics } from '#platform';
import { openBank, type Bank } from '../../../ledger/testing/bank.ts';
import type { DriftLevel, DriftReport } from '../../model/drift.ts';
import type { ScreeningConfig } from '../config.ts';
import { openDriftTeller } from './tell.ts';

let bank: Bank;

before(async () => {
  bank = await openBank('fraud drift');
});

after(() => bank.drop());

interface Process {
  level: DriftLevel;
  model: string;
  tell(): Promise<void>;
  report(): Promise<string>;
}

/** One that screens the tenant, and sees what the test says. */
function openProcess(tenant: string): Process {
  const metrics = openMetrics({ isProcessMeasured: false });
  const run: Uuid = newUuid(msOf(bank.clock.now()));
  const seen = { level: 'steady' as DriftLevel, model: 'trees_1' };
  const teller = openDriftTeller({
    database: bank.database,
    metrics,
    registry: {
      tenants: () => [tenant],
      configOf: () => ({ champion: { version: seen.model } }) as ScreeningConfig,
    },
    screener: { run, drift: () => reportOf(seen.level) },
  });
  return Object.assign(seen, {
    tell: () => teller.tell(bank.context()),
    report: () => metrics.report(),
  });
}

function reportOf(level: DriftLevel): DriftReport {
  const worst = { bin: 'above 1', expected: 0.1, actual: 0.5 };
  const measure = { name: 'amount', isScore: false, index: 0.4, level, worst };
  return { rows: 5_000, level, measures: [measure], alarms: [] };
}

async function told(tenant: string): Promise<string[]> {
  const rows = await bank.database.within(tenant).query<{ subject: string; level: string }>({
    text: `select e.subject, e.data ->> 'level' as level from stream.events e
      where e.type = 'fraud.drift_changed' and e.tenant = $1 order by e.bundle, e.ordinal`,
    values: [tenant],
  });
  return rows.map(({ subject, level }) => `${subject} ${level}`);
}

test('a change of level is told once, however often and by however many it is seen', async () => {
  const [one, other] = [openProcess('many'), openProcess('many')];
  for (const process of [one, other]) await process.tell();
  assert.deepEqual(await told('many'), []);
  one.level = 'alarm';
  for (const process of [one, other, one]) await process.tell();
  assert.deepEqual(await told('many'), ['trees_1 alarm']);
  other.level = 'warning';
  for (const process of [one, other]) await process.tell();
  assert.deepEqual(await told('many'), ['trees_1 alarm']);
  one.level = 'steady';
  for (const process of [one, other]) await process.tell();
  assert.deepEqual(await told('many'), ['trees_1 alarm', 'trees_1 warning']);
});

test('what a process saw that is gone stops counting', async () => {
  const [gone, left] = [openProcess('gone'), openProcess('gone')];
  gone.level = 'alarm';
  await gone.tell();
  bank.clock.advance(11 * MINUTE_US);
  await left.tell();
  assert.deepEqual(await told('gone'), ['trees_1 alarm', 'trees_1 steady']);
});

test('too few rows say nothing, and a new champion begins steady', async () => {
  const process = openProcess('champion');
  process.level = 'too_few_rows';
  await process.tell();
  process.level = 'warning';
  await process.tell();
  process.model = 'trees_2';
  await process.tell();
  assert.deepEqual(await told('champion'), ['trees_1 warning', 'trees_2 warning']);
  assert.match(await process.report(), /florin_fraud_drift_index\{measure="amount"\} 0\.4/);
});
