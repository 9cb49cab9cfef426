// TABLE  version -> what has changed since the one before. Rows are added at the end and never
// changed: a client of an old version is served by all that follow it.
import type { Change, OperationChange } from './version.ts';

/** The first version of the API. */
export const FIRST_VERSION = '2026-11-21';

export const changes: readonly Change[] = [
  {
    version: '2026-11-22',
    summary:
      'Lists that are always whole (the alarms and the keys of the audit log) say so with ' +
      'has_more and next_cursor, like every other list.',
    operations: { listAuditAlarms: withoutPage(), listAuditKeys: withoutPage() },
  },
];

function withoutPage(): OperationChange {
  return {
    answer({ status, body }) {
      const { has_more: _, next_cursor: __, ...rest } = body as Readonly<Record<string, unknown>>;
      return { status, body: rest };
    },
  };
}
