// Owns who did it in a record of CloudTrail: the userIdentity element as an OCSF actor with its
// user and session.

import type { JsonObject } from '../../canonical.ts';
import { timeMsOf } from '../application/log-time.ts';
import { objectOf, textOf, without } from '../input/json-value.ts';

/** type_id of an OCSF user, by the type of the identity. */
const typeIds: Readonly<Record<string, number>> = {
  Root: 2,
  IAMUser: 1,
  AssumedRole: 1,
  Role: 1,
  FederatedUser: 1,
  SAMLUser: 1,
  WebIdentityUser: 1,
  IdentityCenterUser: 1,
  Directory: 1,
  AWSService: 4,
};
const TYPE_UNKNOWN = 0;
const TYPE_OTHER = 99;

const mapped = new Set([
  'type',
  'principalId',
  'arn',
  'accountId',
  'accessKeyId',
  'userName',
  'invokedBy',
  'sessionContext',
]);
const mappedOfSession = new Set(['attributes', 'sessionIssuer']);

export interface Identified {
  readonly actor: JsonObject;
  /** What of the element has no attribute. */
  readonly rest: JsonObject | undefined;
}

export function userOf(
  identity: JsonObject,
  accountOf: (id: string | undefined) => JsonObject | undefined,
): Identified {
  const type = textOf(identity['type']);
  const issuer = objectOf(objectOf(identity['sessionContext'])['sessionIssuer']);
  const attributes = objectOf(objectOf(identity['sessionContext'])['attributes']);
  const createdMs = timeMsOf(attributes['creationDate'] ?? null);
  const mfa = textOf(attributes['mfaAuthenticated']);
  const session: JsonObject = {
    created_time: createdMs,
    is_mfa: mfa === undefined ? undefined : mfa === 'true',
    issuer: textOf(issuer['arn']),
  };
  const hasSession = Object.values(session).some((value) => value !== undefined);
  const sessionRest = without(objectOf(identity['sessionContext']), mappedOfSession);
  const rest = {
    ...without(identity, mapped),
    ...(sessionRest === undefined ? {} : { sessionContext: sessionRest }),
  };
  return {
    actor: {
      invoked_by: textOf(identity['invokedBy']),
      session: hasSession ? session : undefined,
      user: {
        account: accountOf(textOf(identity['accountId'])),
        credential_uid: textOf(identity['accessKeyId']),
        name: textOf(identity['userName']) ?? textOf(issuer['userName']),
        type: type ?? 'Unknown',
        type_id: type === undefined ? TYPE_UNKNOWN : (typeIds[type] ?? TYPE_OTHER),
        uid: textOf(identity['arn']) ?? textOf(identity['invokedBy']),
        uid_alt: textOf(identity['principalId']),
      },
    },
    rest: Object.keys(rest).length === 0 ? undefined : rest,
  };
}

/** Every name by which somebody may look for who did it. */
export function actorNamesOf(identity: JsonObject): string[] {
  const issuer = objectOf(objectOf(identity['sessionContext'])['sessionIssuer']);
  const names = [
    identity['arn'],
    identity['principalId'],
    identity['userName'],
    identity['invokedBy'],
    identity['accessKeyId'],
    issuer['arn'],
    issuer['userName'],
  ].map(textOf);
  return names.filter((name) => name !== undefined);
}
