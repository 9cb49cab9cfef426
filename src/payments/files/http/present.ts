// How files and agreements are shown: their members in the words of the API.

import { formatInstant } from '#kernel';
import type { CsvMapping } from '../../csv/mapping.ts';
import type { Agreement, AgreementTerms } from '../agreement.ts';
import type { FileProgress, PaymentFile } from '../file.ts';
import type { OutgoingFile } from '../../rails/ach-files/outgoing-file.ts';
import type { EntryOutcome, NumberedFault } from '../store/entry-store.ts';
import type { AgreementBody } from './file-schemas.ts';

export function termsOf(body: AgreementBody): AgreementTerms {
  const { entry_max: entryMax, file_max: fileMax, mapping } = body;
  return {
    sender: body.sender,
    format: body.format,
    role: body.role,
    acceptance: body.acceptance,
    rail: body.rail,
    currency: body.currency,
    settlementAccount: body.settlement_account_id,
    areDebitsAllowed: body.are_debits_allowed ?? false,
    entryMax: entryMax === undefined ? undefined : BigInt(entryMax),
    fileMax: fileMax === undefined ? undefined : BigInt(fileMax),
    mapping: mapping === undefined ? undefined : mappingOf(mapping),
  };
}

function mappingOf(given: NonNullable<AgreementBody['mapping']>): CsvMapping {
  const { columns, constants, negative } = given;
  return {
    columns,
    constants,
    negative,
    delimiter: given.delimiter ?? ',',
    quote: given.quote ?? '"',
    encoding: given.encoding ?? 'utf-8',
    hasHeader: given.has_header ?? true,
    decimalSign: given.decimal_sign ?? '.',
    groupSign: given.group_sign,
    isMinorUnits: given.is_minor_units ?? false,
    dateForm: given.date_form ?? 'YYYY-MM-DD',
  };
}

function presentMapping({ hasHeader, ...mapping }: CsvMapping): object {
  const { delimiter, quote, encoding, columns, constants, negative } = mapping;
  return {
    delimiter,
    quote,
    has_header: hasHeader,
    encoding,
    columns,
    constants,
    decimal_sign: mapping.decimalSign,
    group_sign: mapping.groupSign,
    is_minor_units: mapping.isMinorUnits,
    negative,
    date_form: mapping.dateForm,
  };
}

export function presentAgreement(agreement: Agreement): object {
  const { entryMax, fileMax, mapping } = agreement;
  return {
    id: agreement.id,
    sender: agreement.sender,
    format: agreement.format,
    role: agreement.role,
    acceptance: agreement.acceptance,
    rail: agreement.rail,
    currency: agreement.currency,
    settlement_account_id: agreement.settlementAccount ?? null,
    are_debits_allowed: agreement.areDebitsAllowed,
    entry_max: entryMax?.toString() ?? null,
    file_max: fileMax?.toString() ?? null,
    mapping: mapping === undefined ? null : presentMapping(mapping),
    state: agreement.state,
    created_at: formatInstant(agreement.createdAt),
    changed_at: formatInstant(agreement.changedAt),
  };
}

export function presentFile(file: PaymentFile, progress: FileProgress): object {
  const { totals } = file;
  return {
    id: file.id,
    agreement_id: file.agreementId,
    sender: file.sender,
    format: file.format,
    name: file.name,
    bytes: file.bytes,
    received_bytes: file.receivedBytes,
    checked_bytes: file.checkedBytes,
    sha256: file.sha256,
    state: file.state,
    reason: file.reason ?? null,
    message_id: file.messageId ?? null,
    entries: totals?.entries ?? null,
    batches: totals?.batches ?? null,
    debits: totals?.debits.toString() ?? null,
    credits: totals?.credits.toString() ?? null,
    faults: file.faults,
    posted: progress.posted,
    returned: progress.returned,
    noted: progress.noted,
    left_out: progress.leftOut,
    posted_debits: progress.debits.toString(),
    posted_credits: progress.credits.toString(),
    created_at: formatInstant(file.createdAt),
    changed_at: formatInstant(file.changedAt),
  };
}

export function presentFault(fault: NumberedFault): object {
  const { number, scope, rule, message, record, field, batch, entry } = fault;
  return {
    number,
    scope,
    rule,
    message,
    record,
    field: field ?? null,
    batch: batch ?? null,
    entry: entry ?? null,
  };
}

export function presentUnposted(outcome: EntryOutcome): object {
  return {
    entry: outcome.entry,
    record: outcome.record,
    outcome: outcome.outcome,
    reason: outcome.reason ?? null,
    account_id: outcome.accountId ?? null,
    payment_id: outcome.paymentId ?? null,
    trace: outcome.trace ?? null,
  };
}

export function presentOutgoing(file: OutgoingFile): object {
  const { sentAt } = file;
  return {
    id: file.id,
    format: file.format,
    state: file.state,
    origin: file.origin,
    destination: file.destination,
    created_on: file.createdOn,
    modifier: file.modifier,
    effective_on: file.effectiveOn,
    first_trace: file.firstTrace,
    last_trace: file.lastTrace,
    batches: file.batches,
    entries: file.entries,
    debits: file.debits.toString(),
    credits: file.credits.toString(),
    bytes: file.bytes,
    sha256: file.sha256,
    written_at: formatInstant(file.writtenAt),
    sent_at: sentAt === undefined ? null : formatInstant(sentAt),
  };
}
