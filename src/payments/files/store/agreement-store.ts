// Owns the SQL of agreements about files. A row is parsed here and nowhere else.

import { formatInstant, idOf, uuidOf, type Currency, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { CsvMapping } from '../../csv/mapping.ts';
import type { RailName } from '../../payment.ts';
import type { Acceptance, Agreement, AgreementId, FileRole } from '../agreement.ts';

interface AgreementRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly sender: string;
  readonly format: string;
  readonly role: FileRole;
  readonly acceptance: Acceptance;
  readonly rail: RailName;
  readonly settlement_account: Uuid | null;
  readonly currency: Currency;
  readonly are_debits_allowed: boolean;
  readonly entry_max: bigint | null;
  readonly file_max: bigint | null;
  readonly mapping: CsvMapping | null;
  readonly state: 'active' | 'ended';
  readonly revision: number;
  readonly created_at_us: bigint;
  readonly changed_at_us: bigint;
}

const columns = `a.id, a.tenant, a.sender, a.format, a.role, a.acceptance, a.rail,
  a.settlement_account, a.currency, a.are_debits_allowed, a.entry_max, a.file_max, a.mapping,
  a.state, a.revision, (extract(epoch from a.created_at) * 1000000)::bigint as created_at_us,
  (extract(epoch from a.changed_at) * 1000000)::bigint as changed_at_us`;

function agreementOf(row: AgreementRow): Agreement {
  return {
    id: idOf('fag', row.id),
    tenant: row.tenant,
    sender: row.sender,
    format: row.format,
    role: row.role,
    acceptance: row.acceptance,
    rail: row.rail,
    settlementAccount:
      row.settlement_account === null ? undefined : idOf('acc', row.settlement_account),
    currency: row.currency,
    areDebitsAllowed: row.are_debits_allowed,
    entryMax: row.entry_max ?? undefined,
    fileMax: row.file_max ?? undefined,
    mapping: row.mapping ?? undefined,
    state: row.state,
    revision: row.revision,
    createdAt: Number(row.created_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
  };
}

/** False where the sender has one in force for the format. */
export async function insertAgreement(tx: Transaction, agreement: Agreement): Promise<boolean> {
  const { settlementAccount, mapping } = agreement;
  const rows = await tx.query({
    text: `insert into payments.file_agreements (id, tenant, sender, format, role, acceptance,
        rail, settlement_account, currency, are_debits_allowed, entry_max, file_max, mapping,
        state, revision, created_at, changed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::jsonb, 'active', 1, $14, $14)
      on conflict do nothing returning id`,
    values: [
      uuidOf(agreement.id),
      agreement.tenant,
      agreement.sender,
      agreement.format,
      agreement.role,
      agreement.acceptance,
      agreement.rail,
      settlementAccount === undefined ? null : uuidOf(settlementAccount),
      agreement.currency,
      agreement.areDebitsAllowed,
      agreement.entryMax ?? null,
      agreement.fileMax ?? null,
      mapping === undefined ? null : JSON.stringify(mapping),
      formatInstant(agreement.createdAt),
    ],
  });
  return rows.length === 1;
}

/** Whether nobody has changed it meanwhile. */
export async function updateAgreement(tx: Transaction, agreement: Agreement): Promise<boolean> {
  const rows = await tx.query({
    text: `update payments.file_agreements a set state = $3, revision = $4, changed_at = $5
      where a.id = $1 and a.revision = $2 returning a.id`,
    values: [
      uuidOf(agreement.id),
      agreement.revision - 1,
      agreement.state,
      agreement.revision,
      formatInstant(agreement.changedAt),
    ],
  });
  return rows.length === 1;
}

export async function lockAgreement(
  tx: Transaction,
  id: AgreementId,
): Promise<Agreement | undefined> {
  const [row] = await tx.query<AgreementRow>({
    text: `select ${columns} from payments.file_agreements a where a.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row === undefined ? undefined : agreementOf(row);
}

export async function findAgreement(
  queryable: Queryable,
  id: AgreementId,
): Promise<Agreement | undefined> {
  const [row] = await queryable.query<AgreementRow>({
    name: 'payments.find_file_agreement',
    text: `select ${columns} from payments.file_agreements a where a.id = $1`,
    values: [uuidOf(id)],
  });
  return row === undefined ? undefined : agreementOf(row);
}

/** Those in force with a sender, by format. */
export async function agreementsWith(queryable: Queryable, sender: string): Promise<Agreement[]> {
  const rows = await queryable.query<AgreementRow>({
    text: `select ${columns} from payments.file_agreements a
      where a.sender = $1 and a.state = 'active' order by a.format, a.tenant limit 100`,
    values: [sender],
  });
  return rows.map(agreementOf);
}

/** Newest first. */
export async function selectAgreements(
  queryable: Queryable,
  page: { readonly before: AgreementId | undefined; readonly limit: number },
): Promise<Agreement[]> {
  const rows = await queryable.query<AgreementRow>({
    text: `select ${columns} from payments.file_agreements a
      where $1::uuid is null or a.id < $1 order by a.id desc limit $2`,
    values: [page.before === undefined ? null : uuidOf(page.before), page.limit],
  });
  return rows.map(agreementOf);
}
