import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND_US, type Instant } from '#kernel';
import {
  newSigningKey,
  publishedAt,
  signingAlgorithms,
  stateOf,
  successionOf,
  type SigningKey,
} from './signing-key.ts';

const at = (seconds: number): Instant => (seconds * SECOND_US) as Instant;

function key(kid: string, fromS: number, untilS?: number, publishedUntilS?: number): SigningKey {
  return {
    kid,
    algorithm: 'ES256',
    publicJwk: {},
    createdAt: at(0),
    signsFrom: at(fromS),
    signsUntil: untilS === undefined ? undefined : at(untilS),
    publishedUntil: publishedUntilS === undefined ? undefined : at(publishedUntilS),
  };
}

test('a key is upcoming, active, retiring and over, by the time alone', () => {
  const one = key('a', 100, 200, 300);
  const states = [99, 100, 199, 200, 299, 300].map((seconds) => stateOf(one, at(seconds)));
  assert.deepEqual(states, ['upcoming', 'active', 'active', 'retiring', 'retiring', 'over']);
  assert.equal(stateOf(key('b', 100), at(1_000_000)), 'active');
});

test('a key that was withdrawn before it signed never signs', () => {
  assert.equal(stateOf(key('a', 100, 50, 50), at(60)), 'over');
});

test('all but those that are over are published, the one that signs first', () => {
  const keys = [key('old', 0, 100, 200), key('now', 100, 300, 400), key('next', 300)];
  const order = (seconds: number): string[] => publishedAt(keys, at(seconds)).map(({ kid }) => kid);
  assert.deepEqual(order(150), ['now', 'next', 'old']);
  assert.deepEqual(order(250), ['now', 'next']);
  assert.deepEqual(order(300), ['next', 'now']);
  assert.deepEqual(order(400), ['next']);
});

test('at every moment of a succession exactly one key signs, and it was published before', () => {
  const pace = { announcedS: 10, keptS: 20 };
  const { signsFrom, publishedUntil } = successionOf(key('a', 0), at(100), pace);
  const [a, b] = [
    { ...key('a', 0), signsUntil: signsFrom, publishedUntil },
    { ...key('b', 0), signsFrom },
  ];
  for (let seconds = 100; seconds < 140; seconds += 1) {
    const active = [a, b].filter((each) => stateOf(each, at(seconds)) === 'active');
    assert.deepEqual(
      active.map(({ kid }) => kid),
      [seconds < 110 ? 'a' : 'b'],
    );
    assert.equal(publishedAt([a, b], at(seconds)).length, seconds < 130 ? 2 : 1);
  }
});

test('the first key signs at once, as nobody has another', () => {
  const { signsFrom } = successionOf(undefined, at(100), { announcedS: 10, keptS: 20 });
  assert.equal(signsFrom, at(100));
});

test('a key of each algorithm has a kid, and its public half has nothing private', () => {
  for (const algorithm of signingAlgorithms) {
    const { kid, publicJwk, privateJwk } = newSigningKey(algorithm);
    assert.match(kid, /^[\w-]{43}$/);
    assert.equal(publicJwk['alg'], algorithm);
    assert.deepEqual([publicJwk['kid'], privateJwk['kid']], [kid, kid]);
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) assert.ok(!(member in publicJwk));
    assert.ok('d' in privateJwk);
    // A wrapped secret has at most 4 KiB.
    assert.ok(JSON.stringify(privateJwk).length < 4_096);
  }
});
