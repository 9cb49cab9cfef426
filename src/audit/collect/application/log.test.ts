import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../canonical.ts';
import { at, collectionId, readLog } from '../reader-testing.ts';
import { collectedTerm } from '../terms.ts';
import { defaultLogFields, parseLogFields } from './log-fields.ts';
import { severityOf, timeMsOf } from './log-time.ts';

const read = async (line: JsonObject, options = {}): Promise<JsonObject> => {
  const { events, rejects } = await readLog('jsonl', JSON.stringify(line), options);
  assert.deepEqual(rejects, []);
  return events[0] ?? {};
};

test('a line of pino becomes a base event, with what has no attribute in unmapped', async () => {
  const line = {
    level: 40,
    time: 1_700_000_000_123,
    pid: 17,
    hostname: 'app-1',
    name: 'payments',
    user: { id: 'u-1', plan: 'gold' },
    action: 'login',
    ip: '10.1.2.3',
    msg: 'slow',
  };
  assert.deepEqual(await read(line), {
    activity_id: 99,
    activity_name: 'login',
    actor: { user: { uid: 'u-1' } },
    category_uid: 0,
    class_uid: 0,
    device: { hostname: 'app-1', type_id: 0 },
    enrichments: [
      {
        data: { class: 'private' },
        name: 'unmapped.fields.ip',
        type: 'address',
        value: '10.1.2.3',
      },
    ],
    message: 'slow',
    metadata: {
      log_level: '40',
      log_name: 'test',
      log_source: 'file.log',
      loggers: [{ name: 'payments' }],
      original_time: '1700000000123',
      product: { name: 'test', vendor_name: 'test' },
      profiles: ['host'],
      uid: `${collectionId}:1`,
      version: '1.7.0',
    },
    observables: [
      { name: 'unmapped.fields.ip', type: 'IP Address', type_id: 2, value: '10.1.2.3' },
    ],
    severity_id: 2,
    time: 1_700_000_000_123,
    type_uid: 99,
    unmapped: {
      fields: {
        action: 'login',
        hostname: 'app-1',
        ip: '10.1.2.3',
        name: 'payments',
        pid: 17,
        user: { id: 'u-1', plan: 'gold' },
      },
      raw: { item: 1, object: 'a/b', offset: 0 },
    },
  });
});

test('lines of other loggers say the same in their own words', async () => {
  const lines: JsonObject[] = [
    { timestamp: '2023-11-14T22:13:20.123Z', level: 'warn', message: 'slow', service: 'pay' },
    {
      '@timestamp': '2023-11-14T23:13:20.123+01:00',
      'log.level': 'WARN',
      message: 'slow',
      'service.name': 'pay',
    },
    { ts: 1_700_000_000.123, level: 'warning', msg: 'slow', service: 'pay' },
    { asctime: '2023-11-14 22:13:20,123', levelname: 'WARNING', message: 'slow', service: 'pay' },
    {
      Timestamp: '1700000000123000000',
      SeverityText: 'WARN',
      Body: 'slow',
      Resource: { 'service.name': 'pay' },
    },
    {
      timeUnixNano: '1700000000123000000',
      severityNumber: 13,
      body: 'slow',
      Resource: { service: { name: 'pay' } },
    },
  ];
  for (const line of lines) {
    const event = await read(line);
    assert.equal(event['time'], 1_700_000_000_123, JSON.stringify(line));
    assert.equal(event['severity_id'], 2, JSON.stringify(line));
    assert.equal(event['message'], 'slow');
    assert.equal(at(event, 'metadata', 'product', 'name'), 'pay');
  }
});

test('an export of OpenTelemetry is many records in a line', async () => {
  const line = {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'pay' } }] },
        scopeLogs: [
          {
            scope: { name: 'lib' },
            logRecords: [
              {
                timeUnixNano: '1544712660300000000',
                observedTimeUnixNano: '1544712660300000000',
                severityNumber: 17,
                severityText: 'Error',
                traceId: '5b8efff798038103d269b633813fc60c',
                body: { stringValue: 'Example log record' },
                attributes: [
                  { key: 'enduser.id', value: { stringValue: 'u-1' } },
                  {
                    key: 'map',
                    value: { kvlistValue: { values: [{ key: 'a', value: { intValue: '5' } }] } },
                  },
                  { key: 'list', value: { arrayValue: { values: [{ boolValue: true }] } } },
                ],
              },
              {
                timeUnixNano: '0',
                observedTimeUnixNano: '1544712661300000000',
                body: { stringValue: 'two' },
              },
            ],
          },
        ],
      },
    ],
  };
  const { events, counts, terms } = await readLog('jsonl', JSON.stringify(line));
  const [one, two] = events;
  assert.equal(counts.read, 2);
  assert.equal(one?.['message'], 'Example log record');
  assert.equal(one['severity_id'], 3);
  assert.deepEqual(one['actor'], { user: { uid: 'u-1' } });
  const { correlation_uid: trace, product } = one['metadata'] as JsonObject;
  assert.equal(trace, '5b8efff798038103d269b633813fc60c');
  assert.deepEqual(product, { name: 'pay', vendor_name: 'test' });
  const { Attributes } = (one['unmapped'] as { fields: JsonObject }).fields;
  assert.deepEqual(Attributes, { 'enduser.id': 'u-1', list: [true], map: { a: '5' } });
  assert.equal(two?.['time'], 1_544_712_661_300);
  assert.equal(at(two, 'metadata', 'uid'), `${collectionId}:1.2`);
  assert.ok(terms.has(collectedTerm('actor', 'u-1')));
});

