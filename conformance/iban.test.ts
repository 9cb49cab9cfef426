import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { readIban } from '#accounts';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');
const folder = path.join(shared, 'codes');

function rowsOf(name: string): string[][] {
  const lines = readFileSync(path.join(folder, name), 'utf8').split('\n');
  return lines.slice(1).flatMap((line) => (line === '' ? [] : [line.split('\t')]));
}

test('every IBAN that all references hold for valid is read', () => {
  const rows = rowsOf('iban-valid.tsv').filter(([, expected]) => expected === 'valid');
  assert.ok(rows.length > 90);
  const refused = rows.filter(([iban = '']) => !readIban(iban).ok);
  assert.deepEqual(refused, []);
});

test('every altered IBAN is refused', () => {
  const rows = rowsOf('iban-invalid.tsv');
  assert.ok(rows.length > 500);
  const read = rows.filter(([iban = '']) => readIban(iban).ok);
  assert.deepEqual(read, []);
});
