import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOUR_US, type AccountId, type Instant, type TransferId } from '#kernel';
import { defaultPostgresOptions, openPostgres } from '#platform';
import { changeAccount } from './change.ts';
import { expireHolds } from './expire.ts';
import { postBatch, type BatchAnswer } from './post.ts';
import { openPoster } from './poster.ts';
import { codeOf, credit, debit, textOf } from './posting/examples.ts';
import type { Instruction, Leg, PostMode } from './posting/instruction.ts';
import { cashAccount, depositAccount, openBank, payment, type Bank } from './testing/bank.ts';

const ACCOUNTS = 8;
const seed = Number(process.env['FLORIN_TEST_SEED'] ?? 20_260_301);

let fast: Twin;
let plain: Twin;

/** One of two banks that are asked the same things; ids differ, so what is asked names places. */
interface Twin {
  readonly bank: Bank;
  readonly accounts: AccountId[];
  /** Accepted transfers, in order, and those of them that are holds. */
  readonly transfers: TransferId[];
  readonly holds: TransferId[];
}

before(async () => {
  fast = await openTwin('poster twin fast');
  plain = await openTwin('poster twin plain');
});
after(async () => {
  for (const { bank } of [fast, plain]) {
    await bank.checkBooks();
    await bank.drop();
  }
});

async function openTwin(name: string): Promise<Twin> {
  const bank = await openBank(name, { poolSize: 10 });
  return { bank, accounts: await openAccounts(bank), transfers: [], holds: [] };
}

/** One without limits, the others customers', of which some have a ceiling or a credit limit. */
function openAccounts(bank: Bank): Promise<AccountId[]> {
  return bank.openAll(
    Array.from({ length: ACCOUNTS }, (_, index) => {
      if (index === 0) return { ...cashAccount };
      const ceiling = index === 1 ? 60n : null;
      return { ...depositAccount, ceiling, creditLimit: index === 2 ? 25n : 0n };
    }),
  );
}

type Random = (end: number) => number;

