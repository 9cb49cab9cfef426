import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readFieldList, type FieldItem, type FieldValue } from '#platform';
import { openProblemBook } from '../problems.ts';
import { admissionOf, refusalOfLimit, type Admission } from './admission.ts';
import { decide, freshState } from './deciding/decide.ts';
import { defaultTerms, measuresOf, type PlanTerms } from './plan.ts';

// A Sunday.
const NOON_US = 1_795_348_800_000_000;

/** What each of so many requests is answered at one moment. */
function answers(terms: PlanTerms, count: number, cost = 1): Admission[] {
  const measures = measuresOf(terms);
  let state = freshState(measures);
  return Array.from({ length: count }, (_, index) => {
    const decision = decide(state, measures, { atUs: NOON_US, cost });
    state = decision.state;
    return admissionOf(decision, measures, { by: 'shared', turn: index + 1, atUs: NOON_US });
  });
}

/** A list of policies by name, each with its parameters. */
function read(field: string | undefined): Record<string, Record<string, FieldValue>> {
  const list = readFieldList(field ?? '') as FieldItem[] | undefined;
  assert.ok(list !== undefined && list.length > 0, `${field} is no list`);
  const entries = list.map(
    ([name, parameters]) => [String(name), Object.fromEntries(parameters)] as const,
  );
  return Object.fromEntries(entries);
}

test('an answer names every policy with its quota and window, and what is left of it', () => {
  const [first] = answers({ ...defaultTerms, weekly: 4_000, monthly: 9_000 }, 1);
  assert.deepEqual(read(first?.headers['ratelimit-policy']), {
    burst: { q: 100, w: 2 },
    daily: { q: 1_000, w: 86_400 },
    weekly: { q: 4_000, w: 604_800 },
    monthly: { q: 9_000, w: 2_678_400 },
  });
  assert.deepEqual(read(first?.headers['ratelimit']), {
    burst: { r: 99, t: 2 },
    daily: { r: 999, t: 43_200 },
    weekly: { r: 3_999, t: 43_200 },
    monthly: { r: 8_999, t: 734_400 },
  });
  assert.equal(first?.headers['retry-after'], undefined);
});

test('a refusal names the policies without room, and when it may be repeated', () => {
  const last = answers(defaultTerms, 101).at(-1);
  assert.equal(last?.isAdmitted, false);
  assert.deepEqual(last?.violatedPolicies, ['burst']);
  assert.deepEqual(read(last?.headers['ratelimit']), { burst: { r: 0, t: 1 } });
  assert.equal(last?.headers['retry-after'], '1');
  const overQuota = answers({ ...defaultTerms, daily: 3 }, 4).at(-1);
  assert.deepEqual(overQuota?.violatedPolicies, ['daily']);
  assert.equal(overQuota?.retryAfterS, 43_200);
});

test('a request that counts for too much is refused without a time to repeat it', () => {
  const [only] = answers({ ...defaultTerms, burst: 5 }, 1, 6);
  assert.equal(only?.isAdmitted, false);
  assert.equal(only?.retryAfterS, undefined);
  assert.equal(only?.headers['retry-after'], undefined);
});

test('the problem has the registered type, and the violated policies as a member', () => {
  const over = answers({ ...defaultTerms, burst: 3, daily: 3 }, 4).at(-1);
  assert.ok(over !== undefined);
  const problem = openProblemBook([]).ofError(refusalOfLimit(over), 'r-1');
  assert.equal(problem.type, 'https://iana.org/assignments/http-problem-types#quota-exceeded');
  assert.equal(problem.status, 429);
  assert.equal(problem.code, 'quota_exceeded');
  assert.equal(problem.retryable, true);
  assert.deepEqual(problem['violated-policies'], ['burst', 'daily']);
});

const terms = fc.record({
  burst: fc.integer({ min: 1, max: 1_000_000 }),
  rate: fc.integer({ min: 1, max: 100_000 }),
  ratePer: fc.constantFrom('second', 'minute', 'hour'),
  daily: fc.option(fc.integer({ min: 1, max: 1_000_000_000_000 }), { nil: undefined }),
  weekly: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  monthly: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  timeZone: fc.constantFrom('UTC', 'Europe/Prague'),
}) satisfies fc.Arbitrary<PlanTerms>;

test('fields always parse, and Retry-After never ends before a window that is told', () => {
  fc.assert(
    fc.property(terms, fc.integer({ min: 1, max: 1_000 }), (given, cost) => {
      for (const { headers, isAdmitted, retryAfterS } of answers(given, 8, cost)) {
        const policies = read(headers['ratelimit-policy']);
        const limits = read(headers['ratelimit']);
        for (const [name, { r, t }] of Object.entries(limits)) {
          const { q, w } = policies[name] ?? {};
          assert.ok(
            Number(r) >= 0 && Number(r) <= Number(q),
            `${name} has ${String(r)} of ${String(q)}`,
          );
          assert.ok(Number(t) > 0 && Number(w) > 0);
          if (retryAfterS !== undefined) assert.ok(retryAfterS >= Number(t));
        }
        assert.equal(headers['retry-after'], retryAfterS?.toString());
        if (isAdmitted) assert.deepEqual(Object.keys(limits), Object.keys(policies));
      }
    }),
    { numRuns: 200 },
  );
});
