// What screening says of a batch: to the audit log, and as an event. Ids, counts and a digest only;
// what was decided and why stays in the rows.

import type { AuditRecord, JsonObject } from '#audit';
import { FIRST_TENANT, type NewEvent } from '#platform';
import { screeningActions } from './audit-actions.ts';
import type { StoredBatch } from './decision-store.ts';

/** Members stand in canonical order, which saves sorting them. */
export function factsOfBatch({ tenant, sha256, decisions }: StoredBatch): JsonObject {
  return {
    count: decisions.length,
    not_approved: notApproved(decisions),
    sha256: sha256.toString('hex'),
    tenant: tenant === FIRST_TENANT ? undefined : tenant,
  };
}

export function recordOfBatch(batch: StoredBatch): AuditRecord {
  const action = screeningActions['fraud.batch.decide'];
  return { action, target: batch.id, after: factsOfBatch(batch) };
}

export function eventOfBatch({ id, decisions }: StoredBatch): NewEvent {
  return {
    type: 'fraud.screened',
    subject: id,
    data: { count: decisions.length, not_approved: notApproved(decisions) },
  };
}

function notApproved(decisions: StoredBatch['decisions']): number {
  return decisions.filter(({ outcome }) => outcome !== 'approve').length;
}
