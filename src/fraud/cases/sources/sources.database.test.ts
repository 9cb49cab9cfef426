import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import { DAY_US, type Instant } from '#kernel';
import { openSession, type Session } from '#platform';
import { tampering } from '../../../audit/testing/tampering.ts';
import { labelDecisions } from '../../labels/labels.ts';
import { closeCase } from '../close.ts';
import { runCaseClock } from '../overdue.ts';
import { makeReport } from '../reports/make.ts';
import { addSnooze, endSnooze } from '../snoozes/snoozes.ts';
import { openCasesBank, worked, type CasesBank } from '../testing/bank.ts';
import { assignCase, letCaseWait, noteOnCase } from '../work.ts';
import { fraudCaseSources } from './sources.ts';

let bank: CasesBank;

// Cases in every state, with notes, a document, labels and snoozes of both kinds.
before(async () => {
  bank = await openCasesBank('fraud case sources');
  const sequencer = openSequencer(bank.database, { origin: 'florin.test/fraud' });
  const [one, two, three] = [await bank.account(), await bank.account(), await bank.account()];
  const until = (bank.clock.now() + DAY_US) as Instant;
  const [kept, ended] = await bank.within('ada', async (tx) => [
    await addSnooze(tx, { accountId: three, rule: 'night', until, reason: 'kept' }),
    await addSnooze(tx, { rule: 'round', until, reason: 'ended' }),
  ]);
  assert.ok(kept?.ok === true && ended?.ok === true);
  await bank.within('ada', (tx) => endSnooze(tx, ended.value.id));
  const alerts = await bank.raise(
    { accountId: one, outcome: 'decline', counterparty: 'hmac_1' },
    { accountId: two },
    { accountId: three, rules: ['night'] },
    { accountId: three },
  );
  const [first, second] = [await bank.caseOf(one), await bank.caseOf(two)];
  await bank.within('ada', async (tx) => {
    worked(await assignCase(tx, first.id, 'ada'));
    worked(await assignCase(tx, second.id, 'ada'));
    worked(await noteOnCase(tx, first.id, 'the customer was called'));
    // A long journal is read by pieces.
    for (let note = 1; note <= 120; note += 1) {
      worked(await noteOnCase(tx, second.id, `looked again, ${note}`));
    }
    worked(await closeCase(tx, first.id, { outcome: 'fraud', pattern: 'mule', text: 'it is' }));
    worked(await letCaseWait(tx, second.id, { until, text: 'asked' }));
  });
  const made = await bank.within('officer', (tx) => {
    const asked = { caseId: first.id, narrative: 'what happened', kinds: [] };
    return makeReport(tx, asked, () => Promise.resolve([]));
  });
  assert.ok(made.ok);
  bank.clock.set((until + 5 * DAY_US) as Instant);
  await runCaseClock(bank.database, bank.as('florin'));
  const decisionId = alerts[1]?.decisionId ?? assert.fail();
  await bank.within('network', (tx) => {
    return labelDecisions(tx, [
      { decisionId, isFraud: true, source: 'chargeback', externalId: 'CB-9', knownAt: until },
    ]);
  });
  await sequencer.run(bank.context());
});
after(() => bank.drop());

async function check(open: () => Promise<Session>): Promise<string> {
  const { findings } = await verifyLog({
    open,
    connections: 1,
    findingsPerRuleMax: 50,
    trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
    keys: bank.database.keys,
    sources: fraudCaseSources,
  });
  return findings
    .filter(({ place }) => /^(fraud|suspicious)/.test(place))
    .map((each) => `${each.rule}: ${each.place}: ${each.expected}; ${each.found}`)
    .join('\n');
}

test('every case, alert, snooze, document and label has its record', async () => {
  assert.equal(await check(() => openSession(bank.url)), '');
});

const stories = [
  {
    what: 'a case that was closed by hand',
    text: `update fraud.cases set state = 'closed', outcome = 'genuine', closed_at = changed_at
      where state = 'assigned'`,
    finds: /fraud case cse_/,
  },
  {
    what: 'an outcome that was turned round',
    text: `update fraud.cases set outcome = 'genuine', pattern = null where outcome = 'fraud'`,
    finds: /fraud case cse_/,
  },
  {
    what: 'a word of a note that was changed',
    text: `update fraud.case_entries set text = 'the customer was not called'
      where kind = 'noted'`,
    finds: /fraud case cse_.*journal/,
  },
  {
    what: 'a note that was taken away',
    text: `delete from fraud.case_entries where kind = 'noted'`,
    finds: /fraud case cse_.*journal/,
  },
  {
    what: 'an entry of a long journal that was changed',
    text: `update fraud.case_entries set text = 'never looked' where ordinal = 77`,
    finds: /fraud case cse_.*journal/,
  },
  {
    what: 'a case that was removed',
    text: `delete from fraud.cases c
      where not exists (select from fraud.case_reports r where r.case_id = c.id)`,
    finds: /fraud case/,
  },
  {
    what: 'an alert that was taken out of its case',
    text: `update fraud.alerts set case_id = null,
        snooze_id = (select s.id from fraud.snoozes s limit 1)
      where outcome = 'decline'`,
    finds: /fraud alert alr_/,
  },
  {
    what: 'a snooze that was made longer',
    text: `update fraud.snoozes set until = until + interval '1 day'`,
    finds: /fraud snooze snz_/,
  },
  {
    what: 'a document with another word in it',
    text: `update fraud.case_reports set document = document || ' '`,
    finds: /suspicious-activity document sar_.*document/,
  },
  {
    what: 'a document whose digest was changed with it',
    text: `update fraud.case_reports set document = '{}', sha256 = sha256('{}')`,
    finds: /suspicious-activity document sar_/,
  },
  {
    what: 'a label that was turned round',
    text: `update fraud.labels set is_fraud = not is_fraud where source = 'chargeback'`,
    finds: /fraud label lab_/,
  },
];

for (const { what, text, finds } of stories) {
  test(`${what} shows`, async () => {
    const found = await tampering(bank.url, async (hand, inside) => {
      await hand.query({ text });
      return await check(inside);
    });
    assert.match(found, finds);
  });
}
