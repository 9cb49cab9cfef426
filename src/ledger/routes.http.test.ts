import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  accounts,
  at,
  balanceOf,
  open,
  openPair,
  openTestBank,
  pay,
  told,
  transfers,
  type TestBank,
} from './testing/http-bank.ts';

let bank: TestBank;
before(async () => {
  bank = await openTestBank('ledger routes');
});
after(async () => {
  await bank.close();
});

test('an account is opened, read and replayed', async () => {
  const asked = {
    external_id: 'till-1',
    path: 'assets:cash:till-1',
    name: 'Pokladna "1" ✓',
    currency: 'BHD',
    normal_side: 'debit',
    floor: '-5',
    ceiling: null,
    credit_limit: '7',
    metadata: { branch: 'Brno' },
  };
  const opened = await bank.post(accounts, asked);
  assert.equal(opened.status, 201);
  assert.equal(opened.headers['location'], `${accounts}/${opened.body.id}`);
  const { id, ...rest } = opened.body;
  assert.match(id, /^acc_[0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    ...asked,
    minor_units: 3,
    state: 'open',
    opened_at: '2026-03-01T10:00:00.000Z',
    changed_at: '2026-03-01T10:00:00.000Z',
    version: 0,
    balances: {
      balance: '0',
      posted_debits: '0',
      posted_credits: '0',
      pending_debits: '0',
      pending_credits: '0',
      pending_in: '0',
      pending_out: '0',
      available: '12',
    },
  });
  assert.deepEqual((await bank.get(`${accounts}/${id}`)).body, opened.body);
  const again = await bank.post(accounts, asked);
  assert.equal(again.status, 200);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  assert.deepEqual(again.body, opened.body);
  const other = await bank.post(accounts, { ...asked, currency: 'CZK' });
  assert.equal(told(other), '409 account_exists_with_different_content currency');
});

test('accounts are opened in bulk, one result each', async () => {
  const good = { path: 'bulk:a', currency: 'CZK', normal_side: 'debit', external_id: 'bulk-1' };
  const reply = await bank.post(`${accounts}/batch`, [good, { ...good, name: 'x' }, good]);
  assert.equal(reply.status, 200);
  assert.deepEqual(
    reply.body.results.map((one) => one.refusal?.code ?? one.status),
    ['opened', 'account_exists_with_different_content', 'replayed'],
  );
  assert.deepEqual([reply.body.accepted, reply.body.refused], [2, 1]);
});

test('an account is changed and closed', async () => {
  const [, deposit] = await openPair(bank);
  const at = `${accounts}/${deposit}`;
  const changed = await bank.patch(at, { name: 'New', ceiling: '5000', metadata: { a: 'b' } });
  assert.equal(changed.body.ceiling, '5000');
  assert.deepEqual(changed.body.metadata, { a: 'b' });
  assert.equal((await bank.patch(at, { metadata: null })).body.metadata, undefined);
  assert.equal(
    told(await bank.patch(at, { ceiling: '999' })),
    '422 account_limit_below_balance ceiling',
  );
  assert.equal(told(await bank.patch(at, { state: 'closed' })), '422 account_not_empty state');
  const frozen = await bank.patch(at, { state: 'debits_frozen' });
  assert.equal(frozen.body.state, 'debits_frozen');
  const [till] = await openPair(bank, '0');
  const refused = await bank.post(transfers, {
    debit_account_id: deposit,
    credit_account_id: till,
    amount: '1',
    currency: 'CZK',
  });
  assert.equal(told(refused), '422 account_frozen debit_account_id');
  const missing = await bank.patch(`${accounts}/acc_01900000-0000-7000-8000-000000000000`, {
    name: 'x',
  });
  assert.equal(told(missing), '404 account_unknown -');
});

test('accounts are listed by path, page by page', async () => {
  for (const path of ['list:b', 'list:a', 'list:a:x', 'listing']) await open(bank, { path });
  const paths: string[] = [];
  let cursor = '';
  do {
    const { body } = await bank.get(`${accounts}?path=list&limit=2${cursor}`);
    paths.push(...body.data.map((one) => one.path));
    cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    assert.equal(body.has_more, cursor !== '');
  } while (cursor !== '');
  assert.deepEqual(paths, ['list:a', 'list:a:x', 'list:b']);
  const { body } = await bank.get(`${accounts}?external_id=till-1`);
  assert.equal(body.data.length, 1);
});

