// Owns the OCSF event of an application's log line: the Base Event (class 0), as the line may be
// about anything. Its known members become attributes, the others stay in unmapped.fields.

import type { JsonObject } from '../../canonical.ts';
import type { AddressFacts, Enricher } from '../enrich/enricher.ts';
import {
  enrichmentsOf,
  eventOf,
  metadataOf,
  rawOf,
  severity,
  uidOf,
  type Origin,
} from '../event.ts';
import { eventKey } from '../event-key.ts';
import { isObject, textOf, without } from '../input/json-value.ts';
import type { Place, Sink } from '../sink.ts';
import { findField, type LogFields } from './log-fields.ts';
import { severityOf, timeMsOf } from './log-time.ts';

const ACTIVITY_UNKNOWN = 0;
const ACTIVITY_OTHER = 99;
const OBSERVABLE_IP = 2;
const DEVICE_UNKNOWN = 0;
const AWS_ACCOUNT = 10;
const MESSAGE_LENGTH_MAX = 65_536;

/** What is known of a line from around it. */
export interface LogLineContext {
  readonly place: Place;
  readonly index?: number | undefined;
  /** For a line without a time of its own that can be read. */
  readonly timeMs?: number | undefined;
  readonly key?: bigint | undefined;
  readonly originalUid?: string | undefined;
  readonly account?: string | undefined;
  readonly provider?: string | undefined;
  /** Further members of unmapped. */
  readonly around?: JsonObject | undefined;
}

export class LogEvents {
  readonly #origin: Origin;
  readonly #enricher: Enricher;
  readonly #sink: Sink;
  readonly #fields: LogFields;

  constructor(origin: Origin, enricher: Enricher, sink: Sink, fields: LogFields) {
    this.#origin = origin;
    this.#enricher = enricher;
    this.#sink = sink;
    this.#fields = fields;
  }

  /** Adds the event to the batch; or says why the line is none. */
  write(line: JsonObject, context: LogLineContext): string | undefined {
    const time = findField(line, this.#fields.time);
    const timeMs = (time === undefined ? undefined : timeMsOf(time.value)) ?? context.timeMs;
    if (timeMs === undefined) {
      return time === undefined ? 'it has no time' : `its ${time.name} is no time`;
    }
    const found = this.#find(line);
    const { place, index } = context;
    const isBad = found.address?.facts.isBad === true;
    const members: JsonObject = {
      activity_name: found.action,
      ...this.#parties(found, context),
      ...addressMembers(found.address),
      message: found.message?.slice(0, MESSAGE_LENGTH_MAX).toWellFormed(),
      metadata: metadataOf(this.#origin, uidOf(this.#origin, place, index), {
        product: { name: found.service ?? this.#origin.source, vendor: this.#origin.source },
        profiles: profilesOf(found, context),
        originalUid: context.originalUid ?? found.id,
        originalTime: time === undefined ? undefined : textOf(time.value),
        logLevel: found.level,
        logProvider: context.provider,
        correlationUid: found.trace,
        loggers: found.logger === undefined ? undefined : [{ name: found.logger }],
      }),
      severity_id: isBad ? Math.max(found.severityId, severity.medium) : found.severityId,
      time: timeMs,
      unmapped: {
        ...context.around,
        fields: without(line, found.used),
        raw: rawOf(this.#origin, place, index),
      },
    };
    const activityId = found.action === undefined ? ACTIVITY_UNKNOWN : ACTIVITY_OTHER;
    const event = eventOf({ categoryUid: 0, classUid: 0, activityId }, members);
    const { source } = this.#origin;
    const ownKey = found.id === undefined ? undefined : eventKey('jsonl', source, found.id);
    this.#sink.add(event, { timeMs, isBad, key: context.key ?? ownKey });
    this.#addTerms(found, context, isBad);
    return undefined;
  }

  #find(line: JsonObject): Found {
    const fields = this.#fields;
    const used = new Set<string>();
    const text = (names: readonly string[]): string | undefined => {
      const found = findField(line, names);
      return found === undefined ? undefined : personOf(found.value);
    };
    // Members that are shown whole elsewhere are not shown twice.
    const taken = (names: readonly string[]): string | undefined => {
      const found = findField(line, names);
      const value = found === undefined ? undefined : textOf(found.value);
      if (value !== undefined && found !== undefined) used.add(found.name);
      return value;
    };
    taken(fields.time);
    const level = findField(line, fields.level);
    const address = findField(line, fields.address);
    const facts =
      typeof address?.value === 'string' ? this.#enricher.address(address.value) : undefined;
    return {
      used,
      message: taken(fields.message),
      level: taken(fields.level),
      severityId: level === undefined ? severity.unknown : severityOf(level.value, level.name),
      actor: text(fields.actor),
      action: text(fields.action),
      address: facts === undefined ? undefined : { facts, name: address?.name ?? '' },
      account: text(fields.account),
      service: text(fields.service),
      logger: text(fields.logger),
      host: text(fields.host),
      trace: text(fields.trace),
      id: text(fields.id),
    };
  }

  #parties(found: Found, context: LogLineContext): JsonObject {
    const { actor, host } = found;
    const account = found.account ?? context.account;
    return {
      actor: actor === undefined ? undefined : { user: { uid: actor } },
      cloud:
        account === undefined
          ? undefined
          : {
              account: {
                name: this.#enricher.accountName(account),
                type_id: AWS_ACCOUNT,
                uid: account,
              },
              provider: 'AWS',
            },
      device: host === undefined ? undefined : { hostname: host, type_id: DEVICE_UNKNOWN },
    };
  }

