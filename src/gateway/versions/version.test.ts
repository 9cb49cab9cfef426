import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { EdgeRefusal } from '../problems.ts';
import { changes, FIRST_VERSION } from './changes.ts';
import { openVersions } from './version.ts';
import type { Change, VersionedAnswer, VersionedRequest } from './version.ts';

const body = ({ body: given }: VersionedRequest) => given as Record<string, unknown>;
const answerBody = ({ body: given }: VersionedAnswer) => given as Record<string, unknown>;

/** A field that was renamed twice, and then became an object. */
const chain: readonly Change[] = [
  {
    version: '2026-12-01',
    summary: 'sum is called amount.',
    operations: {
      pay: {
        request(request) {
          const { sum, ...rest } = body(request);
          return { ...request, body: { ...rest, amount: sum } };
        },
        answer(answer) {
          const { amount, ...rest } = answerBody(answer);
          return { ...answer, body: { ...rest, sum: amount } };
        },
      },
    },
  },
  {
    version: '2027-01-15',
    summary: 'An amount has its currency.',
    operations: {
      pay: {
        request(request) {
          const { amount, ...rest } = body(request);
          return { ...request, body: { ...rest, amount: { value: amount, currency: 'CZK' } } };
        },
        answer(answer) {
          const { amount, ...rest } = answerBody(answer);
          return { ...answer, body: { ...rest, amount: (amount as { value: string }).value } };
        },
      },
      list: { request: (request) => ({ ...request, query: { ...request.query, limit: '10' } }) },
    },
  },
];
const versions = openVersions('2026-11-21', chain);

test('a request is brought forward through every change since its version, in order', () => {
  const request = (version: string, given: unknown): unknown =>
    versions.upgrade(version, 'pay', { query: {}, body: given }).body;
  const newest = { amount: { value: '5', currency: 'CZK' } };
  assert.deepEqual(request('2026-11-21', { sum: '5' }), newest);
  assert.deepEqual(request('2026-12-01', { amount: '5' }), newest);
  assert.deepEqual(request('2027-01-15', newest), newest);
});

test('an answer is brought back through every change since, in the reverse order', () => {
  const answer = (version: string): unknown =>
    versions.downgrade(version, 'pay', {
      status: 200,
      body: { id: '1', amount: { value: '5', currency: 'CZK' } },
    }).body;
  assert.deepEqual(answer('2026-11-21'), { id: '1', sum: '5' });
  assert.deepEqual(answer('2026-12-01'), { id: '1', amount: '5' });
  assert.deepEqual(answer('2027-01-15'), { id: '1', amount: { value: '5', currency: 'CZK' } });
});

test('an operation that did not change is touched in no version', () => {
  assert.equal(versions.isAnswerChanged('2026-11-21', 'read'), false);
  assert.equal(versions.isAnswerChanged('2026-12-01', 'pay'), true);
  assert.equal(versions.isAnswerChanged('2027-01-15', 'pay'), false);
  assert.equal(versions.isRequestChanged('2026-11-21', 'list'), true);
  assert.equal(versions.isAnswerChanged('2026-11-21', 'list'), false);
});

test('who names no version gets the newest; a version that never was is refused', () => {
  assert.equal(versions.of(undefined), '2027-01-15');
  assert.equal(versions.of('2026-12-01'), '2026-12-01');
  const unknown = ['', '2026-11-20', '2026-12-02', 'latest', '2026-12-1', ['2026-12-01']];
  for (const header of unknown) {
    assert.throws(
      () => versions.of(header),
      (error) => error instanceof EdgeRefusal && error.code === 'version_unknown',
    );
  }
});

test('versions that are no dates or out of order stop the start', () => {
  const change = (version: string): Change => ({ version, summary: 'x', operations: {} });
  assert.throws(() => openVersions('2026-1-1', []));
  assert.throws(() => openVersions('2026-11-21', [change('2026-11-20')]));
  assert.throws(() => openVersions('2026-11-21', [change('2026-11-21')]));
  assert.throws(() => openVersions('2026-11-21', [change('2027-02-01'), change('2027-01-01')]));
  const twice = openVersions('2026-11-21', [change('2027-01-01'), change('2027-01-01')]);
  assert.deepEqual(twice.all, ['2026-11-21', '2027-01-01']);
});

interface Exchange {
  readonly operation: string;
  readonly version: string;
  /** As a client of the version sent it, and as a handler gets it now. */
  readonly request: { readonly then: VersionedRequest; readonly now: VersionedRequest };
  /** As a handler answers now, and as the client of the version was answered then. */
  readonly answer: { readonly then: VersionedAnswer; readonly now: VersionedAnswer };
}

const folder = new URL('exchanges/', import.meta.url);
const recorded = readdirSync(folder).map((name) => ({
  name,
  exchange: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Exchange,
}));
const served = openVersions(FIRST_VERSION, changes);

for (const { name, exchange } of recorded) {
  test(`the recorded exchange ${name} is the same for its client as it was then`, () => {
    const { operation, version, request, answer } = exchange;
    assert.ok(served.all.includes(version));
    assert.deepEqual(served.upgrade(version, operation, request.then), request.now);
    assert.deepEqual(served.downgrade(version, operation, answer.now), answer.then);
  });
}

test('every change of every operation has a recorded exchange of the version before it', () => {
  for (const [at, change] of changes.entries()) {
    const before = served.all[served.all.indexOf(change.version) - 1];
    for (const operation of Object.keys(change.operations)) {
      const found = recorded.some(
        ({ exchange }) => exchange.operation === operation && exchange.version === before,
      );
      assert.ok(found, `${operation} of change ${at + 1}`);
    }
  }
});

test('no request, however malformed, breaks a change', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.string()), (given, query) => {
      for (const change of changes) {
        for (const { request } of Object.values(change.operations)) {
          request?.({ query, body: given });
        }
      }
    }),
  );
});
