import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileFault, FileItem } from '../files/format.ts';
import type { Leniency, NachaOptions } from './options.ts';
import { readAll, seededNumbers } from './testing/fuzz.ts';
import { nachaFormat } from './read.ts';
import { originatedBatch, fileHeaderOf, type Origination } from './writing/originate.ts';
import { writeNacha } from './writing/write.ts';

const ours = { routingNumber: '231380104', name: 'Florin' };
const theirs = { routingNumber: '121042882', name: 'Receiving Bank' };

function origination(sequence: number, more: Partial<Origination> = {}): Origination {
  return {
    direction: 'credit',
    account: 'demand',
    purpose: 'live',
    routingNumber: theirs.routingNumber,
    accountNumber: '12345678',
    amount: 1_050n,
    name: 'Jane Doe',
    identification: 'INVOICE 7',
    sequence,
    ...more,
  };
}

const company = {
  companyName: 'Acme',
  companyIdentification: '1234567890',
  companyEntryDescription: 'PAYROLL',
  standardEntryClassCode: 'PPD',
  effectiveOn: '2026-11-23',
  originatingRoutingNumber: ours.routingNumber,
};

const header = fileHeaderOf({
  destination: theirs,
  origin: ours,
  createdAt: '2026-11-22T10:05',
  modifier: 'A',
});

/** Two batches: three credits, one of them with an addenda record, and a debit. */
const plain = writeNacha({
  header,
  batches: [
    originatedBatch({
      ...company,
      batchNumber: 1,
      entries: [
        origination(1),
        origination(2, { remittance: 'Salary of November' }),
        origination(3, { account: 'savings', amount: 99n }),
      ],
    }),
    originatedBatch({
      ...company,
      standardEntryClassCode: 'CCD',
      batchNumber: 2,
      entries: [origination(4, { direction: 'debit', amount: 5_000n })],
    }),
  ],
});

/** Records: 2 to 7 are the first batch, 5 its addenda, 8 to 10 the second batch, 11 the control. */
function changed(record: number, from: number, text: string): Buffer {
  const lines = plain.toString('latin1').split('\n');
  const line = lines[record - 1] ?? '';
  lines[record - 1] = line.slice(0, from - 1) + text + line.slice(from - 1 + text.length);
  return Buffer.from(lines.join('\n'), 'latin1');
}

function faultsOf(items: readonly FileItem[]): FileFault[] {
  return items.flatMap((item) => (item.kind === 'fault' ? [item.fault] : []));
}

async function rulesOf(bytes: Buffer, options: NachaOptions = {}): Promise<string[]> {
  return faultsOf(await readAll(bytes, { options })).map(({ rule }) => rule);
}

test('a file is read as its header, its batches with their entries, and its end', async () => {
  const items = await readAll(plain);
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ['file', 'batch', 'entry', 'entry', 'entry', 'batch_end', 'batch', 'entry', 'batch_end', 'end'],
  );
  const [file] = items;
  assert.ok(file?.kind === 'file');
  assert.equal(file.messageId, '121042882/231380104/261122/1005/A');
  assert.equal(file.createdAt, '2026-11-22T10:05');
  assert.deepEqual(items.at(-1), {
    kind: 'end',
    totals: { entries: 4, batches: 2, debits: 5_000n, credits: 2_199n },
  });
});

test('a credit is paid by the company of its batch to the account in the entry', async () => {
  const entries = (await readAll(plain)).flatMap((item) =>
    item.kind === 'entry' ? [item.entry] : [],
  );
  assert.deepEqual(entries[1], {
    index: 1,
    batch: 0,
    record: 4,
    kind: 'credit',
    amount: 1_050n,
    currency: 'USD',
    debtor: { name: 'Acme', agent: '231380104' },
    creditor: { name: 'Jane Doe', account: '12345678', agent: '121042882' },
    endToEndId: 'INVOICE 7',
    trace: '231380100000002',
    requestedOn: '2026-11-23',
    remittance: 'Salary of November',
    reason: undefined,
    details: { transactionCode: '22' },
  });
  assert.equal(entries[3]?.kind, 'debit');
  assert.equal(entries[3]?.debtor.account, '12345678');
});

