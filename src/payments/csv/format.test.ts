import assert from 'node:assert/strict';
import test from 'node:test';
import type { FileEntry, FileItem } from '../files/format.ts';
import { csvFormat } from './format.ts';
import { checkMapping, type CsvMapping } from './mapping.ts';
import { writeCsvRecord } from './records.ts';

const mapping: CsvMapping = {
  delimiter: ';',
  quote: '"',
  hasHeader: true,
  encoding: 'utf-8',
  columns: {
    amount: 'Amount',
    creditor_name: 'Name',
    creditor_iban: 'IBAN',
    remittance: 'Text',
    requested_on: 'Date',
  },
  constants: { currency: 'EUR', kind: 'credit' },
  decimalSign: ',',
  groupSign: '.',
  isMinorUnits: false,
  negative: undefined,
  dateForm: 'DD.MM.YYYY',
};

async function read(
  text: string | Buffer,
  { given = mapping, piece = 1_000 } = {},
): Promise<FileItem[]> {
  const bytes = Buffer.from(text);
  async function* source(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += piece) {
      yield await Promise.resolve(bytes.subarray(at, at + piece));
    }
  }
  const items: FileItem[] = [];
  for await (const item of csvFormat(given).read(source())) items.push(item);
  return items;
}

const entriesOf = (items: readonly FileItem[]): FileEntry[] =>
  items.flatMap((item) => (item.kind === 'entry' ? [item.entry] : []));
const faultsOf = (items: readonly FileItem[]) =>
  items.flatMap((item) => (item.kind === 'fault' ? [item.fault] : []));

const header = 'Name;IBAN;Amount;Date;Text\r\n';

test('a record becomes a payment as the mapping says, whatever pieces the bytes come in', async () => {
  const text =
    `${header}"Müller; & ""Sons""";DE89 3704 0044 0532 0130 00;1.234,5;1.12.2026;` +
    '"two\nlines"\r\n';
  for (const piece of [1, 2, 3, 7, 1_000]) {
    const items = await read(text, { piece });
    const [entry] = entriesOf(items);
    assert.ok(entry !== undefined);
    assert.equal(entry.amount, 123_450n);
    assert.equal(entry.creditor.name, 'Müller; & "Sons"');
    assert.equal(entry.creditor.iban, 'DE89370400440532013000');
    assert.equal(entry.requestedOn, '2026-12-01');
    assert.equal(entry.remittance, 'two\nlines');
    assert.deepEqual([entry.record, entry.index, entry.kind], [2, 0, 'credit']);
    const end = items.at(-1);
    assert.deepEqual(end, {
      kind: 'end',
      totals: { entries: 1, batches: 1, debits: 0n, credits: 123_450n },
    });
  }
});

test('an amount is exact or a fault, never rounded', async () => {
  const amounts = ['1,234', '1.23', '12.34,5', '', 'x', '1e5', '0', '9999999999999999999', '-5'];
  for (const amount of amounts) {
    const items = await read(`${header}A;;${amount};;\n`);
    assert.deepEqual(entriesOf(items), [], amount);
    assert.equal(faultsOf(items)[0]?.scope, 'entry', amount);
    assert.equal(faultsOf(items)[0]?.record, 2);
  }
});

test('a fault of one record leaves its neighbours as they are', async () => {
  const items = await read(`${header}A;;1;;\nB;;one;;\nC;;3;32.1.2026;\nD;;4;;\n`);
  assert.deepEqual(
    entriesOf(items).map(({ amount, record, index }) => [amount, record, index]),
    [
      [100n, 2, 0],
      [400n, 5, 3],
    ],
  );
  assert.deepEqual(
    faultsOf(items).map(({ rule, record, field, entry }) => [rule, record, field, entry]),
    [
      ['csv_amount_invalid', 3, 'Amount', 1],
      ['csv_date_invalid', 4, 'Date', 2],
    ],
  );
});

test('a field that is too long, or holds control characters, is a fault of its record', async () => {
  const items = await read(`${header}A\0;;1;;\nB;;1;;${'x'.repeat(501)}\n\u0085;;1;;\nD;;1;;ok\n`);
  assert.deepEqual(
    faultsOf(items).map(({ rule, entry }) => [rule, entry]),
    [
      ['csv_character_invalid', 0],
      ['csv_field_too_long', 1],
      ['csv_character_invalid', 2],
    ],
  );
  assert.equal(entriesOf(items).length, 1);
});

test('a sign says the direction where the mapping says so', async () => {
  const given: CsvMapping = {
    ...mapping,
    constants: { currency: 'USD' },
    negative: 'debit',
    decimalSign: '.',
    groupSign: ',',
  };
  const items = await read(`${header}A;;-1,000.10;;\nB;;2;;\n`, { given });
  assert.deepEqual(
    entriesOf(items).map(({ kind, amount }) => [kind, amount]),
    [
      ['debit', 100_010n],
      ['credit', 200n],
    ],
  );
});

test('a file that cannot be read has one fault of the file, and its end', async () => {
  const broken = {
    csv_record_unreadable: [
      `${header}"A;;1;;\n`,
      `${header}"A"x;;1;;\n`,
      Buffer.concat([Buffer.from(header), Buffer.from([0xc3, 0x28, 0x0a])]),
      `${header}${'x'.repeat(70_000)}`,
    ],
    csv_column_missing: ['Name;Betrag\nA;1\n'],
    csv_header_missing: [''],
  };
  for (const [rule, texts] of Object.entries(broken)) {
    for (const text of texts) {
      const items = await read(text);
      assert.deepEqual(
        faultsOf(items).map((fault) => [fault.rule, fault.scope]),
        [[rule, 'file']],
      );
      assert.equal(items.at(-1)?.kind, 'end');
    }
  }
});

test('a mapping that leaves the amount, the currency or the direction open is refused', () => {
  assert.equal(checkMapping(mapping), undefined);
  const bad: CsvMapping[] = [
    { ...mapping, columns: {} },
    { ...mapping, constants: { kind: 'credit' } },
    { ...mapping, constants: { currency: 'EUR' } },
    { ...mapping, constants: { currency: 'EUR', kind: 'both' } },
    { ...mapping, decimalSign: '.' },
    { ...mapping, hasHeader: false },
    { ...mapping, constants: { ...mapping.constants, amount: '1' } },
  ];
  for (const each of bad) assert.equal(typeof checkMapping(each), 'string');
});

test('what is written is no formula of a spreadsheet', () => {
  const line = writeCsvRecord(['=1+1', '@x', '-2', 'a,"b"', undefined, 7]);
  assert.equal(line, `'=1+1,'@x,'-2,"a,""b""",,7\r\n`);
});
