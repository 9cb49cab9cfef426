import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { JsonObject } from '../../canonical.ts';
import { at, collectionId, readLog } from '../reader-testing.ts';

// After "Log group-level subscription filters" of the CloudWatch Logs User Guide. Its message is
// cut off, as it is there.
const documented = {
  owner: '111111111111',
  logGroup: 'CloudTrail/logs',
  logStream: '111111111111_CloudTrail/logs_us-east-1',
  subscriptionFilters: ['Destination'],
  messageType: 'DATA_MESSAGE',
  logEvents: [
    {
      id: '31953106606966983378809025079804211143289615424298221568',
      timestamp: 1_432_826_855_000,
      message: '{"eventVersion":"1.03","userIdentity":{"type":"Root"}',
    },
  ],
};
const control = {
  messageType: 'CONTROL_MESSAGE',
  owner: 'CloudwatchLogs',
  logGroup: '',
  logStream: '',
  subscriptionFilters: [],
  logEvents: [
    { id: '', timestamp: 1_510_254_469_274, message: 'CWL CONTROL MESSAGE: Checking health' },
  ],
};
const flow =
  '2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 ' +
  '1418530010 1418530070 ACCEPT OK';
const trail = {
  eventVersion: '1.08',
  userIdentity: { type: 'Root', accountId: '111111111111' },
  eventTime: '2015-05-28T15:27:35Z',
  eventSource: 'ec2.amazonaws.com',
  eventName: 'RunInstances',
  sourceIPAddress: '192.0.2.1',
  eventID: 'e-1',
};

const record = (...messages: string[]): JsonObject => ({
  ...documented,
  logEvents: messages.map((message, index) => ({
    id: `${index}`,
    timestamp: 1_432_826_855_000,
    message,
  })),
});
const packed = (value: unknown): string => gzipSync(JSON.stringify(value)).toString('base64');

test('a record is read in every envelope that Amazon delivers it in', async () => {
  const data = packed(documented);
  const envelopes = [
    data,
    `${data}\n`,
    JSON.stringify(documented),
    gzipSync(JSON.stringify(documented)),
    JSON.stringify({ awslogs: { data } }),
    JSON.stringify({ Records: [{ kinesis: { data }, eventSource: 'aws:kinesis' }] }),
    JSON.stringify({ Records: [{ SequenceNumber: '1', Data: data }] }),
    JSON.stringify({ invocationId: 'i', records: [{ recordId: 'r', data }] }),
    gzipSync(`${JSON.stringify(documented)}`),
    Buffer.from(JSON.stringify(documented)).toString('base64'),
  ];
  for (const envelope of envelopes) {
    const { events, rejects } = await readLog('cloudwatch', envelope);
    assert.deepEqual(rejects, [], String(envelope));
    assert.equal(events.length, 1);
    assert.equal(events[0]?.['message'], documented.logEvents[0]?.message);
    assert.equal(events[0]?.['time'], 1_432_826_855_000);
  }
});

test('records follow one another, in lines or without anything between', async () => {
  const many = [documented, record('two'), record('three')].map((one) => JSON.stringify(one));
  assert.equal((await readLog('cloudwatch', gzipSync(many.join('')))).events.length, 3);
  const members = Buffer.concat(many.map((one) => gzipSync(one)));
  assert.equal((await readLog('cloudwatch', members)).events.length, 3);
  const lines = [packed(documented), packed(record('two')), many[2]].join('\n');
  assert.equal((await readLog('cloudwatch', lines)).events.length, 3);
});

test('a control message is no event, and is counted', async () => {
  const { counts } = await readLog('cloudwatch', [packed(control), packed(documented)].join('\n'));
  assert.deepEqual(counts, { read: 1, kept: 0, duplicate: 0, malformed: 0, skipped: 1, bad: 0 });
});

