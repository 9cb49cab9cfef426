// The HTTP operations under which other people's tools read the log (c2sp.org/tlog-tiles): the
// checkpoint, the tiles of hashes, and the leaves themselves. Only the leaves say anything of the
// bank; reading them is recorded, so no cache may answer for us.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  auditActions,
  latestCheckpoint,
  parseTilePath,
  readEntryTile,
  readTile,
  TILE_WIDTH,
  tileWidth,
} from '#audit';
import type { TileName } from '#audit';
import { refuse } from '#kernel';
import type { Refused } from '#kernel';
import { Type } from 'typebox';
import { EdgeRefusal } from '../problems.ts';
import { defineOperation } from '../routes.ts';
import type { Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { archiveOf, noteReading, permissions } from './edge.ts';
import type { AuditEdge } from './edge.ts';
import { noCheckpoint } from './proof-routes.ts';

const tags = ['audit log tiles'];
const prefix = '/v1/audit/log';
const BYTES = 'application/octet-stream';
/** A tile never changes (RFC 8246), and no cache keeps anything for more than a year. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Correct for ever as well, but of no use once the tile is full. */
const FOR_AN_HOUR = 'public, max-age=3600';

const zip = promisify(gzip);

export function tileRoutes(edge: AuditEdge): Route[] {
  const { readProofs: permission, exportRecords } = permissions;
  return [
    {
      method: 'GET',
      path: `${prefix}/checkpoint`,
      permission,
      operation: readCheckpointNote(edge),
    },
    {
      method: 'GET',
      path: `${prefix}/tile/{level}/{index*}`,
      permission,
      operation: readHashTile(edge),
    },
    {
      method: 'GET',
      path: `${prefix}/tile/entries/{index*}`,
      permission: exportRecords,
      operation: readEntries(edge),
    },
  ];
}

function readCheckpointNote(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'readAuditLogCheckpoint',
    summary: 'Read the latest checkpoint as a signed note',
    tags,
    refusals: ['checkpoint_unknown'],
    schema: {
      response: {
        200: { description: 'The note.', mediaType: 'text/plain', body: Type.String() },
      },
    },
    async handler() {
      const found = await latestCheckpoint(edge.database);
      if (found === undefined) return noCheckpoint();
      return { status: 200, content: { mediaType: 'text/plain; charset=utf-8', body: found.note } };
    },
  });
}

const indexText = schema.text(64, {
  description: 'may hold slashes: x001/x234/067, and of a partial tile its width: x001/067.p/12',
});

function readHashTile(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'readAuditLogTile',
    summary: 'Read a tile of hashes',
    description: 'Up to 256 hashes of a level of the tree, 32 bytes each.',
    tags,
    refusals: ['tile_unknown'],
    schema: {
      params: schema.object({
        level: Type.String({
          pattern: '^(0|[1-9]|[1-5][0-9]|6[0-3])$',
          description: 'the level, 0 to 63: 0 has the hashes of leaves',
        }),
        index: indexText,
      }),
      response: { 200: { description: 'The hashes.', mediaType: BYTES, body: schema.bytes() } },
    },
    async handler({ params }) {
      const name = tileOf(`tile/${params.level}/${params.index}`);
      const { level } = name;
      const isThere = level !== 'entries' && (await isWithinLog(edge, name));
      const tile = isThere ? await readTile(edge.database, { ...name, level }) : undefined;
      if (tile === undefined) return noTile();
      const cacheControl = name.width === TILE_WIDTH ? FOR_EVER : FOR_AN_HOUR;
      return { status: 200, content: { mediaType: BYTES, body: tile, cacheControl } };
    },
  });
}

function readEntries(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'readAuditLogEntries',
    summary: 'Read a bundle of leaves',
    description:
      'Up to 256 leaves, each after its length as a big-endian uint16. The reading is itself ' +
      'recorded, so the answer may not be kept by a cache. A bundle with a leaf whose retention ' +
      'has ended is no longer served.',
    tags,
    refusals: ['tile_unknown'],
    schema: {
      params: schema.object({ index: indexText }),
      response: { 200: { description: 'The leaves.', mediaType: BYTES, body: schema.bytes() } },
    },
    async handler(request) {
      const path = `tile/entries/${request.params.index}`;
      const entries = await entriesOf(edge, tileOf(path));
      const refused = entries === undefined ? noTile() : undefined;
      const action = auditActions['audit.records.read'];
      await noteReading(edge, request, { action, target: path, refused });
      if (entries === undefined) return noTile();
      const isZipped = acceptsGzip(request.header('accept-encoding'));
      const body = isZipped ? await zip(entries) : entries;
      const headers = {
        vary: 'accept-encoding',
        ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
      };
      return { status: 200, content: { mediaType: BYTES, body }, headers };
    },
  });
}

/** What no signed checkpoint covers is not the log yet. */
async function isWithinLog({ database }: AuditEdge, name: TileName): Promise<boolean> {
  const checkpoint = await latestCheckpoint(database);
  return checkpoint !== undefined && tileWidth(name, checkpoint.size) >= name.width;
}

async function entriesOf(edge: AuditEdge, name: TileName): Promise<Buffer | undefined> {
  if (!(await isWithinLog(edge, name))) return undefined;
  const archive = archiveOf(edge);
  const readArchived = async (leaf: number): Promise<Buffer | undefined> =>
    (await archive.readLeaves(leaf, 1))[0];
  return await readEntryTile(edge.database, name, readArchived);
}

function tileOf(path: string): TileName {
  const name = parseTilePath(path);
  if (name !== undefined) return name;
  const detail = 'index must be that of a tile, such as x001/x234/067 or 000.p/12.';
  throw new EdgeRefusal('field_invalid', detail, { param: 'index' });
}

function noTile(): Refused {
  const message = 'The log has no such tile, or not yet so wide a one.';
  return refuse({ code: 'tile_unknown', message, param: 'index' });
}

/** Named, and not by a weight of zero (RFC 9110 §12.5.3). */
function acceptsGzip(header: string | undefined): boolean {
  return (header ?? '').split(',').some((each) => {
    const [coding, ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    return coding === 'gzip' && !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter));
  });
}
