// The SQL that compares subjects with the leaves that seal something under them.

import type { Instant } from '#kernel';
import type { Queryable } from '#platform';

export interface SealedUnder {
  readonly subject: string;
  /** RFC 3339, of the record. */
  readonly at: string;
}

export interface SubjectSeen {
  readonly hasKey: boolean;
  readonly isErased: boolean;
  /** The key was made at the time of this record. */
  readonly isFirst: boolean;
}

/** What is known of the subjects, in their order. */
export async function subjectsSeen(
  queryable: Queryable,
  sealed: readonly SealedUnder[],
): Promise<SubjectSeen[]> {
  const rows = await queryable.query<[boolean, boolean, boolean]>({
    name: 'audit.verify_subjects_seen',
    text: `select s.id is not null,
        exists (select from audit.erasures e where e.subject_id = seen.subject),
        coalesce(s.created_at = seen.at, false)
      from unnest($1::text[], $2::timestamptz[]) with ordinality as seen (subject, at, place)
      left join audit.subjects s on s.id = seen.subject
      order by seen.place`,
    values: [sealed.map(({ subject }) => subject), sealed.map(({ at }) => at)],
    rowMode: 'array',
  });
  return rows.map(([hasKey, isErased, isFirst]) => ({ hasKey, isErased, isFirst }));
}

export interface StoredSubject {
  readonly id: string;
  readonly wrappedKey: Buffer;
  readonly createdAt: Instant;
}

/** Subjects after an id, in order. */
export async function storedSubjects(
  queryable: Queryable,
  after: string,
  countMax: number,
): Promise<StoredSubject[]> {
  const rows = await queryable.query<[string, Buffer, number]>({
    name: 'audit.verify_subjects',
    text: `select s.id, s.wrapped_key, (extract(epoch from s.created_at) * 1000000)::float8
      from audit.subjects s where s.id > $1 order by s.id limit $2`,
    values: [after, countMax],
    rowMode: 'array',
  });
  return rows.map(([id, wrappedKey, createdAtUs]) => {
    return { id, wrappedKey, createdAt: createdAtUs as Instant };
  });
}