function randomOf(given: number): Random {
  let state = given | 0;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

/** What to ask, for each twin to put its own ids into. */
type Asked = (twin: Twin) => Instruction;

interface Style {
  /** Also captures, increases, voids and reversals, and holds that expire. */
  readonly hasFollowers: boolean;
  readonly now: Instant;
  readonly externalIds: number;
}

function randomInstruction(random: Random, { hasFollowers, now, externalIds }: Style): Asked {
  const rest = {
    ...(random(3) === 0 ? { externalId: `x-${random(externalIds)}` } : {}),
    ...(random(12) === 0 ? { linked: true } : {}),
    ...(random(8) === 0 ? { metadata: { b: String(random(2)), a: 'x' } } : {}),
  };
  const amount = BigInt(1 + random(20));
  const target = random(1_000);
  const kind = hasFollowers ? random(10) : random(5);
  if (kind > 5) {
    return ({ holds, transfers }) => {
      const holdId = holds[target % Math.max(1, holds.length)];
      const transferId = transfers[target % Math.max(1, transfers.length)];
      if (kind === 9 && transferId !== undefined) {
        return { kind: 'reverse', transferId, ...(target % 2 === 0 ? {} : { amount }), ...rest };
      }
      if (holdId === undefined) return { kind: 'transfer', legs: [], ...rest };
      if (kind === 8) return { kind: 'void', holdId, ...rest };
      if (kind === 7) return { kind: 'increase', holdId, amount, ...rest };
      const portion = target % 3 === 0 ? {} : { amount, final: target % 3 === 1 };
      return { kind: 'capture', holdId, ...portion, ...rest };
    };
  }
  const legs = randomLegs(random, amount);
  if (kind === 4) {
    const lasting = hasFollowers && random(2) === 0 ? { expiresAt: later(now, random(4)) } : {};
    return (twin) => ({ kind: 'hold', legs: legs(twin), ...lasting, ...rest });
  }
  return (twin) => ({ kind: 'transfer', legs: legs(twin), ...rest });
}

const later = (now: Instant, hours: number): Instant => (now + hours * HOUR_US) as Instant;

function randomLegs(random: Random, amount: bigint): (twin: Twin) => Leg[] {
  const [from, to, second] = [random(ACCOUNTS), random(ACCOUNTS), random(ACCOUNTS)];
  const shape = random(6);
  const conditions = random(10) === 0 ? { availableAtLeast: BigInt(random(20)) } : undefined;
  return ({ accounts }) => {
    const at = (index: number): { id: AccountId } => ({ id: accounts[index] as AccountId });
    const first = debit(at(from), amount, { conditions, upTo: shape < 2 });
    if (shape === 0) return [first, credit(at(to), 'remaining')];
    if (shape === 1) {
      return [first, debit(at(second), amount, { upTo: true }), credit(at(to), amount)];
    }
    if (shape === 2) return [first, credit(at(to), 1n), credit(at(second), 'remaining')];
    return [first, credit(at(to), amount)];
  };
}

/** The answers with places instead of ids, so that twins can be compared. */
function answersOf(twin: Twin, { answers }: BatchAnswer): unknown[] {
  for (const answer of answers) {
    if (!answer.ok || answer.value.isReplay) continue;
    const { id, kind } = answer.value.transfer;
    twin.transfers.push(id);
    if (kind === 'hold') twin.holds.push(id);
  }
  const placeOf = (id: TransferId | undefined): number =>
    id === undefined ? -1 : twin.transfers.indexOf(id);
  return answers.map((answer) => {
    if (!answer.ok) return { code: answer.refusal.code, leg: answer.refusal.leg };
    const { transfer, isReplay } = answer.value;
    const { id, holdId, reversesId, entries, ...rest } = transfer;
    const { contentHash: _, ...plainRest } = rest as typeof rest & { contentHash: string };
    return {
      ...plainRest,
      isReplay,
      places: [id, holdId, reversesId].map(placeOf),
      entries: entries.map((entry) => {
        return { ...entry, accountId: twin.accounts.indexOf(entry.accountId) };
      }),
    };
  });
}

const modes: readonly PostMode[] = ['each', 'each', 'each', 'each', 'stop', 'atomic'];

function count(random: Random, most: number): number[] {
  return Array.from({ length: 1 + random(most) }, (_, index) => index);
}

test(`the poster answers a random history as plain posting does (seed ${seed})`, async () => {
  const random = randomOf(seed);
  const poster = openPoster(fast.bank.database, { inFlightMax: 3, accountsMax: 100 });
  let now = fast.bank.clock.now();
  const seen = new Map<string, number>();
  const past: Asked[] = [];
  for (const { bank, accounts } of [fast, plain]) {
    const [cash, ...others] = accounts as [AccountId, ...AccountId[]];
    await bank.codes(...others.map((id) => payment(cash, id, 50n)));
  }
  for (let batch = 0; batch < 150; batch += 1) {
    now = (now + random(HOUR_US)) as Instant;
    const style = { hasFollowers: true, now, externalIds: 60 };
    const asked = count(random, 8).map(() => {
      const again = past[random(past.length * 6)];
      return again ?? randomInstruction(random, style);
    });
    const mode = modes[random(modes.length)] ?? 'each';
    const answer = await poster.post(
      fast.bank.context(now),
      asked.map((make) => make(fast)),
      { mode },
    );
    const expected = await postBatch(
      plain.bank.database,
      plain.bank.context(now),
      asked.map((make) => make(plain)),
      { mode },
    );
    for (const code of expected.answers.map(codeOf)) seen.set(code, (seen.get(code) ?? 0) + 1);
    past.push(...asked.filter((_, index) => expected.answers[index]?.ok));
    const message = `batch ${batch}: ${textOf(asked.map((make) => make(fast)))}`;
    assert.deepEqual(answersOf(fast, answer), answersOf(plain, expected), message);
  }
  for (const code of ['ok', 'replay', 'insufficient_available', 'hold_expired', 'hold_captured']) {
    assert.ok(seen.has(code), `the history never came to ${code}: ${textOf([...seen])}`);
  }
});

test(`batches under way together are answered as if one after another (seed ${seed})`, async () => {
  const random = randomOf(seed + 1);
  const twins: Twin[] = [];
  const now = later(fast.bank.clock.now(), 10_000);
  for (const { bank } of [fast, plain]) {
    await expireHolds(bank.database, bank.context(now));
    twins.push({ bank, accounts: await openAccounts(bank), transfers: [], holds: [] });
  }
  const [together, alone] = twins;
  assert.ok(together !== undefined && alone !== undefined);
  const poster = openPoster(fast.bank.database, { inFlightMax: 4, accountsMax: 100 });
  const style = { hasFollowers: false, now, externalIds: 1_000_000 };
  for (let round = 0; round < 15; round += 1) {
    const batches = Array.from({ length: 6 }, () => {
      const asked = count(random, 12).map(() => randomInstruction(random, style));
      return { asked, mode: modes[random(modes.length)] ?? ('each' as const) };
    });
    const answers = await Promise.all(
      batches.map(({ asked, mode }) => {
        const list = asked.map((make) => make(together));
        return poster.post(fast.bank.context(now), list, { mode });
      }),
    );
    for (const [index, { asked, mode }] of batches.entries()) {
      const list: Instruction[] = asked.map((make) => make(alone));
      const context = plain.bank.context(now);
      const expected: BatchAnswer = await postBatch(plain.bank.database, context, list, { mode });
      const answer = answers[index] as BatchAnswer;
      assert.deepEqual(answersOf(together, answer), answersOf(alone, expected), textOf(list));
    }
  }
  assert.equal(poster.redecided, 0, 'nobody else was there');
});

test(`hardly any memory loses, doubles and wrongly refuses nothing (seed ${seed})`, async () => {
  const random = randomOf(seed + 2);
  const accounts = await openAccounts(fast.bank);
  const poster = openPoster(fast.bank.database, { inFlightMax: 4, accountsMax: 2 });
  const [cash] = accounts;
  assert.ok(cash !== undefined);
  const paid = new Map<AccountId, bigint>();
  const batches = Array.from({ length: 40 }, () =>
    count(random, 5).map(() => {
      const to = accounts[3 + random(ACCOUNTS - 3)] as AccountId;
      paid.set(to, (paid.get(to) ?? 0n) + 1n);
      return payment(cash, to, 1n);
    }),
  );
  const context = fast.bank.context(later(fast.bank.clock.now(), 10_000));
  const outcomes = await Promise.all(batches.map((batch) => poster.post(context, batch)));
  assert.ok(outcomes.every(({ answers }) => answers.every(({ ok }) => ok)));
  for (const [id, amount] of paid) {
    assert.equal((await fast.bank.balance(id)).posted_credits, amount);
  }
  const takes = accounts.slice(3).map((id) => payment(id, cash, paid.get(id) ?? 1n));
  const taken = await Promise.all(takes.map((take) => poster.post(context, [take])));
  const codes = taken.flatMap(({ answers }) => answers.map(codeOf));
  assert.deepEqual(
    codes,
    accounts.slice(3).map((id) => (paid.has(id) ? 'ok' : 'insufficient_available')),
  );
});

test(`two processes and changing limits keep the books sound (seed ${seed})`, async () => {
  const random = randomOf(seed + 3);
  const { bank } = fast;
  const twin: Twin = { bank, accounts: await openAccounts(bank), transfers: [], holds: [] };
  const { url } = bank;
  const settings = { ...defaultPostgresOptions, url, isUnsafeServerAllowed: true };
  const otherProcess = await openPostgres(settings);
  const posters = [bank.database, otherProcess].map((database) =>
    openPoster(database, { inFlightMax: 3, accountsMax: 20 }),
  );
  const now = later(bank.clock.now(), 20_000);
  const style = { hasFollowers: true, now: later(now, 5), externalIds: 1 };
  const requests: { list: Instruction[]; answer: BatchAnswer }[] = [];
  const work = async (worker: number): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) {
      const list: Instruction[] = count(random, 6).map((index) => {
        const instruction = randomInstruction(random, style)(twin);
        return { ...instruction, linked: false, externalId: `w-${worker}-${turn}-${index}` };
      });
      const poster = posters[worker % 2] ?? posters[0];
      assert.ok(poster !== undefined);
      const answer: BatchAnswer = await poster.post(bank.context(now), list);
      answersOf(twin, answer);
      requests.push({ list, answer });
    }
  };
  const meddle = async (): Promise<void> => {
    for (let turn = 0; turn < 25; turn += 1) {
      const accountId = twin.accounts[1 + random(ACCOUNTS - 1)] as AccountId;
      const state = random(3) === 0 ? 'debits_frozen' : 'open';
      const change = { accountId, creditLimit: BigInt(random(50)), state } as const;
      await otherProcess.transaction(bank.context(now), (tx) => changeAccount(tx, change));
    }
  };
  await Promise.all([...[0, 1, 2, 3, 4, 5].map(work), meddle()]);
  for (const { list, answer } of requests) {
    const accepted = list.filter((_, index) => answer.answers[index]?.ok);
    const { answers } = await postBatch(bank.database, bank.context(now), accepted);
    assert.deepEqual(answers.map(codeOf), Array<string>(accepted.length).fill('replay'));
    const originals = answer.answers.filter(({ ok }) => ok);
    assert.deepEqual(
      answers.map((one) => one.ok && one.value.transfer),
      originals.map((one) => one.ok && one.value.transfer),
    );
  }
  await otherProcess.close();
});
