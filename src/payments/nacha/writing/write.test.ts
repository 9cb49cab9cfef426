import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FileEntry, FileItem } from '../../files/format.ts';
import { checkDigitOf, returnReasons } from '../standard/codes.ts';
import { checkPromises, readAll } from '../testing/fuzz.ts';
import { answerBatches, type Answer } from './answer.ts';
import { nachaFileOf, type NachaBatch } from './model.ts';
import { fileHeaderOf, originatedBatch, type Origination } from './originate.ts';
import { writeNacha } from './write.ts';

const ours = { routingNumber: '231380104', name: 'Florin' };
const theirs = { routingNumber: '121042882', name: 'The Other Bank' };

const header = fileHeaderOf({
  destination: theirs,
  origin: ours,
  createdAt: '2026-11-22T10:05',
  modifier: 'A',
});

const payment: Origination = {
  direction: 'credit',
  account: 'demand',
  purpose: 'live',
  routingNumber: ours.routingNumber,
  accountNumber: '12345678',
  amount: 1_050n,
  name: 'Jane Doe',
  identification: 'INVOICE 7',
  sequence: 41,
};

/** A batch that the other bank sends to ours. */
function theirBatch(entries: readonly Origination[], more: { code?: string } = {}): NachaBatch {
  return originatedBatch({
    companyName: 'Acme',
    companyIdentification: '1234567890',
    companyEntryDescription: 'PAYROLL',
    standardEntryClassCode: more.code ?? 'PPD',
    effectiveOn: '2026-11-23',
    originatingRoutingNumber: theirs.routingNumber,
    batchNumber: 7,
    entries,
  });
}

interface Received {
  readonly entries: readonly FileEntry[];
  readonly batch: Readonly<Record<string, string>>;
}

async function receive(batches: readonly NachaBatch[]): Promise<Received> {
  const items = await readAll(writeNacha({ header, batches }));
  assert.deepEqual(faultsOf(items), []);
  const batch = items.find(({ kind }) => kind === 'batch');
  assert.ok(batch?.kind === 'batch');
  return {
    batch: batch.details,
    entries: items.flatMap((item) => (item.kind === 'entry' ? [item.entry] : [])),
  };
}

function faultsOf(items: readonly FileItem[]): string[] {
  return items.flatMap((item) => (item.kind === 'fault' ? [item.fault.message] : []));
}

const numbers = { routingNumber: ours.routingNumber, firstSequence: 1, firstBatch: 1 };
const theirNumbers = { ...numbers, routingNumber: theirs.routingNumber };

async function answer(
  { batch, entries }: Received,
  more: Omit<Answer, 'batch' | 'entry'>,
  from = numbers,
): Promise<Received> {
  return await receive(
    answerBatches(
      entries.map((entry) => ({ batch, entry, ...more })),
      from,
    ),
  );
}

test('an entry is returned to the bank it came from, under its trace number', async () => {
  const received = await receive([theirBatch([payment, { ...payment, sequence: 42 }])]);
  const { entries } = await answer(received, { reason: 'R03' });
  assert.equal(entries.length, 2);
  const [returned] = entries;
  assert.ok(returned);
  assert.equal(returned.kind, 'return');
  assert.equal(returned.reason, 'R03');
  assert.equal(returned.amount, 1_050n);
  assert.equal(returned.trace, '231380100000001');
  assert.equal(returned.details['transactionCode'], '21');
  assert.equal(returned.details['originalTraceNumber'], '121042880000041');
  assert.deepEqual(returned.debtor, { name: 'Acme', agent: theirs.routingNumber });
  assert.deepEqual(returned.creditor, {
    name: 'Jane Doe',
    account: '12345678',
    agent: ours.routingNumber,
  });
});

test('a return is dishonored, and that contested, each to the other bank', async () => {
  const debit = { ...payment, direction: 'debit' } as const;
  const returned = await answer(await receive([theirBatch([debit])]), { reason: 'R01' });
  const dishonored = await answer(returned, { reason: 'R68' }, theirNumbers);
  const [entry] = dishonored.entries;
  assert.equal(entry?.kind, 'dishonored_return');
  assert.equal(entry.details['originalTraceNumber'], '121042880000041');
  assert.equal(entry.details['returnTraceNumber'], '231380100000001');
  assert.equal(entry.details['returnReasonCode'], '01');
  assert.equal(entry.details['transactionCode'], '26');

  const contested = await answer(dishonored, { reason: 'R73', returnedOn: '2026-11-24' });
  const [last] = contested.entries;
  assert.equal(last?.reason, 'R73');
  assert.equal(last.details['dishonoredReturnTraceNumber'], '121042880000001');
  assert.equal(last.details['dishonoredReturnReasonCode'], '68');
  assert.equal(last.details['dateOriginalEntryReturned'], '261124');
  assert.equal(last.details['originalTraceNumber'], '121042880000041');
});

