// The SQL that removes what erased rows have left on disk: in the table's own file, and in the
// server's write-ahead log.

import { assert } from '#kernel';
import type { Queryable } from '#platform';

/**
 * Writes the table of subjects anew. Not by vacuum, which carries over rows that any open
 * transaction might still see: an altered column's table is written from its living rows alone.
 * Nothing can be sealed meanwhile, for about a second per million subjects.
 */
export async function rewriteSubjects(owner: Queryable, lockTimeoutMs: number): Promise<void> {
  await owner.query({
    text: `select pg_catalog.set_config('lock_timeout', $1, false)`,
    values: [`${lockTimeoutMs}ms`],
  });
  await owner.query({
    text: `alter table audit.subjects alter column wrapped_key type bytea
      using pg_catalog.byteacat(wrapped_key, ''::bytea)`,
  });
}

/** Whether the role may ask for checkpoints and see and switch segments of the log. */
export async function mayRewriteLog(owner: Queryable): Promise<boolean> {
  const [row] = await owner.query<{ is_allowed: boolean }>({
    text: `select pg_catalog.pg_has_role(current_user, 'pg_checkpoint', 'usage')
      and pg_catalog.has_function_privilege('pg_catalog.pg_switch_wal()', 'execute')
      and pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'execute')
      as is_allowed`,
  });
  return row?.is_allowed === true;
}

/** The segment that is being written. Names grow with time. */
export async function currentSegment(owner: Queryable): Promise<string> {
  const [row] = await owner.query<{ name: string }>({
    text: 'select pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()) as name',
  });
  assert(row !== undefined, 'select without from gives one row');
  return row.name;
}

/** The segments on disk: those kept, the current one, and old ones renamed for use to come. */
export async function selectSegments(owner: Queryable): Promise<string[]> {
  const rows = await owner.query<{ name: string }>({
    text: `select f.name from pg_catalog.pg_ls_waldir() f
      where f.name ~ '^[0-9A-F]{24}$' order by f.name`,
  });
  return rows.map(({ name }) => name);
}

/** Fills the rest of the current segment with zeros and goes on to the next. */
export async function fillSegment(owner: Queryable): Promise<void> {
  // Without a record in between, the server would not go on.
  await owner.query({
    text: `select pg_catalog.pg_logical_emit_message(false, 'florin', 'scrub')`,
  });
  await owner.query({ text: 'select pg_catalog.pg_switch_wal()' });
}

/** Makes the server do without what it logged before. */
export async function checkpoint(owner: Queryable): Promise<void> {
  await owner.query({ text: 'checkpoint' });
}
