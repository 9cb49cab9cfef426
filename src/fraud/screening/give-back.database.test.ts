import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccountId } from '#kernel';
import { openLogger, openMetrics } from '#platform';
import { openAccountsBank, product, type AccountsBank } from '../../accounts/testing/bank.ts';
import { item } from '../testing/process.ts';
import { assess } from './assess.ts';
import type { Judged } from './item.ts';
import { openScreener } from './open.ts';
import { configOf, registryOf, rulesOf } from './testing/settings.ts';

let bank: AccountsBank;
let ada: AccountId;

before(async () => {
  bank = await openAccountsBank('screening given back');
  await bank.addProducts(product());
  ada = (await bank.openOne()).id;
});

after(() => bank.drop());

test('a transaction that is rolled back uses up none of the declines that a rule may cause', async () => {
  const limited = {
    id: 'large',
    when: { ge: [{ feature: 'amount' }, 1] },
    outcome: 'decline',
    decline_limit: { max: 2, window_seconds: 3_600 },
  };
  const registry = registryOf(configOf({ ruleSet: rulesOf([limited]) }));
  const screener = openScreener({
    database: bank.database,
    clock: bank.clock,
    logger: openLogger({ level: 'silent' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    registry,
  });
  const outcomes = (judged: readonly Judged[]) => judged.map(({ verdict }) => verdict.outcome);
  const items = [item(ada, 1_000), item(ada, 1_000)];
  const lost = { name: 'Error', message: 'the ledger was not there' };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const attempted = bank.database.transaction(bank.context(), async (tx) => {
      assert.deepEqual(outcomes(await assess(screener, tx, items)), ['decline', 'decline']);
      throw new Error(lost.message);
    });
    await assert.rejects(attempted, lost);
  }
  const kept = await bank.database.transaction(bank.context(), (tx) =>
    assess(screener, tx, [...items, ...items]),
  );
  assert.deepEqual(outcomes(kept), ['decline', 'decline', 'review', 'review']);
  const next = await bank.database.transaction(bank.context(), (tx) => assess(screener, tx, items));
  assert.deepEqual(outcomes(next), ['review', 'review']);
});