test('each message says what it is: a flow, a record of CloudTrail, a JSON line, or text', async () => {
  const application = '{"level":"warn","msg":"slow","time":"2015-05-28T15:27:30Z"}';
  const messages = [flow, JSON.stringify(trail), application, 'plain text\n', '{"broken":'];
  const { events, counts, keys } = await readLog('cloudwatch', packed(record(...messages)));
  assert.deepEqual(
    events.map((event) => event['class_uid']),
    [4_001, 6_003, 0, 0, 0],
  );
  const [net, api, line, text, broken] = events;
  assert.deepEqual(net?.['metadata'], {
    log_name: 'test',
    log_source: 'file.log',
    log_version: '2',
    original_event_uid: '0',
    product: { name: 'VPC Flow Logs', vendor_name: 'AWS' },
    profiles: ['cloud', 'security_control'],
    uid: `${collectionId}:1.1`,
    version: '1.7.0',
  });
  assert.deepEqual(at(net, 'unmapped', 'raw'), {
    index: 1,
    item: 1,
    object: 'a/b',
    offset: 0,
  });
  assert.equal(at(api, 'metadata', 'log_provider'), 'AWS CloudWatch Logs');
  assert.deepEqual(at(api, 'unmapped', 'cloudwatch'), {
    log_group: 'CloudTrail/logs',
    log_stream: '111111111111_CloudTrail/logs_us-east-1',
    owner: '111111111111',
  });
  assert.equal(line?.['time'], Date.UTC(2015, 4, 28, 15, 27, 30));
  assert.equal(line['severity_id'], 2);
  assert.equal(at(line, 'cloud', 'account', 'uid'), '111111111111');
  assert.equal(text?.['message'], 'plain text');
  assert.equal(broken?.['message'], '{"broken":');
  assert.equal(counts.read, 5);
  assert.equal(new Set(keys).size, 5);
});

test('an event of CloudTrail has the same key by way of CloudWatch as in its file', async () => {
  const [file] = (await readLog('cloudtrail', JSON.stringify({ Records: [trail] }))).keys;
  const { keys } = await readLog('cloudwatch', packed(record(JSON.stringify(trail))));
  assert.deepEqual(keys, [file]);
});

test('what the messages are can be given instead, and then others are malformed', async () => {
  const input = packed(record(flow, '{"msg":"x"}'));
  const asFlow = await readLog('cloudwatch', input, { inner: 'vpc-flow' });
  assert.deepEqual([asFlow.events.length, asFlow.counts.malformed], [1, 1]);
  const asText = await readLog('cloudwatch', input, { inner: 'text' });
  assert.deepEqual(
    asText.events.map(({ message }) => message),
    [flow, '{"msg":"x"}'],
  );
  const asJson = await readLog('cloudwatch', input, { inner: 'jsonl' });
  assert.deepEqual([asJson.events.length, asJson.counts.malformed], [1, 1]);
  const custom = packed(record('1418530010 10.0.0.1'));
  const given = await readLog('cloudwatch', custom, { formatLine: 'start srcaddr' });
  assert.equal(given.events[0]?.['class_uid'], 4_001);
});

test('what is no record is kept aside with its reason, and the rest goes on', async () => {
  const [data] = [packed(documented)];
  const broken = [
    'not base64!',
    Buffer.from('no object').toString('base64'),
    `${data.slice(0, 40)}`,
    '{"a":1}',
    '{"messageType":"OTHER"}',
    '{"messageType":"DATA_MESSAGE"}',
    '{"records":[{"recordId":"1"}]}',
    '{"messageType"',
  ];
  const lines = broken.flatMap((line) => [line, data]);
  const { counts, rejects, keys } = await readLog('cloudwatch', lines.join('\n'));
  assert.deepEqual(
    rejects.map(({ reason }) => reason),
    [
      'it is neither base64 nor JSON',
      'its data are no JSON object',
      'its gzip content is damaged',
      'it is no subscription record and holds none',
      'its messageType is none that is known',
      'it has no logEvents',
      'it holds a record without data',
      'it ends in the middle',
    ],
  );
  assert.equal(keys.length, broken.length - 1);
  assert.equal(counts.malformed, broken.length);
  const bad = { ...documented, logEvents: [{}, { id: 'a' }, { id: 'a', timestamp: 1 }, 17] };
  assert.equal((await readLog('cloudwatch', packed(bad))).counts.malformed, 4);
});

test('what is read does not depend on how the input is cut', async () => {
  const part = fc.constantFrom(
    packed(record(flow, 'text')),
    JSON.stringify(documented),
    'garbage',
    '\n',
    '{',
    packed(control),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 12 }),
      fc.array(fc.nat({ max: 4_000 }), { maxLength: 40 }),
      async (parts, cuts) => {
        const text = parts.join('\n');
        const whole = await readLog('cloudwatch', text);
        assert.deepEqual(await readLog('cloudwatch', text, { cuts }), whole);
      },
    ),
    { numRuns: 40 },
  );
});
