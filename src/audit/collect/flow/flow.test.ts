import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { at, collectionId, readLog, type ReadLog } from '../reader-testing.ts';
import { readBadList, readOwnRanges, type EnrichmentLists } from '../enrich/lists.ts';
import { collectedTerm } from '../terms.ts';
import { fieldsOfVersion, transitGatewayFields } from './flow-fields.ts';
import { parseFlowFormat } from './flow-format.ts';

// The lines are those of "Flow log record examples" of the Amazon VPC User Guide.
const ssh =
  '2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 ' +
  '1418530010 1418530070 ACCEPT OK';
const rdp =
  '2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 ' +
  '1418530010 1418530070 REJECT OK';
const noData = '2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA';
const skipData =
  '2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA';
const ipv6 =
  '2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 ' +
  '2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK';
const tcpHeader =
  'version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport ' +
  'dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status';
const tcp =
  '3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 ' +
  'eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 ' +
  '10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK';
const natHeader = 'instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr start';
const nat = '- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 1566848875';
const serviceHeader =
  'version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id ' +
  'vpc-id subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action ' +
  'tcp-flags pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path ' +
  'flow-direction log-status';
const service =
  '5 52.95.128.179 10.0.0.71 80 34210 6 1616729292 1616729349 IPv4 14 15044 123456789012 ' +
  'vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ' +
  'ap-southeast-2 apse2-az3 - - ACCEPT 19 52.95.128.179 10.0.0.71 S3 - - ingress OK';

const one = async (line: string, header = ''): Promise<ReadLog['events'][0]> => {
  const { events, rejects } = await readLog(
    'vpc-flow',
    header === '' ? line : `${header}\n${line}`,
  );
  assert.deepEqual(rejects, []);
  assert.equal(events.length, 1);
  return events[0] ?? {};
};

test('a line of the default format becomes an OCSF network activity', async () => {
  const event = await one(ssh);
  assert.deepEqual(event, {
    action: 'Allowed',
    action_id: 1,
    activity_id: 6,
    activity_name: 'Traffic',
    category_uid: 4,
    class_uid: 4_001,
    cloud: { account: { type_id: 10, uid: '123456789010' }, provider: 'AWS' },
    connection_info: {
      direction_id: 0,
      protocol_name: 'tcp',
      protocol_num: 6,
      protocol_ver_id: 4,
    },
    dst_endpoint: { ip: '172.31.16.21', network_scope_id: 1, port: 22 },
    end_time: 1_418_530_070_000,
    enrichments: [
      {
        data: { class: 'private' },
        name: 'src_endpoint.ip',
        type: 'address',
        value: '172.31.16.139',
      },
      {
        data: { class: 'private' },
        name: 'dst_endpoint.ip',
        type: 'address',
        value: '172.31.16.21',
      },
    ],
    metadata: {
      log_name: 'test',
      log_source: 'file.log',
      log_version: '2',
      product: { name: 'VPC Flow Logs', vendor_name: 'AWS' },
      profiles: ['cloud', 'security_control'],
      uid: `${collectionId}:1`,
      version: '1.7.0',
    },
    severity_id: 1,
    src_endpoint: { ip: '172.31.16.139', network_scope_id: 1, port: 20_641 },
    start_time: 1_418_530_010_000,
    status_code: 'OK',
    status_id: 1,
    time: 1_418_530_010_000,
    traffic: { bytes: 4_249, packets: 20 },
    type_uid: 400_106,
    unmapped: {
      'interface-id': 'eni-1235b8ca123456789',
      raw: { item: 1, object: 'a/b', offset: 0 },
    },
  });
});

test('rejected traffic is a refusal, and a window without data or with a gap says so', async () => {
  const refused = await one(rdp);
  assert.equal(refused['activity_id'], 5);
  assert.equal(refused['action'], 'Denied');
  assert.equal(refused['status_id'], 2);
  assert.equal(refused['type_uid'], 400_105);
  const empty = await one(noData);
  assert.equal(empty['status_code'], 'NODATA');
  assert.equal(empty['severity_id'], 1);
  assert.deepEqual(empty['dst_endpoint'], { interface_uid: 'eni-1235b8ca123456789' });
  const gap = await one(skipData);
  assert.equal(gap['status_code'], 'SKIPDATA');
  assert.equal(gap['severity_id'], 2);
});

