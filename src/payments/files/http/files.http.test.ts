import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { limits as limitTable, type Config } from '#config';
import { createGateway, type Gateway } from '#gateway';
import { MILLISECOND_US } from '#kernel';
import { openLogger, openMetrics } from '#platform';
import { unlocked } from '../../../gateway/testing.ts';
import { fileRefusals } from '../refusals.ts';
import { csvOf, openFilesBank, type FilesBank } from '../testing/bank.ts';
import { fileRoutes } from './routes.ts';

let bank: FilesBank;
let gateway: Gateway;
let url: string;

before(async () => {
  bank = await openFilesBank('files http');
  const limits = Object.fromEntries(
    Object.entries(limitTable).map(([name, { value }]) => [name, value]),
  ) as unknown as Config['limits'];
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'Files under test.' },
    routes: fileRoutes({ files: bank.world }),
    problemTables: [fileRefusals],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    port: 0,
    access: unlocked,
    limits,
    isAnswerChecked: true,
  });
  ({ url } = await gateway.listen());
});

after(async () => {
  await gateway.close();
  await bank.drop();
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      'idempotency-key': `"${randomUUID()}"`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    text,
    body: isJson ? (JSON.parse(text) as Reply['body']) : {},
  };
}

const terms = {
  format: 'csv',
  role: 'incoming',
  acceptance: 'partial',
  rail: 'ach',
  currency: 'USD',
  mapping: {
    columns: { kind: 'kind', amount: 'amount', creditor_account: 'to', debtor_account: 'from' },
    constants: { currency: 'USD', creditor_agent: '021000021', debtor_agent: '021000021' },
    is_minor_units: true,
  },
};

async function agree(sender: string): Promise<string> {
  // Each is later than the one before, so that lists have an order.
  bank.clock.advance(MILLISECOND_US);
  const made = await ask('POST', '/v1/file-agreements', { sender, ...terms });
  assert.equal(made.status, 201, made.text);
  return String(made.body['id']);
}

function announcement(agreementId: string, bytes: Buffer) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { agreement_id: agreementId, name: 'pay.csv', bytes: bytes.length, sha256 };
}

const part = (bytes: Buffer, offset: number, end?: number) => {
  return { offset, content: bytes.subarray(offset, end).toString('base64') };
};

test('a file is announced, sent in parts, watched to its end, and reported on', async () => {
  const agreement = await agree('http-a');
  const anna = await bank.openDollars();
  const bytes = csvOf([
    { amount: 10n, to: anna.accountNumber },
    { amount: 'ten', to: anna.accountNumber },
    { amount: 30n, to: '0' },
  ]);
  const announced = await ask('POST', '/v1/files', announcement(agreement, bytes));
  assert.equal(announced.status, 201, announced.text);
  const at = `/v1/files/${String(announced.body['id'])}`;
  const first = await ask('PUT', `${at}/parts`, part(bytes, 0, 12));
  assert.equal(first.body['received_bytes'], 12, first.text);
  const again = await ask('POST', '/v1/files', announcement(agreement, bytes));
  assert.deepEqual([again.status, again.body['received_bytes']], [200, 12]);
  const gap = await ask('PUT', `${at}/parts`, part(bytes, 13));
  assert.deepEqual([gap.status, gap.body['code']], [409, 'file_offset_wrong']);
  const whole = await ask('PUT', `${at}/parts`, part(bytes, 12));
  assert.equal(whole.body['state'], 'received');
  const watching = fetch(`${url}${at}/events`).then((response) => response.text());
  await bank.work();
  const events = await watching;
  assert.match(events, /^event: \w+\ndata: \{/);
  assert.match(events, /event: end\ndata: .*"state":"completed"/);
  const read = await ask('GET', at);
  assert.equal(read.body['posted'], 1);
  assert.equal(read.body['posted_credits'], '10');
  const faults = await ask('GET', `${at}/faults`);
  assert.match(faults.text, /"rule":"csv_amount_invalid".*"record":3/);
  const report = await ask('GET', `${at}/report`);
  assert.match(report.text, /^number,scope,rule,.*\r\n0,entry,csv_amount_invalid,3,amount,0,1,/);
  const unposted = await ask('GET', `${at}/unposted?limit=1`);
  assert.match(unposted.text, /"entry":2,.*"outcome":"returned","reason":"AC01"/);
  const duplicate = await ask('POST', '/v1/files', announcement(agreement, bytes));
  assert.deepEqual([duplicate.status, duplicate.body['code']], [409, 'file_duplicate']);
  const answer = await ask('GET', `${at}/answer`);
  assert.deepEqual([answer.status, answer.body['code']], [404, 'file_answer_unknown']);
  const retried = await ask('POST', `${at}/retry`);
  assert.deepEqual([retried.status, retried.body['code']], [409, 'file_state_wrong']);
});

test('agreements are made once, listed, and ended', async () => {
  const id = await agree('http-b');
  const twice = await ask('POST', '/v1/file-agreements', { sender: 'http-b', ...terms });
  assert.deepEqual([twice.status, twice.body['code']], [409, 'file_agreement_exists']);
  const incomplete = { sender: 'http-c', ...terms, role: 'outgoing' };
  const invalid = await ask('POST', '/v1/file-agreements', incomplete);
  assert.equal(invalid.body['code'], 'file_agreement_invalid');
  const open = { sender: 'http-c', ...terms, mapping: { ...terms.mapping, constants: {} } };
  const unmapped = await ask('POST', '/v1/file-agreements', open);
  assert.equal(unmapped.body['code'], 'file_mapping_invalid');
  const listed = await ask('GET', '/v1/file-agreements?limit=1');
  assert.match(listed.text, new RegExp(id));
  const ended = await ask('POST', `/v1/file-agreements/${id}/end`);
  assert.equal(ended.body['state'], 'ended');
  const read = await ask('GET', `/v1/file-agreements/${id}`);
  assert.equal(read.body['state'], 'ended');
  await agree('http-b');
});

test('what is not there is not found, and what is no base64 is refused', async () => {
  const unknown = 'fil_01920000-0000-7000-8000-000000000001';
  for (const path of ['', '/faults', '/unposted', '/report', '/events', '/answer']) {
    const reply = await ask('GET', `/v1/files/${unknown}${path}`);
    assert.deepEqual([reply.status, reply.body['code']], [404, 'file_unknown'], path);
  }
  const sent = await ask('PUT', `/v1/files/${unknown}/parts`, { offset: 0, content: 'QUJD' });
  assert.equal(sent.body['code'], 'file_unknown');
  const odd = await ask('PUT', `/v1/files/${unknown}/parts`, { offset: 0, content: 'QUJ' });
  assert.equal(odd.status, 400);
  const list = await ask('GET', '/v1/files?cursor=xyz');
  assert.equal(list.status, 400);
});
