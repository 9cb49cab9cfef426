// Owns what events can be looked for: the terms that lead to their segments, and the exact
// judgement of each event, as several values share a term.

import type { Instant } from '#kernel';
import type { Json, JsonObject } from '../../canonical.ts';
import type { LogFormat } from '../collect-store.ts';
import { formatAddress, parseAddress } from '../enrich/address.ts';
import { arrayOf, objectOf } from '../input/json-value.ts';
import { collectedTerm } from '../terms.ts';

/** All that is given must hold. Times are inclusive. */
export interface CollectedFilter {
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
  readonly source?: string | undefined;
  readonly format?: LogFormat | undefined;
  /** In any spelling. */
  readonly address?: string | undefined;
  readonly account?: string | undefined;
  /** A name or id of who did it: an ARN, a user, an access key. */
  readonly actor?: string | undefined;
  /** What was done: "ConsoleLogin", "Denied". */
  readonly action?: string | undefined;
  /** What it was done with or to: a service, a resource, an interface, a logger. */
  readonly name?: string | undefined;
  /** Only events with an address of a list of known bad ones. */
  readonly isKnownBad?: boolean | undefined;
  /** Anywhere in the event, whatever the case of its letters. */
  readonly text?: string | undefined;
}

/** Every segment with such an event has these terms. */
export function termsOfFilter(filter: CollectedFilter): number[] {
  const { account, actor, action, name } = filter;
  const terms = Object.entries({ account, actor, action, name } as const).flatMap(
    ([kind, value]) => (value === undefined ? [] : [collectedTerm(kind as 'account', value)]),
  );
  if (filter.address !== undefined)
    terms.push(collectedTerm('address', spellingOf(filter.address)));
  if (filter.isKnownBad === true) terms.push(collectedTerm('known_bad', 'true'));
  return terms;
}

/** Bytes that stand in the line of every such event; undefined where that is not known. */
export function bytesOfFilter(filter: CollectedFilter): Buffer | undefined {
  const { account, actor, action, name } = filter;
  const address = filter.address === undefined ? undefined : spellingOf(filter.address);
  // The rarer come first.
  const value = address ?? actor ?? name ?? account ?? action;
  if (value !== undefined) return Buffer.from(JSON.stringify(value.toWellFormed()));
  return filter.isKnownBad === true ? Buffer.from('"is_alert":true') : undefined;
}

/** Whether an event, by all but its time, is one that is looked for. */
export function judgeOf(filter: CollectedFilter): (line: string) => boolean {
  const text = filter.text?.toLowerCase();
  const address = filter.address === undefined ? undefined : spellingOf(filter.address);
  const { account, actor, action, name, isKnownBad } = filter;
  const isParsed =
    [address, account, actor, action, name].some((one) => one !== undefined) || isKnownBad === true;
  return (line) => {
    if (text !== undefined && !line.toLowerCase().includes(text)) return false;
    if (!isParsed) return true;
    const event = JSON.parse(line) as JsonObject;
    return (
      (isKnownBad !== true || event['is_alert'] === true) &&
      (address === undefined || addressesOf(event).includes(address)) &&
      (account === undefined || accountsOf(event).includes(account)) &&
      (actor === undefined || actorsOf(event).includes(actor)) &&
      (action === undefined || actionsOf(event).includes(action)) &&
      (name === undefined || namesOf(event).includes(name))
    );
  };
}

function spellingOf(address: string): string {
  const parsed = parseAddress(address);
  return parsed === undefined ? address : formatAddress(parsed);
}

function at(event: JsonObject, ...path: readonly string[]): Json | undefined {
  let value: Json | undefined = event;
  for (const name of path) value = objectOf(value)[name];
  return value;
}

function addressesOf(event: JsonObject): (Json | undefined)[] {
  const enrichments = arrayOf(event['enrichments']).map(objectOf);
  return enrichments.filter(({ type }) => type === 'address').map(({ value }) => value);
}

function accountsOf(event: JsonObject): (Json | undefined)[] {
  return [
    at(event, 'cloud', 'account', 'uid'),
    at(event, 'actor', 'user', 'account', 'uid'),
    at(event, 'user', 'account', 'uid'),
  ];
}

function actorsOf(event: JsonObject): (Json | undefined)[] {
  const user = objectOf(at(event, 'actor', 'user'));
  return [
    user['uid'],
    user['uid_alt'],
    user['name'],
    user['credential_uid'],
    at(event, 'actor', 'invoked_by'),
    at(event, 'actor', 'session', 'issuer'),
  ];
}

function actionsOf(event: JsonObject): (Json | undefined)[] {
  return [
    event['action'],
    event['activity_name'],
    at(event, 'api', 'operation'),
    at(event, 'metadata', 'event_code'),
  ];
}

function namesOf(event: JsonObject): (Json | undefined)[] {
  return [
    at(event, 'api', 'service', 'name'),
    at(event, 'service', 'name'),
    at(event, 'metadata', 'product', 'name'),
    at(event, 'device', 'hostname'),
    at(event, 'unmapped', 'interface-id'),
    at(event, 'src_endpoint', 'interface_uid'),
    at(event, 'dst_endpoint', 'interface_uid'),
    ...arrayOf(at(event, 'metadata', 'loggers')).map((one) => objectOf(one)['name']),
    ...arrayOf(event['resources']).map((one) => objectOf(one)['uid']),
  ];
}
