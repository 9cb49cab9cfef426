import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { auditActions, type Action } from '#audit';
import { gatewayActions } from '#gateway';
import { peopleActions, providerActions } from '#identity';
import { readTree, root } from '../../tools/tree.ts';
import { accountsActions } from '../accounts/audit-actions.ts';
import { fraudCaseActions } from '../fraud/cases/audit-actions.ts';
import { registryActions } from '../fraud/registry/audit-actions.ts';
import { screeningActions } from '../fraud/screening/audit-actions.ts';
import { ledgerActions } from '../ledger/audit-actions.ts';
import { paymentActions } from '../payments/audit-actions.ts';
import { fileActions } from '../payments/files/audit-actions.ts';
import { reconciliationActions } from '../payments/reconciliation/audit-actions.ts';
import { standingOrderActions } from '../payments/standing-orders/audit-actions.ts';
import { alarmNames } from '../audit/watch/alarm.ts';

const page = readFileSync(path.join(root, 'docs/reference/audit-pci-dss.md'), 'utf8');
const runbook = readFileSync(path.join(root, 'docs/runbooks/audit-alarms.md'), 'utf8');

/** Every table of actions, by the file it stands in. */
const tables: Readonly<Record<string, Readonly<Record<string, Action>>>> = {
  'src/audit/actions.ts': auditActions,
  'src/gateway/audit-actions.ts': gatewayActions,
  'src/identity/audit-actions.ts': providerActions,
  'src/identity/people/audit-actions.ts': peopleActions,
  'src/ledger/audit-actions.ts': ledgerActions,
  'src/accounts/audit-actions.ts': accountsActions,
  'src/fraud/cases/audit-actions.ts': fraudCaseActions,
  'src/fraud/registry/audit-actions.ts': registryActions,
  'src/fraud/screening/audit-actions.ts': screeningActions,
  'src/payments/audit-actions.ts': paymentActions,
  'src/payments/files/audit-actions.ts': fileActions,
  'src/payments/reconciliation/audit-actions.ts': reconciliationActions,
  'src/payments/standing-orders/audit-actions.ts': standingOrderActions,
};
const actions = Object.values(tables).flatMap((table) => Object.values(table));

/** The names in code quotes on the row of a clause. */
function namedOn(clause: string): string[] {
  const row = page.split('\n').find((line) => line.startsWith(`| ${clause} |`));
  assert.ok(row !== undefined, `the page has no row for ${clause}`);
  return Array.from(row.matchAll(/`([a-z_]+(?:\.[a-z_]+)+)`/g), ([, name = '']) => name);
}

test('this test knows every table of actions', () => {
  const found = readTree()
    .filter(({ path: file, text }) => {
      const isProduct = /^(src|cli)\/.*\.ts$/.test(file) && !/test(ing)?[./]/.test(file);
      return isProduct && /= defineActions\(/.test(text);
    })
    .map(({ path: file }) => file);
  assert.deepEqual(found.toSorted(), Object.keys(tables).toSorted());
});

for (const part of [1, 2, 3, 4, 5, 6, 7]) {
  const clause = `10.2.1.${part}`;
  test(`the page names for ${clause} exactly the actions that answer it`, () => {
    const answering = actions.filter(({ clauses }) => clauses.some((each) => each === clause));
    assert.ok(answering.length > 0, 'nothing answers it');
    assert.deepEqual(namedOn(clause).toSorted(), answering.map(({ name }) => name).toSorted());
  });
}

test('every action that the page names exists', () => {
  const known = new Set(actions.map(({ name }) => name));
  const pattern = /`((?:accounts|audit|fraud|gateway|identity|ledger|payments)[.]\w+[.]\w+)`/g;
  const named = Array.from(page.matchAll(pattern), ([, name = '']) => name);
  assert.ok(named.length > 20);
  for (const name of named) assert.ok(known.has(name), `${name} is no action`);
});

test('the page has a row for every clause it speaks of, and for each element of 10.2.2', () => {
  const clauses = ['10.3.1', '10.3.2', '10.3.3', '10.3.4', '10.4.1.1', '10.5.1'];
  for (const clause of [...clauses, '10.6.1', '10.6.2', '10.6.3', '10.7.2']) {
    assert.ok(page.includes(`| ${clause} |`), clause);
  }
  for (const element of ['who', 'type of event', 'date and time', 'success or failure']) {
    assert.ok(page.includes(`| ${element} |`), element);
  }
  assert.ok(page.includes('| where it came from |') && page.includes('| what it was done to |'));
});

test('the page names each alarm, and the runbook says of each what it means and what to do', () => {
  for (const alarm of alarmNames) {
    assert.ok(page.includes(`\`${alarm}\``), `the page does not name ${alarm}`);
    const section = runbook.split(`\n## ${alarm}\n`)[1]?.split('\n## ')[0] ?? '';
    for (const part of ['**Means.**', '**Look.**', '**Do.**']) {
      assert.ok(section.includes(part), `the runbook's ${alarm} has no ${part}`);
    }
  }
  const sections = Array.from(runbook.matchAll(/^## (\w+)$/gm), ([, name]) => name);
  assert.deepEqual(sections, [...alarmNames]);
});
