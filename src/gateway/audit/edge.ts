// Owns what the operations on the audit log stand on, and what they share: the permissions, the
// archive behind the database, and that whoever reads the log is recorded in it before the answer.
import { archivedLeaves, record } from '#audit';
import type { Action, ArchivedLeaves, JsonObject } from '#audit';
import type { Clock, Refused } from '#kernel';
import type { Database, Objects } from '#platform';
import { contextOf } from '../intake/caller.ts';
import type { Origin } from '../intake/caller.ts';

export interface AuditEdge {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
}

/** Names of permissions, for the day callers are known. */
export const permissions = {
  readRecords: 'audit.records.read',
  exportRecords: 'audit.records.export',
  readReceipts: 'audit.receipts.read',
  readProofs: 'audit.proofs.read',
  readAlarms: 'audit.alarms.read',
} as const;

export function archiveOf({ database, objects }: AuditEdge): ArchivedLeaves {
  return archivedLeaves(database, objects);
}

export interface Reading {
  readonly action: Action;
  /** What was read: the id of a record, the name of a tile, or the log. */
  readonly target: string;
  /** What was asked for, and what came of it. */
  readonly after?: JsonObject;
  /** Where nothing was disclosed: why. */
  readonly refused?: Refused | undefined;
}

/** The whole log as a target. */
export const WHOLE_LOG = 'audit-log';

/**
 * Records that the log was read (PCI DSS 10.2.1.3); to be awaited before anything is answered. What
 * cannot be recorded is not disclosed.
 */
export async function noteReading(
  { database, clock }: AuditEdge,
  request: Origin,
  { action, target, after, refused }: Reading,
): Promise<void> {
  const refusal = refused?.refusal;
  const outcome = refusal === undefined ? 'success' : 'refused';
  const item = { action, target, after, outcome, reason: refusal?.code } as const;
  await database.transaction(contextOf(clock, request), (tx) => record(tx, [item]));
}

/** A refusal of a verb, in the words of the request. */
export function refusedAs(
  { ok, refusal }: Refused,
  names: Readonly<Record<string, string>>,
): Refused {
  const { code, message, param } = refusal;
  const name = param === undefined ? undefined : (names[param] ?? param);
  return { ok, refusal: name === undefined ? { code, message } : { code, message, param: name } };
}

/** A JSON object with the members of another, which is a file already, after its own. */
export function joined(members: JsonObject, file: string): string {
  return `${JSON.stringify(members).slice(0, -1)},${file.slice(1)}`;
}