test('an operator can say where the fields are, and that lines have ids', async () => {
  const fields = { time: 'when', actor: ['who.id', 'who'], id: 'uid', message: [] };
  const line = { when: 1_700_000_000, who: { id: 'u-2' }, uid: 'x-1', msg: 'kept as it is' };
  const { events, keys } = await readLog('jsonl', JSON.stringify(line), { fields });
  assert.deepEqual(events[0]?.['actor'], { user: { uid: 'u-2' } });
  assert.equal(events[0]['message'], undefined);
  assert.equal(keys.length, 1);
  for (const wrong of [[], 'time', { when: 'time' }, { time: 7 }, { time: [7] }]) {
    assert.ok(!parseLogFields(wrong).ok, JSON.stringify(wrong));
  }
});

test('times are read in any spelling and unit that does not leave a doubt', () => {
  const expected = Date.UTC(2026, 10, 21, 20, 0, 0);
  for (const value of [
    '2026-11-21T20:00:00Z',
    '2026-11-21 20:00:00',
    '2026-11-21T21:00:00+0100',
    '2026-11-21T20:00Z',
    '2026-11-21T20:00:00.000000999Z',
    '2026-11-21 20:00:00 UTC',
    expected / 1_000,
    expected,
    expected * 1_000,
    `${expected}000000`,
    `${expected / 1_000}.0`,
  ]) {
    assert.equal(timeMsOf(value), expected, String(value));
  }
  for (const value of [
    '',
    'yesterday',
    '2026-13-01T00:00:00Z',
    -1,
    null,
    true,
    '21/11/2026',
    NaN,
  ]) {
    assert.equal(timeMsOf(value), undefined, String(value));
  }
});

test('levels are read as words and on the scale that their field is of', () => {
  const levels: [JsonObject[string], string, number][] = [
    ['DEBUG', 'level', 1],
    ['ERROR', 'level', 3],
    ['INFO2', 'severityText', 1],
    ['Critical', 'level', 5],
    ['whatever', 'level', 0],
    [30, 'level', 1],
    [60, 'level', 6],
    ['50', 'level', 3],
    [9, 'severityNumber', 1],
    [21, 'SeverityNumber', 6],
    [0, 'SeverityNumber', 0],
    [1_000, 'level', 0],
  ];
  for (const [value, field, expected] of levels) {
    assert.equal(severityOf(value ?? null, field), expected, `${JSON.stringify(value)} ${field}`);
  }
});

test('a line that is no event is kept aside with its reason, and the rest goes on', async () => {
  const good = '{"time":1700000000,"msg":"x"}';
  const broken: [string, string][] = [
    ['nonsense', 'it is no JSON that can be read'],
    ['[1]', 'it is no JSON object'],
    ['{"msg":"x"}', 'it has no time'],
    ['{"time":"soon"}', 'its time is no time'],
    [`{"a":"${'x'.repeat(1_048_576)}"}`, 'it is longer than 1048576 bytes'],
  ];
  const { rejects, events } = await readLog(
    'jsonl',
    broken.flatMap(([line]) => [line, good, '']).join('\n'),
  );
  assert.deepEqual(
    rejects.map(({ reason }) => reason),
    broken.map(([, reason]) => reason),
  );
  assert.equal(events.length, broken.length);
  const { text } = rejects.at(-1) ?? {};
  assert.ok(typeof text === 'string' && text.length <= 2_048);
});

test('any JSON object with a time becomes an event', async () => {
  const names = new Set<string>(defaultLogFields.time);
  const name = fc.string().filter((one) => !names.has(one.split('.')[0] ?? ''));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, fc.jsonValue({ maxDepth: 4 })), async (given) => {
      const line = { ...given, '@timestamp': 1_700_000_000 };
      const { counts } = await readLog('jsonl', JSON.stringify(line));
      assert.deepEqual([counts.kept, counts.read], [1, 1]);
    }),
    { numRuns: 100 },
  );
});
