import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOUR_US, idOf, newUuid, msOf, type Id, type Instant } from '#kernel';
import { codeOf, openCasesBank, type CasesBank } from '../cases/testing/bank.ts';
import type { NewLabel } from './label.ts';
import { decisionsAbout, labelsOfDecisions } from './label-store.ts';
import { labelDecisions, type LabelResult } from './labels.ts';

let bank: CasesBank;

before(async () => {
  bank = await openCasesBank('fraud labels');
});
after(() => bank.drop());

async function decided(): Promise<Id<'dec'>> {
  const accountId = await bank.account();
  const [id] = await bank.decide([{ accountId, outcome: 'approve' }]);
  return id ?? assert.fail();
}

function say(...labels: readonly NewLabel[]): Promise<LabelResult[]> {
  return bank.within('network', (tx) => labelDecisions(tx, labels));
}

test('a list of labels is kept, told of, and answered one by one', async () => {
  const [one, other] = [await decided(), await decided()];
  const unknown = idOf('dec', newUuid(msOf(bank.clock.now())));
  const results = await say(
    { decisionId: one, isFraud: true, source: 'chargeback', externalId: 'CB-1', pattern: 'ato' },
    { decisionId: unknown, isFraud: true, source: 'chargeback', externalId: 'CB-2' },
    { decisionId: other, isFraud: false, source: 'customer', externalId: 'C-1' },
  );
  assert.deepEqual(results.map(codeOf), ['ok', 'fraud_label_decision_unknown', 'ok']);
  const said = await labelsOfDecisions(bank.database, [one]);
  assert.deepEqual(
    said.map(({ isFraud, pattern, madeBy }) => [isFraud, pattern, madeBy]),
    [[true, 'ato', 'network']],
  );
  const told = await bank.events('fraud.labelled');
  assert.deepEqual(
    told.map(({ subject, data }) => [subject, data]),
    results.flatMap((result) => {
      if (!result.ok) return [];
      const { id, decisionId, isFraud, source } = result.value.label;
      return [[id, { decision_id: decisionId, is_fraud: isFraud, source }]];
    }),
  );
});

test('what a source says again is said once, and something else under its name is refused', async () => {
  const decisionId = await decided();
  const said = { decisionId, isFraud: true, source: 'import', externalId: 'X-1' } as const;
  const [first] = await say(said);
  const [again, changed, elsewhere] = await say(
    said,
    { ...said, isFraud: false },
    { ...said, source: 'customer' },
  );
  assert.ok(first?.ok === true && again?.ok === true);
  assert.deepEqual([first.value.isReplay, again.value.isReplay], [false, true]);
  assert.equal(again.value.label.id, first.value.label.id);
  assert.ok(changed?.ok === false);
  assert.equal(changed.refusal.code, 'fraud_label_exists_with_different_content');
  assert.equal(changed.refusal.param, 'is_fraud');
  assert.ok(elsewhere?.ok === true && !elsewhere.value.isReplay);
});

test('the same name twice in one list is one label', async () => {
  const decisionId = await decided();
  const said = { decisionId, isFraud: true, source: 'import', externalId: 'X-2' } as const;
  const results = await say(said, said);
  assert.deepEqual(
    results.map((result) => result.ok && result.value.isReplay),
    [false, true],
  );
  assert.equal((await labelsOfDecisions(bank.database, [decisionId])).length, 1);
});

test('two who say the same at once have said it once', async () => {
  const decisionId = await decided();
  const said = { decisionId, isFraud: true, source: 'import', externalId: 'X-3' } as const;
  const results = await Promise.all(Array.from({ length: 6 }, async () => await say(said)));
  const replays = results.flat().map((result) => result.ok && result.value.isReplay);
  assert.equal(replays.filter((isReplay) => !isReplay).length, 1);
  assert.equal((await labelsOfDecisions(bank.database, [decisionId])).length, 1);
});

test('nothing is known before it happened or after now', async () => {
  const decisionId = await decided();
  const now = bank.clock.now();
  bank.clock.advance(HOUR_US);
  const label = { decisionId, isFraud: true, source: 'import' } as const;
  const results = await say(
    { ...label, knownAt: (now - 1) as Instant },
    { ...label, knownAt: (bank.clock.now() + 1) as Instant },
    { ...label, knownAt: now },
  );
  assert.deepEqual(results.map(codeOf), ['fraud_label_time_unfit', 'fraud_label_time_unfit', 'ok']);
});

test('of a payment its latest decision is meant', async () => {
  const accountId = await bank.account();
  const paymentId = bank.paymentId();
  await bank.decide([{ accountId, paymentId }]);
  bank.clock.advance(1_000);
  const [latest] = await bank.decide([{ accountId, paymentId }]);
  const unheard = bank.paymentId();
  const about = await decisionsAbout(bank.database, [paymentId, unheard]);
  assert.deepEqual([...about], [[paymentId, latest]]);
});

test('what another tenant decided cannot be labelled, and its names are its own', async () => {
  const accountId = await bank.account();
  const paymentId = bank.paymentId();
  const [theirs = assert.fail()] = await bank.decide([{ accountId, paymentId }], 'north');
  const label = { isFraud: true, source: 'import', externalId: 'N-1' } as const;
  const sayNorth = (): Promise<LabelResult[]> => {
    const context = bank.as('network', 'north');
    return bank.database.transaction(context, (tx) => {
      return labelDecisions(tx, [{ ...label, decisionId: theirs }]);
    });
  };
  assert.deepEqual((await sayNorth()).map(codeOf), ['ok']);
  const own = await decided();
  const results = await say({ ...label, decisionId: theirs, externalId: 'N-2' });
  assert.deepEqual(results.map(codeOf), ['fraud_label_decision_unknown']);
  const [same] = await say({ ...label, decisionId: own });
  assert.ok(same?.ok === true && !same.value.isReplay);
  const main = bank.database.within('main');
  assert.deepEqual(await labelsOfDecisions(main, [theirs]), []);
  assert.equal((await decisionsAbout(main, [paymentId])).size, 0);
});
