// The shapes of requests and answers about files.

import { Type, type Static } from 'typebox';
import { limits } from '#config';
import { schema } from '#gateway';
import { csvDateForms, csvEncodings, csvFields, type CsvField } from '../../csv/mapping.ts';
import { railNames } from '../../payment.ts';
import { outgoingFileStates } from '../../rails/ach-files/outgoing-file.ts';
import { acceptances, fileRoles } from '../agreement.ts';
import { fileStates } from '../file.ts';
import { unpostedOutcomes } from '../store/entry-store.ts';

const SENDER = '^[a-z0-9][a-z0-9-]{0,39}$';
const FORMAT = '^[a-z0-9][a-z0-9_.]{0,39}$';

const { Optional: optional } = Type;
const count = (description: string) => Type.Integer({ minimum: 0, description });

function byField(description: string) {
  const values = csvFields.map((field) => [field, optional(schema.text(200))] as const);
  const properties = Object.fromEntries(values) as Record<
    CsvField,
    ReturnType<typeof optional<ReturnType<typeof schema.text>>>
  >;
  return schema.object(properties, { description });
}

const mapping = schema.object(
  {
    delimiter: optional(
      schema.choice([',', ';', '\t', '|'] as const, { description: 'a comma unless given' }),
    ),
    quote: optional(schema.choice(['"', "'"] as const, { description: 'a quotation mark' })),
    has_header: optional(Type.Boolean({ description: 'it has one unless it is said not to' })),
    encoding: optional(schema.choice(csvEncodings, { description: 'utf-8 unless given' })),
    columns: byField('by field: the name of its column, or its number from 1 without a header'),
    constants: byField('by field: what it is in all records'),
    decimal_sign: optional(
      schema.choice(['.', ','] as const, { description: 'a point unless given' }),
    ),
    group_sign: optional(schema.choice(['.', ',', ' ', "'"] as const)),
    is_minor_units: optional(
      Type.Boolean({
        description: 'whether amounts are whole numbers of minor units; not unless given',
      }),
    ),
    negative: optional(
      schema.choice(['debit', 'credit'] as const, {
        description: 'what an amount below zero is; the other kind is what one above it is',
      }),
    ),
    date_form: optional(schema.choice(csvDateForms, { description: 'YYYY-MM-DD unless given' })),
  },
  { title: 'CsvMapping' },
);

const terms = {
  sender: Type.String({
    pattern: SENDER,
    description: 'whose files; in the watched folder the name of a folder',
  }),
  format: Type.String({
    pattern: FORMAT,
    description: 'csv, nacha, pain.001 or pain.008',
  }),
  role: schema.choice(fileRoles, {
    description:
      'incoming: a network pays and collects on accounts of ours; outgoing: a customer does',
  }),
  acceptance: schema.choice(acceptances, {
    description: 'whether a file with faults is refused whole, or taken without what is at fault',
  }),
  rail: schema.choice(railNames),
  currency: schema.currencyText(),
  settlement_account_id: optional(
    schema.idText('acc', { description: "of an outgoing one: the customer's account" }),
  ),
  are_debits_allowed: optional(Type.Boolean({ description: 'not unless given' })),
  entry_max: optional(schema.amountText({ description: 'of one entry, minor units' })),
  file_max: optional(
    schema.amountText({ description: 'of all debits or all credits of a file, minor units' }),
  ),
  mapping: optional(mapping),
};

export const agreementBody = schema.object(terms, { title: 'NewFileAgreement' });

export const agreement = schema.object(
  {
    id: schema.idText('fag'),
    ...terms,
    settlement_account_id: schema.orNull(schema.idText('acc')),
    entry_max: schema.orNull(schema.amountText()),
    file_max: schema.orNull(schema.amountText()),
    mapping: schema.orNull(mapping),
    state: schema.choice(['active', 'ended'] as const),
    created_at: schema.instantText(),
    changed_at: schema.instantText(),
  },
  { title: 'FileAgreement' },
);
export type AgreementBody = Static<typeof agreementBody>;

export const agreementParams = schema.object({ id: schema.idText('fag') });
export const fileParams = schema.object({ id: schema.idText('fil') });

const sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: '64 hexadecimal digits' });

