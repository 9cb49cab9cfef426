import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { JsonObject } from '../../canonical.ts';
import { readBadList } from '../enrich/lists.ts';
import { at, collectionId, readLog } from '../reader-testing.ts';
import { collectedTerm } from '../terms.ts';

// After the log file examples of the AWS CloudTrail User Guide.
const createUser = {
  eventVersion: '1.08',
  userIdentity: {
    type: 'IAMUser',
    principalId: 'AIDA6ON6E4XEGITEXAMPLE',
    arn: 'arn:aws:iam::888888888888:user/Mary',
    accountId: '888888888888',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    userName: 'Mary',
    sessionContext: {
      sessionIssuer: {},
      webIdFederationData: {},
      attributes: { creationDate: '2023-07-19T21:11:57Z', mfaAuthenticated: 'false' },
    },
  },
  eventTime: '2023-07-19T21:25:09Z',
  eventSource: 'iam.amazonaws.com',
  eventName: 'CreateUser',
  awsRegion: 'us-east-1',
  sourceIPAddress: '192.0.2.0',
  userAgent: 'aws-cli/2.13.5 Python/3.11.4 Linux/4.14.255',
  requestParameters: { userName: 'Richard' },
  responseElements: {
    user: {
      path: '/',
      arn: 'arn:aws:iam::888888888888:user/Richard',
      userId: 'AIDA6ON6E4XEP7EXAMPLE',
      createDate: 'Jul 19, 2023 9:25:09 PM',
      userName: 'Richard',
    },
  },
  requestID: '2d528c76-329e-410b-9516-EXAMPLE565dc',
  eventID: 'ba0801a1-87ec-4d26-be87-EXAMPLE75bbb',
  readOnly: false,
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: '888888888888',
  eventCategory: 'Management',
  tlsDetails: { tlsVersion: 'TLSv1.2' },
  sessionCredentialFromConsole: 'true',
};

const denied = {
  eventVersion: '1.04',
  userIdentity: {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::123456789012:assumed-role/RoleToBeAssumed/MySessionName',
    accountId: '123456789012',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        arn: 'arn:aws:iam::123456789012:role/RoleToBeAssumed',
        userName: 'RoleToBeAssumed',
      },
      attributes: { mfaAuthenticated: 'true', creationDate: '20131102T010628Z' },
    },
  },
  eventTime: '2016-07-14T19:15:45Z',
  eventSource: 'cloudtrail.amazonaws.com',
  eventName: 'UpdateTrail',
  awsRegion: 'us-east-2',
  sourceIPAddress: '205.251.233.182',
  errorCode: 'TrailNotFoundException',
  errorMessage: 'Unknown trail: myTrail2 for the user: 123456789012',
  requestParameters: { name: 'myTrail2' },
  responseElements: null,
  requestID: '5d40662a-49f7-11e6-97e4-d9cb6ff7d6a3',
  eventID: 'b7d4398e-b2f0-4faa-9c76-e2d316a8d67f',
  eventType: 'AwsApiCall',
  recipientAccountId: '123456789012',
  resources: [
    { ARN: 'arn:aws:cloudtrail:us-east-2:123456789012:trail/myTrail2', accountId: '123456789012' },
  ],
};

const logon = {
  eventVersion: '1.08',
  userIdentity: {
    type: 'IAMUser',
    principalId: 'AIDA6ON6E4XEGIEXAMPLE',
    accountId: '111122223333',
    accessKeyId: '',
    userName: 'anaya',
  },
  eventTime: '2023-07-19T21:44:40Z',
  eventSource: 'signin.amazonaws.com',
  eventName: 'ConsoleLogin',
  awsRegion: 'us-east-1',
  sourceIPAddress: '192.0.2.0',
  userAgent: 'Mozilla/5.0',
  errorMessage: 'Failed authentication',
  requestParameters: null,
  responseElements: { ConsoleLogin: 'Failure' },
  additionalEventData: {
    LoginTo: 'https://console.aws.amazon.com/console/home',
    MobileVersion: 'No',
    MFAUsed: 'Yes',
  },
  eventID: '66c97220-2b7d-43b6-a7a0-EXAMPLEbae9c',
  readOnly: false,
  eventType: 'AwsConsoleSignIn',
  managementEvent: true,
  recipientAccountId: '111122223333',
  eventCategory: 'Management',
};

const file = (...records: unknown[]): string => JSON.stringify({ Records: records });

