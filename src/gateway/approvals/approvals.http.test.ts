import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { record } from '#audit';
import { MINUTE_US, refuse } from '#kernel';
import { openLogger, openMetrics, openSession } from '#platform';
import { Type } from 'typebox';
import { testActions } from '../../audit/testing/log.ts';
import type { TestLog } from '../../audit/testing/log.ts';
import { openTestEdge } from '../access/access-testing.ts';
import type { Reply, TestEdge } from '../access/access-testing.ts';
import { accessRefusals } from '../access/refusals.ts';
import { recordsOf } from '../audit/testing.ts';
import { openIdempotency } from '../idempotency/idempotency.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { transact } from '../idempotency/transact.ts';
import { EdgeRefusal, openProblemBook } from '../problems.ts';
import { answer, defineOperation } from '../routes.ts';
import type { EdgeRequest, Operation, Outcome, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { limits } from '../testing.ts';
import { approvalRoutes } from './approval-routes.ts';
import { openApprovals } from './approvals.ts';
import type { Approvals } from './approvals.ts';
import type { ApprovalRule } from './approval.ts';
import { proposedAnswer } from './present.ts';
import type { ProposalId } from './proposal-store.ts';

const book = openProblemBook([
  accessRefusals,
  { too_poor: { status: 422, title: 'There is not enough', retryable: false } },
]);

/** What the handler of the test does next. */
let fate: 'pay' | 'refuse' | 'forbid' | 'break before' | 'break after' = 'pay';

const payBody = schema.object({
  amount: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  gives: Type.Optional(schema.text(2_000)),
  number: Type.Optional(schema.text(100)),
});

// Its effect is a record in the audit log, so it can be counted.
function payment(log: TestLog) {
  return defineOperation({
    operationId: 'pay',
    summary: 'Pay',
    tags: ['things'],
    schema: {
      body: payBody,
      response: {
        201: { description: 'Paid.', body: schema.object({ paid: Type.Integer() }) },
        ...proposedAnswer,
      },
    },
    async handler(request) {
      if (fate === 'forbid') throw new EdgeRefusal('object_forbidden', 'Not any more.');
      if (fate === 'break before') throw new Error('broken');
      const outcome = await transact(log, request, async (tx): Promise<Outcome> => {
        if (fate === 'refuse') return refuse({ code: 'too_poor', message: 'There is not enough.' });
        const action = testActions['test.thing.change'];
        const { amount, number = '' } = request.body;
        await record(tx, [{ action, target: `payment-${amount}${number}` }]);
        return answer(201, { paid: request.body.amount });
      });
      if (fate === 'break after') throw new Error('broken');
      return outcome;
    },
  });
}

const rule: ApprovalRule<EdgeRequest> = {
  when: ({ body }) => (body as { amount: number }).amount > 100,
  what: ({ body }) => {
    const { gives } = body as { gives?: string };
    return { summary: 'A large payment.', beneficiaries: gives === undefined ? [] : [gives] };
  },
  async kept({ body }) {
    const { number, ...rest } = body as { readonly number?: string };
    return await Promise.resolve(number === undefined ? rest : { ...rest, number: 'name' });
  },
};

function idempotencyOf({ database }: TestLog): Idempotency {
  const logger = openLogger({ level: 'silent' });
  const metrics = openMetrics({ isProcessMeasured: false });
  const all = limits as unknown as Parameters<typeof openIdempotency>[0]['limits'];
  return openIdempotency({ database, logger, metrics, limits: all });
}

function approvalsOf(log: TestLog): Approvals {
  const { database, clock } = log;
  const given = { approvalValidMs: 3_600_000, approvalRequestBytesMax: 1_000 };
  return openApprovals({ database, clock, logger: openLogger({ level: 'silent' }), limits: given });
}

/** A process that does what was approved and ends before it can mark it as done. */
function dyingProcess(log: TestLog): { dying: Approvals; died: Promise<void> } {
  const { promise: died, resolve } = Promise.withResolvers<undefined>();
  const dying = approvalsOf(log);
  const route = routeOf(payment(log));
  const handler = (request: EdgeRequest): Promise<Outcome> => route.operation.handler(request);
  const keyed = idempotencyOf(log).bind(route, handler, { book, allow: (outcome) => outcome });
  const execute = async (request: EdgeRequest): Promise<Outcome> => {
    await keyed(request);
    resolve(undefined);
    return await new Promise(() => undefined);
  };
  dying.bind(route, { rule, handler, execute, book });
  return { dying, died };
}

function routeOf(operation: Operation): Route {
  const permission = 'ledger.transfers.post';
  return { method: 'POST', path: '/v1/payments', permission, operation };
}

/** A process of its own on the same database: its own approvals and idempotency. */
function openProcess(log: TestLog): { approvals: Approvals; routes: readonly Route[] } {
  const approvals = approvalsOf(log);
  const operation: Operation = payment(log);
  const route = routeOf(operation);
  const handler = (request: EdgeRequest): Promise<Outcome> => operation.handler(request);
  const allow = (outcome: Outcome): Outcome => outcome;
  const execute = idempotencyOf(log).bind(route, handler, { book, allow });
  const gated = approvals.bind(route, { rule, handler, execute, book });
  const { database, clock } = log;
  return {
    approvals,
    routes: [
      { ...route, operation: { ...operation, handler: gated } },
      ...approvalRoutes({ database, clock, approvals }),
    ],
  };
}

let edge: TestEdge;
let approvals: Approvals;
before(async () => {
  edge = await openTestEdge('approvals http', {
    routes(log) {
      const opened = openProcess(log);
      approvals = opened.approvals;
      return opened.routes;
    },
    gateway: (log) => ({ idempotency: idempotencyOf(log), isAnswerChecked: true }),
  });
});
after(async () => {
  await edge.close();
});

const maker = (): Promise<string> => edge.token({ sub: 'usr_maker' });
const approver = (sub = 'usr_second'): Promise<string> =>
  edge.token({ sub, roles: ['approver'], sid: `grant-${sub}` });
const told = ({ status, body }: Reply): string =>
  `${status} ${String(body['code'] ?? body['state'])}`;

async function propose(
  amount: number,
  part: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const reply = await edge.ask('POST', '/v1/payments', await maker(), { amount, ...part });
  assert.equal(reply.status, 202, JSON.stringify(reply.body));
  assert.equal(reply.headers.get('location'), `/v1/approvals/${String(reply.body['id'])}`);
  return String(reply.body['id']);
}

const decide = async (id: string, what: string, token: string, body?: object): Promise<Reply> =>
  await edge.ask('POST', `/v1/approvals/${id}/${what}`, token, body);

async function payments(amount: number): Promise<number> {
  const all = await recordsOf(edge.log, 'test.thing.change');
  return all.filter(({ target }) => target === `payment-${amount}`).length;
}

test('what one person may do is done, what needs two waits', async () => {
  const small = await edge.ask('POST', '/v1/payments', await maker(), { amount: 100 });
  assert.equal(small.status, 201);
  await propose(101);
  assert.equal(await payments(101), 0);
});

test('an approved request runs as its maker, with both in the audit log', async () => {
  const id = await propose(200);
  const reply = await decide(id, 'approve', await approver());
  assert.equal(told(reply), '200 executed', JSON.stringify(reply.body));
  assert.equal(reply.body['answer_status'], 201);
  assert.equal(reply.body['answer'], '{"paid":200}');
  assert.equal(reply.body['proposed_by'], 'usr_maker');
  assert.equal(reply.body['decided_by'], 'usr_second');
  const effect = (await recordsOf(edge.log, 'test.thing.change')).find(
    ({ target }) => target === 'payment-200',
  );
  assert.equal(effect?.actor.id, 'usr_maker');
  assert.match(String(effect.actor.authentication), /approved by usr_second$/);
  const of = async (what: string) =>
    (await recordsOf(edge.log, `gateway.proposal.${what}`)).find(({ target }) => target === id);
  assert.equal((await of('make'))?.actor.id, 'usr_maker');
  assert.equal((await of('approve'))?.actor.id, 'usr_second');
  const executed = await of('execute');
  assert.equal(executed?.actor.id, 'usr_maker');
  assert.deepEqual(executed.after, {
    approver: 'usr_second',
    maker: 'usr_maker',
    operation: 'pay',
    status: 201,
  });
});

test('what is to be kept nowhere does not wait, and what stands for it is what runs', async () => {
  const id = await propose(210, { number: 'DE89370400440532013000' });
  const read = await edge.ask('GET', `/v1/approvals/${id}`, await approver());
  assert.match(String(read.body['request']), /"number":"name"/);
  const session = await openSession(edge.log.url);
  const kept = await session.query<{ row: string }>({
    text: 'select p::text as row from gateway.proposals p where p.id = $1',
    values: [id.slice(4)],
  });
  await session.close();
  assert.equal(kept.length, 1);
  assert.ok(!kept[0]?.row.includes('DE89'));
  assert.equal(told(await decide(id, 'approve', await approver())), '200 executed');
  const effects = await recordsOf(edge.log, 'test.thing.change');
  assert.ok(effects.some(({ target }) => target === 'payment-210name'));
});

test('the first person is never the second, and a no is recorded', async () => {
  const id = await propose(300);
  const cases: readonly [claims: Readonly<Record<string, unknown>>, answer: string][] = [
    [{ sub: 'usr_maker' }, '403 forbidden'],
    [{ sub: 'usr_maker', roles: ['approver'] }, '403 proposal_of_oneself'],
    [
      { sub: 'usr_maker', roles: ['approver'], client_id: 'cli_other', sid: 's' },
      '403 proposal_of_oneself',
    ],
    [{ sub: 'usr_2', roles: ['approver'], amr: ['pwd'] }, '403 second_factor_required'],
    [{ sub: 'usr_2', roles: ['administrator'] }, '403 forbidden'],
    [{ sub: 'cli_2', roles: ['approver'], client_id: 'cli_2' }, '403 proposal_needs_person'],
    [{ sub: 'usr_2', roles: ['approver'], tenant: 'other' }, '404 proposal_unknown'],
  ];
  for (const [claims, answered] of cases) {
    const reply = await decide(id, 'approve', await edge.token(claims));
    assert.equal(told(reply), answered, JSON.stringify(claims));
  }
  assert.equal(await payments(300), 0);
  const denied = (await recordsOf(edge.log, 'gateway.proposal.approve')).filter(
    ({ outcome, target }) => outcome === 'denied' && target === id,
  );
  assert.deepEqual(
    denied.map(({ reason }) => reason),
    ['proposal_of_oneself', 'proposal_of_oneself', 'proposal_needs_person'],
  );
});

test('whom a proposal gives more rights does not decide about it', async () => {
  const id = await propose(400, { gives: 'usr_gains' });
  const gaining = await approver('usr_gains');
  assert.equal(told(await decide(id, 'approve', gaining)), '403 proposal_for_oneself');
  assert.equal(told(await decide(id, 'approve', await approver())), '200 executed');
});

test('many approvals at once, and of several people, execute once', async () => {
  const id = await propose(500);
  const tokens = await Promise.all([approver(), approver('usr_third'), approver()]);
  const replies = await Promise.all(
    Array.from({ length: 12 }, (_, index) => decide(id, 'approve', tokens[index % 3] ?? '')),
  );
  assert.ok(replies.every(({ status }) => status === 200 || status === 409));
  const last = await edge.ask('GET', `/v1/approvals/${id}`, await approver());
  assert.equal(told(last), '200 executed');
  assert.equal(await payments(500), 1);
});

test('approving again in the same way is answered as before, deciding otherwise is refused', async () => {
  const id = await propose(510);
  const first = await decide(id, 'approve', await approver());
  assert.deepEqual((await decide(id, 'approve', await approver())).body, first.body);
  assert.equal(told(await decide(id, 'reject', await approver())), '409 proposal_closed');
  assert.equal(told(await decide(id, 'approve', await approver('usr_x'))), '409 proposal_closed');
  assert.equal(await payments(510), 1);
});

test('what is rejected, withdrawn or too old is never executed', async () => {
  const [rejected, withdrawn, old] = [await propose(601), await propose(602), await propose(603)];
  const reason = 'The limit is enough.';
  const no = await decide(rejected, 'reject', await approver(), { reason });
  assert.equal(told(no), '200 rejected');
  assert.equal(no.body['reason'], reason);
  assert.equal(told(await decide(withdrawn, 'withdraw', await approver())), '403 proposal_not_own');
  assert.equal(told(await decide(withdrawn, 'withdraw', await maker())), '200 withdrawn');
  edge.log.clock.advance(61 * MINUTE_US);
  assert.equal(told(await decide(old, 'approve', await approver())), '409 proposal_closed');
  await approvals.settle(edge.log.context({ actor: 'florin' }));
  for (const [id, state] of [
    [rejected, 'rejected'],
    [withdrawn, 'withdrawn'],
    [old, 'expired'],
  ] as const) {
    assert.equal(
      told(await edge.ask('GET', `/v1/approvals/${id}`, await approver())),
      `200 ${state}`,
    );
    assert.equal(told(await decide(id, 'approve', await approver())), '409 proposal_closed');
  }
  assert.equal((await recordsOf(edge.log, 'gateway.proposal.expire')).at(-1)?.target, old);
  for (const amount of [601, 602, 603]) assert.equal(await payments(amount), 0);
});

test('what the handler refuses ends the proposal with that answer', async () => {
  for (const [amount, how, answered] of [
    [701, 'refuse', 422],
    [702, 'forbid', 403],
  ] as const) {
    const id = await propose(amount);
    fate = how;
    const reply = await decide(id, 'approve', await approver());
    fate = 'pay';
    assert.equal(told(reply), '200 executed');
    assert.equal(reply.body['answer_status'], answered);
    await approvals.settle(edge.log.context());
    assert.equal(await payments(amount), 0);
  }
});

test('what broke before its effect is run again, what broke after it is not', async () => {
  for (const [amount, how] of [
    [801, 'break before'],
    [802, 'break after'],
  ] as const) {
    const id = await propose(amount);
    fate = how;
    const reply = await decide(id, 'approve', await approver());
    fate = 'pay';
    assert.equal(reply.status, 200);
    edge.log.clock.advance(2 * MINUTE_US);
    await approvals.settle(edge.log.context());
    const after_ = await edge.ask('GET', `/v1/approvals/${id}`, await approver());
    assert.equal(told(after_), '200 executed');
    assert.equal(after_.body['answer_status'], 201);
    assert.equal(await payments(amount), 1, how);
  }
});

test('a process that died after the effect is followed by others, which do nothing twice', async () => {
  const id = await propose(900);
  fate = 'break before';
  await decide(id, 'approve', await approver());
  fate = 'pay';
  edge.log.clock.advance(2 * MINUTE_US);
  // It pays, and is gone before it can say so.
  const { dying, died } = dyingProcess(edge.log);
  void dying.execute({ tenant: 'main', id: id as ProposalId, requestId: 'req-dying' });
  await died;
  assert.equal(await payments(900), 1);
  const state = async (): Promise<string> =>
    told(await edge.ask('GET', `/v1/approvals/${id}`, await approver()));
  const others = [openProcess(edge.log), openProcess(edge.log), openProcess(edge.log)];
  const settle = () =>
    Promise.all(others.map((other) => other.approvals.settle(edge.log.context())));
  // While the dead one may still be at work, nobody takes it from it.
  await settle();
  assert.equal(await state(), '200 approved');
  edge.log.clock.advance(2 * MINUTE_US);
  await settle();
  assert.equal(await state(), '200 executed');
  assert.equal(await payments(900), 1);
});

test('the database itself keeps a proposal from being changed or brought back', async () => {
  const id = await propose(910);
  await decide(id, 'approve', await approver());
  const { database } = edge.log;
  for (const change of [
    `set state = 'approved', executed_at = null, answer_status = null`,
    `set request = '{}'`,
    `set maker = 'usr_other'`,
    `set decided_by = 'usr_other'`,
  ]) {
    const changing = database.transaction(edge.log.context(), async (tx) => {
      await tx.query({ text: `select set_config('florin.tenant', 'main', true)` });
      await tx.query({ text: `update gateway.proposals ${change}` });
    });
    await assert.rejects(changing, change);
  }
});

test('what a maker lost since is not done in the name of the maker', async () => {
  const token = await edge.token({ sub: 'usr_left' });
  const { body } = await edge.ask('POST', '/v1/payments', token, { amount: 950 });
  const { database, clock } = edge.log;
  clock.advance(1_000_000);
  await database.query({
    text: `insert into identity.revoked_subjects (subject, before) values ('usr_left', $1)`,
    values: [new Date(clock.now() / 1_000).toISOString()],
  });
  const reply = await decide(String(body['id']), 'approve', await approver());
  assert.equal(told(reply), '409 proposal_maker_gone');
  assert.equal(await payments(950), 0);
});

test('makers see their own proposals, approvers those of their tenant, others none', async () => {
  const id = await propose(960);
  const own = await edge.ask('GET', `/v1/approvals/${id}`, await maker());
  assert.equal(own.body['request'], '{"params":{},"query":{},"body":{"amount":960}}');
  const stranger = await edge.token({ sub: 'usr_other' });
  assert.equal(
    told(await edge.ask('GET', `/v1/approvals/${id}`, stranger)),
    '404 proposal_unknown',
  );
  const list = async (token: string): Promise<unknown[]> =>
    (await edge.ask('GET', '/v1/approvals?limit=100', token)).body['data'] as unknown[];
  assert.deepEqual(await list(stranger), []);
  assert.ok((await list(await approver())).length > 5);
  const foreign = await edge.token({ sub: 'usr_f', roles: ['approver'], tenant: 'other' });
  assert.deepEqual(await list(foreign), []);
  const waiting = await edge.ask('GET', '/v1/approvals?state=proposed&limit=1', await approver());
  assert.equal((waiting.body['data'] as { id: string }[])[0]?.id, id);
});

test('the same request proposed twice under one key is one proposal', async () => {
  const token = await maker();
  const key = `"${randomUUID()}"`;
  const send = async (): Promise<unknown> => {
    const reply = await edge.gateway.inject({
      method: 'POST',
      url: '/v1/payments',
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
      payload: { amount: 970 },
    });
    return reply.json<{ id: string }>().id;
  };
  assert.equal(await send(), await send());
});

test('a request that is too large to be looked at does not wait', async () => {
  const reply = await edge.ask('POST', '/v1/payments', await maker(), {
    amount: 980,
    gives: 'x'.repeat(1_000),
  });
  assert.equal(told(reply), '413 proposal_too_large');
});
