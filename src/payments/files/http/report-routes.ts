// The HTTP operations that report on a file: its faults, the entries that were not posted, its
// progress as it happens, and what the bank sends back about it.

import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import { record } from '#audit';
import { limits } from '#config';
import {
  answer,
  contextOf,
  defineOperation,
  EdgeRefusal,
  readCursor,
  schema,
  pageOf,
  type Operation,
  type Route,
} from '#gateway';
import type { Refused } from '#kernel';
import type { Queryable } from '#platform';
import { writeCsvRecord } from '../../csv/records.ts';
import { fileActions } from '../audit-actions.ts';
import { readContent } from '../content.ts';
import { dueStates, type FileId, type PaymentFile } from '../file.ts';
import { no } from '../refusals.ts';
import {
  findAnswer,
  noProgress,
  progressOf,
  selectEntries,
  selectFaults,
} from '../store/entry-store.ts';
import { findFile } from '../store/file-store.ts';
import { permissions, rowsOf, tags, type FilesEdge } from './edge.ts';
import * as shapes from './file-schemas.ts';
import { presentFault, presentFile, presentUnposted } from './present.ts';

export function reportRoutes(edge: FilesEdge): Route[] {
  const at = '/v1/files/{id}';
  const { read: permission } = permissions;
  return [
    { method: 'GET', path: `${at}/faults`, permission, operation: faults(edge) },
    { method: 'GET', path: `${at}/report`, permission, operation: report(edge) },
    { method: 'GET', path: `${at}/unposted`, permission, operation: unposted(edge) },
    { method: 'GET', path: `${at}/events`, permission, operation: events(edge) },
    { method: 'GET', path: `${at}/answer`, permission, operation: readAnswer(edge) },
  ];
}

function noFile(id: FileId): Refused {
  return no('file_unknown', `There is no file ${id}.`, 'id');
}

/** Faults quote what stands in the file, so who reads them is noted. */
const disclosure = {
  target: ({ params }: { readonly params: { readonly id: string } }) => params.id,
};

function placeIn(list: string, cursor: string | undefined): number {
  if (cursor === undefined) return -1;
  const [place] = readCursor(list, cursor) ?? [];
  const number = Number(place);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new EdgeRefusal('field_invalid', 'cursor is not one of this list.', { param: 'cursor' });
}

const FAULTS = 'file.faults';

function faults(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'listFileFaults',
    summary: 'List what is wrong with a file',
    description:
      `Each with its record, its field and the rule that it breaks. The first ` +
      `${limits.fileFaultsKeptMax.value} are kept; the file says how many there are.`,
    tags,
    refusals: ['file_unknown'],
    disclosure,
    schema: {
      params: shapes.fileParams,
      query: schema.object(schema.pageQuery),
      response: { 200: { description: 'A page of faults.', body: schema.pageOf(shapes.fault) } },
    },
    async handler(request) {
      const { id } = request.params;
      const { limit, cursor } = request.query;
      const rows = rowsOf(edge, request);
      if ((await findFile(rows, id)) === undefined) return noFile(id);
      const after = placeIn(FAULTS, cursor);
      const found = await selectFaults(rows, id, { after, limit: limit + 1 });
      return answer(
        200,
        pageOf({
          list: FAULTS,
          found,
          limit,
          present: presentFault,
          place: (last) => [String(last.number)],
        }),
      );
    },
  });
}

function report(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'readFileReport',
    summary: 'Read what is wrong with a file, as CSV',
    tags,
    refusals: ['file_unknown'],
    disclosure,
    schema: {
      params: shapes.fileParams,
      response: {
        200: { description: 'A fault a line.', mediaType: 'text/csv', body: Type.String() },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const rows = rowsOf(edge, request);
      if ((await findFile(rows, id)) === undefined) return noFile(id);
      const page = { after: -1, limit: limits.fileFaultsKeptMax.value };
      const found = await selectFaults(rows, id, page);
      const lines = found.map(({ number, scope, rule, message, record: line, field, ...rest }) =>
        writeCsvRecord([number, scope, rule, line, field, rest.batch, rest.entry, message]),
      );
      const head = ['number', 'scope', 'rule', 'record', 'field', 'batch', 'entry', 'message'];
      const body = [writeCsvRecord(head), ...lines].join('');
      const mediaType = 'text/csv; charset=utf-8; header=present';
      return { status: 200, content: { mediaType, body, fileName: `${id}-faults.csv` } };
    },
  });
}

