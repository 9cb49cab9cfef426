import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccountId } from '#kernel';
import { openQueues } from '#platform';
import { queueOf } from '../facts.ts';
import { OWN_BIC, openRailedBank, type RailedBank } from '../testing/railed.ts';
import { originatorsOf } from './originators.ts';
import type { RailConnection } from './port.ts';
import { tellRail } from './sct-inst/outgoing.ts';

let bank: RailedBank;

before(async () => {
  bank = await openRailedBank('originators');
});

after(async () => {
  await bank.close();
});

const asked = (...ids: readonly AccountId[]) =>
  bank.database.transaction(bank.context(), (tx) => originatorsOf(tx, ids));

/** What the rail is told of what waits. */
async function told(): Promise<string> {
  const { database, clock } = bank;
  const texts: string[] = [];
  const connection: RailConnection = {
    name: 'sct_inst',
    deliver: async (given) => {
      texts.push(...given);
      await Promise.resolve();
    },
    collect: () => Promise.resolve([]),
    acknowledge: () => Promise.resolve(),
    restMs: () => 0,
  };
  const queues = openQueues({ database, clock });
  const received = await queues.receive(queueOf.sct_inst, { max: 10, visibilityMs: 5_000 });
  await tellRail({ database, clock, connection, own: OWN_BIC })(received);
  await queues.complete(
    queueOf.sct_inst,
    received.map(({ receipt }) => receipt),
  );
  return texts.join('');
}

test('a credit transfer names the first owner of the account and its IBAN', async () => {
  const { iban = '' } = bank.account;
  await bank.pay(100n);
  const text = await told();
  assert.match(text, /<Dbtr><Nm>Anna Nováková<\/Nm><\/Dbtr>/);
  assert.ok(text.includes(`<DbtrAcct><Id><IBAN>${iban}</IBAN>`), text);
});

test('a book of the bank is nobody’s, and every account is told once', async () => {
  const own = await bank.open({ path: 'assets:own', currency: 'EUR', normalSide: 'debit' });
  const { id, iban } = bank.account;
  const found = await asked(own, id, id);
  assert.deepEqual([...found], [[id, { iban, name: 'Anna Nováková', isCompany: false }]]);
});
