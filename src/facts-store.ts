// What the start banner, the readiness check and the doctor want to know of a database. Reads only.

import type { Queryable } from '#platform';

export interface ServerFacts {
  /** "18.4" */
  readonly version: string;
  readonly versionNumber: number;
  readonly fsync: string;
  readonly synchronousCommit: string;
  readonly fullPageWrites: string;
  readonly dataChecksums: string;
  readonly connectionsMax: number;
  readonly connections: number;
  readonly isStandby: boolean;
}

export async function readServerFacts(queryable: Queryable): Promise<ServerFacts> {
  const [row] = await queryable.query<Record<string, string> & { is_standby: boolean }>({
    text: `select split_part(current_setting('server_version'), ' ', 1) as version,
      current_setting('server_version_num') as version_number,
      current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as synchronous_commit,
      current_setting('full_page_writes') as full_page_writes,
      current_setting('data_checksums') as data_checksums,
      current_setting('max_connections') as connections_max,
      (select count(*)::text from pg_stat_activity where backend_type = 'client backend')
        as connections,
      pg_is_in_recovery() as is_standby`,
  });
  return {
    version: row?.['version'] ?? 'unknown',
    versionNumber: Number(row?.['version_number'] ?? 0),
    fsync: row?.['fsync'] ?? 'unknown',
    synchronousCommit: row?.['synchronous_commit'] ?? 'unknown',
    fullPageWrites: row?.['full_page_writes'] ?? 'unknown',
    dataChecksums: row?.['data_checksums'] ?? 'unknown',
    connectionsMax: Number(row?.['connections_max'] ?? 0),
    connections: Number(row?.['connections'] ?? 0),
    isStandby: row?.is_standby ?? false,
  };
}

export interface LedgerSize {
  readonly accounts: number;
  readonly transfers: number;
  /** The number of transfers is PostgreSQL's estimate. */
  readonly isEstimated: boolean;
}

// Counting takes a second for some millions of rows, which no start should wait for.
const COUNTED_MAX = 1_000_000;

export async function readLedgerSize(queryable: Queryable): Promise<LedgerSize> {
  const [row] = await queryable.query<{ accounts: bigint; estimate: bigint }>({
    text: `select (select count(*) from ledger.accounts) as accounts,
      (select reltuples::bigint from pg_class where oid = 'ledger.transfers'::regclass)
        as estimate`,
  });
  const accounts = Number(row?.accounts ?? 0);
  const estimate = Number(row?.estimate ?? 0);
  if (estimate > COUNTED_MAX) return { accounts, transfers: estimate, isEstimated: true };
  const [counted] = await queryable.query<{ transfers: bigint }>({
    text: 'select count(*) as transfers from ledger.transfers',
  });
  return { accounts, transfers: Number(counted?.transfers ?? 0), isEstimated: false };
}

/** Answers if the database does. */
export async function reachDatabase(queryable: Queryable): Promise<void> {
  await queryable.query({ name: 'facts.reach', text: 'select 1' });
}

/** The migrations a database has had, latest last; undefined for one that Florin never used. */
export async function readMigrations(
  queryable: Queryable,
): Promise<{ readonly number: number; readonly name: string }[] | undefined> {
  const [row] = await queryable.query<{ is_present: boolean }>({
    text: `select to_regclass('platform.migrations') is not null as is_present`,
  });
  if (row?.is_present !== true) return undefined;
  return await queryable.query<{ number: number; name: string }>({
    text: 'select number, name from platform.migrations order by number',
  });
}

/** The database's clock, in milliseconds since 1970. */
export async function readClockMs(queryable: Queryable): Promise<number> {
  const [row] = await queryable.query<{ ms: number }>({
    text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  });
  return row?.ms ?? 0;
}
