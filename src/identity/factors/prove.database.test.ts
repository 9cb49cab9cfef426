import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { defaultPostgresOptions, openPasswordHasher, openPostgres, type Database } from '#platform';
import { sweepPeople } from '../people/sweep.ts';
import { GOOD_PASSWORD, testPeople, type TestPeople } from '../testing/people.ts';
import { provePassword, proveCode } from './prove.ts';

let people: TestPeople;
/** As another process of the same bank. */
let other: Database;

before(async () => {
  people = await testPeople('prove');
  other = await openPostgres({
    ...defaultPostgresOptions,
    url: people.url,
    isUnsafeServerAllowed: true,
    isIdleExitAllowed: true,
    keys: people.database.keys,
  });
});

after(async () => {
  await other.close();
  await people.close();
});

const WRONG = 'not the password';

function attempt(login: string, password: string, address?: string) {
  return { login, password, address, device: undefined };
}

test('of forty guesses at once, over two processes, six are tried', async () => {
  const { login } = await people.person('guessed.at');
  let hashed = 0;
  const counting = {
    ...people.hasher,
    verify: (...args: Parameters<typeof people.hasher.verify>) => {
      hashed += 1;
      return people.hasher.verify(...args);
    },
  };
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      const database = index % 2 === 0 ? people.database : other;
      const world = { database, hasher: counting };
      return provePassword(world, people.context(), attempt(login, `${WRONG} ${index}`));
    }),
  );
  const codes = outcomes.map((each) => (each.ok ? 'in' : each.refusal.code));
  assert.equal(codes.filter((code) => code === 'sign_in_failed').length, 6);
  assert.equal(codes.filter((code) => code === 'sign_in_delayed').length, 34);
  assert.equal(hashed, 6);
});

test('a name that nobody has costs one hash too, and leaves no name behind', async () => {
  const hashed: (string | undefined)[] = [];
  const watching = {
    ...people.hasher,
    verify: (...[password, against]: Parameters<typeof people.hasher.verify>) => {
      hashed.push(against === undefined ? 'nobody' : 'somebody');
      return people.hasher.verify(password, against);
    },
  };
  const world = { database: people.database, hasher: watching };
  const refused = await provePassword(world, people.context(), attempt('my password', WRONG));
  assert.ok(!refused.ok);
  assert.deepEqual(hashed, ['nobody']);
  const tried = await people.records('identity.sign_in.try');
  assert.ok(!JSON.stringify(tried).includes('my password'));
  const own = tried.filter(({ target }) => target === 'identity.people');
  assert.deepEqual(
    own.map(({ outcome, reason }) => [outcome, reason]),
    [['denied', 'sign_in_failed']],
  );
});

test('success starts the name afresh, and leaves the address as it was', async () => {
  const { login } = await people.person('forgiven');
  const world = { database: people.database, hasher: people.hasher };
  const address = '203.0.113.5';
  const outcomes: string[] = [];
  for (let round = 0; round < 15; round += 1) {
    for (const password of [WRONG, WRONG, WRONG, GOOD_PASSWORD]) {
      const outcome = await provePassword(
        world,
        people.context(),
        attempt(login, password, address),
      );
      outcomes.push(outcome.ok ? 'in' : outcome.refusal.code);
    }
  }
  const good = ['sign_in_failed', 'sign_in_failed', 'sign_in_failed', 'in'];
  const rounds = Array.from({ length: 15 }, () => good).flat();
  assert.deepEqual(outcomes, rounds);
  // With six more the address has failed 51 times, and waits, whatever is typed.
  for (let count = 0; count < 6; count += 1) {
    await provePassword(world, people.context(), attempt(`other.${count}`, WRONG, address));
  }
  const late = await provePassword(world, people.context(), attempt(login, GOOD_PASSWORD, address));
  assert.equal(late.ok ? 'in' : late.refusal.code, 'sign_in_delayed');
  const elsewhere = await provePassword(world, people.context(), attempt(login, GOOD_PASSWORD));
  assert.equal(elsewhere.ok, true);
});

test('a password that was hashed at another cost is hashed anew when it is next proven', async () => {
  const { id, login } = await people.person('rehashed');
  const cost = { costLog2: 11, blockSize: 8, parallelism: 1 };
  const stronger = openPasswordHasher({ cost, atOnceMax: 1, waitingMax: 10 });
  const costOf = async (): Promise<number | undefined> => {
    const [row] = await people.database.query<{ cost_log2: number }>({
      text: 'select cost_log2 from identity.passwords where person_id = $1',
      values: [id.slice(4)],
    });
    return row?.cost_log2;
  };
  assert.equal(await costOf(), 10);
  for (const hasher of [stronger, stronger, people.hasher]) {
    const world = { database: people.database, hasher };
    assert.ok((await provePassword(world, people.context(), attempt(login, GOOD_PASSWORD))).ok);
  }
  assert.equal(await costOf(), 10);
  const world = { database: people.database, hasher: stronger };
  await provePassword(world, people.context(), attempt(login, WRONG));
  assert.equal(await costOf(), 10);
  await provePassword(world, people.context(), attempt(login, GOOD_PASSWORD));
  assert.equal(await costOf(), 11);
});

test('of many who show the same code at once, over two processes, one is let in', async () => {
  const person = await people.person('code.race');
  const code = person.code();
  const outcomes = await Promise.all(
    [people.database, other, people.database, other].map((database) =>
      database.transaction(people.context(), (tx) =>
        proveCode(tx, { person: person.id, code, address: undefined }),
      ),
    ),
  );
  assert.equal(outcomes.filter(({ ok }) => ok).length, 1);
});

test('an earlier code is no good after a later one', async () => {
  const person = await people.person('code.order');
  const early = person.code();
  people.clock.advance(30_000_000);
  const prove = (code: string) =>
    people.database.transaction(people.context(), (tx) =>
      proveCode(tx, { person: person.id, code, address: undefined }),
    );
  assert.deepEqual(await prove(person.code()), { ok: true, value: 'otp' });
  assert.equal((await prove(early)).ok, false);
});

test('what is long over is forgotten', async () => {
  const count = async (): Promise<bigint | undefined> => {
    const [row] = await people.database.query<{ count: bigint }>({
      text: 'select count(*) as count from identity.attempts',
    });
    return row?.count;
  };
  assert.notEqual(await count(), 0n);
  await sweepPeople(people.database, people.context());
  assert.notEqual(await count(), 0n);
  people.clock.advance(3 * 86_400_000_000);
  await sweepPeople(people.database, people.context());
  assert.equal(await count(), 0n);
});
