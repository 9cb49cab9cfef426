import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import { DAY_US } from '#kernel';
import { openLogger, openSession, type Session } from '#platform';
import { testLog, type TestLog } from '../../../audit/testing/log.ts';
import { tampering } from '../../../audit/testing/tampering.ts';
import { accountIds, contextAt, item, startProcess } from '../../testing/process.ts';
import { annulLater } from '../annulment/annul.ts';
import { decisionSources } from './sources.ts';

let log: TestLog;

before(async () => {
  log = await testLog('fraud decision sources');
  const sequencer = openSequencer(log.database, { origin: 'florin.test/fraud' });
  const { database, objects, clock } = log;
  const own = await startProcess({
    database,
    objects,
    clock,
    logger: openLogger({ level: 'error' }),
  });
  const accounts = accountIds(3, clock.now());
  for (const account of accounts) {
    await own.decide([item(account, 100), item(account, 200, { device: 'phone' })]);
  }
  const rightAt = clock.now();
  clock.advance(3 * DAY_US);
  await own.decide([item(accounts[0] ?? assert.fail(), 300)]);
  clock.set(rightAt);
  const asked = { laterThan: rightAt, note: 'the clock was days ahead' };
  const annulled = await database.transaction(contextAt(rightAt), (tx) => annulLater(tx, asked));
  assert.ok(annulled.ok);
  await sequencer.run(log.context());
});
after(() => log.close());

async function check(open: () => Promise<Session>): Promise<string> {
  const { findings } = await verifyLog({
    open,
    connections: 1,
    findingsPerRuleMax: 50,
    trustedKeys: [await log.keys.publicKey(SIGNING_KEY)],
    keys: log.keys,
    sources: decisionSources,
  });
  return findings
    .filter(({ place }) => /^(screening batch|annulment of screening)/.test(place))
    .map((each) => `${each.rule}: ${each.place}: ${each.expected}; ${each.found}`)
    .join('\n');
}

test('every batch of decisions and every annulment has its record', async () => {
  assert.equal(await check(() => openSession(log.url)), '');
});

const one = `(select d.id from fraud.decisions d order by d.id limit 1)`;
const stories = [
  { what: 'an outcome that was turned round', set: `outcome = 'decline'` },
  { what: 'an amount that was made less', set: 'amount = amount - 1' },
  { what: 'a payee that was put in', set: `keys = keys || '{"payee":"x"}'` },
  { what: 'a feature that was changed', set: 'features = set_byte(features, 0, 1)' },
  { what: 'a reason that was put in', set: `model_reasons = '[]'::jsonb || '{"code":"policy"}'` },
  { what: 'a time that was moved', set: `decided_at = decided_at + interval '1 second'` },
];

for (const { what, set } of stories) {
  test(`${what} is found`, async () => {
    const told = await tampering(log.url, async (hand, inside) => {
      await hand.query({ text: `update fraud.decisions set ${set} where id = ${one}` });
      return await check(inside);
    });
    assert.match(told, /change_contradicts_record: screening batch scb_/);
  });
}

test('an annulment that was moved, or taken away, is found', async () => {
  for (const [text, rule] of [
    [`update fraud.annulments set later_than = later_than - interval '1 day'`, 'contradicts'],
    ['delete from fraud.annulments', 'annulment of screening anl_'],
  ] as const) {
    const told = await tampering(log.url, async (hand, inside) => {
      await hand.query({ text });
      return await check(inside);
    });
    assert.match(told, new RegExp(rule));
  }
});

test('a decision, or a batch, that was taken away is found', async () => {
  for (const text of [
    `delete from fraud.decisions where id = ${one}`,
    `delete from fraud.batches where id = (select b.id from fraud.batches b limit 1)`,
  ]) {
    const told = await tampering(log.url, async (hand, inside) => {
      await hand.query({ text });
      return await check(inside);
    });
    assert.match(told, /screening batch scb_/);
  }
});
