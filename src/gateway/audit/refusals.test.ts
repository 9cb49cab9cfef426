import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { auditRefusals } from '#audit';
import { documentedProblems, expectedProblems } from '../manual/reference.ts';

test('every refusal of the audit log is in the reference, and nothing else is', () => {
  const url = new URL('../../../docs/reference/refusals.md', import.meta.url);
  const documented = documentedProblems(readFileSync(url, 'utf8'), 'Audit log');
  const expected = expectedProblems(auditRefusals);
  assert.deepEqual([...documented.keys()].toSorted(), [...expected.keys()].toSorted());
  for (const [code, kind] of expected) assert.deepEqual(documented.get(code), kind, code);
});
