import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bankAccountRefusals, customerRefusals, statementRefusals } from '#accounts';
import {
  accessRefusals,
  documentedProblems,
  expectedProblems,
  legacyRefusals,
  planRefusals,
  queueRefusals,
  signatureRefusals,
  type ProblemTable,
} from '#gateway';
import { decisionRefusals, fraudCaseRefusals, registryRefusals } from '#fraud';
import { clientRefusals, peopleRefusals } from '#identity';
import {
  fileRefusals,
  paymentRefusals,
  reconciliationRefusals,
  standingOrderRefusals,
} from '#payments';
import { problemTables } from './routes.ts';

const page = readFileSync(new URL('../docs/reference/refusals.md', import.meta.url), 'utf8');

const sections: Readonly<Record<string, ProblemTable>> = {
  Access: accessRefusals,
  Plans: planRefusals,
  Signatures: signatureRefusals,
  Legacy: legacyRefusals,
  Clients: clientRefusals,
  People: peopleRefusals,
  Customers: customerRefusals,
  'Bank accounts': bankAccountRefusals,
  Statements: statementRefusals,
  Payments: paymentRefusals,
  Files: fileRefusals,
  'Standing orders': standingOrderRefusals,
  Reconciliation: reconciliationRefusals,
  'Fraud decisions': decisionRefusals,
  'Fraud cases': fraudCaseRefusals,
  'Fraud rules, lists and models': registryRefusals,
  Queues: queueRefusals,
};

for (const [section, table] of Object.entries(sections)) {
  test(`every refusal of the section ${section} is in the reference, and nothing else is`, () => {
    const documented = documentedProblems(page, section);
    const expected = expectedProblems(table);
    assert.deepEqual([...documented.keys()].toSorted(), [...expected.keys()].toSorted());
    for (const [code, kind] of expected) assert.deepEqual(documented.get(code), kind, code);
  });
}

test('every table of refusals that is served has a section, or a test beside it', () => {
  const here = new Set(Object.values(sections));
  const beside = problemTables.filter((table) => !here.has(table));
  assert.deepEqual(
    beside.map((table) => Object.keys(table).length > 0),
    [true, true],
  );
});
