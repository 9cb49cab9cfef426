import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createGateway, type Access, type Gateway } from '#gateway';
import { DAY_US, formatDate, HOUR_US, type AccountId, type Instant } from '#kernel';
import { openLogger, openMetrics } from '#platform';
import { limits, unlocked } from '../../../gateway/testing.ts';
import { fraudCaseRefusals } from '../refusals.ts';
import type { Decided } from '../../testing/decided.ts';
import { openNames } from '../../screening/judging/names.ts';
import { openCasesBank, type CasesBank } from '../testing/bank.ts';
import { caseRoutes } from './routes.ts';

let bank: CasesBank;
let gateway: Gateway;
let url: string;

/** Two analysts and an officer, who say who they are. */
const access: Access = {
  ...unlocked,
  async identify(presented) {
    const local = await unlocked.identify(presented);
    const { authorization = 'nobody' } = presented.headers;
    return { ...local, subject: String(authorization), kind: 'person' };
  },
};

before(async () => {
  bank = await openCasesBank('fraud cases over http');
  const { database, clock } = bank;
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'Cases under test.' },
    routes: caseRoutes({ database, clock, readPayments: () => Promise.resolve([]) }),
    problemTables: [fraudCaseRefusals],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    access,
    port: 0,
    limits: { ...limits, httpBodyBytesMax: 1_000_000 },
    isAnswerChecked: true,
  });
  ({ url } = await gateway.listen());
});
after(async () => {
  await gateway.close();
  await bank.drop();
});

type Members = Readonly<Record<string, unknown>>;

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: Members & { readonly id: string };
  readonly data: readonly (Members & { readonly id: string })[];
}

