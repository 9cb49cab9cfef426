// Every way the audit log says no. Codes are stable for ever; the reference page lists each of
// them.

import type { Refusal } from '#kernel';

/** HTTP status, title and whether the same request can succeed later without being changed. */
export interface RefusalKind {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const auditRefusals = {
  record_unknown: kind(404, 'No such audit record'),
  record_expired: kind(410, 'The record was kept as long as its class asks, and is gone'),
  record_without_proof: kind(409, 'The record has no place in the log yet', true),
  checkpoint_unknown: kind(404, 'The log has no checkpoint of this size'),
  checkpoint_order: kind(422, 'The older checkpoint is larger than the newer'),
  tile_unknown: kind(404, 'The log has no such tile'),
  month_at_hand: kind(409, 'The month stays in the database for now'),
  month_waiting: kind(409, 'Records of the month have no place in the log yet', true),
  month_not_archived: kind(409, 'The month is not archived yet'),
  legal_hold_unknown: kind(404, 'No such legal hold'),
  legal_hold_released: kind(409, 'The legal hold was released before'),
  list_invalid: kind(422, 'A list for enriching events cannot be read'),
  flow_format_invalid: kind(422, 'No flow log has this format'),
  trail_keys_invalid: kind(422, 'The public keys of CloudTrail cannot be read'),
  log_fields_invalid: kind(422, 'The fields of a log cannot be read'),
  collection_busy: kind(409, 'Another process is collecting this file', true),
  collection_unknown: kind(404, 'No such collection'),
  collection_without_archive: kind(409, 'The input of this collection was not archived'),
  collected_cursor_invalid: kind(422, 'No page of events ended in this cursor'),
  legal_hold_months: kind(422, 'The last month of the legal hold is before its first'),
  subject_unknown: kind(404, 'Nothing was ever sealed under this subject'),
} as const satisfies Record<string, RefusalKind>;

export type AuditRefusalCode = keyof typeof auditRefusals;

/** An expected no of the audit log. */
export interface AuditRefusal<Code extends string = AuditRefusalCode> extends Refusal {
  readonly code: Code;
  readonly message: string;
  readonly param?: string;
}
