import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { documentedProblems, expectedProblems } from '#gateway';
import { refusals } from './refusals.ts';

test('every refusal is in the reference with its status and retry, and nothing else is', () => {
  const url = new URL('../../docs/reference/refusals.md', import.meta.url);
  const documented = documentedProblems(readFileSync(url, 'utf8'), 'Ledger');
  const expected = expectedProblems(refusals);
  assert.deepEqual([...documented.keys()].toSorted(), [...expected.keys()].toSorted());
  for (const [code, kind] of expected) assert.deepEqual(documented.get(code), kind, code);
});
