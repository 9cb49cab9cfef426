// TABLE  the records of a NACHA file: each field's name, first and last position (from 1) and kind,
// as the Record Format Specifications of the NACHA Operating Rules (Appendix Three) give them.

/** Digits are right-justified and zero-filled, text is left-justified and blank-filled. */
export type FieldKind = 'digits' | 'text' | 'date' | 'time' | 'reserved' | 'constant';

/** What the standard calls mandatory is `must`; what may be blank is `may`. */
export type Need = 'must' | 'may';

export interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly kind: FieldKind;
  readonly need: Need;
  readonly constant: string;
}

export interface Layout<Name extends string = string> {
  /** As a person calls the record. */
  readonly title: string;
  readonly fields: Readonly<Record<Name, Field>>;
  readonly list: readonly Field[];
}

/** The last is a need, or what a constant is. */
type Row = readonly [from: number, to: number, kind: FieldKind, extra?: string];

function layout<const Rows extends Readonly<Record<string, Row>>>(
  title: string,
  rows: Rows,
): Layout<keyof Rows & string> {
  const list = Object.entries(rows).map(([name, [from, to, kind, extra]]): Field => ({
    name,
    from,
    to,
    kind,
    need: extra === 'must' ? 'must' : 'may',
    constant: kind === 'constant' ? (extra ?? '') : '',
  }));
  // The table's own keys become the names of its fields.
  const fields = Object.fromEntries(list.map((field) => [field.name, field])) as Record<
    keyof Rows & string,
    Field
  >;
  return { title, fields, list };
}

export const fileHeader = layout('file header', {
  recordType: [1, 1, 'constant', '1'],
  priorityCode: [2, 3, 'constant', '01'],
  immediateDestination: [4, 13, 'text', 'must'],
  immediateOrigin: [14, 23, 'text', 'must'],
  fileCreationDate: [24, 29, 'date', 'must'],
  fileCreationTime: [30, 33, 'time', 'may'],
  fileIdModifier: [34, 34, 'text', 'must'],
  recordSize: [35, 37, 'constant', '094'],
  blockingFactor: [38, 39, 'constant', '10'],
  formatCode: [40, 40, 'constant', '1'],
  immediateDestinationName: [41, 63, 'text', 'may'],
  immediateOriginName: [64, 86, 'text', 'may'],
  referenceCode: [87, 94, 'text', 'may'],
});

/** An effective date that is no day is as good as none: the operator then takes the next day. */
export const batchHeader = layout('batch header', {
  recordType: [1, 1, 'constant', '5'],
  serviceClassCode: [2, 4, 'digits', 'must'],
  companyName: [5, 20, 'text', 'must'],
  companyDiscretionaryData: [21, 40, 'text', 'may'],
  companyIdentification: [41, 50, 'text', 'must'],
  standardEntryClassCode: [51, 53, 'text', 'must'],
  companyEntryDescription: [54, 63, 'text', 'must'],
  companyDescriptiveDate: [64, 69, 'text', 'may'],
  effectiveEntryDate: [70, 75, 'text', 'may'],
  settlementDate: [76, 78, 'text', 'may'],
  originatorStatusCode: [79, 79, 'digits', 'must'],
  originatingDfi: [80, 87, 'digits', 'must'],
  batchNumber: [88, 94, 'digits', 'must'],
});

export const iatBatchHeader = layout('IAT batch header', {
  recordType: [1, 1, 'constant', '5'],
  serviceClassCode: [2, 4, 'digits', 'must'],
  iatIndicator: [5, 20, 'text', 'may'],
  foreignExchangeIndicator: [21, 22, 'text', 'must'],
  foreignExchangeReferenceIndicator: [23, 23, 'digits', 'must'],
  foreignExchangeReference: [24, 38, 'text', 'may'],
  isoDestinationCountryCode: [39, 40, 'text', 'must'],
  companyIdentification: [41, 50, 'text', 'must'],
  standardEntryClassCode: [51, 53, 'text', 'must'],
  companyEntryDescription: [54, 63, 'text', 'must'],
  isoOriginatingCurrencyCode: [64, 66, 'text', 'must'],
  isoDestinationCurrencyCode: [67, 69, 'text', 'must'],
  effectiveEntryDate: [70, 75, 'text', 'may'],
  settlementDate: [76, 78, 'text', 'may'],
  originatorStatusCode: [79, 79, 'digits', 'must'],
  originatingDfi: [80, 87, 'digits', 'must'],
  batchNumber: [88, 94, 'digits', 'must'],
});

const entryHead = {
  recordType: [1, 1, 'constant', '6'],
  transactionCode: [2, 3, 'digits', 'must'],
  receivingDfi: [4, 11, 'digits', 'must'],
  checkDigit: [12, 12, 'digits', 'must'],
} as const;

const entryTail = {
  discretionaryData: [77, 78, 'text', 'may'],
  addendaRecordIndicator: [79, 79, 'digits', 'must'],
  traceNumber: [80, 94, 'digits', 'must'],
} as const;

const entryMoney = {
  ...entryHead,
  dfiAccountNumber: [13, 29, 'text', 'must'],
  amount: [30, 39, 'digits', 'must'],
} as const;

export const entryDetail = layout('entry detail', {
  ...entryMoney,
  individualIdentification: [40, 54, 'text', 'may'],
  individualName: [55, 76, 'text', 'may'],
  ...entryTail,
});

/** CIE turns the name and the identification round, as MTE does with other widths. */
export const cieEntryDetail = layout('entry detail', {
  ...entryMoney,
  individualName: [40, 54, 'text', 'may'],
  individualIdentification: [55, 76, 'text', 'may'],
  ...entryTail,
});

