import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  bankAccountRefusals,
  customerRefusals,
  customersRoutes,
  statementRefusals,
  statementRoutes,
} from '#accounts';
import { HOUR_US } from '#kernel';
import {
  accessRefusals,
  approvalRoutes,
  openApprovals,
  openIdempotency,
  type Approvals,
} from '#gateway';
import { openLogger, openMetrics } from '#platform';
import type { TestLog } from '../audit/testing/log.ts';
import { openTestEdge, type Reply, type TestEdge } from '../gateway/access/access-testing.ts';
import { limits } from '../gateway/testing.ts';

let edge: TestEdge;
let approvals: Approvals;

const logger = openLogger({ level: 'silent' });
const metrics = openMetrics({ isProcessMeasured: false });

before(async () => {
  edge = await openTestEdge('customers http', {
    routes: (log: TestLog) => {
      const given = { approvalValidMs: HOUR_US / 1_000, approvalRequestBytesMax: 1_000 };
      approvals = openApprovals({ ...log, logger, limits: given });
      return [
        ...customersRoutes(log),
        ...statementRoutes(log),
        ...approvalRoutes({ ...log, approvals }),
      ];
    },
    gateway: ({ database }) => {
      const all = limits as unknown as Parameters<typeof openIdempotency>[0]['limits'];
      return {
        isAnswerChecked: true,
        approvals,
        idempotency: openIdempotency({ database, logger, metrics, limits: all }),
        problemTables: [accessRefusals, customerRefusals, statementRefusals, bankAccountRefusals],
      };
    },
  });
});
after(async () => {
  await edge.close();
});

const path = '/v1/customers';
const eva = {
  kind: 'person',
  particulars: {
    name: 'Eva Nováková',
    email: 'eva@example.com',
    phone: '+420601123456',
    birth_date: '1985-02-28',
    address: { lines: ['Dlouhá 17'], city: 'Praha', postal_code: '11000', country: 'CZ' },
  },
};

const asTeller = () => edge.token({ sub: 'usr_teller' });
const asApprover = () => edge.token({ sub: 'usr_second', roles: ['approver'], sid: 'grant-2' });
const asOperator = () => edge.token({ sub: 'usr_operator', roles: ['operator'], sid: 'grant-3' });
const asCustomer = (customer: string) =>
  edge.token({ sub: `usr_${customer}`, customer, roles: ['customer'], sid: 'grant-4' });

const told = ({ status, body }: Reply): string => `${status} ${body['code'] as string}`;

async function create(body: object = eva): Promise<string> {
  const reply = await edge.ask('POST', path, await asTeller(), body);
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return String(reply.body['id']);
}

test('a customer is taken on by a teller, and read as it is', async () => {
  const id = await create();
  const reply = await edge.ask('GET', `${path}/${id}`, await asTeller());
  assert.deepEqual(reply.body['particulars'], eva.particulars);
  assert.equal(reply.body['revision'], 1);
});

test('no answer that is kept says anything of the person', async () => {
  const id = await create();
  const body = { particulars: { phone: '+420777000111' } };
  const changed = await edge.ask('PATCH', `${path}/${id}`, await asTeller(), body);
  assert.equal(changed.body['revision'], 2);
  assert.ok(!('particulars' in changed.body));
  const rows = await edge.log.database.query<{ body: string }>({
    text: `select convert_from(r.body, 'UTF8') as body from gateway.idempotent_requests r
      where r.encoding = 0`,
  });
  assert.ok(rows.length >= 2);
  for (const row of rows) assert.doesNotMatch(row.body, /Eva|601123456|777000111|example\.com/);
});

test('a misspelt field, an unknown kind and a wrong address are refused', async () => {
  const token = await asTeller();
  for (const wrong of [
    { ...eva, kind: 'robot' },
    { ...eva, particulars: { ...eva.particulars, e_mail: 'x@example.com' } },
    { ...eva, particulars: { ...eva.particulars, email: 'nowhere' } },
    { ...eva, particulars: { email: 'x@example.com' } },
  ]) {
    const reply = await edge.ask('POST', path, token, wrong);
    assert.equal(reply.status, 400, JSON.stringify(reply.body));
  }
  const company = await edge.ask('POST', path, token, { ...eva, kind: 'company' });
  assert.equal(told(company), '422 customer_particulars_invalid');
});

test('a batch answers each of its customers', async () => {
  const known = { ...eva, external_id: 'client-1' };
  const other = { ...known, particulars: { name: 'Somebody else' } };
  const reply = await edge.ask('POST', `${path}/batch`, await asTeller(), [known, other, eva]);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const results = reply.body['results'] as { status: string; refusal?: { code: string } }[];
  assert.deepEqual(
    results.map(({ status }) => status),
    ['created', 'refused', 'created'],
  );
  assert.equal(results[1]?.refusal?.code, 'customer_exists_with_different_content');
  const again = await edge.ask('POST', path, await asTeller(), known);
  assert.equal(again.status, 200);
});

