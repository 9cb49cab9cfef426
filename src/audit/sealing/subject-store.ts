// The SQL of subjects: their wrapped keys, and the record of their erasure.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable } from '#platform';

export const SUBJECT_CHARACTERS_MAX = 255;

export interface SubjectRow {
  readonly id: string;
  readonly wrappedKey: Buffer;
}

export async function selectSubjects(
  queryable: Queryable,
  ids: readonly string[],
): Promise<SubjectRow[]> {
  const rows = await queryable.query<{ id: string; wrapped_key: Buffer }>({
    name: 'audit.select_subjects',
    text: 'select s.id, s.wrapped_key from audit.subjects s where s.id = any($1::text[])',
    values: [ids],
  });
  return rows.map(({ id, wrapped_key: wrappedKey }) => ({ id, wrappedKey }));
}

/** The ids that were inserted; the others were there already. Ids are given in order. */
export async function insertSubjects(
  queryable: Queryable,
  subjects: readonly SubjectRow[],
  createdAt: Instant,
): Promise<ReadonlySet<string>> {
  const rows = await queryable.query<{ id: string }>({
    name: 'audit.insert_subjects',
    text: `insert into audit.subjects (id, wrapped_key, created_at)
      select s.id, s.wrapped_key, $3 from unnest($1::text[], $2::bytea[]) as s (id, wrapped_key)
      on conflict (id) do nothing returning id`,
    values: [
      subjects.map(({ id }) => id),
      subjects.map(({ wrappedKey }) => wrappedKey),
      formatInstant(createdAt),
    ],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Whether there was such a subject. */
export async function deleteSubject(queryable: Queryable, id: string): Promise<boolean> {
  const rows = await queryable.query({
    name: 'audit.delete_subject',
    text: 'delete from audit.subjects where id = $1 returning id',
    values: [id],
  });
  return rows.length > 0;
}

export async function insertErasure(
  queryable: Queryable,
  erasure: { readonly subject: string; readonly erasedAt: Instant; readonly actor: string },
): Promise<void> {
  await queryable.query({
    name: 'audit.insert_erasure',
    text: `insert into audit.erasures (subject_id, erased_at, actor) values ($1, $2, $3)
      on conflict do nothing`,
    values: [erasure.subject, formatInstant(erasure.erasedAt), erasure.actor],
  });
}

/** Those of the subjects that were erased at some time. */
export async function selectErased(
  queryable: Queryable,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await queryable.query<{ subject_id: string }>({
    name: 'audit.select_erased',
    text: `select distinct e.subject_id from audit.erasures e
      where e.subject_id = any($1::text[])`,
    values: [ids],
  });
  return new Set(rows.map(({ subject_id: id }) => id));
}
