import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSequencer, SIGNING_KEY, verifyLog, type LogVerification } from '#audit';
import { DAY_US, HOUR_US, SECOND_US, type AccountId, type Instant } from '#kernel';
import { openSession, type Session } from '#platform';
import {
  columnNames,
  deleteRow,
  editValue,
  seededRandom,
  tampering,
} from '../../audit/testing/tampering.ts';
import { changeAccount } from '../change.ts';
import { closePeriod } from '../close-period.ts';
import { expireHolds } from '../expire.ts';
import { openAccounts } from '../open.ts';
import type { Leg } from '../posting/instruction.ts';
import { rollSegment } from '../segments.ts';
import { cashAccount, depositAccount, openBank, start, type Bank } from '../testing/bank.ts';
import { ledgerSources } from './sources.ts';

const debit = (accountId: AccountId, amount: bigint): Leg => ({ accountId, side: 'debit', amount });
const credit = (accountId: AccountId, amount: bigint): Leg => {
  return { accountId, side: 'credit', amount };
};

let bank: Bank;
let cash: AccountId;
let alice: AccountId;
let bob: AccountId;

// A history with every kind of record, partly without a place yet.
before(async () => {
  bank = await openBank('ledger sources');
  const names = { name: 'Žofie "Č."', metadata: { 'b"': '1', a: 'ž', aa: '' } };
  [cash, alice, bob] = (await bank.openAll([
    cashAccount,
    { ...depositAccount, ...names, externalId: 'a-1' },
    { ...depositAccount, creditLimit: 70n, ceiling: 1_000_000n },
  ])) as [AccountId, AccountId, AccountId];
  const [euro, euroBob] = await bank.openAll([
    { path: 'assets:nostro:eur', currency: 'EUR', normalSide: 'debit' },
    { path: 'liabilities:eur', currency: 'EUR', normalSide: 'credit' },
  ]);
  assert.ok(euro !== undefined && euroBob !== undefined);
  const sequencer = openSequencer(bank.database, { origin: 'florin.test/ledger' });
  const legs = [debit(alice, 1_000n), credit(bob, 1_000n)];
  const opening = [debit(cash, 90_000n), credit(alice, 60_000n), credit(bob, 30_000n)];
  await bank.post({ kind: 'transfer', legs: opening, externalId: 'one' });
  bank.clock.advance(SECOND_US);
  const wrong = await bank.post({ kind: 'transfer', legs });
  await bank.post({ kind: 'reverse', transferId: wrong.id, amount: 300n });
  await bank.post({ kind: 'reverse', transferId: wrong.id });
  await sequencer.run(bank.context());
  const exchange = { from: 'CZK', to: 'EUR', rate: '0.04' };
  const across = [
    debit(bob, 2_500n),
    credit(cash, 2_500n),
    debit(euro, 100n),
    credit(euroBob, 100n),
  ];
  await bank.post({ kind: 'transfer', exchange, legs: across, effectiveAt: start });
  await useHolds(legs);
  assert.equal(
    await bank.code({ kind: 'transfer', legs: [debit(alice, 10n ** 9n)] }),
    'too_few_legs',
  );
  assert.equal(await bank.code({ kind: 'transfer', legs: opening, externalId: 'one' }), 'replay');
  await changeAll();
  await sequencer.run(bank.context());
  await rollSegment(bank.database, bank.context(), 0);
  await bank.codes(...Array.from({ length: 5 }, () => ({ kind: 'transfer' as const, legs })));
});

async function useHolds(legs: readonly Leg[]): Promise<void> {
  const hold = { kind: 'hold', legs } as const;
  const expiresAt = (bank.clock.now() + HOUR_US) as Instant;
  const parts = await bank.post({ ...hold, expiresAt: (expiresAt + DAY_US) as Instant });
  await bank.post({ kind: 'capture', holdId: parts.id, amount: 400n });
  await bank.post({ kind: 'increase', holdId: parts.id, amount: 50n });
  const voided = await bank.post(hold);
  await bank.post({ kind: 'void', holdId: voided.id });
  await bank.post({ ...hold, expiresAt });
  bank.clock.set((expiresAt + HOUR_US) as Instant);
  assert.equal(await expireHolds(bank.database, bank.context()), 1);
}

