// A planted violation for each rule of style: a rule that finds nothing any more is found out here.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fileRules, findingsIn } from './tidy.ts';
import { findingsAcross, treeRules } from './tidy-tree.ts';
import type { TextFile } from './tree.ts';

const header = '// Owns nothing.\n';
const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');
const file = (path: string, text: string): TextFile => ({ path, text });

/** rule -> files that break it */
const violations: Record<string, readonly TextFile[]> = {
  columns: [file('src/ledger/post.ts', `${header}const x = '${'y'.repeat(100)}';\n`)],
  'file-length': [file('src/ledger/post.ts', header + many(501, () => 'f();'))],
  header: [
    file('src/ledger/post.ts', 'export const x = 1;\n'),
    file('src/ledger/functions/post.sql', 'select 1;\n'),
    file('cli/florin.mjs', '#!/usr/bin/env node\nrun();\n'),
    file(
      'src/ledger/post.ts',
      many(6, () => '// Too much.'),
    ),
  ],
  'file-name': [
    file('src/ledger/PostTransfers.ts', header),
    file('src/ledger/post_transfers.ts', header),
    file('src/ledger/utils.ts', header),
    file('src/ledger/date-helpers.ts', header),
    file('src/common/money.ts', header),
    file('src/ledger/transfer.service.ts', header),
  ],
  'declared-name': [
    file('src/ledger/post.ts', `${header}interface IAccount {}\n`),
    file('src/ledger/post.ts', `${header}export class LedgerService {}\n`),
    file('src/ledger/post.ts', `${header}const accountManager = 1;\n`),
  ],
  clock: [
    file('src/ledger/post.ts', `${header}const now = Date.now();\n`),
    file('src/main.ts', `${header}const now = new Date();\n`),
  ],
  floats: [
    file('src/ledger/post.ts', `${header}const amount = parseFloat(text);\n`),
    file('cli/import.ts', `${header}print(amount.toFixed(2));\n`),
  ],
  console: [file('src/ledger/post.ts', `${header}console.log(1);\n`)],
  'sql-in-stores': [
    file('src/ledger/post.ts', `${header}const q = 'insert into ledger.entries values (1)';\n`),
    file('src/ledger/post.ts', `${header}const q = \`\n  select id\n  from ledger.accounts\`;\n`),
    file('src/ledger/post.ts', `${header}const q = 'select ledger.post($1)';\n`),
    file('src/gateway/replay.ts', `${header}const q = "update gateway.keys set x = 1";\n`),
  ],
  'sql-case': [file('src/ledger/functions/post.sql', '-- Posts.\nSELECT 1;\n')],
  'migration-name': [
    file('src/ledger/migrations/add-accounts.sql', '-- x\n'),
    file('src/ledger/migrations/12_accounts.sql', '-- x\n'),
    file('src/ledger/migrations/0001_accounts.ts', header),
  ],
  'import-ending': [
    file('src/ledger/post.ts', `${header}import { x } from './transfer';\n`),
    file('src/ledger/post.ts', `${header}const x = await import('../ledger/transfer.js');\n`),
  ],
  'skipped-test': [
    file('src/ledger/post.test.ts', "test.skip('post', () => {});\n"),
    file('src/ledger/post.test.ts', "test('post', { only: true }, () => {});\n"),
    file('src/ledger/post.test.ts', "test('post', { skip: 'later' }, () => {});\n"),
  ],
  'merge-marker': [file('README.md', '<<<<<<< ours\n')],
  'machine-path': [
    file('README.md', 'Look in /home/jan/florin/README.\n'),
    file('src/ledger/post.ts', `${header}const path = '/workspace/florin/src';\n`),
  ],
  'registry-host': [
    file('package-lock.json', '"resolved": "x"'),
    file('.npmrc', 'registry=https://registry.npmjs.org/\n'),
  ],
};

/** rule -> trees that break it */
const treeViolations: Record<string, readonly (readonly TextFile[])[]> = {
  'folder-size': [Array.from({ length: 15 }, (_, n) => file(`src/ledger/verb-${n}.ts`, header))],
  'migration-number': [
    [
      file('src/ledger/migrations/0002_accounts.sql', '-- x\n'),
      file('src/audit/migrations/0002_records.sql', '-- x\n'),
    ],
  ],
  'dead-link': [[file('docs/guide.md', 'See [the design](../DESIGN.md).\n')]],
  'undecided-dependency': [
    [
      file('package.json', '{ "dependencies": { "left-pad": "1.0.0" } }'),
      file('docs/decisions/0001-padding.md', 'We take `right-pad`.\n'),
    ],
  ],
  'incomplete-lock': [
    [
      file(
        'package-lock.json',
        '{ "packages": { "": { "optionalDependencies": { "node-vax": "24.0.0" } } } }',
      ),
    ],
  ],
};

for (const { name } of fileRules) {
  test(`the rule "${name}" finds each violation planted for it`, () => {
    const planted = violations[name] ?? [];
    assert.ok(planted.length > 0, 'no violation is planted for this rule');
    for (const violation of planted) {
      const found = findingsIn(violation).map(({ rule }) => rule);
      assert.ok(found.includes(name), `${violation.path}: ${violation.text}`);
    }
  });
}

for (const { name } of treeRules) {
  test(`the rule "${name}" finds each violation planted for it`, () => {
    const planted = treeViolations[name] ?? [];
    assert.ok(planted.length > 0, 'no violation is planted for this rule');
    for (const tree of planted) {
      assert.ok(findingsAcross(tree).some(({ rule }) => rule === name));
    }
  });
}

test('text that keeps every rule is left in peace', () => {
  const innocent: readonly TextFile[] = [
    file('src/ledger/post.ts', `${header}// Update failed: select another from the list.\n`),
    file('src/ledger/post.ts', `${header}import { x } from './transfer.ts';\n`),
    file('src/ledger/post.ts', `${header}const message = 'select an account';\n`),
    file('src/ledger/transfer-store.ts', `${header}const q = 'delete from ledger.keys';\n`),
    file('src/platform/clock.ts', `${header}const now = Date.now();\n`),
    file('src/kernel/money.ts', `${header}const x = parseFloat('1');\n`),
    file('src/ledger/functions/post_transfers.sql', "-- SELECT is a word.\nselect 'FROM';\n"),
    file('src/ledger/post.database.test.ts', "test('post', () => {});\n"),
    file('docs/guide.md', 'See [this](guide.md#top), [that](https://x.test) and `[x](y.md)`.\n'),
  ];
  const found = [...innocent.flatMap((one) => findingsIn(one)), ...findingsAcross(innocent)];
  assert.deepEqual(found, []);
});

test('a finding names the line of the offence', () => {
  const [finding] = findingsIn(file('src/ledger/post.ts', `${header}\nconst t = Date.now();\n`));
  assert.equal(finding?.line, 3);
});