test('a transfer is answered with its entries and the balances after each', async () => {
  const [till, deposit] = await openPair(bank);
  const body = await pay(bank, [till, deposit, '50'], {
    external_id: 'pay "1"',
    description: 'line\nbreak',
    metadata: { k: 'v"' },
    effective_at: '2026-02-01',
  });
  assert.equal(body.kind, 'transfer');
  assert.equal(body.effective_at, '2026-02-01T00:00:00.000Z');
  assert.equal(body.recorded_at, '2026-03-01T10:00:00.000Z');
  assert.equal(body.description, 'line\nbreak');
  assert.deepEqual(body.metadata, { k: 'v"' });
  assert.deepEqual(body.entries[1], {
    leg: 1,
    account_id: deposit,
    side: 'credit',
    amount: '50',
    currency: 'CZK',
    posted: '50',
    pending: '0',
    version: 2,
    balances: {
      balance: '1050',
      posted_debits: '0',
      posted_credits: '1050',
      pending_debits: '0',
      pending_credits: '0',
    },
  });
  assert.deepEqual((await bank.get(`${transfers}/${body.id}`)).body, body);
  const found = await bank.get(`${transfers}?external_id=${encodeURIComponent('pay "1"')}`);
  assert.deepEqual(found.body, { data: [body], has_more: false, next_cursor: null });
});

test('a transfer asked for again under its external id is done once', async () => {
  const [till, deposit] = await openPair(bank);
  const asked = {
    external_id: 'once',
    debit_account_id: till,
    credit_account_id: deposit,
    amount: '5',
    currency: 'CZK',
  };
  const replies = await Promise.all([1, 2, 3, 4].map(() => bank.post(transfers, asked)));
  assert.deepEqual(
    replies.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 200, 200, 201],
  );
  for (const reply of replies) {
    assert.deepEqual(reply.body, replies[0]?.body);
    assert.equal(reply.headers['idempotent-replayed'], reply.status === 200 ? 'true' : undefined);
  }
  assert.equal((await balanceOf(bank, deposit)).balance, '1005');
  const other = await bank.post(transfers, { ...asked, amount: '6' });
  assert.equal(other.body.code, 'exists_with_different_amount');
  assert.equal(other.status, 409);
});

test('a transfer has any number of legs, one of which can take the remainder', async () => {
  const [till, deposit] = await openPair(bank);
  const fees = await open(bank, { path: 'income:fees', normal_side: 'credit' });
  const reply = await bank.post(transfers, {
    legs: [
      { account_id: deposit, side: 'debit', amount: '5000', currency: 'CZK', up_to: true },
      { account_id: fees, side: 'credit', amount: '30', currency: 'CZK' },
      { account_id: till, side: 'credit', remaining: true },
    ],
  });
  assert.equal(reply.status, 201, reply.text);
  assert.deepEqual(
    reply.body.entries.map((entry) => entry.amount),
    ['1000', '30', '970'],
  );
});

test('a transfer in two currencies states its rate', async () => {
  const crowns = await open(bank);
  const euros = await open(bank, { path: 'assets:euro', currency: 'EUR' });
  const [czk, eur] = [
    await open(bank, { path: 'position:czk', normal_side: 'credit' }),
    await open(bank, { path: 'position:eur', currency: 'EUR', normal_side: 'credit' }),
  ];
  const legs = [
    { account_id: crowns, side: 'debit', amount: '243150', currency: 'CZK' },
    { account_id: czk, side: 'credit', amount: '243150', currency: 'CZK' },
    { account_id: eur, side: 'debit', amount: '10000', currency: 'EUR' },
    { account_id: euros, side: 'credit', amount: '10000', currency: 'EUR' },
  ];
  assert.equal(told(await bank.post(transfers, { legs })), '422 exchange_required -');
  const exchange = { from: 'EUR', to: 'CZK', rate: '24.315' };
  const reply = await bank.post(transfers, { legs, exchange });
  assert.equal(reply.status, 201, reply.text);
  assert.deepEqual(reply.body.exchange, exchange);
  assert.deepEqual((await bank.get(`${transfers}/${reply.body.id}`)).body, reply.body);
});

