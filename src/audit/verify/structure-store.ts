// The SQL about the log as a whole: the snapshot that everything is read in, and rows that have no
// business being where they are.

import type { Uuid } from '#kernel';
import type { Queryable, Session } from '#platform';

/** Whether there is an audit log at all. */
export async function isLogPresent(queryable: Queryable): Promise<boolean> {
  const [row] = await queryable.query<{ is_present: boolean }>({
    text: `select to_regclass('audit.places') is not null as is_present`,
  });
  return row?.is_present === true;
}

const BEGIN = 'begin isolation level repeatable read read only';

/** Begins a transaction that sees one moment of the log; answers it as PostgreSQL writes it. */
export async function beginSnapshot(session: Session): Promise<string> {
  await session.query({ text: BEGIN });
  await tune(session);
  const [row] = await session.query<{ at: string }>({ text: 'select now()::text as at' });
  return row?.at ?? '';
}

/** Begins a transaction that sees the moment that another one sees. */
export async function beginSame(session: Session, other: Session): Promise<void> {
  const [row] = await other.query<{ name: string }>({
    text: 'select pg_export_snapshot() as name',
  });
  await session.query({ text: BEGIN });
  const name = (row?.name ?? '').replaceAll("'", '');
  await session.query({ text: `set transaction snapshot '${name}'` });
  await tune(session);
}

// What a session was given before must neither stop a long check nor change how values are written.
async function tune(session: Session): Promise<void> {
  await session.query({
    text: `select set_config(name, setting, true)
      from (values ('work_mem', '64MB'), ('jit', 'off'), ('max_parallel_workers_per_gather', '0'),
        ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
        ('timezone', 'UTC'), ('search_path', '')) as s (name, setting)`,
  });
}

export interface InboxRow {
  readonly number: bigint;
  readonly bundle_id: Uuid;
  readonly has_bundle: boolean;
  readonly has_place: boolean;
}

/** Rows of the inbox for which nothing waits. */
export async function idleInbox(queryable: Queryable): Promise<InboxRow[]> {
  return await queryable.query<InboxRow>({
    text: `
      select * from (
        select i.number, i.bundle_id,
          exists (select from audit.bundles b where b.id = i.bundle_id) as has_bundle,
          exists (select from audit.places p where p.bundle_id = i.bundle_id) as has_place
        from audit.inbox i
      ) as r
      where not r.has_bundle or r.has_place order by r.number`,
  });
}

export async function duplicatePlaces(
  queryable: Queryable,
): Promise<{ readonly bundle_id: Uuid; readonly first_leaves: string }[]> {
  return await queryable.query({
    text: `select p.bundle_id, string_agg(p.first_leaf::text, ', ' order by p.first_leaf)
        as first_leaves
      from audit.places p group by p.bundle_id having count(*) > 1 order by p.bundle_id`,
  });
}

/** How many leaves have a place: what a walk over the log has before it. */
export async function leafCount(queryable: Queryable): Promise<number> {
  const [row] = await queryable.query<{ size: number | null }>({
    text: 'select max(p.first_leaf + p.leaf_count)::float8 as size from audit.places p',
  });
  return row?.size ?? 0;
}

/** How many anchors and archive objects there must be. */
export async function countOutside(
  queryable: Queryable,
): Promise<{ readonly anchors: number; readonly archives: number }> {
  const [row] = await queryable.query<{ anchors: number; archives: number }>({
    text: `select (select count(*) from audit.anchors)::float8 as anchors,
      (select count(*) from audit.archives)::float8 as archives`,
  });
  return row ?? { anchors: 0, archives: 0 };
}
