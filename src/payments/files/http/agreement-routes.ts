// The HTTP operations on agreements about files: make, read, list, end. To make one takes two
// people, since files under it move money without asking anybody again.

import {
  answer,
  defineOperation,
  EdgeRefusal,
  proposedAnswer,
  readCursor,
  schema,
  transact,
  pageOf,
  type Operation,
  type Route,
} from '#gateway';
import { isId } from '#kernel';
import { endAgreement, makeAgreement } from '../agree.ts';
import type { AgreementId } from '../agreement.ts';
import { no } from '../refusals.ts';
import { findAgreement, selectAgreements } from '../store/agreement-store.ts';
import { permissions, rowsOf, tags, type FilesEdge } from './edge.ts';
import * as shapes from './file-schemas.ts';
import { presentAgreement, termsOf } from './present.ts';

export function agreementRoutes(edge: FilesEdge): Route[] {
  const at = '/v1/file-agreements';
  const { readAgreements, writeAgreements } = permissions;
  return [
    { method: 'POST', path: at, permission: writeAgreements, operation: make(edge) },
    { method: 'GET', path: at, permission: readAgreements, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: readAgreements, operation: read(edge) },
    { method: 'POST', path: `${at}/{id}/end`, permission: writeAgreements, operation: end(edge) },
  ];
}

const example = {
  sender: 'fed-ach',
  format: 'nacha',
  role: 'incoming',
  acceptance: 'partial',
  rail: 'ach',
  currency: 'USD',
  are_debits_allowed: true,
};

function make({ files }: FilesEdge): Operation {
  return defineOperation({
    operationId: 'makeFileAgreement',
    summary: 'Agree with a sender about its files',
    description:
      'A sender has one agreement in force for each format. A second person approves it.',
    tags,
    refusals: ['file_agreement_exists', 'file_agreement_invalid', 'file_mapping_invalid'],
    example,
    schema: {
      body: shapes.agreementBody,
      response: {
        201: { description: 'The agreement.', body: shapes.agreement },
        ...proposedAnswer,
      },
    },
    approval: {
      when: ({ principal }) => principal !== undefined && principal.kind !== 'local',
      what: ({ body }) => ({
        summary: `An agreement about ${body.role} files of ${body.format} from ${body.sender}.`,
      }),
    },
    async handler(request) {
      const terms = termsOf(request.body);
      return await transact(files, request, async (tx) => {
        const made = await makeAgreement(tx, terms);
        if (!made.ok) return made;
        const location = `/v1/file-agreements/${made.value.id}`;
        return { status: 201, body: presentAgreement(made.value), headers: { location } };
      });
    },
  });
}

function read(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'readFileAgreement',
    summary: 'Read an agreement about files',
    tags,
    refusals: ['file_agreement_unknown'],
    schema: {
      params: shapes.agreementParams,
      response: { 200: { description: 'The agreement.', body: shapes.agreement } },
    },
    async handler(request) {
      const { id } = request.params;
      const found = await findAgreement(rowsOf(edge, request), id);
      if (found === undefined) {
        return no('file_agreement_unknown', `There is no agreement ${id}.`, 'id');
      }
      return answer(200, presentAgreement(found));
    },
  });
}

const LIST = 'file.agreements';

function list(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'listFileAgreements',
    summary: 'List agreements about files',
    description: 'Newest first.',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of agreements.', body: schema.pageOf(shapes.agreement) },
      },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const before = cursor === undefined ? undefined : placeIn(cursor);
      const found = await selectAgreements(rowsOf(edge, request), { before, limit: limit + 1 });
      return answer(
        200,
        pageOf({ list: LIST, found, limit, present: presentAgreement, place: (last) => [last.id] }),
      );
    },
  });
}

function placeIn(cursor: string): AgreementId {
  const [place] = readCursor(LIST, cursor) ?? [];
  if (typeof place === 'string' && isId('fag', place)) return place;
  throw new EdgeRefusal('field_invalid', 'cursor is not one of this list.', { param: 'cursor' });
}

function end({ files }: FilesEdge): Operation {
  return defineOperation({
    operationId: 'endFileAgreement',
    summary: 'End an agreement about files',
    description: 'Files that were accepted are worked on to their end; no other is accepted.',
    tags,
    refusals: ['file_agreement_unknown'],
    schema: {
      params: shapes.agreementParams,
      response: { 200: { description: 'The agreement.', body: shapes.agreement } },
    },
    async handler(request) {
      const { id } = request.params;
      return await transact(files, request, async (tx) => {
        const ended = await endAgreement(tx, id);
        return ended.ok ? answer(200, presentAgreement(ended.value)) : ended;
      });
    },
  });
}