test('a refusal is a problem document that names the leg', async () => {
  const [till, deposit] = await openPair(bank);
  const legs = [
    { account_id: till, side: 'credit', amount: '1001', currency: 'CZK' },
    { account_id: deposit, side: 'debit', amount: '1001', currency: 'CZK' },
  ];
  const short = await bank.post(transfers, { legs });
  assert.equal(told(short), '422 insufficient_available legs[1]');
  assert.equal(short.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(short.body.type, 'urn:florin:problem:insufficient_available');
  const pair = { debit_account_id: till, credit_account_id: deposit, amount: '1', currency: 'EUR' };
  assert.equal(told(await bank.post(transfers, pair)), '422 currency_mismatch debit_account_id');
  const unknown = { ...pair, credit_account_id: 'acc_01900000-0000-7000-8000-000000000000' };
  const lost = await bank.post(transfers, { ...unknown, currency: 'CZK' });
  assert.equal(told(lost), '422 account_not_found credit_account_id');
  const condition = { ...legs[1], amount: '1', conditions: { version: 9 } };
  const stale = await bank.post(transfers, { legs: [{ ...legs[0], amount: '1' }, condition] });
  assert.equal(told(stale), '422 condition_version_not_met legs[1]');
});

test('a dry run answers what would happen and does nothing', async () => {
  const [till, deposit] = await openPair(bank);
  const asked = {
    debit_account_id: deposit,
    credit_account_id: till,
    amount: '9',
    currency: 'CZK',
  };
  const before = await bank.fingerprint();
  const dry = await bank.post(`${transfers}?dry_run=true`, asked);
  assert.equal(dry.status, 200);
  assert.equal(dry.body.dry_run, true);
  assert.equal(dry.body.entries[0].balances.balance, '991');
  const refused = await bank.post(`${transfers}?dry_run=true`, { ...asked, amount: '9000' });
  assert.equal(refused.body.code, 'insufficient_available');
  const batch = await bank.post(`${transfers}/batch?dry_run=true`, [asked, asked]);
  assert.equal(batch.body.dry_run, true);
  assert.equal(batch.body.results[1].transfer.entries[0].balances.balance, '982');
  assert.deepEqual(await bank.fingerprint(), before);
});

test('a hold is captured in parts, increased and voided, and never captured beyond', async () => {
  const [till, deposit] = await openPair(bank);
  const part = { kind: 'hold', expires_at: '2026-03-01T12:00:00Z' };
  const held = await pay(bank, [deposit, till, '300'], part);
  assert.equal(held.kind, 'hold');
  assert.equal(held.expires_at, '2026-03-01T12:00:00.000Z');
  const at = `${transfers}/${held.id}`;
  assert.equal((await balanceOf(bank, deposit)).available, '700');
  const some = await bank.post(`${at}/capture`, { amount: '100', currency: 'CZK' });
  assert.equal(some.status, 201, some.text);
  assert.equal(some.body.hold_id, held.id);
  const more = await bank.post(`${at}/increase`, { amount: '50', currency: 'CZK' });
  assert.equal(more.status, 201, more.text);
  const { body } = await bank.get(`/v1/ledger/holds/${held.id}`);
  assert.equal(body.state, 'open');
  assert.deepEqual(body.legs[0], {
    leg: 0,
    account_id: deposit,
    side: 'debit',
    currency: 'CZK',
    held: '350',
    captured: '100',
    remaining: '250',
  });
  assert.deepEqual((await bank.get(`${accounts}/${deposit}/holds`)).body.data, [body]);
  const beyond = await bank.post(`${at}/capture`, { amount: '251', currency: 'CZK' });
  assert.equal(told(beyond), '422 capture_exceeds_hold -');
  const wrong = await bank.post(`${at}/capture`, { amount: '1', currency: 'EUR' });
  assert.equal(told(wrong), '422 currency_mismatch currency');
  const legs = [
    { leg: 0, amount: '10', currency: 'CZK' },
    { leg: 1, amount: '10', currency: 'CZK' },
  ];
  assert.equal((await bank.post(`${at}/capture`, { legs })).status, 201);
  const odd = [legs[0], { ...legs[1], currency: 'USD' }];
  const mismatch = await bank.post(`${at}/capture`, { legs: odd });
  assert.equal(told(mismatch), '422 currency_mismatch legs[1].currency');
  const voided = await bank.send('POST', `/v1/ledger/transfers/${at.split('/').at(-1)}/void`, '');
  assert.equal(voided.status, 201, voided.text);
  assert.equal(told(await bank.post(`${at}/capture`, {})), '422 hold_voided -');
  assert.deepEqual((await bank.get(`${accounts}/${deposit}/holds`)).body.data, []);
  assert.equal((await balanceOf(bank, deposit)).available, '890');
  const list = await bank.get(`${transfers}?hold_id=${held.id}`);
  assert.deepEqual(list.body.data.map((one) => one.kind).toSorted(), [
    'capture',
    'capture',
    'increase',
    'void',
  ]);
});

test('a hold is gone at its deadline', async () => {
  const [till, deposit] = await openPair(bank);
  const held = await pay(bank, [deposit, till, '300'], {
    kind: 'hold',
    expires_at: '2026-03-01T10:00:01Z',
  });
  bank.clock.set(at('2026-03-01T10:00:00.999999Z'));
  assert.equal((await balanceOf(bank, deposit)).available, '700');
  bank.clock.set(at('2026-03-01T10:00:01Z'));
  assert.equal((await balanceOf(bank, deposit)).available, '1000');
  assert.equal((await bank.get(`/v1/ledger/holds/${held.id}`)).body.state, 'expired');
  assert.deepEqual((await bank.get(`${accounts}/${deposit}/holds`)).body.data, []);
  const late = await bank.post(`${transfers}/${held.id}/capture`, {});
  assert.equal(told(late), '422 hold_expired -');
});

test('an account closes as soon as its holds are over, swept or not', async () => {
  const [till, deposit] = await openPair(bank, '0');
  await pay(bank, [till, deposit, '5'], { kind: 'hold', expires_at: '2026-03-01T11:00:00Z' });
  const close = { state: 'closed' };
  const early = await bank.patch(`${accounts}/${deposit}`, close);
  assert.equal(told(early), '422 account_not_empty state');
  bank.clock.set(at('2026-03-01T11:00:00Z'));
  assert.equal((await bank.patch(`${accounts}/${deposit}`, close)).body.state, 'closed');
});

test('a transfer is reversed in part and then in full', async () => {
  const [till, deposit] = await openPair(bank);
  const { id } = await pay(bank, [till, deposit, '40']);
  const some = { amount: '15', currency: 'CZK', external_id: `back-${id}` };
  const part = await bank.post(`${transfers}/${id}/reverse`, some);
  assert.equal(part.status, 201, part.text);
  assert.equal(part.body.reverses_id, id);
  assert.equal((await bank.post(`${transfers}/${id}/reverse`, some)).status, 200);
  assert.equal((await bank.post(`${transfers}/${id}/reverse`, {})).status, 201);
  assert.equal(told(await bank.post(`${transfers}/${id}/reverse`, {})), '422 already_reversed -');
  assert.equal((await balanceOf(bank, deposit)).balance, '1000');
  const { body } = await bank.get(`${transfers}?reverses_id=${id}&limit=1`);
  assert.equal(body.has_more, true);
});

test('a batch answers each item in order, in the form of the request', async () => {
  const [till, deposit] = await openPair(bank);
  const pair = { debit_account_id: deposit, credit_account_id: till, currency: 'CZK' };
  const items = [
    { ...pair, amount: '600', external_id: `b1-${deposit}` },
    { ...pair, amount: '600' },
    { ...pair, amount: '400', kind: 'hold' },
    { ...pair, amount: '600', external_id: `b1-${deposit}` },
  ];
  const reply = await bank.post(`${transfers}/batch`, items);
  assert.equal(reply.status, 200);
  const { batch_id: batchId, accepted, refused, results } = reply.body;
  assert.deepEqual([accepted, refused], [3, 1]);
  assert.deepEqual(
    results.map((one) => one.status),
    ['posted', 'refused', 'posted', 'replayed'],
  );
  assert.deepEqual(results[1].refusal?.code, 'insufficient_available');
  assert.deepEqual(results[1].refusal?.param, 'debit_account_id');
  assert.equal(results[1].refusal?.retryable, true);
  const read = await bank.get(`/v1/ledger/batches/${batchId}`);
  assert.deepEqual(read.body.data, [results[0].transfer, results[2].transfer]);
  const lines = items.map((item) => JSON.stringify(item)).join('\n');
  const ndjson = await bank.send('POST', `${transfers}/batch`, lines, 'application/x-ndjson');
  assert.equal(ndjson.headers['content-type'], 'application/x-ndjson; charset=utf-8');
  assert.match(String(ndjson.headers['batch-id']), /^bat_/);
  assert.equal(ndjson.headers['accepted-count'], '2');
  const parsed = ndjson.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { status: string });
  assert.deepEqual(
    parsed.map((one) => one.status),
    ['replayed', 'refused', 'refused', 'replayed'],
  );
});

