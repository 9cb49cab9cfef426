// The SQL of documents that are filed: they are added, and read byte for byte.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { CaseId } from '../case.ts';
import type { Report, ReportId } from './document.ts';

interface ReportRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly case_id: Uuid;
  readonly version: number;
  readonly made_by: string;
  readonly made_at_us: bigint;
  readonly sha256: Buffer;
  readonly bytes: number;
}

const columns = `r.id, r.tenant, r.case_id, r.version, r.made_by, r.sha256,
  length(r.document) as bytes,
  (extract(epoch from r.made_at) * 1000000)::bigint as made_at_us`;

function reportOf(row: ReportRow): Report {
  return {
    id: idOf('sar', row.id),
    tenant: row.tenant,
    caseId: idOf('cse', row.case_id),
    version: row.version,
    madeBy: row.made_by,
    madeAt: Number(row.made_at_us) as Instant,
    sha256: row.sha256,
    bytes: row.bytes,
  };
}

export async function insertReport(
  tx: Transaction,
  report: Report,
  document: Buffer,
): Promise<void> {
  await tx.query({
    text: `insert into fraud.case_reports (id, case_id, version, made_by, made_at, document,
        sha256)
      values ($1, $2, $3, $4, $5::timestamptz, $6, $7)`,
    values: [
      uuidOf(report.id),
      uuidOf(report.caseId),
      report.version,
      report.madeBy,
      formatInstant(report.madeAt),
      document,
      report.sha256,
    ],
  });
}

/** In the order of their versions. */
export async function reportsOfCase(queryable: Queryable, caseId: CaseId): Promise<Report[]> {
  const rows = await queryable.query<ReportRow>({
    text: `select ${columns} from fraud.case_reports r where r.case_id = $1 order by r.version`,
    values: [uuidOf(caseId)],
  });
  return rows.map(reportOf);
}

export interface StoredDocument extends Report {
  readonly document: Buffer;
}

export async function findDocument(
  queryable: Queryable,
  id: ReportId,
): Promise<StoredDocument | undefined> {
  const [row] = await queryable.query<ReportRow & { readonly document: Buffer }>({
    text: `select ${columns}, r.document from fraud.case_reports r where r.id = $1`,
    values: [uuidOf(id)],
  });
  return row && { ...reportOf(row), document: row.document };
}

/** By id, for whoever walks over all of them. */
export async function reportsAfter(
  queryable: Queryable,
  after: ReportId | undefined,
  countMax: number,
): Promise<Report[]> {
  const rows = await queryable.query<ReportRow>({
    text: `select ${columns} from fraud.case_reports r
      where $1::uuid is null or r.id > $1 order by r.id limit $2`,
    values: [after === undefined ? null : uuidOf(after), countMax],
  });
  return rows.map(reportOf);
}

export async function existingReports(
  queryable: Queryable,
  ids: readonly ReportId[],
): Promise<ReportId[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    text: 'select r.id from fraud.case_reports r where r.id = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
  return rows.map(({ id }) => idOf('sar', id));
}

/** Those whose bytes are not what their digest is over. */
export async function damagedReports(
  queryable: Queryable,
  countMax: number,
): Promise<{ readonly id: ReportId; readonly expected: string; readonly found: string }[]> {
  interface Row {
    readonly id: Uuid;
    readonly expected: string;
    readonly found: string;
  }
  const rows = await queryable.query<Row>({
    text: `select r.id, encode(r.sha256, 'hex') as expected,
        encode(sha256(r.document), 'hex') as found
      from fraud.case_reports r where sha256(r.document) <> r.sha256 order by r.id limit $1`,
    values: [countMax],
  });
  return rows.map(({ id, expected, found }) => ({ id: idOf('sar', id), expected, found }));
}
