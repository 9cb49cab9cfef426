import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_US, Fault, SECOND_US, uuidOf, type AccountId, type Instant } from '#kernel';
import { changeAccount } from './change.ts';
import { closePeriod } from './close-period.ts';
import { expireHolds } from './expire.ts';
import { post, postBatch, withLedger } from './post.ts';
import { lockBooks, recordBalances } from './store/posting-store.ts';
import { codeOf, credit, debit } from './posting/examples.ts';
import type { HoldInstruction, Instruction } from './posting/instruction.ts';
import type { StoredTransfer } from './posting/transfer.ts';
import { rollSegment } from './segments.ts';
import { loadTransfers } from './store/transfer-store.ts';
import {
  cashAccount,
  depositAccount,
  openBank,
  payment,
  start,
  type Bank,
} from './testing/bank.ts';

let bank: Bank;
let cash: AccountId;
let alice: AccountId;
let bob: AccountId;

before(async () => {
  bank = await openBank('ledger post');
  cash = await bank.open(cashAccount);
  alice = await bank.open();
  bob = await bank.open();
  await bank.post(payment(cash, alice, 1_000_000n));
});
after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

const later = (microseconds: number, from = start): Instant => (from + microseconds) as Instant;

const held = (amount: bigint, rest: Partial<HoldInstruction> = {}): Instruction =>
  payment(alice, bob, amount, { ...rest, kind: 'hold' });

/** A tester's database is shared by the tests of the file, so each begins at a fresh second. */
function nextSecond(): Instant {
  bank.clock.advance(SECOND_US);
  return bank.clock.now();
}

const postAll = (instructions: Instruction[], now = bank.clock.now()) =>
  postBatch(bank.database, bank.context(now), instructions);

test('what is stored is what was answered, to the last counter and microsecond', async () => {
  const [euros, euroDeposit] = await bank.openAll([
    { path: 'assets:eur', currency: 'EUR', normalSide: 'debit' },
    { path: 'liabilities:eur', currency: 'EUR', normalSide: 'credit' },
  ]);
  assert.ok(euros !== undefined && euroDeposit !== undefined);
  const exchange = { from: 'EUR', to: 'CZK', rate: '24.3150' };
  const bought = [debit({ id: euros }, 40n), credit({ id: euroDeposit }, 40n)];
  const paid = [debit({ id: alice }, 973n), credit({ id: cash }, 973n)];
  const metadata = { příjemce: 'Šárka "Š" \\ ✓', empty: '' };
  const effectiveAt = later(-DAY_US - 1);
  const expiresAt = later(DAY_US + 1);
  const first = await bank.post(held(50n, { expiresAt, externalId: 'stored-hold' }));
  nextSecond();
  const list: Instruction[] = [
    { kind: 'transfer', legs: [...paid, ...bought], exchange, externalId: 'stored-fx' },
    payment(alice, bob, 7n, { description: 'čaj\n', metadata, effectiveAt }),
    held(11n, { externalId: 'stored-2' }),
    { kind: 'increase', holdId: first.id, amount: 5n, expiresAt: later(2 * DAY_US) },
    { kind: 'capture', holdId: first.id, amount: 20n, externalId: 'stored-3' },
    { kind: 'capture', holdId: first.id, amount: 1n, final: true },
  ];
  const { answers, batchId } = await postAll(list);
  assert.match(batchId, /^bat_/);
  const transfers = answers.map((answer) => {
    assert.ok(answer.ok);
    return answer.value.transfer as StoredTransfer;
  });
  const ids = [first, ...transfers].map(({ id }) => id);
  assert.deepEqual(await loadTransfers(bank.database, ids), [first, ...transfers]);
  assert.deepEqual(ids, ids.toSorted(), 'ids sort by the order of posting');
  const last = transfers.at(-1)?.entries[0];
  const { changed_at_us: changedAt, ...counters } = await bank.balance(alice);
  assert.deepEqual(counters, {
    version: last?.version,
    posted_debits: last?.postedDebits,
    posted_credits: last?.postedCredits,
    pending_debits: last?.pendingDebits,
    pending_credits: last?.pendingCredits,
  });
  assert.equal(Number(changedAt), transfers[0]?.recordedAt);
});

test('a replay in a later transaction is the original answer, counters included', async () => {
  const asked = payment(alice, bob, 3n, { externalId: 'replayed', metadata: { b: '1', a: '2' } });
  const first = await bank.post(asked);
  await bank.post(payment(alice, bob, 4n));
  nextSecond();
  const { answers } = await postAll([{ ...asked, metadata: { a: '2', b: '1' } }]);
  assert.deepEqual(answers, [{ ok: true, value: { transfer: first, isReplay: true } }]);
});