test('how a file is cut into pieces and lines does not change what it says', async () => {
  const whole = await readAll(plain);
  const text = plain.toString('latin1');
  const block = text.replaceAll('\n', '');
  const forms = [
    text.replaceAll('\n', '\r\n'),
    block,
    // Blocks of ten records, each on one line.
    block.replaceAll(/(.{940})/g, '$1\n'),
    // Lines without the blanks that fill them, and without padding.
    text.replaceAll(/ +\n/g, '\n').replace(/\n(?:9{94}\n)+$/, ''),
    text.replaceAll('\n', '   \n'),
    `${text}\n\n\u001a`,
  ];
  for (const form of forms) {
    const next = seededNumbers(form.length);
    assert.deepEqual(await readAll(Buffer.from(form, 'latin1'), { next }), whole);
  }
});

interface Case {
  readonly title: string;
  readonly record: number;
  readonly from: number;
  readonly text: string;
  readonly rule: string;
  readonly leniency?: Leniency;
}

const cases: readonly Case[] = [
  {
    title: 'a check digit',
    record: 3,
    from: 12,
    text: '7',
    rule: 'nacha_check_digit_wrong',
    leniency: 'any_check_digit',
  },
  {
    title: 'an amount that is no number',
    record: 3,
    from: 30,
    text: '00000O1050',
    rule: 'nacha_field_not_numeric',
  },
  {
    title: 'an amount that its control does not know',
    record: 3,
    from: 30,
    text: '0000009050',
    rule: 'nacha_total_credits_wrong',
  },
  {
    title: 'a trace number that does not ascend',
    record: 4,
    from: 80,
    text: '231380100000001',
    rule: 'nacha_trace_order_wrong',
    leniency: 'any_trace_numbers',
  },
  {
    title: 'a trace number of another bank',
    record: 9,
    from: 80,
    text: '999999900000004',
    rule: 'nacha_trace_not_of_odfi',
    leniency: 'any_origin',
  },
  {
    title: 'addenda that the entry does not announce',
    record: 4,
    from: 79,
    text: '0',
    rule: 'nacha_addenda_indicator_wrong',
  },
  {
    title: 'addenda of another entry',
    record: 5,
    from: 88,
    text: '0000009',
    rule: 'nacha_addenda_not_of_entry',
    leniency: 'any_trace_numbers',
  },
  {
    title: 'an addenda record of no type',
    record: 5,
    from: 2,
    text: '44',
    rule: 'nacha_addenda_type_unknown',
  },
  {
    title: 'an addenda record of another class',
    record: 5,
    from: 2,
    text: '02',
    rule: 'nacha_addenda_not_allowed',
  },
  {
    title: 'a transaction code that does not exist',
    record: 3,
    from: 2,
    text: '20',
    rule: 'nacha_transaction_code_unknown',
  },
  {
    title: 'a debit among credits',
    record: 3,
    from: 2,
    text: '27',
    rule: 'nacha_transaction_code_not_of_service_class',
  },
  {
    title: 'the transaction code of a return without its addenda',
    record: 3,
    from: 2,
    text: '21',
    rule: 'nacha_return_addenda_missing',
  },
  {
    title: 'money in a prenotification',
    record: 3,
    from: 2,
    text: '23',
    rule: 'nacha_amount_not_allowed',
    leniency: 'any_amount',
  },
  {
    title: 'an entry class that does not exist',
    record: 2,
    from: 51,
    text: 'ABC',
    rule: 'nacha_entry_class_unknown',
  },
  {
    title: 'a service class that does not exist',
    record: 2,
    from: 2,
    text: '221',
    rule: 'nacha_service_class_unknown',
  },
  {
    title: 'an originator status that does not exist',
    record: 2,
    from: 79,
    text: '0',
    rule: 'nacha_originator_status_wrong',
  },
  {
    title: 'a company without a name',
    record: 2,
    from: 5,
    text: ' '.repeat(16),
    rule: 'nacha_field_missing',
  },
  {
    title: 'an entry hash',
    record: 7,
    from: 11,
    text: '0036312865',
    rule: 'nacha_entry_hash_wrong',
  },
  {
    title: 'a count of entries and addenda',
    record: 7,
    from: 5,
    text: '000005',
    rule: 'nacha_entry_addenda_count_wrong',
    leniency: 'any_addenda_count',
  },
  {
    title: 'a total of debits',
    record: 7,
    from: 21,
    text: '000000000001',
    rule: 'nacha_total_debits_wrong',
  },
  {
    title: 'a control of another batch',
    record: 7,
    from: 88,
    text: '0000009',
    rule: 'nacha_control_differs',
  },
  {
    title: 'a control of another company',
    record: 7,
    from: 45,
    text: '9',
    rule: 'nacha_control_differs',
    leniency: 'any_company_in_control',
  },
  {
    title: 'batches that do not ascend',
    record: 8,
    from: 88,
    text: '0000001',
    rule: 'nacha_batch_order_wrong',
  },
  {
    title: 'a count of batches',
    record: 11,
    from: 2,
    text: '000003',
    rule: 'nacha_batch_count_wrong',
  },
  {
    title: 'a count of blocks',
    record: 11,
    from: 8,
    text: '000009',
    rule: 'nacha_block_count_wrong',
    leniency: 'any_block_count',
  },
  {
    title: 'a destination that is no routing number',
    record: 1,
    from: 4,
    text: ' 121042883',
    rule: 'nacha_routing_number_invalid',
    leniency: 'any_destination',
  },
  {
    title: 'a creation date that is no day',
    record: 1,
    from: 24,
    text: '260231',
    rule: 'nacha_date_invalid',
  },
  {
    title: 'a creation time that is no time',
    record: 1,
    from: 30,
    text: '2460',
    rule: 'nacha_time_invalid',
  },
  {
    title: 'a format code',
    record: 1,
    from: 40,
    text: '2',
    rule: 'nacha_field_not_constant',
  },
  {
    title: 'a control character',
    record: 3,
    from: 60,
    text: '\u0007',
    rule: 'nacha_character_not_allowed',
  },
  {
    title: 'a record of no type',
    record: 3,
    from: 1,
    text: '4',
    rule: 'nacha_record_type_unknown',
  },
];

