// Everything that can be said of the code without a database, in under a minute: format, types,
// lint, direction of dependencies, secrets, licences, and the pure tests, among them the tidy test
// and the probes. The same command here and in continuous integration. "--fix" first mends what a
// machine can mend.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findForbiddenLicences } from './licences.ts';
import { root } from './tree.ts';

interface Step {
  readonly name: string;
  /** What is wrong, or nothing. */
  readonly run: () => string;
}

const bin = {
  prettier: 'node_modules/prettier/bin/prettier.cjs',
  typescript: 'node_modules/typescript/bin/tsc',
  oxlint: 'node_modules/oxlint/bin/oxlint',
  dependencyCruiser: 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
};

/** What has not changed since the last check is not looked at again. */
const cached = {
  prettier: ['--cache', '--cache-strategy=content'],
  typescript: ['--incremental', '--tsBuildInfoFile', 'node_modules/.cache/typescript.json'],
};

const codeFolders = ['src', 'cli', 'tools', 'bench', 'conformance', 'examples', 'sdk/src'].filter(
  (folder) => existsSync(join(root, folder)),
);

const steps: readonly Step[] = [
  { name: 'client of the API', run: () => node('tools/sdk.ts') },
  {
    name: 'format',
    run: () => node(bin.prettier, '--check', '--log-level=warn', ...cached.prettier, '.'),
  },
  { name: 'types', run: () => node(bin.typescript, '--project', '.', ...cached.typescript) },
  { name: 'lint', run: () => node(bin.oxlint) },
  {
    name: 'dependencies',
    run: () => node(bin.dependencyCruiser, '--output-type=err-long', ...codeFolders),
  },
  { name: 'secrets', run: () => node('tools/secrets.ts') },
  { name: 'licences', run: () => findForbiddenLicences().join('\n') },
  { name: 'pure tests', run: () => node('tools/test.ts', '--pure') },
];

if (process.argv.includes('--fix')) {
  node(bin.oxlint, '--fix');
  node(bin.prettier, '--write', '--log-level=warn', '.');
}
const failed = steps.filter((step) => !passes(step)).map(({ name }) => name);
const total = seconds(performance.now());
console.log(failed.length === 0 ? `all well in ${total}` : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function passes({ name, run }: Step): boolean {
  const start = performance.now();
  const complaint = run();
  const outcome = complaint === '' ? 'ok    ' : 'FAILED';
  console.log(`${outcome} ${name} (${seconds(performance.now() - start)})`);
  if (complaint !== '') {
    console.log(complaint.trimEnd().replaceAll(/^/gm, '    '));
  }
  return complaint === '';
}

/** Runs a program of ours, and returns what it said if it failed. */
function node(script: string, ...options: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, script), ...options],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  return status === 0 ? '' : `${stdout}${stderr}${error?.message ?? ''}\n`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