test('a change is asked for without money, and may be refused', async () => {
  const received = await receive([theirBatch([payment])]);
  const change = await answer(received, { reason: 'C01', correctedData: '1918171614' });
  const [entry] = change.entries;
  assert.equal(entry?.kind, 'notification_of_change');
  assert.equal(entry.amount, 0n);
  assert.equal(entry.details['correctedData'], '1918171614');
  assert.equal(change.batch['standardEntryClassCode'], 'COR');

  const refused = await answer(change, { reason: 'C65' }, theirNumbers);
  const [last] = refused.entries;
  assert.equal(last?.reason, 'C65');
  assert.equal(last.details['changeCode'], 'C01');
  assert.equal(last.details['traceSequenceNumber'], '0000001');
  assert.equal(last.details['originalTraceNumber'], '121042880000041');
});

test('an international entry is returned with who paid whom through which banks', async () => {
  const addenda: Readonly<Record<string, string>>[] = [
    { typeCode: '10', transactionTypeCode: 'BUS', receiverName: 'Jane Doe' },
    { typeCode: '11', originatorName: 'Acme', originatorStreetAddress: '1 High Street' },
    {
      typeCode: '12',
      originatorCityState: 'Oslo*03\\',
      originatorCountryPostalCode: 'NO*0150\\',
    },
    ...['13', '14'].map((typeCode) => ({
      typeCode,
      bankName: `Bank ${typeCode}`,
      bankIdentificationQualifier: '01',
      bankIdentification: '231380104',
      bankBranchCountryCode: 'US',
    })),
    { typeCode: '15', receiverStreetAddress: '2 Low Street' },
    { typeCode: '16', receiverCityState: 'Reno*NV\\', receiverCountryPostalCode: 'US*89501\\' },
  ].map((values) => ({ ...values, entryDetailSequenceNumber: '0000041' }));
  const batch: NachaBatch = {
    header: {
      serviceClassCode: '220',
      foreignExchangeIndicator: 'FF',
      foreignExchangeReferenceIndicator: '3',
      isoDestinationCountryCode: 'US',
      companyIdentification: '1234567890',
      standardEntryClassCode: 'IAT',
      companyEntryDescription: 'TRADEPAYMT',
      isoOriginatingCurrencyCode: 'NOK',
      isoDestinationCurrencyCode: 'USD',
      effectiveEntryDate: '261123',
      originatorStatusCode: '1',
      originatingDfi: '12104288',
      batchNumber: '1',
    },
    entries: [
      {
        detail: {
          transactionCode: '22',
          receivingDfi: '23138010',
          checkDigit: '4',
          numberOfAddenda: '7',
          amount: '1050',
          dfiAccountNumber: '12345678',
          addendaRecordIndicator: '1',
          traceNumber: '121042880000041',
        },
        addenda,
      },
    ],
  };
  const returned = await answer(await receive([batch]), { reason: 'R83' });
  const [entry] = returned.entries;
  assert.equal(entry?.kind, 'return');
  assert.equal(entry.amount, 1_050n);
  assert.equal(entry.debtor.name, 'Acme');
  assert.equal(entry.creditor.name, 'Jane Doe');
  assert.equal(entry.details['receivingBankName'], 'Bank 14');
  assert.equal(entry.details['addendaInformation'], '0000001050');
});

test('answers to several batches are in batches of their own, numbered on', () => {
  const entry = {
    index: 0,
    batch: 0,
    record: 3,
    kind: 'credit',
    amount: 5n,
    currency: 'USD',
    debtor: { name: 'Acme', agent: theirs.routingNumber },
    creditor: { name: 'Jane Doe', account: '1', agent: ours.routingNumber },
    trace: '121042880000041',
    details: { transactionCode: '22' },
  } satisfies FileEntry;
  const batches = answerBatches(
    ['R03', 'R02', 'C01'].map((reason, index) => ({
      batch: { companyName: `Company ${index % 2}`, standardEntryClassCode: 'PPD' },
      entry,
      reason,
    })),
    { ...numbers, firstSequence: 10, firstBatch: 5 },
  );
  const traces = batches.map(({ entries }) =>
    [...entries].map(({ detail }) => detail['traceNumber']?.slice(8)),
  );
  assert.deepEqual(traces, [['0000010'], ['0000011'], ['0000012']]);
  assert.deepEqual(
    batches.map(({ header: { batchNumber, standardEntryClassCode } }) => [
      batchNumber,
      standardEntryClassCode,
    ]),
    [
      ['0000005', 'PPD'],
      ['0000006', 'PPD'],
      ['0000007', 'COR'],
    ],
  );
});

