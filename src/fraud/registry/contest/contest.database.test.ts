import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addDays, msOf, newId, newUuid, startOfDay, type Id, type Instant } from '#kernel';
import type { Transaction } from '#platform';
import { openBank, type Bank } from '../../../ledger/testing/bank.ts';
import { labelDecisions } from '../../labels/labels.ts';
import {
  insertBatch,
  type StoredBatch,
  type StoredDecision,
} from '../../screening/decision-store.ts';
import type { DecisionId } from '../../screening/item.ts';
import { paymentFeatures as features } from '../../screening/payment-features.ts';
import { addModel, promoteModel, readNewModel, setChallenger } from '../models.ts';
import type { StoredModel } from '../store/model-store.ts';
import { smallModel } from '../../testing/registry.ts';
import { contestOf, openContests } from './contest.ts';

let bank: Bank;

before(async () => {
  bank = await openBank('fraud contest');
});

after(() => bank.drop());

const ACCOUNTS = 20;
const DAYS = 42;

type Scores = (account: number, isFraud: boolean) => readonly [champion: number, other: number];

/** Six weeks of decisions of a tenant, three frauds a day, as two models scored them. */
async function decide(tenant: string, scores: Scores) {
  const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    bank.database.transaction({ ...bank.context(), tenant }, work);
  const add = async (seed: number): Promise<StoredModel> => {
    const read = readNewModel(features, smallModel(seed));
    assert.ok(read.ok);
    const added = await inTenant((tx) => addModel(tx, read.value));
    assert.ok(added.ok);
    return added.value;
  };
  const [champion, challenger] = [await add(1), await add(2)];
  const promote = (id: Id<'mdl'>, insteadOf?: string, contest?: Contest) =>
    inTenant((tx) => promoteModel(tx, features, { id, insteadOf, contest, isDespite: false }));
  assert.ok((await promote(champion.id)).ok);
  assert.ok((await inTenant((tx) => setChallenger(tx, features, challenger.id))).ok);

  const today = startOfDay(bank.clock.now());
  const accounts = Array.from({ length: ACCOUNTS }, () => newId('acc', msOf(today)));
  const frauds: DecisionId[] = [];
  const versions = { model: champion.version, challenger: challenger.version };
  for (let day = 1; day <= DAYS; day += 1) {
    const at = (addDays(today, -day) + 3_600_000_000) as Instant;
    const decisions = accounts.map((accountId, account): StoredDecision => {
      const isFraud = account < 3;
      const id = newId('dec', msOf(at) + account);
      if (isFraud) frauds.push(id);
      const [score, challengerScore] = scores(account, isFraud);
      return decisionOf({ tenant, id, at, accountId, score, challengerScore });
    });
    const batch = batchOf({ tenant, at, ...versions, decisions });
    const own = batch.decisions.map((decision) => ({ ...decision, batch: batch.id }));
    await inTenant((tx) => insertBatch(tx, { ...batch, decisions: own }));
  }
  const label = () =>
    inTenant((tx) =>
      labelDecisions(
        tx,
        frauds.map((decisionId) => ({ decisionId, isFraud: true, source: 'import' as const })),
      ),
    );
  const contest = (weeks: number) =>
    contestOf(bank.database.within(tenant), { tenant, weeks, now: bank.clock.now() });
  return { champion, challenger, promote, label, contest };
}

type Contest = Parameters<typeof promoteModel>[2]['contest'];

function decisionOf(
  part: Pick<StoredDecision, 'tenant' | 'id' | 'accountId' | 'score' | 'challengerScore'> & {
    readonly at: Instant;
  },
): StoredDecision {
  const { at, ...rest } = part;
  return {
    ...rest,
    batch: newId('scb', msOf(at)),
    subject: undefined,
    event: { id: part.id, at, amount: 100, keys: { account: part.accountId } },
    eventId: part.id,
    eventAt: at,
    decidedAt: at,
    tookUs: 5,
    mode: 'full',
    outcome: 'approve',
    shadowOutcome: 'approve',
    features: new Float64Array(features.features.length),
    featureSetVersion: features.version,
    modelVersion: undefined,
    ruleSetVersion: 0,
    ruleSetFingerprint: '',
    ruleReasons: [],
    modelReasons: [],
  };
}

