// TABLE  the addenda records of a NACHA file, by their type code; those of returns and of
// notifications of change (99 and 98) come in forms that only their reason code tells apart.

import { changeReasonKind, returnReasonKind } from './codes.ts';
import { addendaLayout as layout, type Layout } from './layouts.ts';

const entrySequence = { entryDetailSequenceNumber: [88, 94, 'digits', 'must'] } as const;
const trace = { traceNumber: [80, 94, 'text', 'may'] } as const;

function head<const Type extends string>(type: Type) {
  return { recordType: [1, 1, 'constant', '7'], typeCode: [2, 3, 'constant', type] } as const;
}

/** The bank of one side of an IAT entry, or one in between. */
const foreignBank = {
  bankName: [4, 38, 'text', 'must'],
  bankIdentificationQualifier: [39, 40, 'text', 'must'],
  bankIdentification: [41, 74, 'text', 'must'],
  bankBranchCountryCode: [75, 77, 'text', 'must'],
} as const;

export const terminalAddenda = layout('addenda 02', {
  ...head('02'),
  referenceInformationOne: [4, 10, 'text', 'may'],
  referenceInformationTwo: [11, 13, 'text', 'may'],
  terminalIdentificationCode: [14, 19, 'text', 'may'],
  transactionSerialNumber: [20, 25, 'text', 'must'],
  transactionDate: [26, 29, 'text', 'must'],
  authorizationCodeOrExpireDate: [30, 35, 'text', 'may'],
  terminalLocation: [36, 62, 'text', 'must'],
  terminalCity: [63, 77, 'text', 'must'],
  terminalState: [78, 79, 'text', 'must'],
  ...trace,
});

export const paymentAddenda = layout('addenda 05', {
  ...head('05'),
  paymentRelatedInformation: [4, 83, 'text', 'may'],
  sequenceNumber: [84, 87, 'digits', 'must'],
  ...entrySequence,
});

export const iatReceiver = layout('addenda 10', {
  ...head('10'),
  transactionTypeCode: [4, 6, 'text', 'must'],
  foreignPaymentAmount: [7, 24, 'digits', 'may'],
  foreignTraceNumber: [25, 46, 'text', 'may'],
  receiverName: [47, 81, 'text', 'must'],
  reserved: [82, 87, 'reserved'],
  ...entrySequence,
});

export const iatOriginator = layout('addenda 11', {
  ...head('11'),
  originatorName: [4, 38, 'text', 'must'],
  originatorStreetAddress: [39, 73, 'text', 'must'],
  reserved: [74, 87, 'reserved'],
  ...entrySequence,
});

const iatOriginatorPlace = layout('addenda 12', {
  ...head('12'),
  originatorCityState: [4, 38, 'text', 'must'],
  originatorCountryPostalCode: [39, 73, 'text', 'must'],
  reserved: [74, 87, 'reserved'],
  ...entrySequence,
});

const iatOriginatingBank = layout('addenda 13', {
  ...head('13'),
  ...foreignBank,
  reserved: [78, 87, 'reserved'],
  ...entrySequence,
});

const iatReceivingBank = layout('addenda 14', {
  ...head('14'),
  ...foreignBank,
  reserved: [78, 87, 'reserved'],
  ...entrySequence,
});

const iatReceiverStreet = layout('addenda 15', {
  ...head('15'),
  receiverIdentification: [4, 18, 'text', 'may'],
  receiverStreetAddress: [19, 53, 'text', 'must'],
  reserved: [54, 87, 'reserved'],
  ...entrySequence,
});

const iatReceiverPlace = layout('addenda 16', {
  ...head('16'),
  receiverCityState: [4, 38, 'text', 'must'],
  receiverCountryPostalCode: [39, 73, 'text', 'must'],
  reserved: [74, 87, 'reserved'],
  ...entrySequence,
});

const iatPaymentAddenda = layout('addenda 17', {
  ...head('17'),
  paymentRelatedInformation: [4, 83, 'text', 'may'],
  sequenceNumber: [84, 87, 'digits', 'must'],
  ...entrySequence,
});

const iatCorrespondentBank = layout('addenda 18', {
  ...head('18'),
  ...foreignBank,
  reserved: [78, 83, 'reserved'],
  sequenceNumber: [84, 87, 'digits', 'must'],
  ...entrySequence,
});

const changeAddenda = layout('addenda 98', {
  ...head('98'),
  reasonCode: [4, 6, 'text', 'must'],
  originalTraceNumber: [7, 21, 'text', 'must'],
  reserved: [22, 27, 'reserved'],
  originalReceivingDfi: [28, 35, 'text', 'may'],
  correctedData: [36, 64, 'text', 'must'],
  reserved2: [65, 79, 'reserved'],
  ...trace,
});