test('other content under a stored external id is refused with the difference named', async () => {
  const [euros] = await bank.openAll([{ ...cashAccount, currency: 'EUR' }]);
  assert.ok(euros !== undefined);
  const exchange = { from: 'EUR', to: 'CZK', rate: '25' };
  const legs = [debit({ id: cash }, 25n), credit({ id: bob }, 25n)];
  const bought = [debit({ id: euros }, 1n), credit({ id: euros }, 1n)];
  const asked: Instruction = { kind: 'transfer', legs: [...legs, ...bought], exchange };
  const named: Instruction = { ...asked, externalId: 'named', metadata: { a: '1' } };
  await bank.post(named);
  const others: [Partial<Instruction>, string][] = [
    [{ kind: 'hold' }, 'kind'],
    [{ legs: [...legs, ...bought.toReversed()] }, 'legs'],
    [{ legs: [...bought, ...legs] }, 'account'],
    [{ effectiveAt: later(-5) }, 'effective_at'],
    [{ exchange: { ...exchange, rate: '25.0' } }, 'exchange'],
    [{ description: 'x' }, 'description'],
    [{ metadata: { a: '2' } }, 'metadata'],
  ];
  const list = others.map(([part]) => ({ ...named, ...part }) as Instruction);
  assert.deepEqual(
    await bank.codes(...list, named),
    others.map(([, name]) => `exists_with_different_${name}`).concat('replay'),
  );
});

test('a dry run answers exactly what would happen and stores nothing', async () => {
  const list = [payment(alice, bob, 5n, { externalId: 'dry' }), payment(bob, cash, 10_000_000n)];
  const before = await bank.census();
  const rehearse = () =>
    postBatch(bank.database, bank.context(), [...list, held(9n)], { isDryRun: true });
  const [dry, again] = [await rehearse(), await rehearse()];
  assert.deepEqual(dry.answers.map(codeOf), ['ok', 'insufficient_available', 'ok']);
  assert.deepEqual(await bank.census(), before);
  const { answers } = await postAll([...list, held(9n)]);
  const withoutIds = (given: typeof answers): unknown =>
    given.map((answer) => (answer.ok ? { ...answer.value.transfer, id: '' } : answer));
  assert.deepEqual(withoutIds(dry.answers), withoutIds(answers));
  assert.deepEqual(withoutIds(again.answers), withoutIds(answers));
});

test('a refused instruction leaves nothing in the database, alone or in company', async () => {
  const before = await bank.census();
  const refused = payment(bob, cash, 10_000_000n, { externalId: 'refused' });
  assert.equal(await bank.code(refused), 'insufficient_available');
  assert.deepEqual(await bank.census(), before);
  const chain = [{ ...payment(alice, bob, 1n), linked: true } as Instruction, refused];
  const codes = await bank.codes(...chain, payment(alice, bob, 1n));
  assert.deepEqual(codes, ['linked_transfer_failed', 'insufficient_available', 'ok']);
  const { transfers } = await bank.census();
  assert.equal(Number(transfers), Number(before['transfers']) + 1);
});

test('history cannot be changed, neither by the application nor by the owner', async () => {
  await bank.database.transaction(bank.context(), (tx) =>
    closePeriod(tx, { closedBefore: later(-400 * DAY_US) }),
  );
  for (const table of ['transfers', 'entries', 'period_closes']) {
    const changes = [
      `update ledger.${table} set ${table === 'period_closes' ? 'actor' : 'recorded_at'} = default`,
      `delete from ledger.${table}`,
    ];
    if (table !== 'period_closes') changes.push(`truncate ledger.${table} cascade`);
    for (const text of changes) {
      await assert.rejects(bank.database.query({ text }), { code: '42501' }, text);
      await assert.rejects(bank.asOwner(text), { code: '23001' }, text);
    }
  }
  const [{ segment } = { segment: 0 }] = await bank.asOwner<{ segment: number }>(
    'select max(segment) as segment from ledger.segments',
  );
  const partition = `ledger.entries_${String(segment).padStart(6, '0')}`;
  for (const text of [`truncate ${partition}`, `delete from ${partition}`]) {
    await assert.rejects(bank.database.query({ text }), { code: '42501' }, text);
    await assert.rejects(bank.asOwner(text), { code: '23001' }, text);
  }
});