test('an API call becomes an OCSF API activity, with all that it says', async () => {
  const { events, counts, keys, terms } = await readLog('cloudtrail', file(createUser));
  assert.deepEqual(events, [
    {
      activity_id: 1,
      activity_name: 'Create',
      actor: {
        session: { created_time: Date.UTC(2023, 6, 19, 21, 11, 57), is_mfa: false },
        user: {
          account: { type_id: 10, uid: '888888888888' },
          credential_uid: 'AKIAIOSFODNN7EXAMPLE',
          name: 'Mary',
          type: 'IAMUser',
          type_id: 1,
          uid: 'arn:aws:iam::888888888888:user/Mary',
          uid_alt: 'AIDA6ON6E4XEGITEXAMPLE',
        },
      },
      api: {
        operation: 'CreateUser',
        request: { uid: '2d528c76-329e-410b-9516-EXAMPLE565dc' },
        service: { name: 'iam.amazonaws.com' },
      },
      category_uid: 6,
      class_uid: 6_003,
      cloud: {
        account: { type_id: 10, uid: '888888888888' },
        provider: 'AWS',
        region: 'us-east-1',
      },
      enrichments: [
        {
          data: { class: 'documentation' },
          name: 'src_endpoint.ip',
          type: 'address',
          value: '192.0.2.0',
        },
      ],
      http_request: { user_agent: 'aws-cli/2.13.5 Python/3.11.4 Linux/4.14.255' },
      metadata: {
        event_code: 'CreateUser',
        log_name: 'test',
        log_source: 'file.log',
        log_version: '1.08',
        original_event_uid: 'ba0801a1-87ec-4d26-be87-EXAMPLE75bbb',
        original_time: '2023-07-19T21:25:09Z',
        product: { feature: { name: 'Management' }, name: 'CloudTrail', vendor_name: 'AWS' },
        profiles: ['cloud'],
        uid: `${collectionId}:1`,
        version: '1.7.0',
      },
      severity_id: 1,
      src_endpoint: { ip: '192.0.2.0', network_scope_id: 2 },
      status_id: 1,
      time: Date.UTC(2023, 6, 19, 21, 25, 9),
      type_uid: 600_301,
      unmapped: {
        eventType: 'AwsApiCall',
        managementEvent: true,
        raw: { item: 1, object: 'a/b', offset: 12 },
        readOnly: false,
        requestParameters: createUser.requestParameters,
        responseElements: createUser.responseElements,
        sessionCredentialFromConsole: 'true',
        tlsDetails: { tlsVersion: 'TLSv1.2' },
        userIdentity: { sessionContext: { webIdFederationData: {} } },
      },
    },
  ]);
  assert.equal(counts.read, 1);
  assert.equal(keys.length, 1);
  for (const [kind, value] of [
    ['actor', 'Mary'],
    ['actor', 'arn:aws:iam::888888888888:user/Mary'],
    ['actor', 'AKIAIOSFODNN7EXAMPLE'],
    ['account', '888888888888'],
    ['action', 'CreateUser'],
    ['name', 'iam.amazonaws.com'],
    ['address', '192.0.2.0'],
  ] as const) {
    assert.ok(terms.has(collectedTerm(kind, value)), `${kind} ${value}`);
  }
});

test('a call that failed says why, and on what', async () => {
  const { events } = await readLog('cloudtrail', file(denied));
  const [event] = events;
  assert.equal(event?.['status_id'], 2);
  assert.equal(event['status_code'], 'TrailNotFoundException');
  assert.equal(event['severity_id'], 2);
  assert.equal(event['activity_name'], 'Update');
  assert.deepEqual(at(event, 'api', 'response'), {
    error: 'TrailNotFoundException',
    error_message: denied.errorMessage,
  });
  assert.deepEqual(event['resources'], [
    {
      owner: { account: { type_id: 10, uid: '123456789012' } },
      uid: 'arn:aws:cloudtrail:us-east-2:123456789012:trail/myTrail2',
    },
  ]);
  const { user, session } = event['actor'] as { user: JsonObject; session: JsonObject };
  assert.equal(user['name'], 'RoleToBeAssumed');
  assert.deepEqual(session, {
    is_mfa: true,
    issuer: 'arn:aws:iam::123456789012:role/RoleToBeAssumed',
  });
});

