// Plants one violation per rule of direction, and of the typed rules of lint that matter most, in a
// temporary tree shaped like this one, and expects each to be found in its own file by its own
// rule.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { after } from 'node:test';
import { root } from './tree.ts';

interface Plant {
  readonly rule: string;
  readonly path: string;
  readonly text: string;
}

const contexts = [
  'kernel',
  'platform',
  'audit',
  'identity',
  'gateway',
  'ledger',
  'accounts',
  'fraud',
  'payments',
  'cards',
  'documents',
  'reporting',
  'webhooks',
];

/** For each context one that stands above or beside it, so may not be imported. */
const aboveOrBeside: Record<string, string> = {
  kernel: 'platform',
  platform: 'gateway',
  audit: 'gateway',
  identity: 'gateway',
  gateway: 'ledger',
  ledger: 'accounts',
  accounts: 'fraud',
  fraud: 'payments',
  payments: 'cards',
  cards: 'payments',
  documents: 'reporting',
  reporting: 'webhooks',
  webhooks: 'ledger',
};

const directionPlants: readonly Plant[] = [
  ...Object.entries(aboveOrBeside).map(([context, other]) => ({
    rule: `direction-${context}`,
    path: `src/${context}/looks-up.ts`,
    text: `import '#${other}';`,
  })),
  { rule: 'known-context', path: 'src/stray/verb.ts', text: `import '#kernel';` },
  { rule: 'kernel-is-pure', path: 'src/kernel/reads.ts', text: `import 'node:fs';` },
  { rule: 'kernel-is-pure', path: 'src/kernel/vendor.ts', text: `import 'pg';` },
  { rule: 'config-is-below', path: 'src/config/settings.ts', text: `import '#platform';` },
  {
    rule: 'only-through-index',
    path: 'src/ledger/breaks-in.ts',
    text: `import '../platform/inside.ts';`,
  },
  {
    rule: 'only-through-index',
    path: 'src/ledger/breaks-in-for-a-type.ts',
    text: `import type { Inside } from '../platform/inside.ts';`,
  },
  {
    rule: 'only-through-index-from-outside',
    path: 'cli/breaks-in.ts',
    text: `import '../src/platform/inside.ts';`,
  },
  {
    rule: 'contexts-by-name',
    path: 'src/ledger/long-way.ts',
    text: `import '../kernel/index.ts';`,
  },
  { rule: 'no-vendor-outside-platform', path: 'src/ledger/vendor.ts', text: `import 'pg';` },
  {
    rule: 'no-vendor-outside-platform',
    path: 'cli/vendor-type.ts',
    text: `import type { Pool } from 'pg';`,
  },
  { rule: 'http-at-the-edge', path: 'src/ledger/speaks-http.ts', text: `import 'fastify';` },
  {
    rule: 'no-test-in-production',
    path: 'src/ledger/uses-test.ts',
    text: `import './verb.test.ts';`,
  },
  {
    rule: 'no-tools-in-production',
    path: 'src/ledger/uses-tool.ts',
    text: `import '../../tools/tool.ts';`,
  },
  {
    rule: 'no-development-dependency',
    path: 'src/platform/uses-development.ts',
    text: `import 'fast-check';`,
  },
  { rule: 'declared-dependency', path: 'tools/uses-stowaway.ts', text: `import 'stowaway';` },
  { rule: 'no-cycle', path: 'src/ledger/egg.ts', text: `import './hen.ts';` },
  {
    rule: 'everything-resolves',
    path: 'src/ledger/nowhere.ts',
    text: `export const later = () => import('./no-such-file.ts');`,
  },
  {
    rule: 'everything-resolves',
    path: 'src/ledger/nowhere-while-using.ts',
    text: `await using later = (await import('./no-such-file.ts')).open();`,
  },
];

/** What the plants stand upon: nothing here breaks a rule that is probed above. */
const soil: Record<string, string> = {
  ...Object.fromEntries(contexts.map((context) => [`src/${context}/index.ts`, 'export {};'])),
  ...Object.fromEntries(
    ['pg', 'fastify', 'fast-check', 'stowaway'].flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0' })],
      [`node_modules/${name}/index.js`, ''],
    ]),
  ),
  'src/platform/inside.ts': 'export type Inside = string;',
  'src/ledger/verb.test.ts': 'export {};',
  'src/ledger/hen.ts': `import './egg.ts';`,
  'tools/tool.ts': 'export {};',
  'package.json': JSON.stringify({
    type: 'module',
    imports: Object.fromEntries(contexts.map((name) => [`#${name}`, `./src/${name}/index.ts`])),
    dependencies: { pg: '1.0.0', fastify: '1.0.0' },
    devDependencies: { 'fast-check': '1.0.0' },
  }),
};

