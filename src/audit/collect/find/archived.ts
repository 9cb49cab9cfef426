// Owns reading back what a collection keeps besides its events: its input, byte for byte as it
// came, and what of it could not be read.

import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { accept, Fault, refuse, uuidOf, type Result } from '#kernel';
import type { Objects, Queryable } from '#platform';
import type { AuditRefusal } from '../../refusals.ts';
import { selectCollection, selectSegmentObjects } from '../collect-store.ts';
import type { CollectionId } from '../event.ts';

const SEGMENTS_AT_ONCE = 200;
/** Twice what one can be. */
const OBJECT_BYTES_MAX = 268_435_456;

const decompress = promisify(zstdDecompress);

type Pieces = AsyncIterable<Buffer>;

/** The input; of a collection that has no end yet, as far as it came. */
export async function readCollectedInput(
  queryable: Queryable,
  objects: Objects,
  id: CollectionId,
): Promise<Result<Pieces, AuditRefusal<'collection_unknown' | 'collection_without_archive'>>> {
  const collection = await selectCollection(queryable, uuidOf(id));
  if (collection === undefined) return unknown(id);
  if (!collection.is_archived) {
    const message = `The input of ${id} was not archived.`;
    return refuse({ code: 'collection_without_archive', message });
  }
  return accept(piecesOf(queryable, objects, { id, kind: 'input_key' }));
}

/**
 * JSON lines: the item's number, its offset in the content, the reason, and its text or its head.
 */
export async function readCollectedRejects(
  queryable: Queryable,
  objects: Objects,
  id: CollectionId,
): Promise<Result<Pieces, AuditRefusal<'collection_unknown'>>> {
  const collection = await selectCollection(queryable, uuidOf(id));
  if (collection === undefined) return unknown(id);
  return accept(piecesOf(queryable, objects, { id, kind: 'rejects_key' }));
}

async function* piecesOf(
  queryable: Queryable,
  objects: Objects,
  { id, kind }: { readonly id: CollectionId; readonly kind: 'input_key' | 'rejects_key' },
): AsyncGenerator<Buffer> {
  let after = 0;
  for (;;) {
    const page = { collectionId: uuidOf(id), after, limit: SEGMENTS_AT_ONCE };
    const segments = await selectSegmentObjects(queryable, page);
    for (const segment of segments) {
      const key = segment[kind];
      if (key === null) continue;
      const compressed = await objects.get(key);
      if (compressed === undefined) {
        const message = `An object of ${id} is gone: there is no "${key}".`;
        throw new Fault('object_unknown', { retryable: false, message });
      }
      yield await decompress(compressed, { maxOutputLength: OBJECT_BYTES_MAX });
    }
    const last = segments.at(-1);
    if (last === undefined || segments.length < SEGMENTS_AT_ONCE) return;
    after = last.number;
  }
}

function unknown(id: CollectionId): Result<never, AuditRefusal<'collection_unknown'>> {
  return refuse({ code: 'collection_unknown', message: `There is no collection ${id}.` });
}
