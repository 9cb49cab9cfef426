// A runner that calls a bad run good is worse than none: what must count as a failure, does.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { TestReport } from './test-report.ts';

const file = '/bank/src/ledger/post.test.ts';

type Extra = Record<string, unknown>;

/** The runner's events have many more fields; these are the ones that the report reads. */
function event(type: TestEvent['type'], name: string, extra: Extra = {}): TestEvent {
  const data = { file, name, nesting: 0, details: { duration_ms: 1, type: 'test' }, ...extra };
  return { type, data } as unknown as TestEvent;
}

const failedBy = (failureType: string, message: string, type = 'test'): Extra => ({
  details: { type, error: Object.assign(new Error(message), { failureType }) },
});

const summary = (): TestEvent =>
  event('test:summary', '', { counts: { tests: 1 }, duration_ms: 1_000 });

async function reportOn(events: readonly TestEvent[]): Promise<[TestReport, string]> {
  const lines: string[] = [];
  const report = new TestReport('/bank', (line) => lines.push(line));
  await report.follow(
    (async function* stream() {
      yield* events;
    })(),
  );
  return [report, lines.join('\n')];
}

test('a test that passes counts once, its suite does not count', async () => {
  const suite = { details: { type: 'suite' } };
  const [report, printed] = await reportOn([
    event('test:pass', 'post moves money', { nesting: 1 }),
    event('test:pass', 'post', suite),
    summary(),
  ]);
  assert.deepEqual([report.passed, report.failed], [1, 0]);
  assert.equal(printed, 'ok     src/ledger/post.test.ts (1 tests, 1.0 s)');
});

test('a failure is named by its whole path, and its suite does not count again', async () => {
  const [report, printed] = await reportOn([
    event('test:start', 'post'),
    event('test:start', 'moves money', { nesting: 1 }),
    event('test:stdout', '', { message: 'what the test printed\n' }),
    event('test:fail', 'moves money', { nesting: 1, ...failedBy('testCodeFailure', 'no money') }),
    event('test:fail', 'post', failedBy('subtestsFailed', '1 subtest failed', 'suite')),
    summary(),
  ]);
  assert.deepEqual([report.passed, report.failed], [0, 1]);
  assert.match(printed, /FAILED src\/ledger\/post\.test\.ts > post > moves money\n.*no money/);
  assert.match(printed, /what the test printed/);
});

test('a suite whose hook failed is a failure', async () => {
  const [report] = await reportOn([
    event('test:fail', 'post', failedBy('hookFailed', 'no database', 'suite')),
  ]);
  assert.equal(report.failed, 1);
});

test('a skipped test is a failure', async () => {
  const [report] = await reportOn([event('test:pass', 'post', { skip: true })]);
  assert.deepEqual([report.passed, report.failed], [0, 1]);
});

test('a file without tests is a failure', async () => {
  const [report] = await reportOn([event('test:pass', file)]);
  assert.deepEqual([report.passed, report.failed], [0, 1]);
});

test('a file that fails outside its tests is a failure, though its tests passed', async () => {
  const [report] = await reportOn([
    event('test:pass', 'post moves money'),
    summary(),
    event('test:fail', file, failedBy('testCodeFailure', 'test failed')),
  ]);
  assert.deepEqual([report.passed, report.failed], [1, 1]);
});
