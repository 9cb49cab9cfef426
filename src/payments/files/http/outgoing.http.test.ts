import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { limits as limitTable, type Config } from '#config';
import { createGateway, type Gateway } from '#gateway';
import { MILLISECOND_US } from '#kernel';
import { withLedger } from '#ledger';
import { openLogger, openMetrics } from '#platform';
import { unlocked } from '../../../gateway/testing.ts';
import { writeAchFiles } from '../../rails/ach-files/write-files.ts';
import { sendPayments } from '../../send.ts';
import { fileRefusals } from '../refusals.ts';
import { openFilesBank, ROUTING, type FilesBank } from '../testing/bank.ts';
import { fileRoutes } from './routes.ts';

let bank: FilesBank;
let gateway: Gateway;
let url: string;

before(async () => {
  bank = await openFilesBank('outgoing http');
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

async function ask(method: string, path: string) {
  const headers = { 'idempotency-key': `"${randomUUID()}"` };
  const response = await fetch(`${url}/v1/outgoing-files${path}`, { method, headers });
  return { response, text: await response.text() };
}

async function writeOne(): Promise<void> {
  const { id: accountId } = await bank.openDollars(1_000n);
  const party = { name: 'Ada', account: '12345678', agent: '091000019' };
  const plain = { kind: 'credit_out', rail: 'ach', currency: 'USD' } as const;
  await withLedger(bank.database, bank.context(), (tx) =>
    sendPayments(tx, [{ ...plain, accountId, party, amount: 700n }], { screener: undefined }),
  );
  bank.clock.advance(MILLISECOND_US);
  const { objects, keys } = bank.world;
  const origin = { routingNumber: ROUTING, name: 'Florin Bank' };
  const destination = { routingNumber: '021001208', name: 'Federal Reserve Bank' };
  const options = { identity: { origin, destination }, objects, keys };
  assert.equal(await writeAchFiles(bank.database, bank.context(), options), 1);
}

test('a file that was written is listed, read, fetched, and said to be sent', async () => {
  await writeOne();
  await writeOne();
  const listed = await ask('GET', '?limit=1');
  assert.equal(listed.response.status, 200, listed.text);
  const page = JSON.parse(listed.text) as {
    data: readonly Record<string, unknown>[];
    next_cursor: string;
  };
  const [file] = page.data;
  assert.ok(file !== undefined);
  const { state, modifier, entries, credits, sent_at: sentAt } = file;
  assert.deepEqual([state, modifier, entries, credits, sentAt], ['written', 'B', 1, '700', null]);
  const rest = await ask('GET', `?limit=1&cursor=${encodeURIComponent(page.next_cursor)}`);
  assert.match(rest.text, /"modifier":"A".*"has_more":false/);
  const at = `/${String(file['id'])}`;
  assert.deepEqual(JSON.parse((await ask('GET', at)).text), file);
  const fetched = await ask('GET', `${at}/content`);
  assert.equal(createHash('sha256').update(fetched.text).digest('hex'), file['sha256']);
  assert.match(fetched.text, /^101 021001208 021000021/);
  const disposition = fetched.response.headers.get('content-disposition');
  assert.match(disposition ?? '', /ach-2026-\d\d-\d\d-B\.ach/);
  const sent = await ask('POST', `${at}/sent`);
  assert.match(sent.text, /"state":"sent".*"sent_at":"2026-/);
  const again = await ask('POST', `${at}/sent`);
  assert.equal(again.text, sent.text);
  assert.match((await ask('GET', '?state=written')).text, /"modifier":"A"/);
  assert.doesNotMatch((await ask('GET', '?state=written')).text, /"modifier":"B"/);
});

test('a file that was never written is not found', async () => {
  const at = '/fil_01920000-0000-7000-8000-000000000001';
  for (const [method, path] of [
    ['GET', at],
    ['GET', `${at}/content`],
    ['POST', `${at}/sent`],
  ] as const) {
    const { response, text } = await ask(method, path);
    assert.equal(response.status, 404, path);
    assert.match(text, /"code":"file_unknown"/);
  }
  assert.equal((await ask('GET', '?cursor=xyz')).response.status, 400);
});