async function changeAll(): Promise<void> {
  const change = (input: Parameters<typeof changeAccount>[1]): Promise<unknown> => {
    bank.clock.advance(SECOND_US);
    return bank.database.transaction(bank.context(), (tx) => changeAccount(tx, input));
  };
  await change({ accountId: alice, creditLimit: 500n });
  await change({ accountId: alice, name: 'Anna' });
  await change({ accountId: bob, name: 'Bob', metadata: { z: '1', y: '2' } });
  await change({ accountId: bob, state: 'frozen' });
  await change({ accountId: bob, state: 'open' });
  await bank.database.transaction(bank.context(), (tx) => closePeriod(tx, { closedBefore: start }));
  await workForAnother();
}

// A tenant of the same bank, who closes the same period.
async function workForAnother(): Promise<void> {
  const context = { ...bank.context(), tenant: 'other' };
  const [opened] = await bank.database.transaction(context, (tx) =>
    openAccounts(tx, [depositAccount]),
  );
  assert.ok(opened?.ok === true);
  const { id: accountId } = opened.value;
  await bank.database.transaction(context, (tx) =>
    changeAccount(tx, { accountId, creditLimit: 9n }),
  );
  await bank.database.transaction(context, (tx) => closePeriod(tx, { closedBefore: start }));
}

after(async () => {
  await bank.drop();
});

async function check(open: () => Promise<Session>, connections = 1): Promise<LogVerification> {
  return await verifyLog({
    open,
    connections,
    findingsPerRuleMax: 50,
    trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
    keys: bank.database.keys,
    sources: ledgerSources,
  });
}

/** What is found after the statements, which are undone afterwards. */
async function checkAfter(...statements: string[]): Promise<LogVerification> {
  return await tampering(bank.url, async (hand, inside) => {
    for (const text of statements) await hand.query({ text });
    return await check(inside);
  });
}

const textOf = ({ findings }: LogVerification): string =>
  findings.map((each) => `${each.rule}: ${each.place}: ${each.expected}; ${each.found}`).join('\n');

test('every change of the ledger has its record, placed or waiting, and every record its change', async () => {
  for (const connections of [1, 2]) {
    const verification = await check(() => openSession(bank.url), connections);
    assert.equal(textOf(verification), '');
    assert.equal(verification.isSound, true);
    assert.ok(verification.counts.changes >= 25);
  }
});

const CONTRADICTS = ['change_contradicts_record'];
const MOVED = ['change_contradicts_record', 'change_unrecorded', 'record_without_change'];

