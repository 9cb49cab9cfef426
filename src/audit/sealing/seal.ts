// Seals what is known of a person: the record holds a ciphertext under the person's own key and a
// commitment with the person's own salt. Once key and salt are destroyed neither says anything, and
// the leaf, and so every proof, stays as it was.

import { assert, Fault } from '#kernel';
import type { Transaction } from '#platform';
import type { Sealed, Sensitive } from './sealed.ts';
import { contextOf, newSecret, sealFields, subjectKeyOf, type SubjectKey } from './subject-key.ts';
import { insertSubjects, selectSubjects, SUBJECT_CHARACTERS_MAX } from './subject-store.ts';

/** An erasure may remove a subject between being found and being read; twice is bad luck. */
const ATTEMPTS_MAX = 8;

/** Seals the sensitive fields of the records, by the index of the record. */
export async function seal(
  tx: Transaction,
  records: readonly { readonly sensitive?: readonly Sensitive[] | undefined }[],
): Promise<ReadonlyMap<number, readonly Sealed[]>> {
  const sealed = new Map<number, readonly Sealed[]>();
  const subjects = new Set<string>();
  for (const { sensitive = [] } of records) {
    for (const { subject } of sensitive) subjects.add(subject);
  }
  if (subjects.size === 0) return sealed;
  // In one order, so that two batches with the same new subjects wait and do not deadlock.
  const keys = await keysOf(tx, [...subjects].toSorted());
  for (const [index, { sensitive = [] }] of records.entries()) {
    if (sensitive.length === 0) continue;
    sealed.set(
      index,
      sensitive.map((each) => {
        const key = keys.get(each.subject);
        assert(key !== undefined, 'every subject of the batch has a key');
        return sealFields(key, each);
      }),
    );
  }
  return sealed;
}

// Keys are read for each batch and kept by nobody: what was erased is erased in every process.
async function keysOf(
  tx: Transaction,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SubjectKey>> {
  const keys = new Map<string, SubjectKey>();
  for (let attempts = 1; attempts <= ATTEMPTS_MAX; attempts += 1) {
    const wanted = ids.filter((id) => !keys.has(id));
    for (const { id, wrappedKey } of await selectSubjects(tx, wanted)) {
      keys.set(id, subjectKeyOf(await tx.keys.unwrap(wrappedKey, contextOf(id))));
    }
    const unknown = wanted.filter((id) => !keys.has(id));
    if (unknown.length === 0) return keys;
    await makeKeys(tx, unknown, keys);
    if (keys.size === ids.length) return keys;
  }
  throw new Fault('subject_contended', {
    retryable: true,
    message: 'A subject of the audit log was made and erased again and again meanwhile.',
  });
}

// Where another transaction has made a subject first, its key counts: it is read on the next round.
async function makeKeys(
  tx: Transaction,
  ids: readonly string[],
  keys: Map<string, SubjectKey>,
): Promise<void> {
  const made = await Promise.all(
    ids.map(async (id) => {
      assert(id !== '' && id.length <= SUBJECT_CHARACTERS_MAX, 'a subject has an id of its own');
      const secret = newSecret();
      const wrappedKey = await tx.keys.wrap(secret, contextOf(id));
      return { id, key: subjectKeyOf(secret), wrappedKey };
    }),
  );
  const inserted = await insertSubjects(tx, made, tx.now);
  for (const { id, key } of made) {
    if (inserted.has(id)) keys.set(id, key);
  }
}
