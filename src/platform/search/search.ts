// Search in PostgreSQL: a document is a row, found by the beginnings and the parts of its words.

import { createHash } from 'node:crypto';
import { assert } from '#kernel';
import type { Queryable } from '../database/port.ts';
import { deleteDocuments, selectDocumentIds, upsertDocuments } from './document-store.ts';
import type { Search, SearchDocument, SearchFilters, SearchPage, SearchQuestion } from './port.ts';
import { beginningsOf, folded, isPart, wordsOf } from './words.ts';

const INDEX = /^[a-z][a-z0-9_-]{0,62}$/;
const FILTER = /^[a-z][a-z_]{0,62}$/;
const ID_LENGTH_MAX = 255;
const LIMIT_MAX = 1_000;
const FILTER_VALUE_LENGTH_MAX = 255;

class DatabaseSearch implements Search {
  readonly #index: string;

  constructor(index: string) {
    assert(INDEX.test(index), 'an index of documents has a name of small letters and digits');
    this.#index = index;
  }

  async put(queryable: Queryable, documents: readonly SearchDocument[]): Promise<void> {
    if (documents.length === 0) return;
    const rows = documents.map(({ id, tenant, text, filters = {} }) => {
      assert(id.length >= 1 && id.length <= ID_LENGTH_MAX, 'an id has 1 to 255 characters');
      const body = folded(text);
      const terms = [...beginningsOf(body), ...termsOf(filters).flat()];
      return { id, tenant, body, terms };
    });
    const places = new Set(rows.map(({ id, tenant }) => `${tenant ?? ''}/${id}`));
    assert(places.size === rows.length, 'documents are put with each id at most once');
    await upsertDocuments(queryable, this.#index, rows);
  }

  async remove(queryable: Queryable, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await deleteDocuments(queryable, this.#index, ids);
  }

  async find(
    queryable: Queryable,
    { text = '', filters = {}, limit, after }: SearchQuestion,
  ): Promise<SearchPage> {
    assert(limit >= 1 && limit <= LIMIT_MAX, 'a page has 1 to 1,000 documents');
    const words = wordsOf(text);
    const anyOf = termsOf(filters);
    if (anyOf.some((terms) => terms.length === 0)) return { ids: [], after: undefined };
    const found = await selectDocumentIds(queryable, this.#index, {
      anyOf,
      beginnings: words.filter((word) => !isPart(word)),
      parts: words.filter(isPart),
      after: after?.replaceAll('\0', ''),
      limit: limit + 1,
    });
    const ids = found.slice(0, limit);
    return { ids, after: found.length > limit ? ids.at(-1) : undefined };
  }
}

/** No word has such a beginning, so that a filter and a text never meet. */
function termsOf(filters: SearchFilters): string[][] {
  return Object.entries(filters).map(([name, values]) => {
    assert(FILTER.test(name), `a filter has a name of small letters, not "${name}"`);
    const each = typeof values === 'string' ? [values] : values;
    return each.map((value) => `=${name}=${exact(value)}`);
  });
}

/** A value of any length as a part of a term, which has room for two thousand bytes. */
function exact(value: string): string {
  if (value.length <= FILTER_VALUE_LENGTH_MAX) return value.replaceAll('\0', '\u{FFFD}');
  return `sha256:${createHash('sha256').update(value).digest('hex')}`;
}

/** The documents of one index, whether or not it has any yet. */
export function openSearch(index: string): Search {
  return new DatabaseSearch(index);
}