test('the application’s role has no right to change or remove history', async () => {
  const rows = await bank.asOwner<{ table: string; right: string }>(
    `select c.relname as table, r.name as right
    from pg_class c, unnest(array['update', 'delete', 'truncate']) as r (name)
    where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p')
      and has_table_privilege('florin_app', c.oid, r.name)
    order by 1, 2`,
  );
  assert.deepEqual(
    rows.map(({ table, right }) => `${right} ${table}`),
    ['update accounts', 'update balances', 'update holds'],
  );
});

test('many connections that post one external id at once post it once', async () => {
  const asked = payment(alice, bob, 2n, { externalId: 'at-once' });
  const before = await bank.balance(bob);
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => postAll([asked])));
  const answers = outcomes.flatMap((outcome) => outcome.answers);
  assert.deepEqual(answers.map(codeOf).toSorted(), ['ok', ...Array<string>(5).fill('replay')]);
  const ids = answers.map((answer) => answer.ok && answer.value.transfer.id);
  assert.equal(new Set(ids).size, 1);
  assert.equal((await bank.balance(bob)).posted_credits, before.posted_credits + 2n);
});

test('one external id used for different accounts at once is posted once', async () => {
  const others = await bank.openAll(Array.from({ length: 4 }, () => ({ ...depositAccount })));
  const outcomes = await Promise.all(
    others.map((id) => postAll([payment(cash, id, 5n, { externalId: 'contested' })])),
  );
  const codes = outcomes.flatMap(({ answers }) => answers.map(codeOf)).toSorted();
  assert.deepEqual(codes, [...Array<string>(3).fill('exists_with_different_account'), 'ok']);
});

test('batches that touch the same accounts in opposite orders all go through', async () => {
  const ids = await bank.openAll(Array.from({ length: 6 }, () => ({ ...cashAccount })));
  const ring = ids.map((id, index) => payment(id, ids[(index + 1) % ids.length] as AccountId, 1n));
  const batches = [ring, ring.toReversed(), [...ring.slice(3), ...ring.slice(0, 3)]];
  const lists = Array.from({ length: 4 }, () => batches).flat();
  const outcomes = await Promise.all(lists.map((list) => postAll(list)));
  assert.ok(outcomes.every(({ answers }) => answers.every(({ ok }) => ok)));
  for (const id of ids) {
    const { version, posted_debits: debits, posted_credits: credits } = await bank.balance(id);
    assert.deepEqual([version, debits, credits], [24n, 12n, 12n]);
  }
});

test('a decision made on balances or limits that have changed is not stored', async () => {
  const id = await bank.open();
  const decideOnOld = async (change: () => Promise<unknown>): Promise<void> => {
    const old = await bank.database.transaction(bank.context(), (tx) =>
      lockBooks(tx, [id, cash], []),
    );
    await change();
    const accounts = [...old.accounts.values()].map((account) => {
      return { before: account, after: { ...account, version: account.version + 1n } };
    });
    const decision = { answers: [], transfers: [], accounts, holdsOpened: [], holdsChanged: [] };
    const books = { accounts: old.accounts, holds: new Map(), reversibles: new Map() };
    const rest = { known: new Map(), closedBefore: undefined, time: bank.clock.now() };
    await bank.database.transaction(bank.context(), (tx) =>
      recordBalances(tx, { ...books, ...rest }, decision),
    );
  };
  const isConflict = { code: 'serialization_failure', retryable: true };
  await assert.rejects(
    decideOnOld(() => bank.post(payment(cash, id, 1n))),
    isConflict,
  );
  await assert.rejects(
    decideOnOld(() =>
      bank.database.transaction(bank.context(), (tx) =>
        changeAccount(tx, { accountId: id, creditLimit: 7n }),
      ),
    ),
    isConflict,
  );
});

test('a transaction redone because the database asks for it posts once', async () => {
  const id = await bank.open();
  let attempts = 0;
  const answers = await withLedger(bank.database, bank.context(), async (tx) => {
    attempts += 1;
    const answered = await post(tx, [payment(cash, id, 5n)]);
    if (attempts < 3) throw new Fault('serialization_failure', { retryable: true });
    return answered;
  });
  assert.deepEqual([attempts, answers.map(codeOf)], [3, ['ok']]);
  assert.equal((await bank.balance(id)).version, 1n);
});

test('two connections that capture a whole hold at once capture it once', async () => {
  const { id: holdId } = await bank.post(held(10n));
  const capture: Instruction = { kind: 'capture', holdId };
  const outcomes = await Promise.all([1, 2, 3].map(() => postAll([capture])));
  const codes = outcomes.flatMap(({ answers }) => answers.map(codeOf)).toSorted();
  assert.deepEqual(codes, ['hold_captured', 'hold_captured', 'ok']);
});

