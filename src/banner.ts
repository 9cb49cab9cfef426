// What is printed when the bank is up: what runs where, how durable it is, and where to go from
// here. Pure text of facts; the only secret among them is the first administrator's code, which
// works once.

import type { LedgerSize, ServerFacts } from './facts-store.ts';

export interface BannerFacts {
  readonly version: string;
  readonly nodeVersion: string;
  readonly processId: number;
  readonly url: string;
  readonly server: ServerFacts;
  /** Of the embedded database. */
  readonly dataFolder: string | undefined;
  readonly isShared: boolean;
  /** Without its password. */
  readonly databaseUrl: string;
  readonly schemaVersion: number;
  readonly size: LedgerSize;
  /** The ledger was new, and the sample bank was put into it. */
  readonly isSampleLoaded: boolean;
  /** While there is no administrator: the page, and the code that works once. */
  readonly invitation: { readonly page: string; readonly code: string } | undefined;
  readonly startedInMs: number;
}

export function bannerOf(facts: BannerFacts): string {
  const { server, size, url } = facts;
  const seconds = Math.round(facts.startedInMs / 100) / 10;
  const rows: readonly (readonly [string, string])[] = [
    ['HTTP', url],
    ['Token', 'npm run -s florin -- token prints one for the API, good for 15 minutes'],
    ...invitationRows(facts),
    ['API', `${url}/docs to read and try, ${url}/openapi.json`],
    ['Health', `${url}/healthz, ${url}/readyz, ${url}/metrics`],
    ['Database', databaseOf(facts)],
    ...dataRows(facts),
    ['Connect', `psql "${facts.databaseUrl}"`],
    ['Durability', durabilityOf(server)],
    ['Ledger', `${ledgerOf(size)}, schema version ${facts.schemaVersion}`],
    ...sampleRows(facts),
  ];
  const lines = rows.map(([label, text]) => `  ${label.padEnd(12)}${text}`);
  const { version, nodeVersion, processId } = facts;
  return [
    '',
    `Florin ${version} is up after ${seconds} s (process ${processId}, Node ${nodeVersion}).`,
    '',
    ...lines,
    '',
    '  Ctrl-C stops everything.',
    '',
    '',
  ].join('\n');
}

function invitationRows({ invitation }: BannerFacts): (readonly [string, string])[] {
  if (invitation === undefined) return [];
  return [
    ['Invitation', `first administrator: ${invitation.page} with the code ${invitation.code}`],
  ];
}

function databaseOf({ server, dataFolder, isShared }: BannerFacts): string {
  if (dataFolder === undefined) return `PostgreSQL ${server.version}, from FLORIN_DATABASE_URL`;
  const shared = isShared ? ', shared with another Florin process' : '';
  return `PostgreSQL ${server.version}, embedded${shared}`;
}

function dataRows({ dataFolder }: BannerFacts): (readonly [string, string])[] {
  return dataFolder === undefined ? [] : [['Data', `${dataFolder}  (kept between starts)`]];
}

function durabilityOf(server: ServerFacts): string {
  const settings = [
    `fsync ${server.fsync}`,
    `synchronous_commit ${server.synchronousCommit}`,
    `full_page_writes ${server.fullPageWrites}`,
    `data_checksums ${server.dataChecksums}`,
  ];
  return settings.join(', ');
}

function ledgerOf({ accounts, transfers, isEstimated }: LedgerSize): string {
  const about = isEstimated ? 'about ' : '';
  return `${grouped(accounts)} accounts, ${about}${grouped(transfers)} transfers`;
}

function sampleRows({ isSampleLoaded }: BannerFacts): (readonly [string, string])[] {
  if (!isSampleLoaded) return [];
  return [
    ['Sample', 'the ledger was new: an invented bank was put into it (FLORIN_SAMPLE=off does not)'],
    ['', 'a real one: npm run florin -- import berka DIR'],
  ];
}

function grouped(count: number): string {
  return count.toLocaleString('en-GB');
}
