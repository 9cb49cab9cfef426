// Owns the OCSF events of CloudTrail: API Activity (6003), and Authentication (3002) for a logon to
// the console. Every member of the record that has no attribute of its own stays in unmapped, under
// the name that CloudTrail gave it.

import type { Json, JsonObject } from '../../canonical.ts';
import { timeMsOf } from '../application/log-time.ts';
import type { AddressFacts, Enricher } from '../enrich/enricher.ts';
import {
  enrichmentsOf,
  eventOf,
  metadataOf,
  rawOf,
  severity,
  status,
  uidOf,
  type Origin,
} from '../event.ts';
import { eventKey } from '../event-key.ts';
import { arrayOf, isObject, objectOf, textOf, without } from '../input/json-value.ts';
import type { Place, Sink } from '../sink.ts';
import { activityOf } from './api-activity.ts';
import { actorNamesOf, userOf } from './user-identity.ts';

const AWS_ACCOUNT = 10;
const LOGON = 1;
const OTHER = 99;

/** Members that have an attribute, in every event. */
const mapped = new Set([
  'eventVersion',
  'userIdentity',
  'eventTime',
  'eventSource',
  'eventName',
  'awsRegion',
  'sourceIPAddress',
  'userAgent',
  'errorCode',
  'errorMessage',
  'requestID',
  'eventID',
  'apiVersion',
  'resources',
  'recipientAccountId',
  'eventCategory',
  'vpcEndpointId',
]);

export interface CloudTrailContext {
  readonly place: Place;
  readonly index?: number | undefined;
  readonly provider?: string | undefined;
  /** Further members of unmapped. */
  readonly around?: JsonObject | undefined;
}

/** Whether an object that arrived among others is a record of CloudTrail. */
export function isCloudTrail(value: Json | undefined): value is JsonObject {
  if (!isObject(value)) return false;
  return ['eventVersion', 'eventTime', 'eventSource', 'eventName'].every((name) => name in value);
}

export class CloudTrailEvents {
  readonly #origin: Origin;
  readonly #enricher: Enricher;
  readonly #sink: Sink;

  constructor(origin: Origin, enricher: Enricher, sink: Sink) {
    this.#origin = origin;
    this.#enricher = enricher;
    this.#sink = sink;
  }

  /** Adds the event to the batch; or says why the record is none. */
  write(record: JsonObject, context: CloudTrailContext): string | undefined {
    const name = textOf(record['eventName']);
    const source = textOf(record['eventSource']);
    const id = textOf(record['eventID']);
    const timeMs = timeMsOf(record['eventTime'] ?? null);
    if (timeMs === undefined) return 'it has no eventTime that can be read';
    if (name === undefined) return 'it has no eventName';
    if (source === undefined) return 'it has no eventSource';
    if (id === undefined) return 'it has no eventID';
    const address = textOf(record['sourceIPAddress']);
    const facts = address === undefined ? undefined : this.#enricher.address(address);
    const isBad = facts?.isBad === true;
    const call = { name, source, id, timeMs, isBad };
    const common = this.#common(record, call, context);
    const endpoint = endpointOf(record, facts, address);
    const members: JsonObject = {
      ...common,
      ...enrichmentsOf([['src_endpoint.ip', facts]]),
      src_endpoint: endpoint,
    };
    const isLogon = name === 'ConsoleLogin';
    const event = isLogon ? logonOf(record, members) : this.#activity(record, members, call);
    this.#sink.add(event, { timeMs, isBad, key: eventKey('cloudtrail', id) });
    this.#addTerms(record, call, facts);
    return undefined;
  }

  #common(record: JsonObject, call: Call, context: CloudTrailContext): JsonObject {
    const { place, index } = context;
    const identity = objectOf(record['userIdentity']);
    const user = userOf(identity, (account) => this.#account(account));
    const account = textOf(record['recipientAccountId']) ?? textOf(identity['accountId']);
    const userAgent = textOf(record['userAgent']);
    return {
      actor: user.actor,
      cloud: {
        account: this.#account(account),
        provider: 'AWS',
        region: textOf(record['awsRegion']),
      },
      http_request: userAgent === undefined ? undefined : { user_agent: userAgent },
      metadata: metadataOf(this.#origin, uidOf(this.#origin, place, index), {
        product: {
          name: 'CloudTrail',
          vendor: 'AWS',
          feature: textOf(record['eventCategory']),
        },
        profiles: ['cloud'],
        eventCode: call.name,
        originalUid: call.id,
        originalTime: textOf(record['eventTime']),
        logVersion: textOf(record['eventVersion']),
        logProvider: context.provider,
      }),
      time: call.timeMs,
      unmapped: {
        ...without(record, mapped),
        ...(user.rest === undefined ? {} : { userIdentity: user.rest }),
        ...context.around,
        raw: rawOf(this.#origin, place, index),
      },
    };
  }