const refusedChangeAddenda = layout('addenda 98 (refused)', {
  ...head('98'),
  reasonCode: [4, 6, 'text', 'must'],
  originalTraceNumber: [7, 21, 'text', 'must'],
  reserved: [22, 27, 'reserved'],
  originalReceivingDfi: [28, 35, 'text', 'may'],
  correctedData: [36, 64, 'text', 'must'],
  changeCode: [65, 67, 'text', 'must'],
  traceSequenceNumber: [68, 74, 'text', 'must'],
  reserved2: [75, 79, 'reserved'],
  ...trace,
});

export const returnAddenda = layout('addenda 99', {
  ...head('99'),
  reasonCode: [4, 6, 'text', 'must'],
  originalTraceNumber: [7, 21, 'text', 'may'],
  dateOfDeath: [22, 27, 'date', 'may'],
  originalReceivingDfi: [28, 35, 'text', 'may'],
  addendaInformation: [36, 79, 'text', 'may'],
  ...trace,
});

const dishonoredReturnAddenda = layout('addenda 99 (dishonored return)', {
  ...head('99'),
  reasonCode: [4, 6, 'text', 'must'],
  originalTraceNumber: [7, 21, 'text', 'may'],
  reserved: [22, 27, 'reserved'],
  originalReceivingDfi: [28, 35, 'text', 'may'],
  reserved2: [36, 38, 'reserved'],
  returnTraceNumber: [39, 53, 'text', 'may'],
  returnSettlementDate: [54, 56, 'text', 'may'],
  returnReasonCode: [57, 58, 'text', 'may'],
  addendaInformation: [59, 79, 'text', 'may'],
  ...trace,
});

const contestedReturnAddenda = layout('addenda 99 (contested dishonored return)', {
  ...head('99'),
  reasonCode: [4, 6, 'text', 'must'],
  originalTraceNumber: [7, 21, 'text', 'may'],
  dateOriginalEntryReturned: [22, 27, 'text', 'may'],
  originalReceivingDfi: [28, 35, 'text', 'may'],
  originalSettlementDate: [36, 38, 'text', 'may'],
  returnTraceNumber: [39, 53, 'text', 'may'],
  returnSettlementDate: [54, 56, 'text', 'may'],
  returnReasonCode: [57, 58, 'text', 'may'],
  dishonoredReturnTraceNumber: [59, 73, 'text', 'may'],
  dishonoredReturnSettlementDate: [74, 76, 'text', 'may'],
  dishonoredReturnReasonCode: [77, 78, 'text', 'may'],
  reserved: [79, 79, 'reserved'],
  ...trace,
});

/** What every entry of IAT has one of, in this order. */
export const iatMandatoryAddenda: readonly Layout<'typeCode'>[] = [
  iatReceiver,
  iatOriginator,
  iatOriginatorPlace,
  iatOriginatingBank,
  iatReceivingBank,
  iatReceiverStreet,
  iatReceiverPlace,
];

/** The banks of an IAT entry share their fields' names, so each says which bank it is. */
const banks: Readonly<Record<string, string>> = {
  '13': 'originating',
  '14': 'receiving',
  '18': 'correspondent',
};

/** The name by which the details of an entry know a field of one of its addenda records. */
export function detailNameOf(type: string, name: string): string {
  const bank = banks[type];
  return bank === undefined ? name : bank + name.slice(0, 1).toUpperCase() + name.slice(1);
}

const byType: ReadonlyMap<string, Layout> = new Map<string, Layout>([
  ['02', terminalAddenda],
  ['05', paymentAddenda],
  ['10', iatReceiver],
  ['11', iatOriginator],
  ['12', iatOriginatorPlace],
  ['13', iatOriginatingBank],
  ['14', iatReceivingBank],
  ['15', iatReceiverStreet],
  ['16', iatReceiverPlace],
  ['17', iatPaymentAddenda],
  ['18', iatCorrespondentBank],
]);

/** The layout of an addenda record, or nothing for a type code that the standard does not have. */
export function addendaLayoutOf(line: string): Layout | undefined {
  const type = line.slice(1, 3);
  const reason = line.slice(3, 6);
  if (type === '98') {
    return changeReasonKind(reason) === 'refused' ? refusedChangeAddenda : changeAddenda;
  }
  if (type !== '99') {
    return byType.get(type);
  }
  switch (returnReasonKind(reason)) {
    case 'dishonored':
      return dishonoredReturnAddenda;
    case 'contested':
      return contestedReturnAddenda;
    default:
      return returnAddenda;
  }
}
