import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { csvOf, openFilesBank, type FilesBank } from '../testing/bank.ts';
import { openFolderInbox } from './folder.ts';
import type { Inbox } from './port.ts';
import { takeFromInbox } from './take.ts';

let bank: FilesBank;
let folder: string;
let inbox: Inbox;

before(async () => {
  bank = await openFilesBank('files inbox');
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-inbox-'));
  inbox = openFolderInbox({ folder, stableMs: 0 });
  await mkdir(path.join(folder, 'network'));
  await bank.agree({ sender: 'network' });
});

after(async () => {
  await bank.drop();
  await rm(folder, { recursive: true, force: true });
});

const at = (...parts: string[]): string => path.join(folder, 'network', ...parts);

/** The first look finds a file, the second that it stays as it is. */
async function look(): Promise<number> {
  const first = await takeFromInbox(bank.world, inbox, bank.context());
  return first + (await takeFromInbox(bank.world, inbox, bank.context()));
}

test('a file is taken once it no longer changes, posted, and put away', async () => {
  const anna = await bank.openDollars();
  const text = csvOf([{ amount: 5n, to: anna.accountNumber }]);
  await writeFile(at('one.csv'), text.subarray(0, 20));
  assert.equal(await takeFromInbox(bank.world, inbox, bank.context()), 0);
  await writeFile(at('one.csv'), text);
  assert.equal(await takeFromInbox(bank.world, inbox, bank.context()), 0);
  assert.equal(await takeFromInbox(bank.world, inbox, bank.context()), 1);
  await bank.work();
  assert.equal(await bank.sumOf(anna.id), 5n);
  const [done] = await readdir(at('done'));
  assert.match(done ?? '', /^fil_.*--one\.csv$/);
  assert.equal(await look(), 0);
});

test('a file that was received and not put away when the process died is not taken twice', async () => {
  const anna = await bank.openDollars();
  const text = csvOf([{ amount: 7n, to: anna.accountNumber }]);
  await writeFile(at('two.csv'), text);
  const dying: Inbox = { ...inbox, putAway: () => Promise.reject(new Error('the process died')) };
  await takeFromInbox(bank.world, dying, bank.context());
  await assert.rejects(takeFromInbox(bank.world, dying, bank.context()), /died/);
  assert.equal(await takeFromInbox(bank.world, inbox, bank.context()), 1);
  await bank.work();
  assert.equal(await bank.sumOf(anna.id), 7n);
  await writeFile(at('two.csv'), text);
  assert.equal(await look(), 1);
  await bank.work();
  assert.equal(await bank.sumOf(anna.id), 7n);
  assert.match(await readFile(at('failed', 'two.csv.reason.txt'), 'utf8'), /taken before/);
});

test('what nobody agreed on is put aside with the reason, and what is unfinished is left', async () => {
  await mkdir(path.join(folder, 'stranger'));
  await writeFile(path.join(folder, 'stranger', 'x.csv'), 'a,b\n1,2\n');
  await writeFile(at('empty.csv'), '');
  await writeFile(at('half.csv.part'), 'a');
  await writeFile(at('.hidden'), 'a');
  assert.equal(await look(), 2);
  const reason = path.join(folder, 'stranger', 'failed', 'x.csv.reason.txt');
  assert.match(await readFile(reason, 'utf8'), /no agreement/);
  assert.ok((await readdir(at())).includes('half.csv.part'));
});