test('a logon to the console is an authentication', async () => {
  const { events } = await readLog('cloudtrail', file(logon));
  const [event] = events;
  assert.equal(event?.['class_uid'], 3_002);
  assert.equal(event['category_uid'], 3);
  assert.equal(event['type_uid'], 300_201);
  assert.equal(event['status_id'], 2);
  assert.equal(event['status_detail'], 'Failed authentication');
  assert.equal(event['is_mfa'], true);
  assert.equal(at(event, 'user', 'name'), 'anaya');
  assert.deepEqual(event['service'], { name: 'signin.amazonaws.com' });
});

test('calls of services come from their names, and reads are reads', async () => {
  const given = { ...createUser, sourceIPAddress: 'cloudformation.amazonaws.com', readOnly: true };
  const { events } = await readLog(
    'cloudtrail',
    file({ ...given, eventName: 'StartQuery' }, { ...given, eventName: 'Foo', readOnly: false }),
  );
  const [query, foo] = events;
  assert.deepEqual(query?.['src_endpoint'], {
    domain: 'cloudformation.amazonaws.com',
    svc_name: 'cloudformation.amazonaws.com',
  });
  assert.equal(query['activity_id'], 2);
  assert.deepEqual([foo?.['activity_id'], foo?.['activity_name']], [99, 'Foo']);
});

test('an event has one key for ever, whatever file it is in', async () => {
  const [one, two] = [
    await readLog('cloudtrail', file(createUser, denied)),
    await readLog('cloudtrail', gzipSync(file(denied))),
  ];
  assert.equal(one.keys.length, 2);
  assert.deepEqual(two.keys, one.keys.slice(1));
});

test('an address of a bad list marks its call', async () => {
  const bad = readBadList({ name: 'feed', text: '205.251.233.0/24' });
  assert.ok(bad.ok);
  const lists = { accounts: new Map(), badLists: [bad.value] };
  const { ownRanges } = (await import('../enrich/lists.ts')).noLists;
  const { events, terms } = await readLog('cloudtrail', file(createUser, denied), {
    lists: { ...lists, ownRanges },
  });
  assert.deepEqual(
    events.map((event) => event['is_alert']),
    [undefined, true],
  );
  assert.ok(terms.has(collectedTerm('known_bad', 'true')));
});

test('a record that lacks what makes it one is kept aside, and the rest goes on', async () => {
  const { eventTime, ...timeless } = createUser;
  const { eventID, ...nameless } = createUser;
  assert.ok(eventTime !== '' && eventID !== '');
  const [one, two, five] = [timeless, nameless, denied].map((each) => JSON.stringify(each));
  const text = `{"Records":[${one},${two},{"a":},17,${five}]}`;
  const { rejects, counts } = await readLog('cloudtrail', text);
  assert.deepEqual(
    rejects.map(({ item, reason }) => [item, reason]),
    [
      [1, 'it has no eventTime that can be read'],
      [2, 'it has no eventID'],
      [3, 'it is no JSON that can be read'],
      [4, 'it is no JSON object'],
    ],
  );
  assert.deepEqual([counts.read, counts.malformed], [5, 4]);
});

test('a file that ends in the middle gives the records before', async () => {
  const text = file(createUser, denied);
  const { events, rejects } = await readLog('cloudtrail', text.slice(0, text.length - 50));
  assert.equal(events.length, 1);
  assert.deepEqual(
    rejects.map(({ reason }) => reason),
    ['it ends in the middle'],
  );
  const between = await readLog('cloudtrail', text.slice(0, text.indexOf('},{"eventVersion"') + 1));
  assert.equal(between.events.length, 1);
  assert.deepEqual(
    between.rejects.map(({ reason }) => reason),
    ['it ends before its list does'],
  );
});

test('what is read does not depend on how the file is cut', async () => {
  const part = fc.constantFrom(
    JSON.stringify(createUser),
    JSON.stringify(logon),
    '{"Records":[',
    ']}',
    ',',
    '\n',
    '17',
    '{"a":"\\"}',
    '{',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 12 }),
      fc.array(fc.nat({ max: 6_000 }), { maxLength: 40 }),
      async (parts, cuts) => {
        const text = parts.join('');
        const whole = await readLog('cloudtrail', text);
        assert.deepEqual(await readLog('cloudtrail', text, { cuts }), whole);
        assert.equal(whole.counts.read, whole.keys.length + whole.counts.malformed);
      },
    ),
    { numRuns: 60 },
  );
});
