import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPayBank, type PayBank } from '../../testing/bank.ts';
import { openEdge, type TestEdge } from '../../testing/edge.ts';
import { standingOrderRefusals } from '../refusals.ts';
import { runStandingOrders } from '../run.ts';
import { standingOrderRoutes } from './standing-order-routes.ts';

let bank: PayBank;
let edge: TestEdge;
let payer: string;

const at = '/v1/standing-orders';

before(async () => {
  bank = await openPayBank('standing orders over http');
  const { database, clock } = bank;
  edge = await openEdge(standingOrderRoutes({ database, clock }), [standingOrderRefusals]);
  payer = await bank.customer(100_000n);
});

after(async () => {
  await edge.close();
  await bank.drop();
});

function order(part: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    account_id: payer,
    creditor: { iban: 'DE89370400440532013000', name: 'Ada Example' },
    rail: 'sct_inst',
    currency: 'EUR',
    amount: { fixed: '5000' },
    schedule: { frequency: 'monthly', day: 31, starts_on: '2026-03-05', calendar: 'target' },
    ...part,
  };
}

test('an order is given, read, changed, paused, resumed and ended', async () => {
  const given = await edge.post(at, order({ external_id: 'rent' }));
  assert.equal(given.status, 201, given.text);
  const { id } = given.body;
  const { next_due_on: due, next_pay_on: pay, status } = given.body;
  assert.deepEqual([due, pay, status], ['2026-03-31', '2026-03-31', 'active']);
  const again = await edge.post(at, order({ external_id: 'rent' }));
  assert.deepEqual([again.status, again.body.id], [200, id]);
  const changed = await edge.patch(`${at}/${id}`, { amount: { keep: '1' }, ends_on: '2026-12-31' });
  assert.deepEqual(changed.body['amount'], { keep: '1' });
  for (const [verb, expected] of [
    ['pause', 'suspended'],
    ['resume', 'active'],
    ['end', 'ended'],
  ]) {
    const reply = await edge.post(`${at}/${id}/${verb}`);
    assert.deepEqual([reply.status, reply.body['status']], [200, expected], reply.text);
  }
  const late = await edge.post(`${at}/${id}/pause`);
  assert.deepEqual([late.status, late.body['code']], [409, 'standing_order_ended']);
  assert.equal((await edge.get(`${at}/${id}`)).body['revision'], 5);
});

test('what became of each date is listed, the latest first', async () => {
  const { body } = await edge.post(
    at,
    order({ schedule: { frequency: 'daily', starts_on: '2026-03-02', occurrence_max: 3 } }),
  );
  bank.clock.set((bank.clock.now() + 5 * 86_400_000_000) as ReturnType<typeof bank.clock.now>);
  await runStandingOrders(bank.database, bank.context(), undefined);
  const first = await edge.get(`${at}/${body.id}/occurrences?limit=2`);
  assert.deepEqual(datesOf(first.body), ['2026-03-04 paid', '2026-03-03 paid']);
  const cursor = String(first.body['next_cursor']);
  const second = await edge.get(`${at}/${body.id}/occurrences?limit=2&cursor=${cursor}`);
  assert.deepEqual(datesOf(second.body), ['2026-03-02 paid']);
  assert.equal(second.body['has_more'], false);
  const listed = await edge.get(`${at}?account_id=${payer}&status=ended`);
  assert.ok(JSON.stringify(listed.body).includes(body.id));
});

function datesOf(body: { readonly [name: string]: unknown }): string[] {
  const data = body['data'] as readonly { readonly due_on: string; readonly state: string }[];
  return data.map(({ due_on: date, state }) => `${date} ${state}`);
}

test('what makes no sense is refused with the place of it', async () => {
  const told = async (part: Record<string, unknown>): Promise<string> => {
    const { status, body } = await edge.post(at, order(part));
    return `${status} ${String(body['code'])}`;
  };
  assert.equal(await told({ currency: 'CZK' }), '422 standing_order_currency_mismatch');
  assert.equal(await told({ amount: { fixed: '0' } }), '400 field_invalid');
  assert.equal(await told({ creditor: { account_id: payer } }), '422 standing_order_creditor_same');
  const schedule = { frequency: 'weekly', day: 3, starts_on: '2027-01-01' };
  assert.equal(await told({ schedule }), '422 standing_order_schedule_invalid');
  const unknown = await edge.get(`${at}/sto_01980a3e-4c00-7000-8000-000000000001`);
  assert.deepEqual([unknown.status, unknown.body['code']], [404, 'standing_order_unknown']);
});
