import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  accessRefusals,
  documentedProblems,
  expectedProblems,
  legacyRefusals,
  planRefusals,
  signatureRefusals,
  type ProblemTable,
} from '#gateway';
import { clientRefusals, peopleRefusals } from '#identity';

const page = readFileSync(new URL('../docs/reference/refusals.md', import.meta.url), 'utf8');

const sections: Readonly<Record<string, ProblemTable>> = {
  Access: accessRefusals,
  Plans: planRefusals,
  Signatures: signatureRefusals,
  Legacy: legacyRefusals,
  Clients: clientRefusals,
  People: peopleRefusals,
};

for (const [section, table] of Object.entries(sections)) {
  test(`every refusal of the section ${section} is in the reference, and nothing else is`, () => {
    const documented = documentedProblems(page, section);
    const expected = expectedProblems(table);
    assert.deepEqual([...documented.keys()].toSorted(), [...expected.keys()].toSorted());
    for (const [code, kind] of expected) assert.deepEqual(documented.get(code), kind, code);
  });
}
