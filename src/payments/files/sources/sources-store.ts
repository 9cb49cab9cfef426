// The SQL that says what the audit records of files must hold, built from the rows themselves.

import { idOf, uuidOf, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { AgreementId } from '../agreement.ts';
import type { FileId } from '../file.ts';

/** RFC 3339 in UTC with three digits of a second, or six where they say more. */
const instantText = (column: string): string =>
  `regexp_replace(to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    '000Z$', 'Z')`;

export interface FileFacts {
  readonly id: Uuid;
  readonly agreement_id: Uuid;
  readonly source: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly state: string;
  readonly created_at: string;
  readonly changed_at: string;
}

/** Files after an id, in order. */
export async function fileFacts(
  queryable: Queryable,
  after: Uuid,
  countMax: number,
): Promise<FileFacts[]> {
  return await queryable.query<FileFacts>({
    name: 'payments.file_facts',
    text: `select f.id, f.agreement_id, f.source, f.bytes::float8 as bytes,
        encode(f.sha256, 'hex') as sha256, f.state,
        ${instantText('f.created_at')} as created_at, ${instantText('f.changed_at')} as changed_at
      from payments.files f where f.id > $1::uuid order by f.id limit $2`,
    values: [after, countMax],
  });
}

export async function existingFiles(
  queryable: Queryable,
  ids: readonly FileId[],
): Promise<FileId[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'payments.existing_files',
    text: 'select f.id from payments.files f where f.id = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
  return rows.map(({ id }) => idOf('fil', id));
}

export interface ChunkFacts {
  readonly file_id: Uuid;
  readonly first_entry: number;
  readonly entries: number;
  readonly posted: number;
  readonly returned: number;
  readonly noted: number;
  readonly left_out: number;
  readonly debits: string;
  readonly credits: string;
  readonly recorded_at: string;
}

/** Chunks after a place, in order. */
export async function chunkFacts(
  queryable: Queryable,
  after: Pick<ChunkFacts, 'file_id' | 'first_entry'>,
  countMax: number,
): Promise<ChunkFacts[]> {
  return await queryable.query<ChunkFacts>({
    name: 'payments.file_chunk_facts',
    text: `select c.file_id, c.first_entry::float8 as first_entry, c.entries, c.posted,
        c.returned, c.noted, c.left_out, c.debits::text, c.credits::text,
        ${instantText('c.recorded_at')} as recorded_at
      from payments.file_chunks c where (c.file_id, c.first_entry) > ($1::uuid, $2::bigint)
      order by c.file_id, c.first_entry limit $3`,
    values: [after.file_id, after.first_entry, countMax],
  });
}

export interface AgreementFacts {
  readonly id: Uuid;
  readonly sender: string;
  readonly format: string;
  readonly role: string;
  readonly acceptance: string;
  readonly rail: string;
  readonly currency: string;
  readonly settlement_account: Uuid | null;
  readonly are_debits_allowed: boolean;
  readonly entry_max: string | null;
  readonly file_max: string | null;
  readonly state: string;
  readonly changed_at: string;
}

/** Agreements after an id, in order. */
export async function agreementFacts(
  queryable: Queryable,
  after: Uuid,
  countMax: number,
): Promise<AgreementFacts[]> {
  return await queryable.query<AgreementFacts>({
    name: 'payments.file_agreement_facts',
    text: `select a.id, a.sender, a.format, a.role, a.acceptance, a.rail, a.currency,
        a.settlement_account, a.are_debits_allowed, a.entry_max::text, a.file_max::text, a.state,
        ${instantText('a.changed_at')} as changed_at
      from payments.file_agreements a where a.id > $1::uuid order by a.id limit $2`,
    values: [after, countMax],
  });
}

export async function existingAgreements(
  queryable: Queryable,
  ids: readonly AgreementId[],
): Promise<AgreementId[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'payments.existing_file_agreements',
    text: 'select a.id from payments.file_agreements a where a.id = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
  return rows.map(({ id }) => idOf('fag', id));
}

export interface OutgoingFileFacts {
  readonly id: Uuid;
  readonly state: string;
  readonly batches: number;
  readonly credits: string;
  readonly debits: string;
  readonly entries: number;
  readonly first_trace: string;
  readonly last_trace: string;
  readonly modifier: string;
  readonly sha256: string;
  readonly written_at: string;
  readonly changed_at: string;
}

/** Files that were written, after an id, in order. */
export async function outgoingFileFacts(
  queryable: Queryable,
  after: Uuid,
  countMax: number,
): Promise<OutgoingFileFacts[]> {
  return await queryable.query<OutgoingFileFacts>({
    name: 'payments.outgoing_file_facts',
    text: `select o.id, o.state, o.batches, o.credits::text, o.debits::text, o.entries,
        o.first_trace, o.last_trace, o.modifier, encode(o.sha256, 'hex') as sha256,
        ${instantText('o.written_at')} as written_at,
        ${instantText('coalesce(o.sent_at, o.written_at)')} as changed_at
      from payments.outgoing_files o where o.id > $1::uuid order by o.id limit $2`,
    values: [after, countMax],
  });
}

export async function existingOutgoingFiles(
  queryable: Queryable,
  ids: readonly FileId[],
): Promise<FileId[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'payments.existing_outgoing_files',
    text: 'select o.id from payments.outgoing_files o where o.id = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
  return rows.map(({ id }) => idOf('fil', id));
}