/** Every column of which records hold something, and what is found when it is edited. */
const covered: Readonly<Record<string, readonly string[]>> = {
  'ledger.transfers.id': MOVED,
  'ledger.transfers.kind': CONTRADICTS,
  'ledger.transfers.exchange': CONTRADICTS,
  'ledger.transfers.hold_id': CONTRADICTS,
  'ledger.transfers.reverses_id': CONTRADICTS,
  'ledger.transfers.expires_at': CONTRADICTS,
  'ledger.transfers.effective_at': CONTRADICTS,
  'ledger.entries.account_id': CONTRADICTS,
  'ledger.entries.version': CONTRADICTS,
  'ledger.entries.transfer_id': CONTRADICTS,
  'ledger.entries.leg': CONTRADICTS,
  'ledger.entries.is_debit': CONTRADICTS,
  'ledger.entries.posted': CONTRADICTS,
  'ledger.entries.pending': CONTRADICTS,
  'ledger.accounts.id': MOVED,
  'ledger.accounts.tenant': CONTRADICTS,
  'ledger.accounts.path': CONTRADICTS,
  'ledger.accounts.name': CONTRADICTS,
  'ledger.accounts.currency': CONTRADICTS,
  'ledger.accounts.normal_side': CONTRADICTS,
  'ledger.accounts.state': CONTRADICTS,
  'ledger.accounts.floor': CONTRADICTS,
  'ledger.accounts.ceiling': CONTRADICTS,
  'ledger.accounts.credit_limit': CONTRADICTS,
  'ledger.accounts.metadata': CONTRADICTS,
  'ledger.accounts.opened_at': CONTRADICTS,
  'ledger.holds.id': CONTRADICTS,
  'ledger.holds.state': CONTRADICTS,
  'ledger.holds.expires_at': CONTRADICTS,
  'ledger.holds.account_ids': CONTRADICTS,
  'ledger.holds.sides': CONTRADICTS,
  'ledger.holds.held': CONTRADICTS,
  'ledger.holds.captured': CONTRADICTS,
  'ledger.period_closes.closed_before': MOVED,
  'ledger.period_closes.closed_at': CONTRADICTS,
  'ledger.period_closes.actor': CONTRADICTS,
  'ledger.period_closes.tenant': MOVED,
};

const deleted: Readonly<Record<string, readonly string[]>> = {
  'ledger.transfers': ['record_without_change'],
  'ledger.entries': CONTRADICTS,
  'ledger.accounts': ['record_without_change'],
  'ledger.holds': CONTRADICTS,
  'ledger.period_closes': ['record_without_change'],
};

/** Columns that no record holds: `florin verify` follows most of them from the others. */
const elsewhere = new Set([
  ...['external_id', 'content_hash', 'description', 'metadata', 'recorded_at', 'actor'].map(
    (column) => `ledger.transfers.${column}`,
  ),
  ...['segment', 'effective_at', 'recorded_at', 'posted_debits', 'posted_credits'].map(
    (column) => `ledger.entries.${column}`,
  ),
  'ledger.entries.pending_debits',
  'ledger.entries.pending_credits',
  // Whose a transfer or hold is follows from its accounts.
  'ledger.transfers.tenant',
  'ledger.holds.tenant',
  'ledger.accounts.external_id',
  'ledger.accounts.changed_at',
]);

test('every column of the tables is compared, or named as one that is not', async () => {
  const session = await openSession(bank.url);
  try {
    for (const table of Object.keys(deleted)) {
      for (const column of await columnNames(session, table)) {
        assert.notEqual(column in covered, elsewhere.has(column), column);
      }
    }
  } finally {
    await session.close();
  }
});

test('whatever a hand with every right edits or deletes is found and named', async () => {
  const seed = Number(process.env['FLORIN_TEST_SEED'] ?? 20_261_122);
  const random = seededRandom(seed);
  const columns = Object.entries(covered);
  const tables = Object.entries(deleted);
  let count = 0;
  for (let round = 0; round < 2 * columns.length + 2 * tables.length; round += 1) {
    await tampering(bank.url, async (hand, inside) => {
      const edit = columns[round];
      const again = columns[round - columns.length];
      const [what, expected] = (edit ??
        again ??
        tables[round % tables.length]) as (typeof columns)[0];
      const isEdit = what.split('.').length === 3;
      const done = isEdit
        ? await editValue(hand, what, random)
        : await deleteRow(hand, what, random);
      if (done === undefined) return;
      count += 1;
      const verification = await check(inside);
      const found = verification.findings.map(({ rule }) => rule);
      const story = `seed ${seed} round ${round}: ${done}\n${textOf(verification)}`;
      assert.ok(!verification.isSound, story);
      assert.ok(
        found.some((rule) => expected.includes(rule)),
        story,
      );
    });
  }
  assert.ok(count > columns.length, `only ${count} could be done`);
});

