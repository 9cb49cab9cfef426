import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_US, formatInstant, HOUR_US, MINUTE_US, type AccountId, type Instant } from '#kernel';
import { openMetrics } from '#platform';
import { labelsOfDecisions } from '../labels/label-store.ts';
import { selectDecisions } from '../screening/decision-store.ts';
import { listAlerts } from './alerts/alert-store.ts';
import { fraudCasesSubscription } from './cases-subscription.ts';
import type { Case } from './case.ts';
import { closeCase, reopenCase } from './close.ts';
import { selectEntries } from './journal/journal-store.ts';
import { measureCases } from './measure.ts';
import { runCaseClock } from './overdue.ts';
import { raiseAlerts } from './raise.ts';
import { codeOf, openCasesBank, worked, type CasesBank } from './testing/bank.ts';
import {
  assignCase,
  claimNextCase,
  letCaseWait,
  moveCase,
  noteOnCase,
  releaseCase,
  resumeCase,
} from './work.ts';

let bank: CasesBank;

before(async () => {
  bank = await openCasesBank('fraud cases');
});
after(() => bank.drop());

const later = (at: Instant, us: number): Instant => (at + us) as Instant;

/** A case of a new account that somebody has taken on. */
async function taken(actor: string, accountId?: AccountId): Promise<Case> {
  const account = accountId ?? (await bank.account());
  await bank.raise({ accountId: account });
  const { id } = await bank.caseOf(account);
  return worked(await bank.within(actor, (tx) => assignCase(tx, id, actor)));
}

async function kindsOf({ id }: Case): Promise<string[]> {
  return (await selectEntries(bank.database, id, { limit: 100 })).map(({ kind }) => kind);
}

test('alerts of one account are gathered in one case, whose clock is that of the most pressing', async () => {
  const [one, other] = [await bank.account(), await bank.account()];
  const at = bank.clock.now();
  const alerts = await bank.raise(
    { accountId: one, outcome: 'review' },
    { accountId: other, outcome: 'challenge' },
    { accountId: one, outcome: 'approve' },
    { accountId: one, outcome: 'decline', amount: 1_000_000 },
  );
  assert.deepEqual(
    alerts.map(({ outcome }) => outcome),
    ['review', 'challenge', 'decline'],
  );
  const [first, second] = [await bank.caseOf(one), await bank.caseOf(other)];
  assert.deepEqual([first.alerts, first.priority, first.queue], [2, 'urgent', 'decline']);
  assert.equal(first.dueAt, later(at, HOUR_US));
  assert.deepEqual([second.alerts, second.priority, second.queue], [1, 'high', 'challenge']);
  assert.equal(second.dueAt, later(at, 4 * HOUR_US));
  assert.deepEqual(
    alerts.map(({ caseId }) => caseId),
    [first.id, second.id, first.id],
  );
  const opened = await bank.events('fraud.case_opened');
  assert.deepEqual(new Set(opened.map(({ subject }) => subject)), new Set([first.id, second.id]));
});

test('what comes later joins the case under way and makes it due earlier, never later', async () => {
  const account = await bank.account();
  await bank.raise({ accountId: account, outcome: 'review' });
  const before = await bank.caseOf(account);
  bank.clock.advance(10 * MINUTE_US);
  await bank.raise({ accountId: account, outcome: 'decline' });
  const joined = await bank.caseOf(account);
  assert.equal(joined.id, before.id);
  assert.deepEqual([joined.alerts, joined.priority, joined.queue], [2, 'high', 'decline']);
  assert.equal(joined.dueAt, later(bank.clock.now(), 4 * HOUR_US));
  await bank.raise({ accountId: account, outcome: 'review' });
  assert.equal((await bank.caseOf(account)).dueAt, joined.dueAt);
  assert.deepEqual(await kindsOf(joined), ['opened', 'alerts', 'alerts']);
});

test('decisions that are told of again have one alert', async () => {
  const account = await bank.account();
  const [alert] = await bank.raise({ accountId: account });
  const told = await bank.events('fraud.screened');
  await bank.within('florin', (tx) => fraudCasesSubscription.handle(told, tx));
  const alerts = await listAlerts(bank.database, { accountId: account, limit: 10 });
  assert.deepEqual(
    alerts.map(({ id }) => id),
    [alert?.id],
  );
  assert.equal((await bank.caseOf(account)).alerts, 1);
});