export const mteEntryDetail = layout('entry detail', {
  ...entryMoney,
  individualName: [40, 61, 'text', 'may'],
  individualIdentification: [62, 76, 'text', 'may'],
  ...entryTail,
});

/** Of ATX, CTX and TRX. */
export const corporateEntryDetail = layout('corporate entry detail', {
  ...entryMoney,
  individualIdentification: [40, 54, 'text', 'may'],
  numberOfAddenda: [55, 58, 'digits', 'must'],
  individualName: [59, 74, 'text', 'may'],
  reserved: [75, 76, 'reserved'],
  ...entryTail,
});

export const popEntryDetail = layout('entry detail', {
  ...entryMoney,
  individualIdentification: [40, 48, 'text', 'may'],
  terminalCity: [49, 52, 'text', 'may'],
  terminalState: [53, 54, 'text', 'may'],
  individualName: [55, 76, 'text', 'may'],
  ...entryTail,
});

export const shrEntryDetail = layout('entry detail', {
  ...entryMoney,
  cardExpirationDate: [40, 43, 'text', 'may'],
  individualIdentification: [44, 54, 'text', 'may'],
  individualName: [55, 76, 'text', 'may'],
  ...entryTail,
});

/** Of TRC and XCK. */
export const truncatedEntryDetail = layout('entry detail', {
  ...entryMoney,
  individualIdentification: [40, 54, 'text', 'may'],
  processControlField: [55, 60, 'text', 'must'],
  itemResearchNumber: [61, 76, 'text', 'must'],
  ...entryTail,
});

export const iatEntryDetail = layout('IAT entry detail', {
  ...entryHead,
  numberOfAddenda: [13, 16, 'digits', 'must'],
  reserved: [17, 29, 'reserved'],
  amount: [30, 39, 'digits', 'must'],
  dfiAccountNumber: [40, 74, 'text', 'must'],
  reserved2: [75, 76, 'reserved'],
  ofacScreeningIndicator: [77, 77, 'text', 'may'],
  secondaryOfacScreeningIndicator: [78, 78, 'text', 'may'],
  addendaRecordIndicator: [79, 79, 'digits', 'must'],
  traceNumber: [80, 94, 'digits', 'must'],
});

export const advEntryDetail = layout('ADV entry detail', {
  ...entryHead,
  dfiAccountNumber: [13, 27, 'text', 'must'],
  amount: [28, 39, 'digits', 'must'],
  adviceRoutingNumber: [40, 48, 'digits', 'must'],
  fileIdentification: [49, 53, 'text', 'may'],
  achOperatorData: [54, 54, 'text', 'may'],
  individualName: [55, 76, 'text', 'must'],
  discretionaryData: [77, 78, 'text', 'may'],
  addendaRecordIndicator: [79, 79, 'digits', 'must'],
  achOperatorRoutingNumber: [80, 87, 'text', 'must'],
  julianDay: [88, 90, 'digits', 'must'],
  sequenceNumber: [91, 94, 'digits', 'must'],
});

export const batchControl = layout('batch control', {
  recordType: [1, 1, 'constant', '8'],
  serviceClassCode: [2, 4, 'digits', 'must'],
  entryAddendaCount: [5, 10, 'digits', 'must'],
  entryHash: [11, 20, 'digits', 'must'],
  totalDebits: [21, 32, 'digits', 'must'],
  totalCredits: [33, 44, 'digits', 'must'],
  companyIdentification: [45, 54, 'text', 'may'],
  messageAuthenticationCode: [55, 73, 'text', 'may'],
  reserved: [74, 79, 'reserved'],
  originatingDfi: [80, 87, 'text', 'must'],
  batchNumber: [88, 94, 'digits', 'must'],
});

export const advBatchControl = layout('ADV batch control', {
  recordType: [1, 1, 'constant', '8'],
  serviceClassCode: [2, 4, 'digits', 'must'],
  entryAddendaCount: [5, 10, 'digits', 'must'],
  entryHash: [11, 20, 'digits', 'must'],
  totalDebits: [21, 40, 'digits', 'must'],
  totalCredits: [41, 60, 'digits', 'must'],
  achOperatorData: [61, 79, 'text', 'may'],
  originatingDfi: [80, 87, 'text', 'must'],
  batchNumber: [88, 94, 'digits', 'must'],
});

export const fileControl = layout('file control', {
  recordType: [1, 1, 'constant', '9'],
  batchCount: [2, 7, 'digits', 'must'],
  blockCount: [8, 13, 'digits', 'must'],
  entryAddendaCount: [14, 21, 'digits', 'must'],
  entryHash: [22, 31, 'digits', 'must'],
  totalDebits: [32, 43, 'digits', 'must'],
  totalCredits: [44, 55, 'digits', 'must'],
  reserved: [56, 94, 'reserved'],
});

export const advFileControl = layout('ADV file control', {
  recordType: [1, 1, 'constant', '9'],
  batchCount: [2, 7, 'digits', 'must'],
  blockCount: [8, 13, 'digits', 'must'],
  entryAddendaCount: [14, 21, 'digits', 'must'],
  entryHash: [22, 31, 'digits', 'must'],
  totalDebits: [32, 51, 'digits', 'must'],
  totalCredits: [52, 71, 'digits', 'must'],
  reserved: [72, 94, 'reserved'],
});

/** Any entry's: what all of them have at the same place. */
export type AnyEntryDetail = Layout<keyof typeof entryHead | 'amount' | 'dfiAccountNumber'>;

/** Makes the table of addenda records. */
export const addendaLayout = layout;