function batchOf(
  part: Pick<StoredBatch, 'tenant' | 'model' | 'challenger' | 'decisions'> & {
    readonly at: Instant;
  },
): StoredBatch {
  const { at, ...rest } = part;
  return {
    ...rest,
    id: newId('scb', msOf(at)),
    madeAt: at,
    run: newUuid(msOf(at)),
    ordinal: 0n,
    foldedUpTo: 0n,
    revision: 2,
    featureSet: features.version,
    ruleSetVersion: undefined,
    ruleSetFingerprint: undefined,
    sha256: Buffer.alloc(32),
  };
}

/** The champion cannot tell a fraud; the challenger scores most of them above all others. */
const better: Scores = (account, isFraud) => [account / 100, isFraud ? 0.9 - account / 100 : 0.1];

test('a challenger that was better on four settled weeks is promoted on the evidence', async () => {
  const { champion, challenger, promote, label, contest } = await decide('better', better);
  await label();
  const found = await contest(4);
  assert.ok(found.ok);
  const { weeks, verdict } = found.value;
  assert.deepEqual(
    weeks.map(({ decisions, frauds }) => [decisions, frauds]),
    Array.from({ length: 4 }, () => [7 * ACCOUNTS, 7 * 3]),
  );
  assert.ok(weeks.every((week) => week.challenger.averagePrecision === 1));
  assert.ok(weeks.every((week) => week.champion.averagePrecision < 0.2));
  assert.equal(verdict.isPromoted, true);
  const done = await promote(challenger.id, champion.version, found.value);
  assert.ok(done.ok);
});

test('weeks that are not settled, or not known, are no evidence', async () => {
  const { champion, challenger, promote, label, contest } = await decide('unknown', better);
  const unlabelled = await contest(4);
  assert.ok(unlabelled.ok);
  assert.deepEqual(
    unlabelled.value.verdict.reasons.map(({ code }) => code),
    ['figure_unknown'],
  );
  const refused = await promote(challenger.id, champion.version, unlabelled.value);
  assert.equal(!refused.ok && refused.refusal.code, 'model_not_better');
  await label();
  // The latest week may yet be labelled, so that five of the six are settled.
  const all = await contest(26);
  assert.equal(all.ok && all.value.weeks.length, 5);
  const few = await contest(2);
  assert.deepEqual(few.ok && few.value.verdict.reasons.map(({ code }) => code), ['too_few_weeks']);
});

test('a challenger that was no better stays one, and is told why', async () => {
  const { champion, challenger, promote, label, contest } = await decide('equal', (account) => {
    return [account / 100, account / 200];
  });
  await label();
  const found = await contest(4);
  assert.ok(found.ok);
  assert.equal(found.value.verdict.isPromoted, false);
  const refused = await promote(challenger.id, champion.version, found.value);
  assert.ok(!refused.ok);
  assert.match(refused.refusal.message, /average precision/);
});

test('what two models did is no evidence for a third', async () => {
  const { champion, challenger, promote, label, contest } = await decide('third', better);
  await label();
  const found = await contest(4);
  assert.ok(found.ok);
  const others = { ...found.value, challenger: 'trees_of_another' };
  const refused = await promote(challenger.id, champion.version, others);
  assert.equal(!refused.ok && refused.refusal.code, 'model_not_better');
});

test('one contest is held at a time, and whoever asks meanwhile is told', async () => {
  const contests = openContests();
  const asked = { tenant: 'equal', weeks: 4, now: bank.clock.now() };
  const queryable = bank.database.within('equal');
  const hold = (canWait = false) => contests.hold(queryable, asked, canWait);
  const [first, second, patient, other] = await Promise.all([
    hold(),
    hold(),
    hold(true),
    hold(true),
  ]);
  assert.ok(first.ok && patient.ok && other.ok);
  assert.equal(!second.ok && second.refusal.code, 'contest_under_way');
  assert.ok((await hold()).ok);
  const broken = { query: () => Promise.reject(new Error('gone')) };
  await assert.rejects(contests.hold(broken, asked), { message: 'gone' });
  assert.ok((await hold()).ok);
});