  #addTerms(found: Found, context: LogLineContext, isBad: boolean): void {
    const { actor, action, address, service, logger, host } = found;
    const account = found.account ?? context.account;
    if (actor !== undefined) this.#sink.term('actor', actor);
    if (action !== undefined) this.#sink.term('action', action);
    if (account !== undefined) this.#sink.term('account', account);
    if (address !== undefined) this.#sink.batch.terms.add(address.facts.term);
    if (isBad) this.#sink.term('known_bad', 'true');
    for (const name of [service, logger, host]) {
      if (name !== undefined) this.#sink.term('name', name);
    }
  }
}

interface Found {
  /** Members that need not be shown among the fields. */
  readonly used: ReadonlySet<string>;
  readonly message: string | undefined;
  readonly level: string | undefined;
  readonly severityId: number;
  readonly actor: string | undefined;
  readonly action: string | undefined;
  readonly address: { readonly facts: AddressFacts; readonly name: string } | undefined;
  readonly account: string | undefined;
  readonly service: string | undefined;
  readonly logger: string | undefined;
  readonly host: string | undefined;
  readonly trace: string | undefined;
  readonly id: string | undefined;
}

/** Of an object that describes a person or thing, what it is called. */
function personOf(value: unknown): string | undefined {
  if (!isObject(value as JsonObject)) return textOf(value as string);
  const { id, uid, name, username, email } = value as JsonObject;
  return textOf(id) ?? textOf(uid) ?? textOf(name) ?? textOf(username) ?? textOf(email);
}

function profilesOf(found: Found, context: LogLineContext): string[] {
  const hasCloud = found.account !== undefined || context.account !== undefined;
  const hasHost = found.actor !== undefined || found.host !== undefined;
  return [...(hasCloud ? ['cloud'] : []), ...(hasHost ? ['host'] : [])];
}

function addressMembers(address: Found['address']): JsonObject {
  if (address === undefined) return {};
  const { facts, name } = address;
  const attribute = `unmapped.fields.${name}`;
  return {
    ...enrichmentsOf([[attribute, facts]]),
    observables: [
      { name: attribute, type: 'IP Address', type_id: OBSERVABLE_IP, value: facts.text },
    ],
  };
}