test('two connections that reverse a transfer at once reverse it once', async () => {
  const { id: transferId } = await bank.post(payment(alice, bob, 10n));
  const reverse: Instruction = { kind: 'reverse', transferId };
  const outcomes = await Promise.all([1, 2, 3].map(() => postAll([reverse])));
  const codes = outcomes.flatMap(({ answers }) => answers.map(codeOf)).toSorted();
  assert.deepEqual(codes, ['already_reversed', 'already_reversed', 'ok']);
});

test('a hold can be captured one microsecond before its deadline and is gone at it', async () => {
  const now = nextSecond();
  const [early, late] = [
    await bank.post(held(10n, { expiresAt: later(1_000, now) })),
    await bank.post(held(10n, { expiresAt: later(1_000, now) })),
  ];
  bank.clock.set(later(999, now));
  assert.equal(await bank.code({ kind: 'capture', holdId: early.id }), 'ok');
  bank.clock.set(later(1_000, now));
  assert.equal(await bank.code({ kind: 'capture', holdId: late.id }), 'hold_expired');
});

test('holds expire before anything is decided, each once, earliest deadline first', async () => {
  const now = nextSecond();
  const carol = await bank.open();
  await bank.post(payment(cash, carol, 30n));
  const on = (us: number): Promise<StoredTransfer> =>
    bank.post(payment(carol, bob, 10n, { kind: 'hold', expiresAt: later(us, now) }));
  const [third, first, second] = [await on(30), await on(10), await on(20)];
  bank.clock.set(later(19, now));
  assert.equal(await bank.code(payment(carol, bob, 11n)), 'insufficient_available');
  bank.clock.set(later(25, now));
  assert.deepEqual(await bank.codes(payment(carol, bob, 20n), payment(carol, bob, 1n)), [
    'ok',
    'insufficient_available',
  ]);
  bank.clock.set(later(500, now));
  assert.equal(await bank.code(payment(carol, bob, 10n)), 'ok');
  const expiries = await bank.database.query<{ id: string; at: bigint; recorded: bigint }>({
    text: `select t.hold_id as id, (extract(epoch from t.effective_at) * 1000000)::bigint as at,
        (extract(epoch from t.recorded_at) * 1000000)::bigint as recorded
      from ledger.transfers t join ledger.entries e on e.transfer_id = t.id
      where t.kind = 'expiry' and e.account_id = $1 order by e.version`,
    values: [uuidOf(carol)],
  });
  assert.deepEqual(
    expiries.map(({ id, at, recorded }) => [id, Number(at) - now, Number(recorded) - now]),
    [
      [uuidOf(first.id), 10, 19],
      [uuidOf(second.id), 20, 25],
      [uuidOf(third.id), 30, 500],
    ],
  );
});

test('several connections that sweep the same holds end each of them once', async () => {
  const now = nextSecond();
  const expiresAt = later(5, now);
  await bank.codes(...Array.from({ length: 700 }, () => held(1n, { expiresAt })));
  const { pending_debits: before } = await bank.balance(alice);
  const swept = await Promise.all(
    [1, 2, 3].map(() => expireHolds(bank.database, bank.context(expiresAt))),
  );
  assert.equal(
    swept.reduce((sum, count) => sum + count, 0),
    700,
  );
  assert.equal((await bank.balance(alice)).pending_debits, before - 700n);
  bank.clock.set(expiresAt);
});

test('a deadline that was moved out is the one that counts', async () => {
  const now = nextSecond();
  const { id: holdId } = await bank.post(held(10n, { expiresAt: later(10, now) }));
  await bank.post({ kind: 'increase', holdId, amount: 1n, expiresAt: later(1_000, now) });
  bank.clock.set(later(500, now));
  assert.equal(await bank.code({ kind: 'capture', holdId, amount: 1n }), 'ok');
  bank.clock.set(later(1_000, now));
  assert.equal(await bank.code({ kind: 'capture', holdId, amount: 1n }), 'hold_expired');
});

test('the recorded time never goes back when a clock does', async () => {
  const now = nextSecond();
  const carol = await bank.open();
  bank.clock.set(later(100, now));
  const first = await bank.post(payment(cash, carol, 5n));
  bank.clock.set(now);
  const second = await bank.post(payment(carol, cash, 5n));
  assert.equal(second.recordedAt, first.recordedAt);
  assert.equal(second.effectiveAt, first.recordedAt);
  const other = await bank.open();
  const apart = await bank.post(payment(alice, other, 5n));
  assert.equal(apart.recordedAt, now, 'accounts that did not see the later clock keep to this one');
  bank.clock.set(later(101, now));
});

