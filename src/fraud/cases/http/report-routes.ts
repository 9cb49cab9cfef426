// The HTTP operations on documents about suspicious activity. Whoever reads one is noted, and
// nobody whom it is about is ever told that there is one.

import {
  answer,
  defineOperation,
  transact,
  type EdgeRequest,
  type Operation,
  type Route,
} from '#gateway';
import { Type } from 'typebox';
import { selectCases } from '../case-store.ts';
import { no } from '../refusals.ts';
import type { ReportId } from '../reports/document.ts';
import { makeReport } from '../reports/make.ts';
import { findDocument, reportsOfCase, type StoredDocument } from '../reports/report-store.ts';
import { textOfDocument } from '../reports/text.ts';
import { unknown } from '../work.ts';
import { caseParams } from './case-schemas.ts';
import { casePermissions, seen, tags, type CasesEdge } from './edge.ts';
import { presentReport } from './present.ts';
import * as shapes from './report-schemas.ts';

export function reportRoutes(edge: CasesEdge): Route[] {
  const [ofCase, one] = ['/v1/fraud/cases/{id}/reports', '/v1/fraud/reports/{id}'];
  const { report: permission } = casePermissions;
  return [
    { method: 'POST', path: ofCase, permission, operation: make(edge) },
    { method: 'GET', path: ofCase, permission, operation: list(edge) },
    { method: 'GET', path: one, permission, operation: read(edge) },
    { method: 'GET', path: `${one}/text`, permission, operation: readText(edge) },
  ];
}

function make(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'makeSuspiciousActivityDocument',
    summary: 'Make the document about suspicious activity of a case',
    description:
      'All that a filing needs: the case and its journal, accounts and customers by id, ' +
      'payments, decisions with rules, reasons and labels, and the narrative. Its bytes are kept ' +
      'as they are made, and their SHA-256 is in the audit log. A later one amends the one before.',
    tags,
    refusals: ['case_unknown', 'case_report_too_large'],
    example: {
      narrative: 'Within an hour the account received five payments and passed each on.',
      kinds: ['money mule'],
    },
    schema: {
      params: caseParams,
      body: shapes.newReport,
      response: { 201: { description: 'What was made.', body: shapes.reportShape } },
    },
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const asked = { caseId: request.params.id, ...request.body };
        const made = await makeReport(tx, asked, edge.readPayments);
        return made.ok ? answer(201, presentReport(made.value)) : made;
      }),
  });
}

function list(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'listSuspiciousActivityDocuments',
    summary: 'List the documents of a case',
    tags,
    refusals: ['case_unknown'],
    schema: {
      params: caseParams,
      response: { 200: { description: 'In their order.', body: shapes.reports } },
    },
    async handler(request) {
      const { id } = request.params;
      const queryable = seen(edge, request);
      const [found] = await selectCases(queryable, [id]);
      if (found === undefined) return unknown(id);
      const reports = await reportsOfCase(queryable, id);
      return answer(200, { data: reports.map(presentReport) });
    },
  });
}

const refusals = ['case_report_unknown'];

function read(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'readSuspiciousActivityDocument',
    summary: 'Read a document, byte for byte',
    description: 'Canonical JSON (RFC 8785): the bytes that its SHA-256 is over.',
    tags,
    refusals,
    disclosure: { target: ({ params }) => params.id },
    schema: {
      params: shapes.reportParams,
      response: {
        200: { description: 'The document.', body: Type.Record(Type.String(), Type.Unknown()) },
      },
    },
    async handler(request) {
      const found = await documentOf(edge, request, request.params.id);
      if (found === undefined) return missing(request.params.id);
      return answer(200, found.document.toString());
    },
  });
}

function readText(edge: CasesEdge): Operation {
  return defineOperation({
    operationId: 'readSuspiciousActivityText',
    summary: 'Read a document as text',
    tags,
    refusals,
    disclosure: { target: ({ params }) => params.id },
    schema: {
      params: shapes.reportParams,
      response: {
        200: { description: 'The text.', mediaType: 'text/plain', body: Type.String() },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const found = await documentOf(edge, request, id);
      if (found === undefined) return missing(id);
      const body = textOfDocument(found.document);
      const mediaType = 'text/plain; charset=utf-8';
      return { status: 200, content: { mediaType, body, fileName: `${id}.txt` } };
    },
  });
}

async function documentOf(
  edge: CasesEdge,
  request: Pick<EdgeRequest, 'tenant'>,
  id: ReportId,
): Promise<StoredDocument | undefined> {
  return await findDocument(seen(edge, request), id);
}

function missing(id: ReportId) {
  return no('case_report_unknown', `There is no document ${id}.`, 'id');
}