for (const { title, record, from, text, rule, leniency } of cases) {
  test(`${title} is faulted as ${rule}`, async () => {
    const bytes = changed(record, from, text);
    const rules = await rulesOf(bytes);
    assert.ok(rules.includes(rule), rules.join());
    if (leniency !== undefined) {
      const lenient = await rulesOf(bytes, { leniencies: [leniency] });
      assert.ok(!lenient.includes(rule), lenient.join());
    }
  });
}

test('a fault names its record, field and positions, and whom it refuses', async () => {
  const [fault] = faultsOf(await readAll(changed(4, 30, 'X')));
  assert.deepEqual(fault, {
    scope: 'entry',
    record: 4,
    batch: 0,
    entry: 1,
    rule: 'nacha_field_not_numeric',
    field: 'amount',
    message: 'Record 4, amount at positions 30 to 39: entry detail should have digits there.',
  });
});

test('an entry whose amount cannot be read is not handed on', async () => {
  const items = await readAll(changed(4, 30, 'X'));
  const indexes = items.flatMap((item) => (item.kind === 'entry' ? [item.entry.index] : []));
  assert.deepEqual(indexes, [0, 2, 3]);
});

test('records out of their order are faulted where they stand', async () => {
  const lines = plain.toString('latin1').split('\n');
  const orders: readonly (readonly [keep: readonly number[], rule: string])[] = [
    [[2, 3, 7, 11], 'nacha_file_header_missing'],
    [[1, 1, 2, 3, 7, 11], 'nacha_file_header_misplaced'],
    [[1, 2, 3, 11], 'nacha_batch_control_missing'],
    [[1, 2, 3, 8, 9, 10, 11], 'nacha_batch_control_missing'],
    [[1, 3, 2, 3, 7, 11], 'nacha_entry_outside_batch'],
    [[1, 2, 5, 3, 7, 11], 'nacha_addenda_outside_entry'],
    [[1, 7, 11], 'nacha_batch_control_outside_batch'],
    [[1, 2, 7, 11], 'nacha_batch_empty'],
    [[1, 2, 3, 7], 'nacha_file_control_missing'],
    [[1, 2, 3, 7, 11, 2], 'nacha_record_after_file_control'],
    [[1, 11], 'nacha_file_empty'],
    [[], 'nacha_file_empty'],
  ];
  for (const [keep, rule] of orders) {
    const bytes = Buffer.from(keep.map((number) => lines[number - 1] ?? '').join('\n'));
    const rules = await rulesOf(bytes);
    assert.ok(rules.includes(rule), `${keep.join()}: ${rules.join()}`);
  }
});