test('a hold that is over by its account’s time is over, though this clock is behind', async () => {
  const now = nextSecond();
  const { id: holdId } = await bank.post(held(10n, { expiresAt: later(50, now) }));
  const ahead = later(100, now);
  const { answers } = await postAll([payment(alice, cash, 1n)], ahead);
  assert.ok(answers[0]?.ok);
  assert.equal(await bank.code({ kind: 'capture', holdId }), 'hold_expired');
  bank.clock.set(ahead);
});

test('nothing is posted before a closed period’s end, by value date', async () => {
  const now = nextSecond();
  const closedBefore = later(-100, now);
  const open = payment(alice, bob, 1n, { effectiveAt: closedBefore });
  const late = payment(alice, bob, 1n, {
    effectiveAt: later(-1, closedBefore),
    externalId: 'late',
  });
  assert.equal(await bank.code({ ...late, externalId: 'in-time' }), 'ok');
  await bank.database.transaction(bank.context(), (tx) => closePeriod(tx, { closedBefore }));
  assert.deepEqual(await bank.codes(open, late, { ...late, externalId: 'in-time' }), [
    'ok',
    'period_closed',
    'replay',
  ]);
});

/** Until a transaction waits for a lock that another has. */
async function someoneWaits(): Promise<void> {
  const waiting = `select from pg_locks l join pg_database d on d.oid = l.database
    where d.datname = current_database() and not l.granted`;
  for (let tries = 0; (await bank.asOwner(waiting)).length === 0; tries += 1) {
    assert.ok(tries < 1_000, 'someone waits');
    await sleep(5);
  }
}

test('a close waits for postings under way, and postings after it respect it', async () => {
  const now = nextSecond();
  const closedBefore = now;
  const effectiveAt = later(-1, now);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const hasPosted = Promise.withResolvers<void>();
  const slow = withLedger(bank.database, bank.context(), async (tx) => {
    const answers = await post(tx, [payment(alice, bob, 1n, { effectiveAt })]);
    hasPosted.resolve();
    await gate.promise;
    order.push('posted');
    return answers;
  });
  await hasPosted.promise;
  const closing = bank.database
    .transaction(bank.context(), (tx) => closePeriod(tx, { closedBefore }))
    .then(() => order.push('closed'));
  await someoneWaits();
  const behind = postAll([payment(alice, bob, 1n, { effectiveAt })]);
  await sleep(50);
  assert.deepEqual(order, []);
  gate.resolve();
  assert.deepEqual((await slow).map(codeOf), ['ok']);
  await closing;
  assert.deepEqual(order, ['posted', 'closed']);
  assert.deepEqual((await behind).answers.map(codeOf), ['period_closed']);
});

test('segments roll while batches post, and old entries are read like new ones', async () => {
  const carol = await bank.open();
  const posted = await bank.post(payment(cash, carol, 500n, { externalId: 'old-segment' }));
  const countOf = async (): Promise<number> => {
    const rows = await bank.asOwner('select from ledger.segments');
    return rows.length;
  };
  const before = await countOf();
  const roll = async (): Promise<void> => {
    for (let times = 0; times < 3; times += 1) {
      await rollSegment(bank.database, bank.context(), 1);
      await sleep(10);
    }
  };
  const work = async (): Promise<void> => {
    for (let times = 0; times < 15; times += 1) {
      await bank.post(payment(carol, cash, 2n));
      await bank.post(payment(cash, carol, 2n));
    }
  };
  await Promise.all([roll(), work(), work()]);
  assert.ok((await countOf()) > before);
  const replay = await postAll([payment(cash, carol, 500n, { externalId: 'old-segment' })]);
  assert.deepEqual(replay.answers, [{ ok: true, value: { transfer: posted, isReplay: true } }]);
  const { posted_debits: debits, posted_credits: credits, version } = await bank.balance(carol);
  assert.deepEqual([debits, credits, version], [60n, 560n, 61n]);
  assert.equal(await bank.code({ kind: 'reverse', transferId: posted.id, amount: 400n }), 'ok');
  const again: Instruction = { kind: 'reverse', transferId: posted.id, amount: 101n };
  assert.equal(await bank.code(again), 'reversal_exceeds_transfer');
  assert.equal(await rollSegment(bank.database, bank.context()), false, 'far from full');
});