test('the modes of a batch decide what a refusal does to the rest', async () => {
  const [till, deposit] = await openPair(bank);
  const pair = { debit_account_id: deposit, credit_account_id: till, currency: 'CZK' };
  const items = ['1', '5000', '2'].map((amount) => ({ ...pair, amount }));
  const codes = async (mode: string): Promise<string[]> => {
    const { body } = await bank.post(`${transfers}/batch?mode=${mode}`, items);
    return body.results.map((one) => one.refusal?.code ?? one.status);
  };
  assert.deepEqual(await codes('each'), ['posted', 'insufficient_available', 'posted']);
  assert.deepEqual(await codes('stop'), ['posted', 'insufficient_available', 'not_attempted']);
  assert.deepEqual(await codes('atomic'), [
    'linked_transfer_failed',
    'insufficient_available',
    'linked_transfer_failed',
  ]);
  const linked = items.map((item, index) => ({ ...item, linked: index < 1 }));
  const { body } = await bank.post(`${transfers}/batch`, linked);
  assert.deepEqual(
    body.results.map((one) => one.refusal?.code ?? one.status),
    ['linked_transfer_failed', 'insufficient_available', 'posted'],
  );
});

test('a batch holds every kind of item', async () => {
  const [till, deposit] = await openPair(bank);
  const pair = { debit_account_id: deposit, credit_account_id: till, currency: 'CZK' };
  const first = await bank.post(`${transfers}/batch`, [
    { ...pair, amount: '100', kind: 'hold' },
    { ...pair, amount: '100', kind: 'hold' },
    { ...pair, amount: '100' },
  ]);
  const [one, two, three] = first.body.results.map((result) => result.transfer.id);
  const reply = await bank.post(`${transfers}/batch`, [
    { kind: 'increase', hold_id: one, amount: '10', currency: 'CZK' },
    { kind: 'capture', hold_id: one, amount: '60', currency: 'CZK', final: true },
    { kind: 'void', hold_id: two },
    { kind: 'reverse', transfer_id: three, amount: '30', currency: 'CZK' },
    { kind: 'capture', hold_id: three },
  ]);
  assert.deepEqual(
    reply.body.results.map((result) => result.refusal?.code ?? result.transfer.kind),
    ['increase', 'capture', 'void', 'reversal', 'hold_not_found'],
  );
  assert.equal((await balanceOf(bank, deposit)).available, '870');
  const wrong = await bank.post(`${transfers}/batch`, [
    { ...pair, amount: '1' },
    { kind: 'reverse', transfer_id: three, amount: '30', currency: 'EUR' },
  ]);
  assert.equal(told(wrong), '422 currency_mismatch [1].currency');
  assert.equal((await balanceOf(bank, deposit)).available, '870');
});