const lintPlants: readonly Plant[] = [
  {
    rule: 'typescript(no-floating-promises)',
    path: 'src/floating.ts',
    text: 'export function f(): void { Promise.resolve(1); }',
  },
  {
    rule: 'typescript(no-misused-promises)',
    path: 'src/misused.ts',
    text: 'export const f = (p: Promise<boolean>): number => (p ? 1 : 2);',
  },
  {
    rule: 'typescript(await-thenable)',
    path: 'src/awaited.ts',
    text: 'export async function f(n: number): Promise<number> { return await n; }',
  },
  {
    rule: 'typescript(switch-exhaustiveness-check)',
    path: 'src/inexhaustive.ts',
    text: `export function f(s: 'open' | 'closed'): void { switch (s) { case 'open': break; } }`,
  },
  {
    rule: 'typescript(no-explicit-any)',
    path: 'src/any.ts',
    text: 'export type Anything = any;',
  },
  {
    rule: 'typescript(no-unsafe-assignment)',
    path: 'src/unsafe.ts',
    text: `export const n: number = JSON.parse('1');`,
  },
  {
    rule: 'typescript(only-throw-error)',
    path: 'src/thrown.ts',
    text: `export function f(): never { throw 'no'; }`,
  },
  { rule: 'eslint(no-console)', path: 'src/prints.ts', text: 'console.log(1);' },
  {
    rule: 'eslint(max-lines-per-function)',
    path: 'src/long.ts',
    text: `export function f(): void {${'\n'.repeat(71)}}`,
  },
];

const garden = mkdtempSync(join(tmpdir(), 'florin-probe-'));
after(() => rmSync(garden, { recursive: true, force: true }));

const found = findDirectionViolations();
const { forbidden } = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as {
  forbidden: readonly { name: string }[];
};

for (const { name } of forbidden) {
  test(`the rule "${name}" finds each violation planted for it`, () => {
    const planted = directionPlants.filter(({ rule }) => rule === name);
    assert.ok(planted.length > 0, 'no violation is planted for this rule');
    for (const { path } of planted) {
      assert.ok(found.has(`${name} ${path}`), `${path} was not found`);
    }
  });
}

test('files that break no rule are left in peace', () => {
  const innocent = [...found].filter(
    (finding) => !directionPlants.some(({ path }) => finding.endsWith(` ${path}`)),
  );
  assert.deepEqual(innocent, []);
});

test('the typed lint finds each violation planted for it', () => {
  const lint = findLintViolations();
  for (const { rule, path } of lintPlants) {
    assert.ok(lint.has(`${rule} ${path}`), `${rule} did not find ${path}`);
  }
});

function findDirectionViolations(): Set<string> {
  const folder = join(garden, 'directions');
  for (const { path, text } of directionPlants) {
    write(folder, path, text);
  }
  for (const [path, text] of Object.entries(soil)) {
    write(folder, path, text);
  }
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.cjs');
  const output = run(folder, bin, ['--config', config, '-T', 'json', 'src', 'cli', 'tools']);
  const { summary } = JSON.parse(output) as {
    summary: { violations: readonly { from: string; rule: { name: string } }[] };
  };
  return new Set(summary.violations.map(({ rule, from }) => `${rule.name} ${from}`));
}

function findLintViolations(): Set<string> {
  const folder = join(garden, 'lint');
  for (const { path, text } of lintPlants) {
    write(folder, path, `${text}\n`);
  }
  for (const path of ['.oxlintrc.json', 'tsconfig.json']) {
    cpSync(join(root, path), join(folder, path));
  }
  write(folder, 'package.json', '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const output = run(folder, join(root, 'node_modules/oxlint/bin/oxlint'), ['-f', 'json']);
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: readonly { code: string; filename: string }[];
  };
  return new Set(diagnostics.map(({ code, filename }) => `${code} ${filename}`));
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function run(cwd: string, script: string, options: readonly string[]): string {
  const outcome = spawnSync(process.execPath, [script, ...options], { cwd, encoding: 'utf8' });
  assert.ok(outcome.stdout.startsWith('{'), outcome.stdout + outcome.stderr);
  return outcome.stdout;
}
