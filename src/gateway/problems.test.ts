import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Fault } from '#kernel';
import { documentedProblems, expectedProblems } from './manual/reference.ts';
import { EdgeRefusal, edgeProblems, openProblemBook } from './problems.ts';

const book = openProblemBook([
  { name_taken: { status: 409, title: 'The name is taken', retryable: false } },
]);

test('the reference page lists exactly the codes of the edge, with status and retry', async () => {
  const page = await readFile(new URL('../../docs/reference/refusals.md', import.meta.url), 'utf8');
  const documented = documentedProblems(page, 'Edge');
  const expected = expectedProblems(edgeProblems);
  assert.deepEqual([...documented.keys()].toSorted(), [...expected.keys()].toSorted());
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(expected));
});

test('the reference page is read by section, and by rows of the right form only', () => {
  const page = [
    '## One',
    '| `a_code` | 400 | no | Something. |',
    '| `no_meaning` | 400 | no | |',
    '| code | status |',
    '## Two',
    '| `b_code` | 503 | yes | Else. |',
  ].join('\n');
  assert.deepEqual(Object.fromEntries(documentedProblems(page, 'One')), {
    a_code: { status: 400, retryable: false },
  });
  assert.deepEqual([...documentedProblems(page, 'Two').keys()], ['b_code']);
  assert.equal(documentedProblems(page, 'Three').size, 0);
});

test('a refusal becomes the problem document of its code', () => {
  const refusal = { code: 'name_taken', message: 'The name x is taken.', param: 'name' };
  assert.deepEqual(book.ofRefusal(refusal, 'r-1'), {
    type: 'urn:florin:problem:name_taken',
    title: 'The name is taken',
    status: 409,
    detail: 'The name x is taken.',
    instance: 'urn:florin:request:r-1',
    code: 'name_taken',
    param: 'name',
    request_id: 'r-1',
    retryable: false,
  });
});

test('a refusal of the edge keeps its list of fields', () => {
  const errors = [
    { param: 'a', message: 'is required' },
    { param: 'b', message: 'is required' },
  ];
  const error = new EdgeRefusal('field_missing', 'a is required.', { param: 'a', errors });
  const problem = book.ofError(error, 'r-1');
  assert.equal(problem.status, 400);
  assert.equal(problem.param, 'a');
  assert.deepEqual(problem.errors, errors);
});

test('a known fault is answered by its meaning, an unknown one by whether to retry', () => {
  const cases: readonly [Fault, number, string, boolean][] = [
    [new Fault('database_unavailable', { retryable: true }), 503, 'database_unavailable', true],
    [new Fault('lock_timeout', { retryable: true }), 503, 'database_busy', true],
    [new Fault('commit_unknown', { retryable: false }), 503, 'commit_unknown', false],
    [new Fault('moon_down', { retryable: true }), 503, 'temporarily_unavailable', true],
    [new Fault('moon_gone', { retryable: false }), 500, 'internal_error', false],
    [new Fault('toString', { retryable: false }), 500, 'internal_error', false],
  ];
  for (const [fault, status, code, retryable] of cases) {
    const problem = book.ofError(fault, 'r-1');
    assert.deepEqual([problem.status, problem.code, problem.retryable], [status, code, retryable]);
  }
});

test('what is not ours to tell is not told', () => {
  const secret = 'select secret from ledger.accounts';
  const errors: unknown[] = [
    new Error(secret),
    new Fault('moon_gone', { retryable: false, message: secret }),
    new Fault('moon_down', { retryable: true, message: secret }),
    Object.assign(new Error(secret), { code: 'field_invalid', status: 400, detail: secret }),
    secret,
    undefined,
  ];
  for (const error of errors) {
    const problem = book.ofError(error, 'r-1');
    assert.ok(problem.status >= 500);
    assert.ok(!JSON.stringify(problem).includes('select'));
  }
});

test('a code used twice, or not snake_case, is a bug found at start', () => {
  const one = { status: 400, title: 'Again', retryable: false };
  assert.throws(() => openProblemBook([{ field_invalid: one }]), /used twice/);
  assert.throws(() => openProblemBook([{ FieldInvalid: one }]), /snake_case/);
  assert.throws(() => book.ofRefusal({ code: 'unheard_of', message: '' }, 'r-1'), /no table/);
});