test('many who claim at once get a case each, what is due first first, and none twice', async () => {
  for (const { id } of await bank.cases({ state: 'open' })) {
    await bank.within('tidy', (tx) => assignCase(tx, id, 'tidy'));
  }
  const accounts: AccountId[] = [];
  for (let index = 0; index < 8; index += 1) accounts.push(await bank.account());
  for (const [index, accountId] of accounts.entries()) {
    const outcome = index === 5 ? 'decline' : 'review';
    await bank.raise({ accountId, outcome });
    bank.clock.advance(MINUTE_US);
  }
  const first = await bank.within('first', (tx) => claimNextCase(tx, undefined));
  assert.equal(first?.accountId, accounts[5]);
  const claims = Array.from({ length: 10 }, (_, index) =>
    bank.within(`analyst ${index}`, (tx) => claimNextCase(tx, undefined)),
  );
  const claimed = (await Promise.all(claims)).filter((each) => each !== undefined);
  assert.equal(claimed.length, 7);
  assert.equal(new Set(claimed.map(({ id }) => id)).size, 7);
  assert.equal(new Set(claimed.map(({ assignee }) => assignee)).size, 7);
  assert.equal(await bank.within('late', (tx) => claimNextCase(tx, undefined)), undefined);
});

test('a queue is claimed from by its name, and a case is moved to another', async () => {
  const account = await bank.account();
  await bank.raise({ accountId: account });
  const found = await bank.caseOf(account);
  const moved = worked(
    await bank.within('lead', (tx) => {
      return moveCase(tx, found.id, { queue: 'compliance', priority: 'urgent' });
    }),
  );
  assert.deepEqual([moved.queue, moved.priority], ['compliance', 'urgent']);
  assert.equal(moved.dueAt, later(bank.clock.now(), HOUR_US));
  const none = await bank.within('ada', (tx) => claimNextCase(tx, 'elsewhere'));
  assert.equal(none, undefined);
  const claimed = await bank.within('ada', (tx) => claimNextCase(tx, 'compliance'));
  assert.equal(claimed?.id, found.id);
});

test('only whoever has taken a case on decides on it, and another takes it over first', async () => {
  const found = await taken('ada');
  const { id } = found;
  const ending = { outcome: 'genuine', text: 'known payee' } as const;
  const denied = await bank.within('bo', (tx) => closeCase(tx, id, ending));
  assert.equal(codeOf(denied), 'case_assigned_elsewhere');
  const until = later(bank.clock.now(), DAY_US);
  const waited = await bank.within('bo', (tx) => letCaseWait(tx, id, { until, text: 'no' }));
  assert.equal(codeOf(waited), 'case_assigned_elsewhere');
  const noted = await bank.within('bo', (tx) => noteOnCase(tx, id, 'seen before in March'));
  assert.equal(worked(noted).assignee, 'ada');
  worked(await bank.within('bo', (tx) => assignCase(tx, id, 'bo')));
  const released = worked(await bank.within('bo', (tx) => releaseCase(tx, id)));
  assert.deepEqual([released.state, released.assignee], ['open', undefined]);
  const nobody = await bank.within('bo', (tx) => closeCase(tx, id, ending));
  assert.equal(codeOf(nobody), 'case_not_assigned');
  worked(await bank.within('bo', (tx) => assignCase(tx, id, 'bo')));
  const closed = worked(await bank.within('bo', (tx) => closeCase(tx, id, ending)));
  assert.deepEqual([closed.state, closed.outcome, closed.assignee], ['closed', 'genuine', 'bo']);
  const late = await bank.within('bo', (tx) => assignCase(tx, id, 'bo'));
  assert.equal(codeOf(late), 'case_closed');
  assert.deepEqual(await kindsOf(found), [
    'opened',
    'assigned',
    'noted',
    'assigned',
    'released',
    'assigned',
    'closed',
  ]);
});

test('the service-level clock stands still while a case waits, and goes on from the day named', async () => {
  const found = await taken('ada');
  const { id } = found;
  bank.clock.advance(HOUR_US);
  const left = found.dueAt - bank.clock.now();
  const until = later(bank.clock.now(), 3 * DAY_US);
  const waiting = worked(
    await bank.within('ada', (tx) => letCaseWait(tx, id, { until, text: 'asked the payee' })),
  );
  assert.deepEqual([waiting.state, waiting.waitUntil], ['waiting', until]);
  assert.equal(waiting.dueAt, later(until, left));
  bank.clock.set(later(until, 5 * HOUR_US));
  await runCaseClock(bank.database, bank.as('florin'));
  const woken = await bank.again(found);
  assert.deepEqual([woken.state, woken.assignee, woken.isOverdue], ['assigned', 'ada', false]);
  assert.equal(woken.dueAt, later(until, left));
});

