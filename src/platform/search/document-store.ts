// The SQL of searchable documents. Words become literals of PostgreSQL's own kinds here, quoted, so
// that none of them is ever read as an operator.

import type { Queryable } from '../database/port.ts';

export interface DocumentRow {
  readonly id: string;
  readonly tenant: string | undefined;
  readonly body: string;
  readonly terms: readonly string[];
}

export async function upsertDocuments(
  queryable: Queryable,
  index: string,
  rows: readonly DocumentRow[],
): Promise<void> {
  // In one order, so that two writers wait for each other and never deadlock.
  await queryable.query({
    name: 'search.upsert_documents',
    text: `insert into search.documents as held (index_name, tenant, id, body, terms)
      select $1, coalesce(d.tenant, platform.tenant()), d.id, d.body, d.terms::tsvector
      from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as d (tenant, id, body, terms)
      order by d.id
      on conflict (index_name, tenant, id) do update
      set body = excluded.body, terms = excluded.terms
      where (held.body, held.terms) is distinct from (excluded.body, excluded.terms)`,
    values: [
      index,
      rows.map(({ tenant }) => tenant ?? null),
      rows.map(({ id }) => id),
      rows.map(({ body }) => body),
      rows.map(({ terms }) => terms.map(quoted).join(' ')),
    ],
  });
}

export async function deleteDocuments(
  queryable: Queryable,
  index: string,
  ids: readonly string[],
): Promise<void> {
  await queryable.query({
    name: 'search.delete_documents',
    text: `delete from search.documents d where d.index_name = $1 and d.id = any($2::text[])`,
    values: [index, ids],
  });
}

export interface WantedDocuments {
  /** Each of these lists must have a term that the document has. */
  readonly anyOf: readonly (readonly string[])[];
  /** Must begin a word. */
  readonly beginnings: readonly string[];
  /** Must be somewhere in the text; where that cannot be looked up, must begin a word. */
  readonly parts: readonly string[];
  readonly after: string | undefined;
  readonly limit: number;
}

export async function selectDocumentIds(
  queryable: Queryable,
  index: string,
  { anyOf, beginnings, parts, after, limit }: WantedDocuments,
): Promise<string[]> {
  const choices = anyOf.map((terms) => `(${terms.map(quoted).join(' | ')})`);
  const terms = [...choices, ...beginnings.map(prefixOf)];
  const rows = await queryable.query<{ id: string }>({
    name: 'search.find_documents',
    text: `select f.id from search.find_documents($1, $2, $3::text[], $4, $5, $6) as f (id)`,
    values: [
      index,
      conjunctionOf(terms),
      parts.map((part) => `%${part.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`),
      conjunctionOf([...terms, ...parts.map(prefixOf)]),
      after ?? null,
      limit,
    ],
  });
  return rows.map(({ id }) => id);
}

function conjunctionOf(terms: readonly string[]): string | null {
  return terms.length === 0 ? null : terms.join(' & ');
}

function prefixOf(word: string): string {
  return `${quoted(word)}:*`;
}

function quoted(term: string): string {
  return `'${term.replaceAll(/['\\]/g, '$&$&')}'`;
}
