// Reads what was sealed, for those who may: the fields, or that they were erased, or that what is
// stored is not what was sealed.

import { Fault } from '#kernel';
import type { Keys, Queryable } from '#platform';
import type { Sealed, Sensitive } from './sealed.ts';
import { contextOf, openFields, subjectKeyOf, type SubjectKey } from './subject-key.ts';
import { selectErased, selectSubjects } from './subject-store.ts';

export type Unsealed = Sensitive['fields'] | 'erased' | 'damaged';

/**
 * One answer for each, in order. A subject that was recorded again after its erasure has another
 * key: what does not open with it is taken for erased.
 */
export async function unseal(
  queryable: Queryable,
  keys: Keys,
  sealed: readonly Sealed[],
): Promise<Unsealed[]> {
  const subjects = [...new Set(sealed.map(({ subject }) => subject))];
  if (subjects.length === 0) return [];
  const opened = new Map<string, SubjectKey>();
  for (const { id, wrappedKey } of await selectSubjects(queryable, subjects)) {
    const key = await unwrap(keys, id, wrappedKey);
    if (key !== undefined) opened.set(id, key);
  }
  const fields = sealed.map((each) => {
    const key = opened.get(each.subject);
    return key === undefined ? undefined : openFields(key, each);
  });
  if (fields.every((each) => each !== undefined)) return fields;
  const erased = await selectErased(queryable, subjects);
  return sealed.map(
    ({ subject }, index) => fields[index] ?? (erased.has(subject) ? 'erased' : 'damaged'),
  );
}

// A wrapped key that somebody altered opens nothing, and neither does another installation's.
async function unwrap(keys: Keys, id: string, wrappedKey: Buffer): Promise<SubjectKey | undefined> {
  try {
    return subjectKeyOf(await keys.unwrap(wrappedKey, contextOf(id)));
  } catch (error) {
    if (error instanceof Fault && error.code === 'key_mismatch') return undefined;
    throw error;
  }
}