const UNPOSTED = 'file.unposted';

function unposted(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'listUnpostedFileEntries',
    summary: 'List the entries of a file that became no payment',
    description:
      'returned: sent back, with the reason in the code of the file’s standard; noted: moves ' +
      'nothing by its nature; left_out: it is at fault.',
    tags,
    refusals: ['file_unknown'],
    disclosure,
    schema: {
      params: shapes.fileParams,
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of entries.', body: schema.pageOf(shapes.unpostedEntry) },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const { limit, cursor } = request.query;
      const rows = rowsOf(edge, request);
      if ((await findFile(rows, id)) === undefined) return noFile(id);
      const asked = { after: placeIn(UNPOSTED, cursor), limit: limit + 1, isNotedLeftOut: false };
      const found = await selectEntries(rows, id, asked);
      return answer(
        200,
        pageOf({
          list: UNPOSTED,
          found,
          limit,
          present: presentUnposted,
          place: (last) => [String(last.entry)],
        }),
      );
    },
  });
}

function events(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'watchFile',
    summary: 'Watch the progress of a file',
    description:
      'Server-sent events, each with the file as it is then, as data of the event "progress"; ' +
      'the last one is "end". The stream ends with the work on the file, or after a while: ask ' +
      'again then.',
    tags,
    refusals: ['file_unknown'],
    schema: {
      params: shapes.fileParams,
      response: {
        200: {
          description: 'The progress as it happens.',
          mediaType: 'text/event-stream',
          body: Type.String(),
        },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const rows = rowsOf(edge, request);
      const first = await findFile(rows, id);
      if (first === undefined) return noFile(id);
      const content = { mediaType: 'text/event-stream', body: progressEvents(rows, first) };
      return { status: 200, content };
    },
  });
}

async function* progressEvents(rows: Queryable, first: PaymentFile): AsyncGenerator<string> {
  const endMs = performance.now() + limits.fileProgressMaxMs.value;
  let told = '';
  for (let file = first; ;) {
    const progress = await progressOf(rows, [file.id]);
    const shown = JSON.stringify(presentFile(file, progress.get(file.id) ?? noProgress));
    const isOver = !isMoving(file) || performance.now() > endMs;
    // A comment, where nothing has changed, shows both sides that the other is there.
    if (shown !== told || isOver) yield `event: ${isOver ? 'end' : 'progress'}\ndata: ${shown}\n\n`;
    else yield ':\n\n';
    if (isOver) return;
    told = shown;
    await sleep(limits.fileProgressEveryMs.value);
    file = (await findFile(rows, file.id)) ?? file;
  }
}

function isMoving({ state }: PaymentFile): boolean {
  return state === 'uploading' || dueStates.some((due) => due === state);
}

function readAnswer(edge: FilesEdge): Operation {
  return defineOperation({
    operationId: 'readFileAnswer',
    summary: 'Fetch what the bank sends back about a file',
    description: 'A return file, or a pain.002; there is one once the file is complete.',
    tags,
    refusals: ['file_unknown', 'file_answer_unknown'],
    schema: {
      params: shapes.fileParams,
      response: {
        200: {
          description: 'The answer.',
          mediaType: 'application/octet-stream',
          body: schema.bytes(),
        },
      },
    },
    async handler(request) {
      const { id } = request.params;
      const rows = rowsOf(edge, request);
      const { files } = edge;
      const file = await findFile(rows, id);
      if (file === undefined) return noFile(id);
      const found = await findAnswer(rows, id);
      if (found === undefined) return no('file_answer_unknown', `${id} has no answer.`, 'id');
      await files.database.transaction(contextOf(files.clock, request), (tx) =>
        record(tx, [{ action: fileActions['payments.file_answer.read'], target: id }]),
      );
      const parts = found.parts.map((objectId) => ({ objectId }));
      const fileName = `${id}.${found.format}`;
      const body = readContent(files, file, parts);
      return { status: 200, content: { mediaType: 'application/octet-stream', body, fileName } };
    },
  });
}