const oneTransfer = `(select id from ledger.transfers where kind = 'transfer' order by id limit 1)`;
const copyOf = (id: string): string => `
  insert into ledger.transfers (id, kind, effective_at, recorded_at, actor)
  select ${id}, kind, effective_at, recorded_at, actor from ledger.transfers
  where id = ${oneTransfer};
  insert into ledger.entries select segment, account_id, version + 1000, ${id}, leg, is_debit,
    posted, pending, posted_debits, posted_credits, pending_debits, pending_credits, effective_at,
    recorded_at
  from ledger.entries where transfer_id = ${oneTransfer}`;

const stories: readonly {
  readonly what: string;
  readonly statements: readonly string[];
  readonly finds: RegExp;
}[] = [
  {
    what: 'a transfer that was removed with its entries',
    statements: [
      `delete from ledger.entries where transfer_id = ${oneTransfer}`,
      `delete from ledger.transfers where id = ${oneTransfer}`,
    ],
    finds: /^record_without_change: transfer trf_\S+ record aud_\S+: [^\n]*$/,
  },
  {
    what: 'records that were taken away before they had a place',
    statements: [
      `delete from audit.bundles where id in (select bundle_id from audit.inbox)`,
      `delete from audit.inbox`,
    ],
    finds: /^change_unrecorded: (transfer|segment) /,
  },
  {
    what: 'a forged transfer',
    statements: [copyOf(`'01990000-0000-7000-8000-000000000001'`)],
    finds: /^change_unrecorded: transfer trf_01990000-0000-7000-8000-000000000001: a record; /,
  },
  {
    what: 'two entries whose amounts were raised alike',
    statements: [
      `update ledger.entries set posted = posted + 5 where transfer_id = ${oneTransfer}
        and leg < 2`,
    ],
    finds: /^change_contradicts_record: transfer trf_\S+ record aud_[^\n]*"amount":"90000"/,
  },
  {
    what: 'an account that was opened by hand',
    statements: [
      `insert into ledger.accounts (id, path, currency, normal_side, opened_at, changed_at)
        select gen_random_uuid(), path, currency, normal_side, opened_at, changed_at
        from ledger.accounts limit 1`,
    ],
    finds: /^change_unrecorded: account acc_/,
  },
  {
    what: 'a period that was opened again',
    statements: [`delete from ledger.period_closes`],
    finds: /^record_without_change: period 2026-03-01T10:00:00.123456Z record aud_/,
  },
  {
    what: 'a segment that was opened by hand',
    statements: [`insert into ledger.segments values (9, now())`],
    finds: /^change_unrecorded: segment segment:9/,
  },
  {
    what: 'a hold that was given back by hand',
    statements: [`update ledger.holds set state = 'voided', captured = held where state = 'open'`],
    finds: /^change_contradicts_record: transfer trf_/,
  },
];

for (const { what, statements, finds } of stories) {
  test(`the reconciler names ${what}`, async () => {
    const verification = await checkAfter(...statements);
    assert.match(textOf(verification), finds);
    assert.equal(verification.isSound, false);
  });
}

test('after all of it the ledger and its records are as they were', async () => {
  assert.equal(textOf(await check(() => openSession(bank.url))), '');
});

test('changes and records agree at every moment while money is moved', async () => {
  const isDone = { value: false };
  const sequencer = openSequencer(bank.database);
  const move = async (): Promise<void> => {
    const legs = [debit(cash, 1n), credit(bob, 1n)];
    while (!isDone.value) {
      await bank.codes(...Array.from({ length: 20 }, () => ({ kind: 'transfer' as const, legs })));
    }
  };
  const sequence = async (): Promise<void> => {
    while (!isDone.value) await sequencer.run(bank.context());
  };
  const working = Promise.all([move(), move(), sequence()]);
  try {
    for (let round = 0; round < 4; round += 1) {
      assert.equal(textOf(await check(() => openSession(bank.url), 1 + (round % 2))), '');
    }
  } finally {
    isDone.value = true;
    await working;
  }
});
