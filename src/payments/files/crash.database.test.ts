import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addProduct, createCustomers, openBankAccounts } from '#accounts';
import { limits } from '#config';
import { currencyOf, type Currency } from '#kernel';
import { product } from '../../accounts/testing/bank.ts';
import { testLog, type TestLog } from '../../audit/testing/log.ts';
import { makeAgreement } from './agree.ts';
import type { FileId } from './file.ts';
import { announceFile, takePart } from './receive.ts';
import { findFile } from './store/file-store.ts';
import { csvOf, mapping, ROUTING, type Line } from './testing/bank.ts';

let log: TestLog;

before(async () => {
  log = await testLog('files crash');
});

after(async () => {
  await log.close();
});

const USD = currencyOf('USD') as Currency;
const ENTRIES = limits.fileChunkEntries.value * 4 + 5;
const ROUNDS_MAX = 40;

const tenant = { tenant: 'main' };

async function openAccounts(): Promise<string[]> {
  return await log.database.transaction(log.context(tenant), async (tx) => {
    const numbering = { scheme: 'us', routing_number: ROUTING } as const;
    const added = await addProduct(tx, product({ code: 'dollars', currency: USD }, { numbering }));
    assert.ok(added.ok);
    const particulars = { name: 'Anna' };
    const [made] = await createCustomers(tx, [{ kind: 'person', particulars }]);
    assert.ok(made?.ok === true);
    const owners = [{ customer: made.value.id, role: 'owner' }] as const;
    const asked = Array.from({ length: 3 }, () => ({ product: 'dollars', owners }));
    const opened = await openBankAccounts(tx, asked);
    return opened.map((each) => (each.ok ? (each.value.accountNumber ?? '') : ''));
  });
}

async function receiveFile(bytes: Buffer): Promise<FileId> {
  const { database, objects, keys } = log;
  const announced = await database.transaction(log.context(tenant), async (tx) => {
    const made = await makeAgreement(tx, {
      sender: 'network',
      format: 'csv',
      role: 'incoming',
      acceptance: 'partial',
      rail: 'ach',
      currency: USD,
      settlementAccount: undefined,
      areDebitsAllowed: false,
      entryMax: undefined,
      fileMax: undefined,
      mapping,
    });
    assert.ok(made.ok);
    return await announceFile(tx, {
      agreementId: made.value.id,
      name: 'large.csv',
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      source: 'upload',
    });
  });
  assert.ok(announced.ok);
  const { id: fileId } = announced.value.file;
  const part = { fileId, offset: 0, bytes };
  const taken = await takePart({ database, objects, keys }, log.context(tenant), part);
  assert.ok(taken.ok);
  return fileId;
}

async function chunks(): Promise<number> {
  const [row] = await log.database.query<{ count: bigint }>({
    text: 'select count(*) from payments.file_chunks',
  });
  return Number(row?.count);
}

/** Whether the worker came to its end: it is killed when the next chunk is done. */
async function workUntilNextChunk(): Promise<boolean> {
  const before = await chunks();
  // A later time than any lease of the one before.
  log.clock.advance(limits.fileLeaseMs.value * 1_000 * 2);
  const script = path.join(import.meta.dirname, 'testing/worker.ts');
  const time = String(log.clock.now());
  const worker: ChildProcess = spawn(process.execPath, [script, log.url, log.folder, time], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(worker, 'exit');
  while (worker.exitCode === null && worker.signalCode === null) {
    if ((await chunks()) > before) worker.kill('SIGKILL');
    await sleep(5);
  }
  await ended;
  return worker.exitCode === 0;
}

test('a file whose workers are killed again and again is posted whole, and nothing twice', async () => {
  const numbers = await openAccounts();
  const lines = Array.from({ length: ENTRIES }, (_, index): Line => {
    return { amount: 1n + BigInt(index % 7), to: index % 100 === 99 ? '0' : numbers[index % 3] };
  });
  const id = await receiveFile(csvOf(lines));
  let kills = 0;
  while (!(await workUntilNextChunk())) {
    kills += 1;
    assert.ok(kills < ROUNDS_MAX, 'the file never ends');
  }
  assert.ok(kills >= 2);
  const file = await findFile(log.database, id);
  assert.equal(file?.state, 'completed');
  const returned = Math.floor(ENTRIES / 100);
  const expected = lines.reduce((sum, { amount }, index) => {
    return index % 100 === 99 ? sum : sum + BigInt(amount);
  }, 0n);
  const [found] = await log.database.query<Record<string, bigint>>({
    text: `select (select count(*) from payments.payments p where p.origin = $1) as payments,
        (select sum(p.amount)::bigint from payments.payments p where p.origin = $1) as paid,
        (select count(*) from ledger.transfers) as transfers,
        (select sum(b.posted_credits)::bigint from ledger.balances b
          join accounts.bank_accounts a on a.id = b.account_id) as credited,
        (select sum(c.posted)::bigint from payments.file_chunks c) as posted,
        (select count(*) from payments.file_entries e) as returned`,
    values: [id],
  });
  assert.deepEqual(found, {
    payments: BigInt(ENTRIES - returned),
    paid: expected,
    transfers: BigInt(ENTRIES - returned),
    credited: expected,
    posted: BigInt(ENTRIES - returned),
    returned: BigInt(returned),
  });
});
