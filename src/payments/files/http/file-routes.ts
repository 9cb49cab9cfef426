// The HTTP operations on files: announce one and send its parts, see how far it is, what is wrong
// with it and what was not posted, fetch the bank's answer, take up one that had failed.

import {
  answer,
  contextOf,
  defineOperation,
  EdgeRefusal,
  pageOf,
  readCursor,
  schema,
  transact,
  type Operation,
  type Route,
} from '#gateway';
import { isId, type Refused } from '#kernel';
import { announceFile, retryFile, takePart } from '../receive.ts';
import type { FileId, PaymentFile } from '../file.ts';
import { no } from '../refusals.ts';
import { noProgress, progressOf } from '../store/entry-store.ts';
import { findFile, selectFiles } from '../store/file-store.ts';
import { permissions, rowsOf, tags, type FilesEdge } from './edge.ts';
import * as shapes from './file-schemas.ts';
import { presentFile } from './present.ts';
import { reportRoutes } from './report-routes.ts';

export function fileRoutes(edge: FilesEdge): Route[] {
  const at = '/v1/files';
  const { read: readFiles, send } = permissions;
  return [
    { method: 'POST', path: at, permission: send, operation: announce(edge) },
    { method: 'GET', path: at, permission: readFiles, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: readFiles, operation: read(edge) },
    { method: 'PUT', path: `${at}/{id}/parts`, permission: send, operation: sendPart(edge) },
    { method: 'POST', path: `${at}/{id}/retry`, permission: send, operation: retry(edge) },
    ...reportRoutes(edge),
  ];
}

function noFile(id: FileId): Refused {
  return no('file_unknown', `There is no file ${id}.`, 'id');
}

function announce({ files }: FilesEdge): Operation {
  return defineOperation({
    operationId: 'announceFile',
    summary: 'Announce a file of payments',
    description:
      'The file is then sent in parts. Announced again while it is being sent, the answer has ' +
      'status 200 and says how much has arrived. The same content is taken once from a sender.',
    tags,
    refusals: [
      'file_agreement_unknown',
      'file_agreement_ended',
      'file_too_large',
      'file_duplicate',
    ],
    example: {
      agreement_id: 'fag_01920000-0000-7000-8000-000000000001',
      name: 'payroll-2026-11.ach',
      bytes: 47_500_380,
      sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    },
    schema: {
      body: shapes.fileBody,
      response: {
        200: { description: 'It is being sent already.', body: shapes.file },
        201: { description: 'The file, of which nothing has arrived.', body: shapes.file },
      },
    },
    async handler(request) {
      const { agreement_id: agreementId, name, bytes, sha256 } = request.body;
      const asked = { agreementId, name, bytes, sha256, source: 'upload' } as const;
      return await transact(files, request, async (tx) => {
        const announced = await announceFile(tx, asked);
        if (!announced.ok) return announced;
        const { file, isReplay } = announced.value;
        const body = presentFile(file, noProgress);
        const headers = { location: `/v1/files/${file.id}` };
        return { status: isReplay ? 200 : 201, body, headers };
      });
    },
  });
}

function sendPart({ files }: FilesEdge): Operation {
  return defineOperation({
    operationId: 'sendFilePart',
    summary: 'Send the next part of a file',
    description:
      'Parts follow each other without gaps; one that has arrived already is no change. After a ' +
      'break, GET says where to go on. With its last byte the file is received.',
    tags,
    isIdempotentByNature: true,
    bodyBytesMax: shapes.PART_BODY_BYTES_MAX,
    refusals: ['file_unknown', 'file_offset_wrong', 'file_part_invalid', 'file_not_uploading'],
    example: { offset: 0, content: 'MTAxIDAyMTAwMDAyMQ==' },
    schema: {
      params: shapes.fileParams,
      body: shapes.partBody,
      response: { 200: { description: 'The file as it is now.', body: shapes.file } },
    },
    async handler(request) {
      const { offset, content } = request.body;
      const bytes = Buffer.from(content, 'base64');
      if (bytes.toString('base64') !== content) {
        const detail = 'content is not base64 as RFC 4648 §4 has it, with padding.';
        throw new EdgeRefusal('field_invalid', detail, { param: 'content' });
      }
      const context = contextOf(files.clock, request);
      const taken = await takePart(files, context, { fileId: request.params.id, offset, bytes });
      return taken.ok ? answer(200, presentFile(taken.value, noProgress)) : taken;
    },
  });
}

function read(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'readFile',
    summary: 'Read how far a file is',
    tags,
    refusals: ['file_unknown'],
    schema: {
      params: shapes.fileParams,
      response: { 200: { description: 'The file.', body: shapes.file } },
    },
    async handler(request) {
      const { id } = request.params;
      const rows = rowsOf(edge, request);
      const file = await findFile(rows, id);
      if (file === undefined) return noFile(id);
      const progress = await progressOf(rows, [id]);
      return answer(200, presentFile(file, progress.get(id) ?? noProgress));
    },
  });
}

const LIST = 'files';

function list(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'listFiles',
    summary: 'List files of payments',
    description: 'Newest first.',
    tags,
    schema: {
      query: shapes.filesQuery,
      response: { 200: { description: 'A page of files.', body: schema.pageOf(shapes.file) } },
    },
    async handler(request) {
      const { limit, cursor, state, agreement_id: agreementId } = request.query;
      const before = cursor === undefined ? undefined : placeIn(cursor);
      const rows = rowsOf(edge, request);
      const found = await selectFiles(rows, { before, limit: limit + 1, state, agreementId });
      const page = found.slice(0, limit);
      const progress = await progressOf(
        rows,
        page.map(({ id }) => id),
      );
      const present = (file: PaymentFile): object =>
        presentFile(file, progress.get(file.id) ?? noProgress);
      return answer(200, pageOf({ list: LIST, found, limit, present, place: ({ id }) => [id] }));
    },
  });
}

function placeIn(cursor: string): FileId {
  const [place] = readCursor(LIST, cursor) ?? [];
  if (typeof place === 'string' && isId('fil', place)) return place;
  throw new EdgeRefusal('field_invalid', 'cursor is not one of this list.', { param: 'cursor' });
}

function retry({ files }: FilesEdge): Operation {
  return defineOperation({
    operationId: 'retryFile',
    summary: 'Take up a file that had failed',
    description: 'It goes on where it stopped; nothing is done twice.',
    tags,
    refusals: ['file_unknown', 'file_state_wrong'],
    schema: {
      params: shapes.fileParams,
      response: { 200: { description: 'The file.', body: shapes.file } },
    },
    async handler(request) {
      const { id } = request.params;
      return await transact(files, request, async (tx) => {
        const retried = await retryFile(tx, id);
        if (!retried.ok) return retried;
        const progress = await progressOf(tx, [id]);
        return answer(200, presentFile(retried.value, progress.get(id) ?? noProgress));
      });
    },
  });
}
