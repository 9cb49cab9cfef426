// The HTTP operations on records: search them, read one, take the receipt of one. Each reading is
// itself a record of the log before it is answered.
import {
  auditActions,
  describeForLog,
  readRecord,
  receiptFile,
  receiptOf,
  receiptProofFile,
  searchRecords,
  selectVerifierKeys,
} from '#audit';
import type { Receipt } from '#audit';
import { Type } from 'typebox';
import { answer, defineOperation } from '../routes.ts';
import type { Answer, EdgeRequest, Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { archiveOf, joined, noteReading, permissions, refusedAs, WHOLE_LOG } from './edge.ts';
import type { AuditEdge } from './edge.ts';
import { filterFields, filterOf, pageEnd, placeIn, recordIdText } from './query.ts';
import * as shapes from './shapes.ts';

const tags = ['audit records'];
const path = '/v1/audit/records';
const recordParams = schema.object({ id: recordIdText });

export function recordRoutes(edge: AuditEdge): Route[] {
  const { readRecords: permission, readReceipts } = permissions;
  return [
    { method: 'GET', path, permission, operation: search(edge) },
    { method: 'GET', path: `${path}/{id}`, permission, operation: readOne(edge) },
    {
      method: 'GET',
      path: `${path}/{id}/receipt`,
      permission: readReceipts,
      operation: readReceipt(edge),
    },
  ];
}

const LIST = 'audit.records';

function search(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'searchAuditRecords',
    summary: 'Search the audit log',
    description:
      'Newest first; all that is given must hold. A page looks at a bounded number of records, ' +
      'so it can be short, or empty, while has_more is true. A record can be found from the ' +
      'moment it has its place in the log, within a second of its commit. The search is itself ' +
      'recorded, with its filter but without the words of q.',
    tags,
    schema: {
      query: schema.object({ ...schema.pageQuery, ...filterFields }),
      response: { 200: { description: 'A page of records.', body: shapes.recordPage } },
    },
    async handler(request) {
      const { limit, cursor, ...fields } = request.query;
      const filter = filterOf(fields);
      const after = placeIn(LIST, cursor);
      const page = await searchRecords(edge.database, filter, { limit, after }, archiveOf(edge));
      const { records, unreadable, next } = page;
      await noteReading(edge, request, {
        action: auditActions['audit.records.read'],
        target: WHOLE_LOG,
        after: { filter: describeForLog(filter), page_after: after, records: records.length },
      });
      // The leaves are JSON as it was hashed, and stay so.
      const data = records.map(({ index, leaf }) => placedText(index, leaf)).join(',');
      const end = JSON.stringify({ unreadable_leaves: unreadable, ...pageEnd(LIST, next) });
      return answer(200, `{"data":[${data}],${end.slice(1)}`);
    },
  });
}

function placedText(index: number | undefined, leaf: string): string {
  return `{"leaf_index":${index ?? null},"record":${leaf}}`;
}

function readOne(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'readAuditRecord',
    summary: 'Read an audit record',
    description:
      'leaf_index is null for a moment after the record was made, until it has its place.',
    tags,
    refusals: ['record_unknown', 'record_expired'],
    schema: {
      params: recordParams,
      response: { 200: { description: 'The record.', body: shapes.placedRecord } },
    },
    async handler(request) {
      const { id } = request.params;
      const found = await readRecord(edge.database, id, archiveOf(edge));
      const refused = found.ok ? undefined : refusedAs(found, { record_id: 'id' });
      const action = auditActions['audit.records.read'];
      await noteReading(edge, request, { action, target: id, refused });
      if (!found.ok) return refused ?? found;
      return answer(200, placedText(found.value.index, found.value.leaf));
    },
  });
}

const PROOF_TYPE = 'text/plain; charset=utf-8';
const forms = ['json', 'tlog-proof'] as const;

const receiptQuery = schema.object({
  format: Type.Optional(
    schema.choice(forms, {
      description:
        'json, or the text of c2sp.org/tlog-proof; by the Accept header unless given, and json ' +
        'where that asks for neither',
    }),
  ),
});

function readReceipt(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'readAuditReceipt',
    summary: 'Take the receipt of an audit record',
    description:
      'Whoever knows a key of the log can check it offline, for ever, without asking the bank: ' +
      'the record, its proof of inclusion, and the signed checkpoint that the proof leads to. ' +
      'Kept as a file, either form is what "florin audit verify" reads. It can be had within a ' +
      'second of the record.',
    tags,
    refusals: ['record_unknown', 'record_without_proof', 'record_expired'],
    schema: {
      params: recordParams,
      query: receiptQuery,
      response: {
        200: {
          description: 'The receipt.',
          body: shapes.receipt,
          otherForms: { 'text/plain': Type.String() },
        },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const archive = archiveOf(edge);
      const readArchived = async (leaf: number): Promise<Buffer | undefined> =>
        (await archive.readLeaves(leaf, 1))[0];
      const taken = await receiptOf(edge.database, id, { readArchived });
      const refused = taken.ok
        ? undefined
        : { ...taken, refusal: { ...taken.refusal, param: 'id' } };
      const action = auditActions['audit.receipt.read'];
      const after = taken.ok ? { size: taken.value.size } : {};
      await noteReading(edge, request, { action, target: id, after, refused });
      if (!taken.ok) return refused ?? taken;
      if (formOf(request) === 'json') return jsonReceipt(edge, taken.value);
      const content = { mediaType: PROOF_TYPE, body: receiptProofFile(taken.value) };
      return { status: 200, content: { ...content, fileName: `${id}.tlog-proof` } };
    },
  });
}

function formOf(request: {
  readonly query: { readonly format?: (typeof forms)[number] };
  readonly header: EdgeRequest['header'];
}): (typeof forms)[number] {
  if (request.query.format !== undefined) return request.query.format;
  const accepted = (request.header('accept') ?? '')
    .split(',')
    .map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  const isText = accepted.includes('text/plain') && !accepted.includes('application/json');
  return isText ? 'tlog-proof' : 'json';
}

/** The receipt as a file, which "florin audit verify" reads, and what its verifier will compute. */
async function jsonReceipt({ database }: AuditEdge, receipt: Receipt): Promise<Answer> {
  const { leafHash, root, checkpoint } = receipt;
  const file = receiptFile(receipt, await selectVerifierKeys(database));
  const more = {
    leaf_hash: leafHash.toString('base64'),
    root: root.toString('base64'),
    origin: checkpoint.slice(0, checkpoint.indexOf('\n')),
  };
  return answer(200, joined(more, file));
}