test('a whole batch is reversed at once, or nothing of it', async () => {
  const [till, deposit] = await openPair(bank, '0');
  const into = { debit_account_id: till, credit_account_id: deposit, currency: 'CZK' };
  const out = { debit_account_id: deposit, credit_account_id: till, currency: 'CZK' };
  const { body } = await bank.post(`${transfers}/batch`, [
    { ...into, amount: '100' },
    { ...out, amount: '70' },
    { ...out, amount: '30', kind: 'hold' },
  ]);
  const url = `/v1/ledger/batches/${body.batch_id}/reverse`;
  const dry = await bank.post(`${url}?dry_run=true`, {});
  assert.equal(dry.status, 200, dry.text);
  const undo = { external_id: `undo-${body.batch_id}`, description: 'undo' };
  const reply = await bank.post(url, undo);
  assert.equal(reply.status, 201, reply.text);
  assert.deepEqual(
    reply.body.results.map((one) => one.transfer.kind),
    ['void', 'reversal', 'reversal'],
  );
  assert.equal((await balanceOf(bank, deposit)).available, '0');
  const again = await bank.post(url, undo);
  assert.equal(again.status, 200, again.text);
  assert.equal(again.body.results[2].status, 'replayed');
  assert.equal(told(await bank.post(url, {})), '422 already_reversed -');

  const next = await bank.post(`${transfers}/batch`, [
    { ...into, amount: '100' },
    { ...into, amount: '5' },
  ]);
  await pay(bank, [deposit, till, '80']);
  const before = await bank.fingerprint();
  const refused = await bank.post(`/v1/ledger/batches/${next.body.batch_id}/reverse`, {});
  assert.equal(refused.body.code, 'insufficient_available');
  assert.deepEqual(await bank.fingerprint(), before);
  const unknown = '/v1/ledger/batches/bat_01900000-0000-7000-8000-000000000000';
  assert.equal(told(await bank.get(unknown)), '404 batch_unknown id');
  assert.equal(told(await bank.post(`${unknown}/reverse`, {})), '404 batch_unknown id');
});
