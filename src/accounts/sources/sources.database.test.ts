import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import type { Instant } from '#kernel';
import { tampering } from '../../audit/testing/tampering.ts';
import { changeOverdraft, changeStatus } from '../change.ts';
import { closeBankAccount } from '../close.ts';
import { addHolder, endHolder } from '../holders.ts';
import { runInterest } from '../interest/job.ts';
import { day, openAccountsBank, owner, product, type AccountsBank } from '../testing/bank.ts';
import { bankAccountSources } from './sources.ts';

let bank: AccountsBank;

// A history with every kind of record, partly without a place yet.
before(async () => {
  bank = await openAccountsBank('account sources');
  const interest = {
    day_count: 'ACT/365',
    booking: 'monthly',
    method: 'portion',
    credit: [{ from: '0', rate: '0.0365' }],
    debit: [{ from: '0', rate: '0.2' }],
  } as const;
  const fees = [{ code: 'monthly', name: 'Fee', amount: '100', calendar: 'monthly' }] as const;
  const terms = { interest, fees, overdraft_max: '100000' };
  await bank.addProducts(
    product({}, terms),
    product({ effectiveFrom: day('2026-06-01') }, { ...terms, fees: [] }),
  );
  const [anna, ben] = await bank.customers(2);
  assert.ok(anna !== undefined && ben !== undefined);
  const { id } = await bank.openOne({ owners: [owner(anna)] });
  const target = await bank.openOne();
  await bank.pay(id, 1_000_000n);
  await openSequencer(bank.database).run(bank.context());
  const step = async (run: Parameters<typeof bank.database.transaction>[1]): Promise<void> => {
    bank.clock.advance(1_000_001);
    await bank.database.transaction(bank.context(), run);
  };
  const accountId = id;
  await step((tx) => changeStatus(tx, { accountId, status: 'blocked', reason: 'x' }));
  await step((tx) => changeStatus(tx, { accountId, status: 'active', reason: 'y' }));
  await step((tx) => changeOverdraft(tx, { accountId, overdraft: 7n }));
  await step((tx) => changeOverdraft(tx, { accountId, overdraft: 200_000n }));
  await step((tx) => addHolder(tx, { accountId, customer: ben, role: 'owner' }));
  await step((tx) => endHolder(tx, { accountId, customer: anna }));
  bank.clock.set((day('2026-05-03') + 1) as Instant);
  await runInterest(bank.database, bank.context());
  await step((tx) => closeBankAccount(tx, { accountId, reason: 'z', payoutTo: target.id }));
});

after(async () => {
  await bank.drop();
});

async function findings(...statements: string[]): Promise<string> {
  return await tampering(bank.url, async (hand, inside) => {
    for (const text of statements) await hand.query({ text });
    const verification = await verifyLog({
      open: inside,
      connections: 1,
      findingsPerRuleMax: 20,
      trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
      keys: bank.database.keys,
      sources: bankAccountSources,
    });
    return verification.findings.map(({ rule, place }) => `${rule} ${place}`).join('\n');
  });
}

test('every change of accounts, holders, products and bookings has its record', async () => {
  assert.equal(await findings(), '');
  const [booked] = await bank.asOwner<{ count: bigint }>('select count(*) from accounts.bookings');
  assert.ok(booked !== undefined && booked.count > 3n);
});

const stories: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a status changed by hand': [
    `update accounts.bank_accounts set status = 'dormant' where status = 'active'`,
    /^change_contradicts_record bank_account acc_/m,
  ],
  'an overdraft given by hand': [
    `update accounts.bank_accounts set overdraft = 99999`,
    /^change_contradicts_record bank_account acc_/m,
  ],
  'a holder added by hand': [
    `insert into accounts.holders (id, account_id, customer, role, grant_id, since, tenant)
      select gen_random_uuid(), account_id, customer, role, grant_id, now(), tenant
      from accounts.holders where ended_at is not null limit 1`,
    /account_holder acc_/m,
  ],
  'a holder who was taken away': [
    `delete from accounts.holders where ended_at is null`,
    /account_holder acc_/m,
  ],
  'terms that were bent': [
    `update accounts.products set terms = jsonb_set(terms, '{overdraft_max}', '"1"')`,
    /^change_contradicts_record product current/m,
  ],
  'a booking that was raised': [
    `update accounts.bookings set amount = amount + 1 where kind = 'interest_credit'`,
    /^change_contradicts_record booking trf_/m,
  ],
  'a booking that was removed': [
    `delete from accounts.bookings where kind = 'fee'`,
    /^record_without_change booking trf_/m,
  ],
  'interest that was accrued by hand': [
    `update accounts.accruals set credit_units = credit_units + 1`,
    /booking acc_/m,
  ],
};

for (const [what, [statement, expected]] of Object.entries(stories)) {
  test(`the reconciler names ${what}`, async () => {
    assert.match(await findings(statement), expected);
  });
}

test('no record and no event holds the number of an account', async () => {
  const [opened] = await bank.asOwner<{ iban: string }>(
    'select iban from accounts.bank_accounts limit 1',
  );
  assert.ok(opened !== undefined);
  const [row] = await bank.asOwner<{ records: bigint; holding: bigint; telling: bigint }>(
    `select (select count(*) from audit.bundles b
        where position(convert_to('accounts.account.open', 'UTF8') in b.leaves) > 0) as records,
      (select count(*) from audit.bundles b
        where position(convert_to('${opened.iban}', 'UTF8') in b.leaves) > 0) as holding,
      (select count(*) from stream.events e where e::text like '%${opened.iban}%') as telling`,
  );
  assert.ok(row !== undefined && row.records > 0n);
  assert.deepEqual([row.holding, row.telling], [0n, 0n]);
});