export const fileBody = schema.object(
  {
    agreement_id: schema.idText('fag'),
    name: schema.text(255, { description: 'as its sender calls it' }),
    bytes: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    sha256,
  },
  { title: 'NewFile' },
);

const PART_TEXT_MAX = Math.ceil(limits.filePartBytesMax.value / 3) * 4;
/** A part in base64, and what stands around it. */
export const PART_BODY_BYTES_MAX = PART_TEXT_MAX + 1_024;

export const partBody = schema.object(
  {
    offset: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    content: Type.String({
      minLength: 4,
      maxLength: PART_TEXT_MAX,
      pattern: '^[A-Za-z0-9+/]*={0,2}$',
      description: `the bytes from offset on in base64, at most ${limits.filePartBytesMax.value}`,
    }),
  },
  { title: 'FilePart' },
);

export const file = schema.object(
  {
    id: schema.idText('fil'),
    agreement_id: schema.idText('fag'),
    sender: Type.String(),
    format: Type.String(),
    name: Type.String(),
    bytes: count('how large it is'),
    received_bytes: count('how much of it has arrived: the next part begins there'),
    checked_bytes: count('how much of it has been read by the check'),
    sha256,
    state: schema.choice(fileStates),
    reason: schema.orNull(Type.String()),
    message_id: schema.orNull(Type.String()),
    entries: schema.orNull(count('known once it was checked')),
    batches: schema.orNull(count('known once it was checked')),
    debits: schema.orNull(schema.amountOrZeroText()),
    credits: schema.orNull(schema.amountOrZeroText()),
    faults: count('found by the check'),
    posted: count('entries that became payments'),
    returned: count('entries that are sent back'),
    noted: count('entries that move nothing by their nature'),
    left_out: count('entries at fault'),
    posted_debits: schema.amountOrZeroText(),
    posted_credits: schema.amountOrZeroText(),
    created_at: schema.instantText(),
    changed_at: schema.instantText(),
  },
  { title: 'PaymentFile' },
);

export const fault = schema.object(
  {
    number: count('from 0, in the order found'),
    scope: schema.choice(['file', 'batch', 'entry'] as const),
    rule: Type.String({ description: 'the rule that was broken: a stable code' }),
    message: Type.String(),
    record: count('the line of the file, from 1'),
    field: schema.orNull(Type.String()),
    batch: schema.orNull(count('from 0')),
    entry: schema.orNull(count('from 0')),
  },
  { title: 'FileFault' },
);

export const unpostedEntry = schema.object(
  {
    entry: count('from 0'),
    record: count('the line of the file, from 1'),
    outcome: schema.choice(unpostedOutcomes),
    reason: schema.orNull(Type.String()),
    account_id: schema.orNull(schema.idText('acc')),
    payment_id: schema.orNull(schema.idText('pay')),
    trace: schema.orNull(Type.String()),
  },
  { title: 'UnpostedFileEntry' },
);

export const filesQuery = schema.object({
  ...schema.pageQuery,
  state: optional(schema.choice(fileStates)),
  agreement_id: optional(schema.idText('fag')),
});

const routingNumber = (description: string) => Type.String({ pattern: '^[0-9]{9}$', description });
const trace = Type.String({ pattern: '^[0-9]{15}$', description: 'a trace number' });
const date = (description: string) => Type.String({ format: 'date', description });

export const outgoingFile = schema.object(
  {
    id: schema.idText('fil'),
    format: schema.choice(['nacha'] as const),
    state: schema.choice(outgoingFileStates),
    origin: routingNumber('of this bank'),
    destination: routingNumber('of the operator that takes the file'),
    created_on: date('the day in its header'),
    modifier: Type.String({ pattern: '^[A-Z0-9]$', description: 'which file of the day it is' }),
    effective_on: date('when its entries should settle'),
    first_trace: trace,
    last_trace: trace,
    batches: count('in the file'),
    entries: count('in the file: as many payments'),
    debits: schema.amountOrZeroText(),
    credits: schema.amountOrZeroText(),
    bytes: count('how large it is'),
    sha256,
    written_at: schema.instantText(),
    sent_at: schema.orNull(schema.instantText()),
  },
  { title: 'OutgoingFile' },
);

export const outgoingFilesQuery = schema.object({
  ...schema.pageQuery,
  state: optional(schema.choice(outgoingFileStates)),
});