test('a bank may want its batches balanced', async () => {
  const rules = await rulesOf(plain, { isBalanceRequired: true });
  assert.deepEqual(rules, ['nacha_batch_not_balanced', 'nacha_batch_not_balanced']);
});

test('a bank may refuse payments of nothing, which others take as advices', async () => {
  const bytes = writeNacha({
    header,
    batches: [
      originatedBatch({ ...company, batchNumber: 1, entries: [origination(1, { amount: 0n })] }),
    ],
  });
  const [entry] = (await readAll(bytes)).filter(({ kind }) => kind === 'entry');
  assert.ok(entry?.kind === 'entry' && entry.entry.kind === 'advice');
  assert.deepEqual(await rulesOf(bytes, { isAmountRequired: true }), ['nacha_amount_not_allowed']);
});

test('a batch that asks for the same day says until when', async () => {
  const bytes = writeNacha({
    header,
    batches: [
      originatedBatch({
        ...company,
        companyDescriptiveDate: 'SD1300',
        batchNumber: 1,
        entries: [origination(1)],
      }),
    ],
  });
  const batch = (await readAll(bytes)).find(({ kind }) => kind === 'batch');
  assert.ok(batch?.kind === 'batch');
  assert.equal(batch.details['sameDayDeadline'], '13:00');
});

test('a file is told by its beginning', () => {
  assert.ok(nachaFormat.isLikely(plain));
  assert.ok(!nachaFormat.isLikely(Buffer.from('<?xml version="1.0"?>')));
  assert.ok(!nachaFormat.isLikely(Buffer.alloc(0)));
});

test('a class of debits has credits only to reverse them', async () => {
  function reversing(companyEntryDescription: string): Buffer {
    const entries = [origination(1)];
    const batch = { ...company, standardEntryClassCode: 'TEL', batchNumber: 1, entries };
    return writeNacha({
      header,
      batches: [originatedBatch({ ...batch, companyEntryDescription })],
    });
  }
  assert.deepEqual(await rulesOf(reversing('REVERSAL')), []);
  assert.deepEqual(await rulesOf(reversing('PHONE')), [
    'nacha_service_class_not_allowed',
    'nacha_transaction_code_not_allowed',
  ]);
});

test('an entry is not held with more addenda than it can count', async () => {
  const lines = plain.toString('latin1').split('\n');
  const flood = Array.from({ length: 30_000 }, () => lines[4] ?? '');
  const bytes = Buffer.from([...lines.slice(0, 5), ...flood, ...lines.slice(5)].join('\n'));
  const rules = new Set(await rulesOf(bytes));
  assert.ok(rules.has('nacha_addenda_count_not_allowed'));
  assert.ok(rules.has('nacha_entry_addenda_count_wrong'));
});