test('a customer is found by its address, which stands in no URL', async () => {
  const particulars = { ...eva.particulars, email: 'found@example.com' };
  const id = await create({ ...eva, particulars });
  const found = async (email: string, token: string): Promise<string[]> => {
    const reply = await edge.ask('POST', `${path}/search`, token, { email });
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return (reply.body['data'] as { id: string }[]).map((each) => each.id);
  };
  assert.deepEqual(await found('Found@Example.com', await asTeller()), [id]);
  assert.deepEqual(await found('Found@Example.com', await asCustomer(id)), [id]);
  assert.deepEqual(await found('Found@Example.com', await asCustomer(await create())), []);
});

test('customers are listed newest first, page by page', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    edge.log.clock.advance(1_000);
    ids.unshift(await create({ kind: 'company', particulars: { name: `Firm ${index}` } }));
  }
  const seen: string[] = [];
  let cursor = '';
  for (let page = 0; page < 2; page += 1) {
    const query = `?kind=company&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const reply = await edge.ask('GET', `${path}${query}`, await asTeller());
    seen.push(...(reply.body['data'] as { id: string }[]).map(({ id }) => id));
    cursor = String(reply.body['next_cursor']);
  }
  assert.deepEqual(seen.slice(0, 3), ids);
  const wrong = await edge.ask('GET', `${path}?cursor=bm8`, await asTeller());
  assert.equal(told(wrong), '400 field_invalid');
});

test('whoever is a customer sees itself and nobody else', async () => {
  const id = await create();
  const other = await create();
  const token = await asCustomer(id);
  assert.equal((await edge.ask('GET', `${path}/${id}`, token)).status, 200);
  for (const hidden of ['', '/consents', '/changes']) {
    const reply = await edge.ask('GET', `${path}/${other}${hidden}`, token);
    assert.equal(told(reply), '404 customer_unknown');
  }
  const list = await edge.ask('GET', path, token);
  assert.deepEqual(
    (list.body['data'] as { id: string }[]).map((each) => each.id),
    [id],
  );
  const body = { purpose: 'marketing', is_given: true, text_version: '1' };
  const own = await edge.ask('POST', `${path}/${id}/consents`, token, body);
  assert.equal(own.status, 200, JSON.stringify(own.body));
  const foreign = await edge.ask('POST', `${path}/${other}/consents`, token, body);
  assert.equal(told(foreign), '404 customer_unknown');
  assert.equal(told(await edge.ask('POST', path, token, eva)), '403 forbidden');
});

test('a verification says who decided and how, and its history is kept', async () => {
  const id = await create();
  const body = { state: 'verified', method: 'document', reference: 'AB 123456' };
  const reply = await edge.ask('POST', `${path}/${id}/verification`, await asTeller(), body);
  const verification = reply.body['verification'] as Record<string, unknown>;
  assert.equal(verification['state'], 'verified');
  assert.equal(verification['by'], 'usr_teller');
  const renamed = { particulars: { name: 'Eva Malá' } };
  await edge.ask('PATCH', `${path}/${id}`, await asTeller(), renamed);
  const changes = await edge.ask('GET', `${path}/${id}/changes?limit=2`, await asTeller());
  const data = changes.body['data'] as Record<string, unknown>[];
  assert.deepEqual(data[0]?.['fields'], ['name']);
  assert.equal(data[0]?.['verification'], 'pending');
  assert.equal(changes.body['has_more'], true);
});

test('a customer is erased once a second person has approved it', async () => {
  const id = await create();
  const body = { reason: 'request 2026-17' };
  const asked = await edge.ask('POST', `${path}/${id}/erasure`, await asOperator(), body);
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  const proposal = String(asked.body['id']);
  const before = await edge.ask('GET', `${path}/${id}`, await asTeller());
  assert.notEqual(before.body['particulars'], null);
  const approve = `/v1/approvals/${proposal}/approve`;
  const done = await edge.ask('POST', approve, await asApprover());
  assert.equal(done.body['state'], 'executed', JSON.stringify(done.body));
  const left = await edge.ask('GET', `${path}/${id}`, await asTeller());
  assert.equal(left.body['particulars'], null);
  assert.ok(typeof left.body['erased_at'] === 'string');
});

test('a statement is for whoever has a grant for the account', async () => {
  const id = 'acc_019abcde-1234-7abc-8def-0123456789ab';
  const url = `/v1/accounts/${id}/statement?from=2026-01-01&to=2026-12-31`;
  assert.equal(told(await edge.ask('GET', url, await asTeller())), '404 bank_account_unknown');
  const customer = await asCustomer(await create());
  assert.equal(told(await edge.ask('GET', url, customer)), '403 object_forbidden');
  const wrong = `/v1/accounts/${id}/statement?from=2026-02-01&to=2026-01-31`;
  assert.equal(told(await edge.ask('GET', wrong, await asTeller())), '400 field_invalid');
});