test('IPv6 is read as IPv4 is', async () => {
  const event = await one(ipv6);
  assert.deepEqual(event['src_endpoint'], {
    ip: '2001:db8:1234:a100:8d6e:3477:df66:f105',
    network_scope_id: 2,
    port: 34_892,
  });
  assert.deepEqual(event['connection_info'], {
    direction_id: 0,
    protocol_name: 'tcp',
    protocol_num: 6,
    protocol_ver_id: 6,
  });
});

test('a header line says the format of the lines after it', async () => {
  const event = await one(tcp, tcpHeader);
  assert.deepEqual(event['connection_info'], {
    direction_id: 0,
    protocol_name: 'tcp',
    protocol_num: 6,
    protocol_ver_id: 4,
    tcp_flags: 2,
  });
  assert.deepEqual(event['traffic'], { bytes: 568, packets: 8 });
  assert.deepEqual(event['unmapped'], {
    'instance-id': 'i-01234567890123456',
    'interface-id': 'eni-1235b8ca123456789',
    raw: { item: 1, object: 'a/b', offset: tcpHeader.length + 1 },
    'subnet-id': 'subnet-aaaaaaaa012345678',
    'vpc-id': 'vpc-abcdefab012345678',
  });
  const mixed = await readLog(
    'vpc-flow',
    [tcpHeader, tcp, natHeader, nat, tcpHeader, tcp].join('\n'),
  );
  assert.deepEqual(mixed.counts.kept, 2);
  assert.deepEqual(mixed.counts.duplicate, 1);
});

test('behind a NAT gateway the packet has another address than the interface', async () => {
  const event = await one(nat, natHeader);
  assert.deepEqual(event['dst_endpoint'], {
    intermediate_ips: ['203.0.113.5'],
    ip: '10.0.0.220',
    network_scope_id: 1,
  });
  assert.equal(event['activity_name'], 'Traffic');
  assert.equal((event['enrichments'] as unknown[]).length, 3);
});

test('the direction says which endpoint is the interface', async () => {
  const event = await one(service, serviceHeader);
  assert.deepEqual(event['dst_endpoint'], {
    instance_uid: 'i-0c50d5961bcb2d47b',
    interface_uid: 'eni-1235b8ca123456789',
    ip: '10.0.0.71',
    network_scope_id: 1,
    port: 34_210,
    subnet_uid: 'subnet-aaaaaaaa012345678',
    vpc_uid: 'vpc-abcdefab012345678',
  });
  assert.equal(at(event, 'src_endpoint', 'svc_name'), 'S3');
  assert.deepEqual(event['cloud'], {
    account: { type_id: 10, uid: '123456789012' },
    provider: 'AWS',
    region: 'ap-southeast-2',
    zone: 'apse2-az3',
  });
  assert.equal(event['observation_point_id'], 2);
  const outward = service.replace('- ingress', '8 egress');
  const outgoing = await one(outward, serviceHeader);
  assert.equal(at(outgoing, 'connection_info', 'boundary_id'), 11);
  assert.equal(at(outgoing, 'src_endpoint', 'instance_uid'), 'i-0c50d5961bcb2d47b');
});

/** A value for each field that is as Amazon writes it. */
function valueOf(name: string, version: number): string {
  const values: Record<string, string> = {
    version: String(version),
    'account-id': '123456789010',
    action: 'REJECT',
    'log-status': 'OK',
    type: 'IPv4',
    'flow-direction': 'egress',
    'traffic-path': '8',
    'reject-reason': 'BPA',
    start: '1700000000',
    end: '1700000060',
    protocol: '17',
    'tcp-flags': '0',
    'encryption-status': '3',
    'ecs-cluster-arn': 'arn:aws:ecs:us-east-1:123456789010:cluster/c1',
    'resource-type': 'TransitGateway',
  };
  const numbers = /port$|^packets|^bytes$/;
  const given = values[name] ?? (name.endsWith('addr') ? '10.1.2.3' : undefined);
  return given ?? (numbers.test(name) ? '7' : `${name}-value`);
}