test('what resumes before its day, or by an alert, has as long left as when it stopped', async () => {
  const found = await taken('ada');
  const left = found.dueAt - bank.clock.now();
  const until = later(bank.clock.now(), 10 * DAY_US);
  worked(await bank.within('ada', (tx) => letCaseWait(tx, found.id, { until, text: 'waits' })));
  bank.clock.advance(DAY_US);
  const resumed = worked(await bank.within('ada', (tx) => resumeCase(tx, found.id)));
  assert.deepEqual([resumed.state, resumed.waitUntil], ['assigned', undefined]);
  assert.equal(resumed.dueAt, later(bank.clock.now(), left));
  const twice = await bank.within('ada', (tx) => resumeCase(tx, found.id));
  assert.equal(codeOf(twice), 'case_wait_missing');
  worked(await bank.within('ada', (tx) => letCaseWait(tx, found.id, { until, text: 'again' })));
  bank.clock.advance(DAY_US);
  await bank.raise({ accountId: found.accountId });
  const alerted = await bank.again(found);
  assert.deepEqual([alerted.state, alerted.assignee], ['assigned', 'ada']);
  assert.equal(alerted.dueAt, later(bank.clock.now(), left));
  assert.deepEqual((await kindsOf(found)).slice(-2), ['alerts', 'resumed']);
});

test('a case does not wait into the past, nor for longer than is allowed', async () => {
  const found = await taken('ada');
  for (const us of [0, -DAY_US, 61 * DAY_US]) {
    const until = later(bank.clock.now(), us);
    const refused = await bank.within('ada', (tx) => {
      return letCaseWait(tx, found.id, { until, text: 'waits' });
    });
    assert.equal(codeOf(refused), 'case_wait_unfit', formatInstant(until));
  }
});

test('a case that is overdue is told of once, by however many processes', async () => {
  const found = await taken('ada');
  bank.clock.set(later(found.dueAt, -1));
  await runCaseClock(bank.database, bank.as('florin'));
  assert.equal((await bank.again(found)).isOverdue, false);
  bank.clock.advance(1);
  await Promise.all(
    [1, 2, 3].map(async () => await runCaseClock(bank.database, bank.as('florin'))),
  );
  assert.equal((await bank.again(found)).isOverdue, true);
  await runCaseClock(bank.database, bank.as('florin'));
  const told = (await bank.events('fraud.case_overdue')).filter(
    ({ subject }) => subject === found.id,
  );
  assert.equal(told.length, 1);
  assert.equal((await kindsOf(found)).filter((kind) => kind === 'overdue').length, 1);
});

test('an outcome labels every decision of the case, and a later one corrects it', async () => {
  const account = await bank.account();
  const alerts = await bank.raise({ accountId: account }, { accountId: account });
  const { id } = await bank.caseOf(account);
  worked(await bank.within('ada', (tx) => assignCase(tx, id, 'ada')));
  const fraud = { outcome: 'fraud', pattern: 'mule', text: 'the payee is known' } as const;
  worked(await bank.within('ada', (tx) => closeCase(tx, id, fraud)));
  const decisions = alerts.map(({ decisionId }) => decisionId);
  const first = await labelsOfDecisions(bank.database, decisions);
  assert.deepEqual(
    first.map(({ isFraud, source, pattern, caseId }) => [isFraud, source, pattern, caseId]),
    [
      [true, 'case', 'mule', id],
      [true, 'case', 'mule', id],
    ],
  );
  bank.clock.advance(HOUR_US);
  const reopened = worked(await bank.within('bo', (tx) => reopenCase(tx, id, 'a mistake')));
  assert.deepEqual(
    [reopened.state, reopened.assignee, reopened.isOverdue],
    ['assigned', 'bo', false],
  );
  assert.equal(reopened.outcome, undefined);
  worked(await bank.within('bo', (tx) => closeCase(tx, id, { outcome: 'genuine', text: 'fine' })));
  for (const decisionId of decisions) {
    const said = await labelsOfDecisions(bank.database, [decisionId]);
    assert.deepEqual(
      said.map(({ isFraud }) => isFraud),
      [true, false],
    );
  }
  const labelled = await bank.events('fraud.labelled');
  const ofCase = labelled.filter(({ data }) =>
    decisions.some((each) => each === data['decision_id']),
  );
  assert.equal(ofCase.length, 4);
});