test('a bank may be named with a zero before its number, a sender as agreed', async () => {
  const received = await receive([theirBatch([payment])]);
  const from = { ...numbers, routingNumber: `0${ours.routingNumber}` };
  const { entries } = await answer(received, { reason: 'R02' }, from);
  assert.equal(entries[0]?.trace, '231380100000001');
  const named = fileHeaderOf({
    destination: { ...theirs, routingNumber: `0${theirs.routingNumber}` },
    origin: { ...ours, routingNumber: 'FLORIN0001' },
    createdAt: '2026-11-22T10:05',
    modifier: 'A',
  });
  const items = await readAll(writeNacha({ header: named, batches: [theirBatch([payment])] }));
  assert.deepEqual(faultsOf(items), []);
});

test('letters that ASCII does not have are written as those it has', async () => {
  const name = 'Zoë Müller-Łukasz von und zu Überlang';
  const { entries } = await receive([theirBatch([{ ...payment, name }])]);
  assert.equal(entries[0]?.creditor.name, 'Zoe Muller-.ukasz von');
});

test('a routing number with a wrong check digit is not written', () => {
  assert.throws(() => theirBatch([{ ...payment, routingNumber: '231380105' }]), /check digit/);
});

const routingNumbers = fc
  .stringMatching(/^[0-9]{8}$/)
  .map((firstEight) => firstEight + checkDigitOf(firstEight));

const originations = fc.record({
  direction: fc.constantFrom('credit' as const, 'debit' as const),
  account: fc.constantFrom('demand' as const, 'savings' as const, 'general_ledger' as const),
  purpose: fc.constant('live' as const),
  routingNumber: routingNumbers,
  accountNumber: fc.stringMatching(/^[A-Z0-9]{1,17}$/),
  amount: fc.bigInt({ min: 1n, max: 9_999_999_999n }),
  name: fc.stringMatching(/^[A-Za-z][A-Za-z .]{0,20}[a-z]$/),
  identification: fc.stringMatching(/^[A-Z0-9]{1,15}$/),
  remittance: fc.option(fc.stringMatching(/^[!-~][ -~]{0,200}[!-~]$/), { nil: undefined }),
});

test('whatever is originated is read without a fault and written back the same', async () => {
  const asking = fc.array(
    fc.record({
      code: fc.constantFrom('PPD', 'CCD', 'CTX', 'WEB'),
      entries: fc.array(originations, { minLength: 1, maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(asking, async (asked) => {
      const file = {
        header,
        batches: asked.map(({ code, entries }, index) =>
          originatedBatch({
            companyName: 'Acme',
            companyIdentification: '1234567890',
            companyEntryDescription: 'PAYROLL',
            standardEntryClassCode: code,
            effectiveOn: '2026-11-23',
            originatingRoutingNumber: ours.routingNumber,
            batchNumber: index + 1,
            entries: entries.map((entry, position) => ({ ...entry, sequence: position + 1 })),
          }),
        ),
      };
      const written = writeNacha(file);
      const items = await readAll(written);
      assert.deepEqual(faultsOf(items), []);
      assert.ok(checkPromises(items));
      const amounts = items.flatMap((item) => (item.kind === 'entry' ? [item.entry.amount] : []));
      assert.deepEqual(
        amounts,
        asked.flatMap(({ entries }) => entries.map(({ amount }) => amount)),
      );
      const read = nachaFileOf(written);
      const batches = [...read.file.batches].map(({ header: values, entries }) => ({
        header: values,
        entries,
      }));
      assert.deepEqual({ header: read.file.header, batches }, file);
      assert.ok(writeNacha(read.file, read.form).equals(written));
    }),
    { numRuns: 100, seed: 7 },
  );
});

test('every return reason makes a return that is read again', async () => {
  const received = await receive([theirBatch([payment])]);
  for (const reason of returnReasons.keys()) {
    const { entries } = await answer(received, { reason });
    assert.equal(entries[0]?.reason, reason);
  }
});
