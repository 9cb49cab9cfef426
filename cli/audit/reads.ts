// Whoever reads the log is in the log (PCI DSS 10.2.1.3), before a line of it is printed.

import { record, type AuditRecord } from '#audit';
import type { OpenedLog } from './open.ts';

/** What reads concern that name no single record. */
export const LOG_TARGET = 'audit-log';

export async function recordRead(log: OpenedLog, read: AuditRecord): Promise<void> {
  await log.database.transaction(log.context(), (tx) => record(tx, [read]));
}