test('every documented version is read with all of its fields, without a header', async () => {
  for (const version of [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) {
    const names = fieldsOfVersion(version) ?? [];
    const line = names.map((name) => valueOf(name, version)).join(' ');
    const event = await one(line);
    assert.equal(at(event, 'metadata', 'log_version'), String(version));
    const text = JSON.stringify(event);
    const spoken = new Set([
      'version',
      'action',
      'type',
      'flow-direction',
      'traffic-path',
      'log-status',
    ]);
    for (const name of names.filter((one_) => !spoken.has(one_) && one_ !== 'protocol')) {
      const value = valueOf(name, version);
      if (!/\d{10}/.test(value)) assert.ok(text.includes(value), `${name} of version ${version}`);
    }
    const dashes = names.map((name) =>
      ['version', 'start', 'end'].includes(name) ? valueOf(name, version) : '-',
    );
    await one(dashes.join(' '));
  }
  assert.equal(fieldsOfVersion(6), transitGatewayFields);
  assert.equal(fieldsOfVersion(12), undefined);
  assert.deepEqual(
    [3, 7, 10, 11].map((version) => fieldsOfVersion(version)?.length),
    [21, 39, 42, 54],
  );
});

test('a given format is names in any order, with or without the braces, or a version', async () => {
  const words = '${start} ${srcaddr} ${dstaddr} ${action}';
  const { events } = await readLog('vpc-flow', '1418530010 10.0.0.1 10.0.0.2 ACCEPT', {
    formatLine: words,
  });
  assert.equal(events[0]?.['time'], 1_418_530_010_000);
  const { counts } = await readLog('vpc-flow', ssh, { formatLine: 'v3' });
  assert.equal(counts.malformed, 1);
  const whole = await readLog('vpc-flow', ssh, { formatLine: 'v2' });
  assert.equal(whole.counts.kept, 1);
  for (const wrong of ['srcaddr dstaddr', 'start start', 'start ${Src}', '', 'v12', 'v1']) {
    assert.ok(!parseFlowFormat(wrong).ok, wrong);
  }
  const future = await readLog('vpc-flow', '1418530010 yes', { formatLine: 'start is-quantum' });
  assert.equal(at(future.events[0], 'unmapped', 'is-quantum'), 'yes');
});

test('a line delivered twice is one event, but only where the format tells flows apart', async () => {
  const twice = await readLog('vpc-flow', [ssh, rdp, ssh].join('\n'));
  assert.deepEqual([twice.counts.kept, twice.counts.duplicate], [2, 1]);
  const same = await readLog('vpc-flow', '1418530010 10.0.0.1\n1418530010 10.0.0.1', {
    formatLine: 'start srcaddr',
  });
  assert.deepEqual([same.counts.kept, same.counts.duplicate], [2, 0]);
});

test('a malformed line is kept aside with its reason and place, and the rest goes on', async () => {
  const broken: [string, string][] = [
    [ssh.replace('172.31.16.139', '172.31.16.1390'), 'srcaddr is no address'],
    [ssh.replace(' 22 ', ' 65536 '), 'dstport is no port'],
    [ssh.replace(' 22 ', ' 022 '), 'dstport is no port'],
    [ssh.replace('ACCEPT', 'MAYBE'), 'action is neither ACCEPT nor REJECT'],
    [ssh.replace('OK', 'FINE'), 'log-status is none that is known'],
    [ssh.replace('1418530010', '14185300.5'), 'start is no time'],
    [ssh.replace('123456789010', '12345'), 'account-id is no account'],
    [ssh.replace(' 4249 ', ' 1e9 '), 'bytes is no number'],
    ['2 one two', 'it has 3 fields, as no version has, and no header said which'],
  ];
  const lines = broken.flatMap(([line]) => [line, ipv6]);
  const { rejects, counts } = await readLog('vpc-flow', lines.join('\r\n'));
  assert.deepEqual(
    rejects.map(({ reason }) => reason),
    broken.map(([, reason]) => reason),
  );
  assert.deepEqual(rejects[1], {
    item: 3,
    offset: (broken[0]?.[0].length ?? 0) + ipv6.length + 4,
    reason: 'dstport is no port',
    text: broken[1]?.[0],
  });
  assert.deepEqual(counts, {
    read: lines.length,
    kept: 1,
    duplicate: broken.length - 1,
    malformed: broken.length,
    skipped: 0,
    bad: 0,
  });
});

test('gzip is taken for what is in it, and what was cut off is said', async () => {
  const text = Array.from({ length: 5_000 }, (_, i) => ssh.replace('20641', String(1_024 + i)));
  const gzip = gzipSync(text.join('\n'));
  const whole = await readLog('vpc-flow', gzip);
  assert.equal(whole.counts.kept, 5_000);
  const half = await readLog('vpc-flow', gzip.subarray(0, gzip.length - 100));
  assert.ok(half.counts.kept > 1_000 && half.counts.kept < 5_000);
  assert.equal(half.problem, 'the gzip content ends in the middle');
});

test('own ranges and bad lists mark addresses, and are counted', async () => {
  const own = readOwnRanges({ name: 'own', text: '172.31.16.0/24 "Prague"' });
  const bad = readBadList({ name: 'feed', text: '172.31.16.139' });
  assert.ok(own.ok && bad.ok);
  const lists: EnrichmentLists = {
    accounts: new Map([['123456789010', 'Účet']]),
    ownRanges: own.value,
    badLists: [bad.value],
  };
  const { events, counts, terms } = await readLog('vpc-flow', `${ssh}\n${rdp}`, { lists });
  const [first, second] = events;
  assert.equal(first?.['is_alert'], true);
  assert.equal(first['severity_id'], 3);
  assert.deepEqual((first['enrichments'] as unknown[])[0], {
    data: { class: 'private', known_bad: ['feed'], own_range: '"Prague"' },
    name: 'src_endpoint.ip',
    type: 'address',
    value: '172.31.16.139',
  });
  assert.equal(at(first, 'cloud', 'account', 'name'), 'Účet');
  assert.equal(second?.['is_alert'], undefined);
  assert.equal(counts.bad, 1);
  for (const term of [
    collectedTerm('address', '172.31.16.139'),
    collectedTerm('account', '123456789010'),
    collectedTerm('name', 'eni-1235b8ca123456789'),
    collectedTerm('action', 'Denied'),
    collectedTerm('known_bad', 'true'),
  ]) {
    assert.ok(terms.has(term));
  }
});

test('a field with bytes that JSON escapes is spelled as JSON, and as UTF-8', async () => {
  const line = '1418530010 "\\\u0001žluť';
  const { events } = await readLog('vpc-flow', `${line}\n`, { formatLine: 'start instance-tag' });
  assert.equal(at(events[0], 'unmapped', 'instance-tag'), '"\\\u0001žluť');
});

const samples = [ssh, rdp, noData, skipData, ipv6, tcpHeader, tcp, natHeader, nat, service, ''];

test('what is read does not depend on how the input is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...samples), { maxLength: 30 }),
      fc.array(fc.nat({ max: 4_000 }), { maxLength: 60 }),
      async (lines, cuts) => {
        const text = lines.join('\n');
        const [whole, pieces] = [
          await readLog('vpc-flow', text),
          await readLog('vpc-flow', text, { cuts }),
        ];
        assert.deepEqual(pieces, whole);
      },
    ),
    { numRuns: 40 },
  );
});

