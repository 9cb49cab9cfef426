// Messages of a rail for tests, one of each kind, with all that our types can say.
import { currencyOf } from '#kernel';
import type { OriginalPayment, RailMessage } from '../messages/message.ts';

const EUR = currencyOf('EUR');
if (EUR === undefined) throw new Error('the euro is a currency');

const head = {
  messageId: 'MSG-2026-0001',
  createdAt: '2026-11-21T10:15:30.000Z',
  from: 'FLORCZPPXXX',
  to: 'DEUTDEFFXXX',
};

const original: OriginalPayment = {
  messageId: 'MSG-2026-0000',
  message: 'pacs.008.001.08',
  instructionId: 'INSTR-1',
  endToEndId: 'E2E <1> & "2"',
  transactionId: 'TX-1',
  uetr: '7f9f2a3c-6f3b-4a53-9a4e-0d3b8f6a1c11',
  amount: { amount: 1_050n, currency: EUR },
  settledOn: '2026-11-21',
};

const reasons = [{ code: 'AC04', text: 'Účet je zrušen & uzavřen' }];

export const railMessages: readonly RailMessage[] = [
  {
    kind: 'credit_transfer',
    ...head,
    settledOn: '2026-11-21',
    transfers: [
      {
        instructionId: 'INSTR-1',
        endToEndId: 'E2E <1> & "2"',
        transactionId: 'TX-1',
        uetr: '7f9f2a3c-6f3b-4a53-9a4e-0d3b8f6a1c11',
        localInstrument: 'INST',
        acceptedAt: '2026-11-21T10:15:30.000Z',
        amount: 1_050n,
        currency: EUR,
        debtor: { name: 'Žofie Nová', iban: 'CZ6508000000192000145399', agent: 'GIBACZPXXXX' },
        creditor: { name: 'A & B <GmbH>', account: '000123', agent: 'DEUTDEFFXXX' },
        purpose: 'SALA',
        remittance: 'Faktura 2026/11',
      },
    ],
  },
  {
    kind: 'status_report',
    ...head,
    payments: [{ original, status: 'RJCT', reasons, acceptedAt: '2026-11-21T10:15:31.000Z' }],
  },
  {
    kind: 'payment_return',
    ...head,
    settledOn: '2026-11-22',
    returns: [{ returnId: 'RTR-1', amount: 1_050n, currency: EUR, original, reasons }],
  },
  { kind: 'status_enquiry', ...head, enquiries: [{ enquiryId: 'REQ-1', original }] },
  {
    kind: 'cancellation_request',
    ...head,
    requests: [{ cancellationId: 'CXL-1', original, reasons }],
  },
  {
    kind: 'cancellation_answer',
    ...head,
    confirmation: 'RJCR',
    answers: [{ outcomeId: 'OUT-1', status: 'RJCR', original, reasons }],
  },
];