async function ask(who: string, method: string, path: string, sent?: object): Promise<Reply> {
  const reply = await fetch(`${url}/v1/fraud${path}`, {
    method,
    headers: { authorization: who, 'content-type': 'application/json' },
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
  const text = await reply.text();
  const isJson = reply.headers.get('content-type')?.includes('json') === true;
  const body = (isJson ? JSON.parse(text) : {}) as Reply['body'];
  return { status: reply.status, text, body, data: (body['data'] ?? []) as Reply['data'] };
}

const get = (who: string, path: string) => ask(who, 'GET', path);
const post = (who: string, path: string, sent: object = {}) => ask(who, 'POST', path, sent);

/** One open case of a new account. */
async function opened(item: Partial<Decided> = {}): Promise<{ id: string; accountId: AccountId }> {
  const accountId = await bank.account();
  await bank.raise({ accountId, ...item });
  return { id: (await bank.caseOf(accountId)).id, accountId };
}

test('two analysts take cases from one queue, and each decides on their own', async () => {
  const cases = [
    await opened({ outcome: 'decline' }),
    await opened({ outcome: 'decline', amount: 5_000_000 }),
  ];
  const queues = await get('ada', '/queues');
  assert.deepEqual(queues.data, [
    { queue: 'decline', open: 2, assigned: 0, waiting: 0, overdue: 0 },
  ]);
  const listed = await get('ada', '/cases?queue=decline&limit=1');
  assert.deepEqual([listed.data[0]?.id, listed.body['has_more']], [cases[1]?.id, true]);
  const rest = await get(
    'ada',
    `/cases?queue=decline&cursor=${String(listed.body['next_cursor'])}`,
  );
  assert.deepEqual(
    rest.data.map(({ id }) => id),
    [cases[0]?.id],
  );
  const claims = await Promise.all([
    post('ada', '/cases/claim', { queue: 'decline' }),
    post('bo', '/cases/claim', { queue: 'decline' }),
  ]);
  assert.deepEqual(
    claims.map(({ status, body }) => [status, body['assignee']]),
    [
      [200, 'ada'],
      [200, 'bo'],
    ],
  );
  const [hers = assert.fail(), his = assert.fail()] = claims.map(({ body }) => body);
  assert.notEqual(hers.id, his.id);
  assert.equal((await post('bo', '/cases/claim', { queue: 'decline' })).status, 204);
  const mine = await get('ada', '/cases?mine=true');
  assert.deepEqual(
    mine.data.map(({ id }) => id),
    [hers.id],
  );
  const ending = { action: 'close', outcome: 'fraud', pattern: 'mule', note: 'seen before' };
  const denied = await post('bo', `/cases/${hers.id}/actions`, ending);
  assert.deepEqual([denied.status, denied.body['code']], [409, 'case_assigned_elsewhere']);
  const noted = await post('bo', `/cases/${hers.id}/notes`, { text: 'Look at the payee too.' });
  assert.equal(noted.status, 200, noted.text);
  const closed = await post('ada', `/cases/${hers.id}/actions`, ending);
  assert.deepEqual([closed.status, closed.body['state']], [200, 'closed'], closed.text);
  const journal = await get('ada', `/cases/${hers.id}/journal`);
  assert.deepEqual(journal.data.map(({ kind, made_by: by }) => [kind, by]).slice(1), [
    ['assigned', 'ada'],
    ['noted', 'bo'],
    ['closed', 'ada'],
  ]);
  const again = await post('bo', `/cases/${hers.id}/actions`, { action: 'reopen', note: 'no' });
  assert.deepEqual([again.body['state'], again.body['assignee']], ['assigned', 'bo']);
  await post('bo', `/cases/${hers.id}/actions`, { action: 'release' });
});

test('a case is worked through: taken over, moved, left waiting, resumed, closed', async () => {
  const { id, accountId } = await opened();
  const until = formatDate((bank.clock.now() + 3 * DAY_US) as Instant);
  const steps = [
    ['ada', { action: 'assign', assignee: 'bo' }, ['assigned', 'bo']],
    ['ada', { action: 'assign' }, ['assigned', 'ada']],
    ['ada', { action: 'move', queue: 'payees', priority: 'high' }, ['assigned', 'ada']],
    ['ada', { action: 'wait', until, note: 'asked the other bank' }, ['waiting', 'ada']],
    ['ada', { action: 'resume' }, ['assigned', 'ada']],
    ['ada', { action: 'close', outcome: 'genuine', note: 'a car' }, ['closed', 'ada']],
  ] as const;
  for (const [who, body, expected] of steps) {
    const reply = await post(who, `/cases/${id}/actions`, body);
    assert.deepEqual([reply.body['state'], reply.body['assignee']], expected, reply.text);
  }
  const read = await get('bo', `/cases/${id}`);
  assert.deepEqual(
    [read.body['queue'], read.body['account_id'], read.body['outcome']],
    ['payees', accountId, 'genuine'],
  );
  assert.deepEqual(read.body['exposure'], [{ currency: 'CZK', amount: '12345', alerts: 1 }]);
  const late = await post('ada', `/cases/${id}/actions`, { action: 'release' });
  assert.deepEqual([late.status, late.body['code']], [409, 'case_closed']);
  const open = await get('ada', `/cases?account_id=${accountId}`);
  assert.deepEqual(open.data, []);
  const closed = await get('ada', `/cases?account_id=${accountId}&state=closed`);
  assert.equal(closed.data.length, 1);
});

test('what is not understood, or not there, is refused and changes nothing', async () => {
  const { id } = await opened();
  const wrong = [
    { action: 'close', outcome: 'fraud' },
    { action: 'close', outcome: 'maybe', note: 'x' },
    { action: 'wait', until: 'tomorrow', note: 'x' },
    { action: 'move', queue: 'Not A Queue' },
    { action: 'erase' },
  ];
  for (const body of wrong) {
    const reply = await post('ada', `/cases/${id}/actions`, body);
    assert.ok(
      reply.status === 400 || reply.status === 422,
      `${JSON.stringify(body)} ${reply.text}`,
    );
  }
  assert.equal((await get('ada', `/cases/${id}/journal`)).data.length, 1);
  const none = 'cse_01980a3e-4c00-7000-8000-000000000001';
  for (const path of [`/cases/${none}`, `/cases/${none}/journal`]) {
    const reply = await get('ada', path);
    assert.deepEqual([reply.status, reply.body['code']], [404, 'case_unknown']);
  }
  const alert = await get('ada', `/alerts/${none.replace('cse', 'alr')}`);
  assert.deepEqual([alert.status, alert.body['code']], [404, 'alert_unknown']);
  const cursor = await get('ada', '/cases?cursor=bm90aGluZw');
  assert.equal(cursor.status, 400);
});

test('cases and alerts are found by notes, rules, accounts, payments and reasons', async () => {
  const paymentId = bank.paymentId();
  const { id, accountId } = await opened({
    rules: ['night_owl'],
    reason: 'account_takeover',
    counterparty: 'hmac_c0ffee',
    paymentId,
  });
  await post('ada', `/cases/${id}/notes`, { text: 'The customer lost the telephone in Lisbon.' });
  for (const text of [
    'telephone lisbon',
    'night_owl',
    accountId,
    'c0ffee',
    paymentId,
    'takeover',
  ]) {
    const found = await get('bo', `/cases?text=${encodeURIComponent(text)}`);
    assert.deepEqual(
      found.data.map((each) => each.id),
      [id],
      text,
    );
  }
  for (const text of ['night_owl', accountId, 'account_takeover', paymentId]) {
    const found = await get('bo', `/alerts?text=${encodeURIComponent(text)}`);
    assert.deepEqual(
      found.data.map((each) => each['case_id']),
      [id],
      text,
    );
  }
  assert.deepEqual((await get('bo', '/cases?text=telephone&state=closed')).data, []);
  assert.deepEqual((await get('bo', '/cases?text=telephone%20madrid')).data, []);
  const alerts = await get('bo', `/alerts?case_id=${id}`);
  const [alert = assert.fail()] = alerts.data;
  assert.deepEqual([alert['payment_id'], alert['rules']], [paymentId, ['night_owl']]);
  assert.equal((await get('bo', `/alerts/${alert.id}`)).body['decision_id'], alert['decision_id']);
});

test('alerts are snoozed for a while, seen apart, and the snooze is ended', async () => {
  const accountId = await bank.account();
  const until = formatDate((bank.clock.now() + DAY_US) as Instant);
  const asked = { account_id: accountId, until, reason: 'pays its staff' };
  const snooze = await post('ada', '/snoozes', asked);
  assert.equal(snooze.status, 201, snooze.text);
  await bank.raise({ accountId });
  const aside = await get('ada', `/alerts?account_id=${accountId}&is_snoozed=true`);
  assert.deepEqual(
    aside.data.map((each) => [each['snooze_id'], each['case_id']]),
    [[snooze.body.id, null]],
  );
  const inForce = await get('ada', '/snoozes?is_in_force=true');
  assert.ok(inForce.data.some((each) => each.id === snooze.body.id));
  const ended = await post('bo', `/snoozes/${snooze.body.id}/end`);
  assert.equal(ended.body['ended_by'], 'bo', ended.text);
  const twice = await post('bo', `/snoozes/${snooze.body.id}/end`);
  assert.deepEqual([twice.status, twice.body['code']], [409, 'snooze_ended']);
  const unfit = await post('ada', '/snoozes', { until, reason: 'nothing is named' });
  assert.deepEqual([unfit.status, unfit.body['code']], [422, 'snooze_unfit']);
});

test('labels come from outside in lists, by decision or payment, each once', async () => {
  const accountId = await bank.account();
  const paymentId = bank.paymentId();
  const [first, second] = await bank.decide([
    { accountId, outcome: 'approve', paymentId },
    { accountId, outcome: 'approve' },
  ]);
  bank.clock.advance(HOUR_US);
  const labels = [
    { payment_id: paymentId, is_fraud: true, source: 'chargeback', external_id: 'CB-1' },
    { decision_id: second, is_fraud: false, source: 'import', external_id: 'I-1' },
    { payment_id: bank.paymentId(), is_fraud: true, source: 'chargeback', external_id: 'CB-2' },
  ];
  for (const expected of ['made', 'known']) {
    const { status, body, text } = await post('network', '/labels', labels);
    assert.deepEqual([status, body['accepted'], body['refused']], [200, 2, 1], text);
    const results = body['results'] as readonly Members[];
    assert.deepEqual(
      results.map((each) => each['status']),
      [expected, expected, 'refused'],
    );
    const { code } = (results[2]?.['refusal'] ?? {}) as Members;
    assert.equal(code, 'fraud_label_decision_unknown');
  }
  const said = await get('ada', `/labels?decision_id=${first}`);
  assert.deepEqual(
    said.data.map((each) => [each['is_fraud'], each['source'], each['external_id']]),
    [[true, 'chargeback', 'CB-1']],
  );
  const forged = await post('network', '/labels', [{ ...labels[0], source: 'case' }]);
  assert.equal(forged.status, 400);
});

test('the officer makes the document of a case, and reads the bytes that were digested', async () => {
  const { id } = await opened();
  const narrative = 'Within an hour five payments came and left.';
  const made = await post('officer', `/cases/${id}/reports`, { narrative, kinds: ['mule'] });
  assert.equal(made.status, 201, made.text);
  const read = await get('officer', `/reports/${made.body.id}`);
  assert.equal(createHash('sha256').update(read.text).digest('hex'), made.body['sha256']);
  assert.deepEqual([read.body['narrative'], read.body['prepared_by']], [narrative, 'officer']);
  const text = await get('officer', `/reports/${made.body.id}/text`);
  assert.match(text.text, new RegExp(`^SUSPICIOUS ACTIVITY\n[^]*NARRATIVE\n${narrative}\n`));
  const listed = await get('officer', `/cases/${id}/reports`);
  assert.deepEqual(listed.data, [made.body]);
  const none = await get('officer', '/reports/sar_01980a3e-4c00-7000-8000-000000000001');
  assert.deepEqual([none.status, none.body['code']], [404, 'case_report_unknown']);
});

test('somebody with a very long name can be given a case, and is found by it', async () => {
  const { id, accountId } = await opened();
  const assignee = `${'x'.repeat(599)}é`;
  const given = await post('ada', `/cases/${id}/actions`, { action: 'assign', assignee });
  assert.deepEqual([given.status, given.body['assignee']], [200, assignee]);
  const asked = new URLSearchParams({ text: accountId, assignee });
  const found = await get('ada', `/cases?${String(asked)}`);
  assert.deepEqual(
    found.data.map((each) => each.id),
    [id],
  );
  asked.set('assignee', 'x'.repeat(600));
  assert.deepEqual((await get('ada', `/cases?${String(asked)}`)).data, []);
});

test('the most that can be asked for, a thousand times, is still added up', async () => {
  const accountId = await bank.account();
  const amount = Number.MAX_SAFE_INTEGER;
  await bank.raise(...Array.from({ length: 1_100 }, () => ({ accountId, amount })));
  bank.clock.advance(HOUR_US);
  const listed = await get('ada', `/cases?account_id=${accountId}`);
  assert.equal(listed.status, 200, listed.text);
  const total = String(1_100n * BigInt(amount));
  assert.deepEqual(listed.data[0]?.['exposure'], [
    { currency: 'CZK', amount: total, alerts: 1_100 },
  ]);
});

test('a payment of the end of all time was never decided about', async () => {
  const label = {
    payment_id: 'pay_ffffffff-ffff-7fff-bfff-ffffffffffff',
    is_fraud: true,
    source: 'import',
    external_id: 'never',
  };
  const { status, body, text } = await ask('ada', 'POST', '/labels', [label]);
  assert.equal(status, 200, text);
  assert.equal(body['refused'], 1);
});

test('a payee is snoozed by the number that a person knows, which is not kept', async () => {
  const accountId = await bank.account();
  const number = 'DE89 3704 0044 0532 0130 00';
  const until = formatDate((bank.clock.now() + DAY_US) as Instant);
  const sent = { account_id: accountId, counterparty: number, until, reason: 'known' };
  const added = await post('ada', '/snoozes', sent);
  assert.equal(added.status, 201, added.text);
  const names = await openNames(bank.database.keys, 'main');
  const counterparty = names.nameOf('counterparty', number);
  assert.equal(added.body['counterparty'], counterparty);
  const [alert] = await bank.raise({ accountId, counterparty });
  assert.equal(alert?.snoozeId, added.body.id);
});
