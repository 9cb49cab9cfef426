// The HTTP operations on files that the bank writes for a network: list them, read one, fetch its
// bytes, say that it was sent. Who fetches the bytes is noted, since they name payers and payees.

import { record } from '#audit';
import {
  answer,
  contextOf,
  defineOperation,
  EdgeRefusal,
  readCursor,
  schema,
  transact,
  pageOf,
  type Operation,
  type Route,
} from '#gateway';
import { isId, type Refused } from '#kernel';
import {
  findOutgoingFile,
  selectOutgoingFiles,
} from '../../rails/ach-files/outgoing-file-store.ts';
import { fileNameOf } from '../../rails/ach-files/outgoing-file.ts';
import { markSent } from '../../rails/ach-files/send-file.ts';
import { fileActions } from '../audit-actions.ts';
import { readContent } from '../content.ts';
import type { FileId } from '../file.ts';
import { no } from '../refusals.ts';
import { permissions, rowsOf, tags, type FilesEdge } from './edge.ts';
import * as shapes from './file-schemas.ts';
import { presentOutgoing } from './present.ts';

export function outgoingRoutes(edge: FilesEdge): Route[] {
  const at = '/v1/outgoing-files';
  const { read: readFiles, send } = permissions;
  return [
    { method: 'GET', path: at, permission: readFiles, operation: list(edge) },
    { method: 'GET', path: `${at}/{id}`, permission: readFiles, operation: read(edge) },
    { method: 'GET', path: `${at}/{id}/content`, permission: send, operation: readBytes(edge) },
    { method: 'POST', path: `${at}/{id}/sent`, permission: send, operation: confirmSent(edge) },
  ];
}

function noFile(id: FileId): Refused {
  return no('file_unknown', `There is no outgoing file ${id}.`, 'id');
}

const LIST = 'file.outgoing';

function list(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'listOutgoingFiles',
    summary: 'List the files that the bank has written',
    description: 'Newest first. Payments over ACH leave the bank in these files.',
    tags,
    schema: {
      query: shapes.outgoingFilesQuery,
      response: {
        200: { description: 'A page of files.', body: schema.pageOf(shapes.outgoingFile) },
      },
    },
    async handler(request) {
      const { limit, cursor, state } = request.query;
      const before = cursor === undefined ? undefined : placeIn(cursor);
      const rows = rowsOf(edge, request);
      const found = await selectOutgoingFiles(rows, { before, limit: limit + 1, state });
      return answer(
        200,
        pageOf({ list: LIST, found, limit, present: presentOutgoing, place: (last) => [last.id] }),
      );
    },
  });
}

function placeIn(cursor: string): FileId {
  const [place] = readCursor(LIST, cursor) ?? [];
  if (typeof place === 'string' && isId('fil', place)) return place;
  throw new EdgeRefusal('field_invalid', 'cursor is not one of this list.', { param: 'cursor' });
}

function read(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'readOutgoingFile',
    summary: 'Read what a file that the bank has written holds',
    tags,
    refusals: ['file_unknown'],
    schema: {
      params: shapes.fileParams,
      response: { 200: { description: 'The file.', body: shapes.outgoingFile } },
    },
    async handler(request) {
      const { id } = request.params;
      const file = await findOutgoingFile(rowsOf(edge, request), id);
      return file === undefined ? noFile(id) : answer(200, presentOutgoing(file));
    },
  });
}

function readBytes(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'readOutgoingFileContent',
    summary: 'Fetch a file that the bank has written',
    description: 'The bytes to send to the network, as they are. Fetching them changes nothing.',
    tags,
    refusals: ['file_unknown'],
    schema: {
      params: shapes.fileParams,
      response: {
        200: {
          description: 'The file.',
          mediaType: 'application/octet-stream',
          body: schema.bytes(),
        },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const { files } = edge;
      const file = await findOutgoingFile(rowsOf(edge, request), id);
      if (file === undefined) return noFile(id);
      await files.database.transaction(contextOf(files.clock, request), (tx) =>
        record(tx, [{ action: fileActions['payments.outgoing_file.read'], target: id }]),
      );
      const body = readContent(files, file, [file]);
      const fileName = fileNameOf(file);
      return { status: 200, content: { mediaType: 'application/octet-stream', body, fileName } };
    },
  });
}

function confirmSent({ files }: FilesEdge): Operation {
  return defineOperation({
    operationId: 'confirmOutgoingFileSent',
    summary: 'Say that a file was sent',
    description: 'Whoever has carried it to the network says so. Said again, it is no change.',
    tags,
    refusals: ['file_unknown'],
    schema: {
      params: shapes.fileParams,
      response: { 200: { description: 'The file.', body: shapes.outgoingFile } },
    },
    async handler(request) {
      const { id } = request.params;
      return await transact(files, request, async (tx) => {
        const sent = await markSent(tx, id);
        return sent.ok ? answer(200, presentOutgoing(sent.value)) : sent;
      });
    },
  });
}
