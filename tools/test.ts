// Runs the tests: the pure ones, then those that need a database, which one embedded PostgreSQL
// serves for the whole run. A missing database is an error and a skipped test a failure, so that
// green means that everything ran. The last line is "N passed, N failed".
//
//   tools/test.ts [--pure | --conformance] [PART-OF-A-PATH ...]
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { run } from 'node:test';
import { inspect, parseArgs } from 'node:util';
import { startTestServer } from '../src/platform/database/test-server.ts';
import { TestReport } from './test-report.ts';
import { writeSdk } from './sdk.ts';
import { pathsIn, root } from './tree.ts';

/** Two: the cores of the smallest machine we care for, a continuous-integration runner. */
const concurrency = 2;
/** Crash tests and long random histories take minutes; nothing takes this long. */
const testTimeoutMs = 10 * 60_000;

const { values: options, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: { pure: { type: 'boolean' }, conformance: { type: 'boolean' } },
});

const report = new TestReport(root, console.log);
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort());
}

try {
  if (options.conformance !== true || hasSharedData()) {
    writeSdk();
    await runFiles(testFiles());
  }
} catch (error) {
  report.fail(`the run itself\n${inspect(error)}`);
}
if (interruption.signal.aborted) {
  report.fail('the run was interrupted');
} else if (report.passed + report.failed === 0) {
  report.fail('no test ran');
}
console.log(`${report.passed} passed, ${report.failed} failed`);
process.exitCode = report.failed === 0 ? 0 : 1;

function testFiles(): string[] {
  const folders = options.conformance ? ['conformance'] : ['src', 'cli', 'sdk', 'tools', 'bench'];
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => pathsIn(root, folder))
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)));
}

async function runFiles(files: readonly string[]): Promise<void> {
  await report.follow(start(files.filter(isPure)));
  const databaseFiles = files.filter((file) => !isPure(file));
  if (databaseFiles.length > 0 && !options.pure && !interruption.signal.aborted) {
    const server = await startTestServer();
    process.env['FLORIN_TEST_SERVER'] = server.url;
    try {
      await report.follow(start(databaseFiles));
    } finally {
      await server.close();
    }
  }
}

/** `post.test.ts` is pure; `post.database.test.ts`, `contract.test.ts` and their like are not. */
function isPure(path: string): boolean {
  const name = basename(path);
  return /^[^.]+[.]test[.]ts$/.test(name) && name !== 'contract.test.ts' && !options.conformance;
}

function start(files: readonly string[]): ReturnType<typeof run> {
  return run({
    files: files.map((file) => join(root, file)),
    concurrency,
    timeout: testTimeoutMs,
    signal: interruption.signal,
  });
}

/** The conformance suite reads real data that is not part of the product. */
function hasSharedData(): boolean {
  const folder = resolve(root, process.env['FLORIN_SHARED_DATA'] ?? '../shared/data');
  process.env['FLORIN_SHARED_DATA'] = folder;
  if (!existsSync(folder)) {
    report.fail(
      `the conformance suite reads its data from ${folder}, which does not exist: ` +
        'set FLORIN_SHARED_DATA to the folder that holds it',
    );
  }
  return existsSync(folder);
}