test('what was said already is not said again, and inconclusive says nothing', async () => {
  const found = await taken('ada');
  const [alert] = await listAlerts(bank.database, { caseId: found.id, limit: 1 });
  assert.ok(alert !== undefined);
  const endings = [
    { outcome: 'inconclusive', text: 'no answer' },
    { outcome: 'fraud', text: 'confirmed' },
    { outcome: 'fraud', text: 'still' },
  ] as const;
  for (const ending of endings) {
    worked(await bank.within('ada', (tx) => closeCase(tx, found.id, ending)));
    worked(await bank.within('ada', (tx) => reopenCase(tx, found.id, 'more is known')));
  }
  assert.equal((await labelsOfDecisions(bank.database, [alert.decisionId])).length, 1);
  const wrong = { outcome: 'genuine', pattern: 'mule', text: 'no' } as const;
  const refused = await bank.within('ada', (tx) => closeCase(tx, found.id, wrong));
  assert.equal(codeOf(refused), 'case_outcome_unfit');
});

test('an alert after the end opens a new case, and then the old one is not reopened', async () => {
  const found = await taken('ada');
  const ending = { outcome: 'genuine', text: 'known payee' } as const;
  worked(await bank.within('ada', (tx) => closeCase(tx, found.id, ending)));
  await bank.raise({ accountId: found.accountId });
  const fresh = await bank.caseOf(found.accountId);
  assert.notEqual(fresh.id, found.id);
  const refused = await bank.within('ada', (tx) => reopenCase(tx, found.id, 'again'));
  assert.equal(codeOf(refused), 'case_open_elsewhere');
  const open = await bank.within('ada', (tx) => reopenCase(tx, fresh.id, 'again'));
  assert.equal(codeOf(open), 'case_not_closed');
});

test('an account never has two cases under way, whatever happens at once', async () => {
  const found = await taken('ada');
  const ending = { outcome: 'genuine', text: 'known payee' } as const;
  worked(await bank.within('ada', (tx) => closeCase(tx, found.id, ending)));
  const [decision] = await bank.decide([{ accountId: found.accountId }]);
  assert.ok(decision !== undefined);
  const [isOpened, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const raising = bank.within('florin', async (tx) => {
    await raiseAlerts(tx, await selectDecisions(tx, [decision]));
    isOpened.resolve();
    await mayCommit.promise;
  });
  await isOpened.promise;
  const reopening = bank.within('ada', (tx) => reopenCase(tx, found.id, 'again'));
  await sleep(200);
  mayCommit.resolve();
  await raising;
  assert.equal(codeOf(await reopening), 'case_open_elsewhere');
  assert.equal((await bank.cases({ accountId: found.accountId })).length, 1);
});

test('the bank of one tenant neither sees nor claims the cases of another', async () => {
  const account = await bank.account();
  await bank.decide([{ accountId: account, outcome: 'decline' }], 'north');
  await bank.stream.settle();
  const north = bank.database.within('north');
  const [alert] = await listAlerts(north, { limit: 10 });
  assert.equal(alert?.tenant, 'north');
  const seen = await listAlerts(bank.database.within('main'), { accountId: account, limit: 10 });
  assert.deepEqual(seen, []);
  const claim = await bank.database.transaction(bank.as('nora', 'north'), (tx) => {
    return claimNextCase(tx, undefined);
  });
  assert.deepEqual([claim?.tenant, claim?.accountId], ['north', account]);
  assert.ok(claim !== undefined);
  bank.clock.set(later(claim.dueAt, 1));
  await runCaseClock(bank.database, { ...bank.as('florin'), tenant: undefined });
  const told = await bank.events('fraud.case_overdue');
  assert.equal(told.find(({ subject }) => subject === claim.id)?.tenant, 'north');
  const entries = await selectEntries(north, claim.id, { limit: 10 });
  assert.equal(entries.at(-1)?.kind, 'overdue');
});

test('how many cases there are, and how many are overdue, is measured', async () => {
  const metrics = openMetrics({ isProcessMeasured: false });
  measureCases(metrics, bank.database);
  await metrics.report();
  const report = await metrics.report();
  const overdue = (await bank.cases()).filter(({ isOverdue }) => isOverdue).length;
  assert.ok(overdue > 0);
  assert.match(report, new RegExp(`^florin_fraud_cases_overdue ${overdue}$`, 'm'));
  const open = (await bank.cases({ state: 'open' })).length;
  assert.match(report, new RegExp(`^florin_fraud_cases\\{state="open"\\} ${open}$`, 'm'));
});
