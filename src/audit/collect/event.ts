// Owns what every normalised event has in common. Events are those of OCSF 1.7.0 (the Open
// Cybersecurity Schema Framework), each one line of canonical JSON that says where in the archived
// input it stands.

import type { Id } from '#kernel';
import { canonical, type Json, type JsonObject } from '../canonical.ts';
import type { AddressFacts } from './enrich/enricher.ts';
import type { Place } from './sink.ts';

export const OCSF_VERSION = '1.7.0';

/** Severities of OCSF that events of a log are given. */
export const severity = { unknown: 0, informational: 1, low: 2, medium: 3 } as const;

/** status_id of OCSF. */
export const status = { unknown: 0, success: 1, failure: 2 } as const;

export type CollectionId = Id<'col'>;

/** Where the events of a collection come from. */
export interface Origin {
  readonly id: CollectionId;
  /** What the operator calls the system that wrote the log. */
  readonly source: string;
  /** The file, as it was named. */
  readonly name: string;
  /** Under which the input is archived; undefined when it is not. */
  readonly archive: string | undefined;
}

export interface Product {
  readonly name: string;
  readonly vendor: string;
  readonly feature?: string | undefined;
}

export interface Provenance {
  readonly product: Product;
  readonly profiles: readonly string[];
  readonly eventCode?: string | undefined;
  readonly originalUid?: string | undefined;
  readonly originalTime?: string | undefined;
  readonly logVersion?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logProvider?: string | undefined;
  readonly correlationUid?: string | undefined;
  readonly loggers?: Json | undefined;
}

/** The metadata object of an event; `uid` is the event's own place in the collection. */
export function metadataOf(origin: Origin, uid: string, given: Provenance): JsonObject {
  const { product, profiles, eventCode, originalUid, originalTime } = given;
  return {
    correlation_uid: given.correlationUid,
    event_code: eventCode,
    log_level: given.logLevel,
    log_name: origin.source,
    log_provider: given.logProvider,
    log_source: origin.name,
    log_version: given.logVersion,
    loggers: given.loggers,
    original_event_uid: originalUid,
    original_time: originalTime,
    product: {
      feature: product.feature === undefined ? undefined : { name: product.feature },
      name: product.name,
      vendor_name: product.vendor,
    },
    profiles,
    uid,
    version: OCSF_VERSION,
  };
}

/** `index` tells apart the events of one item, from 1. */
export function uidOf(origin: Origin, { item }: Place, index?: number): string {
  return index === undefined ? `${origin.id}:${item}` : `${origin.id}:${item}.${index}`;
}

/** Where the event stands in the archived input. */
export function rawOf(origin: Origin, { item, offset }: Place, index?: number): JsonObject {
  return { index, item, object: origin.archive, offset };
}

/** What the lists say about the addresses of an event, by the attribute that holds each. */
export function enrichmentsOf(
  facts: readonly (readonly [attribute: string, facts: AddressFacts | undefined])[],
): JsonObject {
  const known = facts.flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const]));
  const isBad = known.some(([, one]) => one.isBad);
  return {
    enrichments:
      known.length === 0 ? undefined : known.map(([name, one]) => one.enrichmentOf(name)),
    is_alert: isBad ? true : undefined,
  };
}

/** An event of a class: its ids, and what else it has. */
export function eventOf(
  ids: { readonly categoryUid: number; readonly classUid: number; readonly activityId: number },
  members: JsonObject,
): string {
  const { categoryUid, classUid, activityId } = ids;
  return canonical({
    ...members,
    activity_id: activityId,
    category_uid: categoryUid,
    class_uid: classUid,
    type_uid: classUid * 100 + activityId,
  });
}