  #activity(record: JsonObject, members: JsonObject, call: Call): string {
    const { name, source } = call;
    const isRead = record['readOnly'] === true || record['readOnly'] === 'true';
    const activity = activityOf(name, isRead);
    const errorCode = textOf(record['errorCode']);
    const errorMessage = textOf(record['errorMessage']);
    const requestId = textOf(record['requestID']);
    const resources = arrayOf(record['resources']).map(objectOf);
    return eventOf(
      { categoryUid: 6, classUid: 6_003, activityId: activity.id },
      {
        ...members,
        activity_name: activity.id === OTHER ? name : activity.name,
        api: {
          operation: name,
          request: requestId === undefined ? undefined : { uid: requestId },
          response:
            errorCode === undefined ? undefined : { error: errorCode, error_message: errorMessage },
          service: { name: source },
          version: textOf(record['apiVersion']),
        },
        resources: resources.length === 0 ? undefined : resources.map((one) => this.#resource(one)),
        severity_id: severityOf(call.isBad, errorCode),
        status_code: errorCode,
        status_detail: errorMessage,
        status_id: errorCode === undefined ? status.success : status.failure,
      },
    );
  }

  #resource(resource: JsonObject): JsonObject {
    const owner = this.#account(textOf(resource['accountId']));
    return {
      owner: owner === undefined ? undefined : { account: owner },
      type: textOf(resource['type']),
      uid: textOf(resource['ARN']) ?? textOf(resource['ARNPrefix']),
    };
  }

  #account(id: string | undefined): JsonObject | undefined {
    if (id === undefined) return undefined;
    return { name: this.#enricher.accountName(id), type_id: AWS_ACCOUNT, uid: id };
  }

  #addTerms(record: JsonObject, call: Call, facts: AddressFacts | undefined): void {
    const identity = objectOf(record['userIdentity']);
    for (const actor of actorNamesOf(identity)) this.#sink.term('actor', actor);
    for (const account of [record['recipientAccountId'], identity['accountId']].map(textOf)) {
      if (account !== undefined) this.#sink.term('account', account);
    }
    this.#sink.term('action', call.name);
    this.#sink.term('name', call.source);
    for (const resource of arrayOf(record['resources']).map(objectOf)) {
      const arn = textOf(resource['ARN']);
      if (arn !== undefined) this.#sink.term('name', arn);
    }
    if (facts === undefined) return;
    this.#sink.batch.terms.add(facts.term);
    if (facts.isBad) this.#sink.term('known_bad', 'true');
  }
}

interface Call {
  readonly name: string;
  readonly source: string;
  readonly id: string;
  readonly timeMs: number;
  readonly isBad: boolean;
}

/** Calls come from addresses, and from services by their domain names. */
function endpointOf(
  record: JsonObject,
  facts: AddressFacts | undefined,
  text: string | undefined,
): JsonObject {
  const vpcEndpoint = textOf(record['vpcEndpointId']);
  if (facts !== undefined) {
    return { ip: facts.text, network_scope_id: facts.scopeId, uid: vpcEndpoint };
  }
  const isDomain = text !== undefined && /^[\w-]+(\.[\w-]+)+$/.test(text);
  return isDomain
    ? { domain: text, svc_name: text, uid: vpcEndpoint }
    : { name: text ?? 'unknown', uid: vpcEndpoint };
}

function logonOf(record: JsonObject, members: JsonObject): string {
  const additional = objectOf(record['additionalEventData']);
  const outcome = textOf(objectOf(record['responseElements'])['ConsoleLogin']);
  const error = textOf(record['errorMessage']) ?? textOf(record['errorCode']);
  const isFailure = error !== undefined || outcome === 'Failure';
  const mfa = textOf(additional['MFAUsed']);
  return eventOf(
    { categoryUid: 3, classUid: 3_002, activityId: LOGON },
    {
      ...members,
      activity_name: 'Logon',
      is_mfa: mfa === undefined ? undefined : mfa === 'Yes',
      is_remote: true,
      service: { name: textOf(record['eventSource']) },
      severity_id: severityOf(members['is_alert'] === true, isFailure ? 'Failure' : undefined),
      status_code: textOf(record['errorCode']) ?? outcome,
      status_detail: error,
      status_id: isFailure ? status.failure : status.success,
      user: objectOf(objectOf(members['actor'])['user']),
    },
  );
}

function severityOf(isBad: boolean, errorCode: string | undefined): number {
  if (isBad) return severity.medium;
  return errorCode === undefined ? severity.informational : severity.low;
}