test('garbage among the lines never stops them, and every line is accounted for', async () => {
  const garbage = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }).map((text) => text.replaceAll('\n', ' ')),
    fc
      .array(fc.constantFrom('-', '2', 'eni-1', '10.0.0.1', '::', 'OK', '1418530010'), {
        minLength: 14,
        maxLength: 14,
      })
      .map((words) => words.join(' ')),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(garbage, fc.constantFrom(ssh, ipv6, noData))),
      async (lines) => {
        const { counts, events, rejects } = await readLog('vpc-flow', lines.join('\n'));
        assert.equal(counts.read, counts.kept + counts.duplicate + counts.malformed);
        assert.equal(events.length, counts.kept);
        assert.equal(rejects.length, counts.malformed);
        const good = new Set(lines.filter((line) => [ssh, ipv6, noData].includes(line)));
        assert.ok(events.length >= good.size);
      },
    ),
    { numRuns: 60 },
  );
});

test('items that are stored are passed over, and still recognised when they come again', async () => {
  const { events, counts, items } = await readLog('vpc-flow', [ssh, rdp, ssh, ipv6].join('\n'), {
    itemsDone: 2,
  });
  assert.deepEqual(
    events.map((event) => at(event, 'metadata', 'uid')),
    [`${collectionId}:4`],
  );
  assert.deepEqual([counts.read, counts.duplicate, items], [2, 1, 4]);
});
