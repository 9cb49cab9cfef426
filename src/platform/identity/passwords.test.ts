import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '#kernel';
import { openPasswordHasher, owaspCost } from './passwords.ts';

const cost = { costLog2: 10, blockSize: 8, parallelism: 1 };
const hasher = openPasswordHasher({ cost, atOnceMax: 2, waitingMax: 100 });

test('a password is its own and no other', async () => {
  const hash = await hasher.hash('correct horse');
  assert.equal(await hasher.verify('correct horse', hash), true);
  for (const other of ['', 'correct hors', 'correct horse ', 'Correct horse']) {
    assert.equal(await hasher.verify(other, hash), false);
  }
});

test('a letter may be spelled in either of its forms', async () => {
  const hash = await hasher.hash('caf\u00e9 au lait');
  assert.equal(await hasher.verify('cafe\u0301 au lait', hash), true);
});

test('one password has two hashes', async () => {
  const [one, two] = [await hasher.hash('same'), await hasher.hash('same')];
  assert.notDeepEqual(one.salt, two.salt);
  assert.notDeepEqual(one.hash, two.hash);
});

test('the hash is scrypt as RFC 7914 section 12 has it', async () => {
  const known = {
    costLog2: 14,
    blockSize: 8,
    parallelism: 1,
    salt: Buffer.from('SodiumChloride'),
    hash: Buffer.from(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
        'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
      'hex',
    ),
  };
  assert.equal(await hasher.verify('pleaseletmein', known), true);
});

test('what OWASP asks for can be computed here', async () => {
  const strong = openPasswordHasher({ cost: owaspCost, atOnceMax: 1, waitingMax: 0 });
  const hash = await strong.hash('a password');
  assert.equal(hash.costLog2, 17);
  assert.equal(await strong.verify('a password', hash), true);
  assert.equal(hasher.isOutdated(hash), true);
  assert.equal(strong.isOutdated(hash), false);
});

test("nobody's password is never right", async () => {
  assert.equal(await hasher.verify('anything', undefined), false);
});

test('so many are computed at once, so many wait, and more are refused', async () => {
  const narrow = openPasswordHasher({ cost, atOnceMax: 1, waitingMax: 2 });
  const asked = Array.from({ length: 5 }, (_, index) => narrow.hash(`password ${index}`));
  const outcomes = await Promise.allSettled(asked);
  const refused = outcomes.filter((each) => each.status === 'rejected');
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  );
  for (const { reason } of refused) {
    assert.ok(reason instanceof Fault);
    assert.equal(reason.code, 'overloaded');
    assert.equal(reason.retryable, true);
  }
  // The places are free again.
  assert.equal((await narrow.hash('later')).hash.length, 32);
});
