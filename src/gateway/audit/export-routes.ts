// The HTTP operation that exports records: any number of them, in pieces, in the order of the log
// as it was when the export began. The export is recorded before its first piece leaves.
import {
  auditActions,
  describeForLog,
  exportRecords,
  openBundle,
  type ArchivedLeaves,
  type RecordFilter,
} from '#audit';
import { Fault } from '#kernel';
import type { Refused } from '#kernel';
import { Type } from 'typebox';
import { EdgeRefusal } from '../problems.ts';
import { defineOperation } from '../routes.ts';
import type { Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { archiveOf, noteReading, permissions, refusedAs, WHOLE_LOG } from './edge.ts';
import type { AuditEdge } from './edge.ts';
import { filterFields, filterOf, leafCount } from './query.ts';

const formats = ['jsonl', 'csv', 'bundle'] as const;
type Format = (typeof formats)[number];

const JSON_LINES = 'application/x-ndjson; charset=utf-8';

const files: Readonly<Record<Format, { readonly mediaType: string; readonly fileName: string }>> = {
  jsonl: { mediaType: JSON_LINES, fileName: 'audit-records.jsonl' },
  csv: { mediaType: 'text/csv; charset=utf-8; header=present', fileName: 'audit-records.csv' },
  bundle: { mediaType: JSON_LINES, fileName: 'audit-bundle.jsonl' },
};

export function exportRoutes(edge: AuditEdge): Route[] {
  const { exportRecords: permission } = permissions;
  return [
    { method: 'GET', path: '/v1/audit/export', permission, operation: exportOperation(edge) },
  ];
}

const exportQuery = schema.object({
  ...filterFields,
  format: schema.choice(formats, {
    default: 'jsonl',
    description:
      'jsonl: each line a record as it was hashed; csv: for reading; bundle: with proofs, for ' +
      '"florin audit verify"',
  }),
  since_size: Type.Optional(
    leafCount('of a bundle: the size of an older checkpoint, which it proves to be continued'),
  ),
  skip_unreadable: Type.Boolean({
    default: false,
    description:
      'whether jsonl and csv go on without records that are gone or damaged; else the export ' +
      'breaks off there',
  }),
});

function exportOperation(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'exportAuditRecords',
    summary: 'Export audit records',
    description:
      'Oldest first, without a limit on their number. An export that cannot be completed breaks ' +
      'off: the connection is cut, and what has arrived must be thrown away. The export is ' +
      'itself recorded, with its filter but without the words of q.',
    tags: ['audit records'],
    refusals: ['checkpoint_unknown', 'checkpoint_order'],
    schema: {
      query: exportQuery,
      response: {
        200: {
          description: 'The records.',
          mediaType: 'application/x-ndjson',
          body: Type.String({ description: 'a record a line; a bundle begins with its header' }),
          otherForms: { 'text/csv': Type.String() },
        },
      },
    },
    async handler(request) {
      const { format, since_size: sinceSize, skip_unreadable: isLax, ...fields } = request.query;
      if (sinceSize !== undefined && format !== 'bundle') {
        const detail = 'since_size has a meaning for a bundle only.';
        throw new EdgeRefusal('field_invalid', detail, { param: 'since_size' });
      }
      const filter = filterOf(fields);
      const wanted = { filter, format, sinceSize, isLax };
      const pieces = await piecesOf(edge, wanted);
      const refused = 'ok' in pieces ? refusedAs(pieces, { since: 'since_size' }) : undefined;
      await noteReading(edge, request, {
        action: auditActions['audit.records.exported'],
        target: WHOLE_LOG,
        after: { filter: describeForLog(filter), format, since_size: sinceSize },
        refused,
      });
      if ('ok' in pieces) return refused ?? pieces;
      return { status: 200, content: { ...files[format], body: pieces } };
    },
  });
}

interface Wanted {
  readonly filter: RecordFilter;
  readonly format: Format;
  readonly sinceSize: number | undefined;
  readonly isLax: boolean;
}

/** Nothing is read before the first piece is asked for, but for the header of a bundle. */
async function piecesOf(
  edge: AuditEdge,
  { filter, format, sinceSize, isLax }: Wanted,
): Promise<AsyncIterable<string> | Refused> {
  const archive: ArchivedLeaves = archiveOf(edge);
  const options = isLax ? { archive } : { archive, onUnreadable: breakOff };
  if (format !== 'bundle') return exportRecords(edge.database, filter, format, options);
  const opened = await openBundle(edge.database, filter, { archive, sinceSize });
  return opened.ok ? opened.value.text() : opened;
}

function breakOff(firstLeaf: number): never {
  const message = `The bundle of leaf ${firstLeaf} is gone or damaged.`;
  throw new Fault('audit_bundle_damaged', { retryable: false, message });
}
