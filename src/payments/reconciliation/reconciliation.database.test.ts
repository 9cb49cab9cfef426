import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import { openSession } from '#platform';
import { parseDate, type AccountId, type Instant } from '#kernel';
import { payment as transferOf } from '../../ledger/testing/bank.ts';
import { railBooks } from '../rails/books.ts';
import { EUR, openPayBank, party, type PayBank } from '../testing/bank.ts';
import type { BankStatement, StatementEntry } from '../iso20022/statement.ts';
import { findBreak, listBreaks } from './break-store.ts';
import type { Break, BreakId, Nostro } from './nostro.ts';
import { addNostro, changeNostro, nostroSummary } from './nostros.ts';
import { acceptGap, assignBreak, letWait, linkBreaks, writeOff } from './resolve.ts';
import { defaultRules } from './rule.ts';
import { reconciliationSources } from './sources/sources.ts';
import { takeStatement } from './take.ts';

let bank: PayBank;
let losses: AccountId;

before(async () => {
  bank = await openPayBank('reconciliation');
  losses = await bank.open({ path: 'expenses:differences', currency: EUR, normalSide: 'debit' });
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

const inBank = <T>(work: Parameters<typeof bank.database.transaction<T>>[1]): Promise<T> =>
  bank.database.transaction(bank.context(), work);

let numbers = 0;

/** A nostro account with nothing on it. */
async function open(): Promise<Nostro> {
  numbers += 1;
  const path = 'assets:nostro';
  const accountId = await bank.open({ path, currency: EUR, normalSide: 'debit' });
  const asked = { number: `NOSTRO${numbers}`, accountId, currency: EUR, rules: defaultRules };
  const added = await inBank((tx) =>
    addNostro(tx, { ...asked, writeOffAccountId: losses, isHistorySettled: false }),
  );
  assert.ok(added.ok);
  return added.value;
}

/** Money that came to the nostro account, or left it, by our books. */
async function book({ accountId }: Nostro, amount: bigint, externalId?: string): Promise<void> {
  const customer = await bank.customer(amount < 0n ? -amount : 0n);
  const size = amount < 0n ? -amount : amount;
  const [from, to] = amount > 0n ? [accountId, customer] : [customer, accountId];
  await bank.post(transferOf(from, to, size, { externalId }));
}

const entry = (amount: bigint, rest: Partial<StatementEntry> = {}): StatementEntry => ({
  index: 0,
  record: 1,
  amount,
  currency: EUR,
  isReversal: false,
  status: 'BOOK',
  bookedOn: '2026-03-01',
  details: [],
  ...rest,
});

const named = (amount: bigint, endToEnd: string): StatementEntry =>
  entry(amount, { details: [{ references: { endToEnd } }] });

interface Asked {
  readonly opening?: bigint;
  readonly closing?: bigint;
  readonly on?: string;
  readonly id?: string;
  readonly kind?: BankStatement['kind'];
}

let statements = 0;

function statementOf(nostro: Nostro, entries: StatementEntry[], asked: Asked = {}): BankStatement {
  statements += 1;
  const { opening = 0n, on = '2026-03-01', id = `S${statements}`, kind = 'statement' } = asked;
  const total = entries.reduce((sum, { amount, status }) => {
    return status === 'BOOK' ? sum + amount : sum;
  }, opening);
  const balance = (type: string, amount: bigint) => ({
    type,
    amount,
    currency: EUR,
    on,
    record: 1,
  });
  return {
    kind,
    message: 'camt.053.001.08',
    messageId: id,
    id,
    account: { other: nostro.number, currency: EUR },
    balances:
      kind === 'statement'
        ? [balance('OPBD', opening), balance('CLBD', asked.closing ?? total)]
        : [],
    entries,
    faults: [],
  };
}

async function take(statement: BankStatement): Promise<string> {
  const sha256 = createHash('sha256').update(JSON.stringify(statement.id)).digest();
  const taken = await inBank((tx) => takeStatement(tx, { statement, sha256 }));
  if (!taken.ok) return taken.refusal.code;
  return `${taken.value.matched} matched, ${taken.value.breaks} breaks`;
}

async function breaksOf(nostro: Nostro): Promise<Break[]> {
  return await listBreaks(bank.database, { nostroId: nostro.id, limit: 100 });
}

async function kinds(nostro: Nostro): Promise<string[]> {
  return (await breaksOf(nostro)).map(({ kind, amount }) => `${kind} ${amount}`).toSorted();
}

async function unexplained(nostro: Nostro): Promise<bigint | undefined> {
  return (await nostroSummary(bank.database, nostro.id))?.unexplained;
}

async function only(nostro: Nostro): Promise<BreakId> {
  const [found, ...others] = await breaksOf(nostro);
  assert.ok(found !== undefined && others.length === 0);
  return found.id;
}

test('entries are matched by what payments are called, and the two sides close', async () => {
  const nostro = await open();
  await book(nostro, 500n, 'wire-1');
  await book(nostro, -200n, 'wire-2');
  await book(nostro, 70n);
  const entries = [named(500n, 'wire-1'), named(-200n, 'wire-2'), entry(70n)];
  assert.equal(await take(statementOf(nostro, entries)), '3 matched, 0 breaks');
  assert.deepEqual(await kinds(nostro), []);
  const summary = await nostroSummary(bank.database, nostro.id);
  assert.deepEqual([summary?.books, summary?.statement, summary?.unexplained], [370n, 370n, 0n]);
  assert.deepEqual(
    summary?.matches.map(({ rule, count }) => `${rule} ${count}`),
    ['amount_and_date 1', 'reference_and_amount 2'],
  );
});

test('a payment over a rail is found by its end-to-end id on the statement of the rail', async () => {
  const accountId = await bank.customer(1_000n);
  const { nostro: railNostro } = await inBank((tx) => railBooks(tx, 'sct_inst', EUR));
  const asked = { number: 'RAIL', accountId: railNostro, currency: EUR, rules: defaultRules };
  const added = await inBank((tx) => addNostro(tx, { ...asked, isHistorySettled: false }));
  assert.ok(added.ok);
  const credit = { kind: 'credit_out', rail: 'sct_inst', accountId, currency: EUR, party } as const;
  const paid = await bank.pay({ ...credit, amount: 300n, endToEndId: 'rent-of-march' });
  const paymentId = paid.id;
  await bank.change({ paymentId, to: 'submitted' }, { paymentId, to: 'settled' });
  const statement = statementOf(added.value, [named(-300n, 'rent-of-march')]);
  assert.equal(await take(statement), '1 matched, 0 breaks');
  const summary = await nostroSummary(bank.database, added.value.id);
  assert.equal(summary?.matches[0]?.rule, 'reference_and_amount');
});

test('the same statement is refused the second time, by its name and by its content', async () => {
  const nostro = await open();
  const statement = statementOf(nostro, [entry(5n)]);
  assert.equal(await take(statement), '0 matched, 1 breaks');
  assert.equal(await take(statement), 'statement_exists');
  assert.equal(await take({ ...statement, message: 'other' }), 'statement_exists');
});

test('a statement that does not add up, or is about another account, leaves nothing behind', async () => {
  const nostro = await open();
  const statement = statementOf(nostro, [entry(5n)]);
  assert.equal(
    await take(statementOf(nostro, [entry(5n)], { closing: 6n })),
    'statement_does_not_add_up',
  );
  const account = { other: 'UNKNOWN' };
  assert.equal(await take({ ...statement, account }), 'statement_account_unknown');
  const dollars = [entry(5n, { currency: 'USD' })];
  assert.equal(await take(statementOf(nostro, dollars)), 'statement_unreadable');
  assert.equal(await take({ ...statement, balances: [] }), 'statement_unreadable');
  assert.deepEqual(await kinds(nostro), []);
});

test('entries that are only announced count neither in balances nor as breaks', async () => {
  const nostro = await open();
  const entries = [entry(5n, { status: 'PDNG' })];
  assert.equal(await take(statementOf(nostro, entries)), '0 matched, 0 breaks');
});

test('a statement that does not begin where the last one ended is a gap that a person accepts', async () => {
  const nostro = await open();
  await book(nostro, 100n);
  await take(statementOf(nostro, [entry(100n)]));
  await take(statementOf(nostro, [], { opening: 130n, on: '2026-03-02' }));
  assert.deepEqual(await kinds(nostro), ['statement_gap 30']);
  const id = await only(nostro);
  const written = await inBank((tx) => writeOff(tx, id, 'no'));
  assert.ok(!written.ok && written.refusal.code === 'break_resolution_unfit');
  await inBank((tx) => acceptGap(tx, id, 'the other bank corrected its opening'));
  assert.deepEqual(await kinds(nostro), []);
});

test('what a later statement brings is matched then, and its break is over', async () => {
  const nostro = await open();
  await book(nostro, -900n, 'cheque');
  await take(statementOf(nostro, [], { on: '2026-03-10' }));
  assert.deepEqual(await kinds(nostro), ['books_only -900']);
  const id = await only(nostro);
  await inBank((tx) => assignBreak(tx, id, 'people/7'));
  await inBank((tx) => letWait(tx, id, { until: day('2026-03-20'), note: 'on its way' }));
  const late = named(-900n, 'cheque');
  const statement = statementOf(nostro, [{ ...late, bookedOn: '2026-03-12' }], {
    on: '2026-03-12',
  });
  assert.equal(await take(statement), '1 matched, 0 breaks');
  const found = await findBreak(bank.database, id);
  assert.deepEqual(
    [found?.state, found?.resolution, found?.assignee],
    ['resolved', 'matched', 'people/7'],
  );
});

const day = (text: string): Instant => parseDate(text) as Instant;

test('an entry of the books that came after the statement is no break yet', async () => {
  const nostro = await open();
  await book(nostro, 10n);
  await take(statementOf(nostro, [], { on: '2026-03-01' }));
  assert.deepEqual(await kinds(nostro), []);
  assert.equal(await unexplained(nostro), 0n);
});

test('a difference is written off by a posting, and the two sides close again', async () => {
  const nostro = await open();
  await book(nostro, 1_000n, 'sale');
  await take(statementOf(nostro, [named(995n, 'sale'), entry(-3n)]));
  assert.deepEqual(await kinds(nostro), ['amount_differs -5', 'statement_only -3']);
  assert.equal(await unexplained(nostro), 0n);
  for (const { id } of await breaksOf(nostro)) {
    const resolved = await inBank((tx) => writeOff(tx, id, 'fees of the other bank'));
    assert.ok(resolved.ok);
    const again = await inBank((tx) => writeOff(tx, id, 'twice'));
    assert.ok(!again.ok && again.refusal.code === 'break_resolved');
  }
  assert.equal(await bank.balance(nostro.accountId), 992n);
  assert.equal(await bank.balance(losses), 8n);
  assert.equal(await unexplained(nostro), 0n);
  await take(statementOf(nostro, [], { opening: 992n, on: '2026-03-20' }));
  assert.deepEqual(await kinds(nostro), []);
});

test('breaks whose sides add up are linked by hand, and no others', async () => {
  const nostro = await open();
  await book(nostro, 60n);
  await book(nostro, 40n);
  await take(statementOf(nostro, [entry(100n, { bookedOn: '2026-03-09' })], { on: '2026-03-09' }));
  assert.deepEqual(await kinds(nostro), ['books_only 40', 'books_only 60', 'statement_only 100']);
  const breaks = await breaksOf(nostro);
  const ids = breaks.map(({ id }) => id);
  const two = await inBank((tx) => linkBreaks(tx, ids.slice(0, 2), 'two of them'));
  assert.ok(!two.ok && two.refusal.code === 'break_sums_differ');
  const all = await inBank((tx) => linkBreaks(tx, ids, 'one deposit'));
  assert.ok(all.ok);
  assert.deepEqual(await kinds(nostro), []);
  assert.equal(await unexplained(nostro), 0n);
});

test('one entry that is the sum of several of the books is matched with them', async () => {
  const nostro = await open();
  for (const amount of [11n, 23n, 47n]) await book(nostro, amount);
  assert.equal(await take(statementOf(nostro, [entry(70n), entry(11n)])), '2 matched, 0 breaks');
});

test('what a notification told of is not counted again when the statement tells of it', async () => {
  const nostro = await open();
  await book(nostro, 80n, 'early');
  const early = { ...named(80n, 'early'), servicerReference: 'BANK-1' };
  const unknown = entry(15n, { servicerReference: 'BANK-2' });
  const told = statementOf(nostro, [early, unknown], { kind: 'notification' });
  assert.equal(await take(told), '1 matched, 1 breaks');
  assert.equal(await unexplained(nostro), 0n);
  assert.equal(await take(statementOf(nostro, [early, unknown])), '0 matched, 1 breaks');
  assert.deepEqual(await kinds(nostro), ['statement_only 15']);
  assert.equal(await unexplained(nostro), 0n);
});

test('a nostro account mirrors an asset in its currency, and has one number', async () => {
  const nostro = await open();
  const asked = { ...nostro, isHistorySettled: false };
  const code = async (part: Partial<Nostro>): Promise<string> => {
    const added = await inBank((tx) => addNostro(tx, { ...asked, ...part }));
    return added.ok ? 'ok' : added.refusal.code;
  };
  assert.equal(await code({}), 'nostro_exists');
  assert.equal(await code({ accountId: await bank.customer(0n) }), 'nostro_account_unfit');
  assert.equal(await code({ currency: 'CZK' }), 'nostro_account_unfit');
  const changed = await inBank((tx) =>
    changeNostro(tx, nostro.id, { rules: defaultRules.slice(0, 1), writeOffAccountId: undefined }),
  );
  assert.ok(changed.ok && changed.value.revision === 2);
  await take(statementOf(nostro, [entry(1n)]));
  const id = await only(nostro);
  const missing = await inBank((tx) => writeOff(tx, id, 'nowhere'));
  assert.ok(!missing.ok && missing.refusal.code === 'break_write_off_missing');
});

test('every statement and nostro account has its record in the audit log, and the reverse', async () => {
  const sequencer = openSequencer(bank.database, { origin: 'florin.test/reconciliation' });
  for (let left = 20; left > 0; left -= 1) await sequencer.run(bank.context());
  const verification = await verifyLog({
    open: () => openSession(bank.url),
    connections: 1,
    findingsPerRuleMax: 5,
    trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
    keys: bank.database.keys,
    sources: reconciliationSources,
  });
  assert.deepEqual(verification.findings, []);
  assert.ok(verification.counts.changes > 20);
});
