// The published NACHA files: judged as their reference says, written back as they were, mutated.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { FileItem } from '../src/payments/files/format.ts';
import type { NachaOptions } from '../src/payments/nacha/options.ts';
import { nachaFormat } from '../src/payments/nacha/read.ts';
import { readAll } from '../src/payments/nacha/testing/fuzz.ts';
import { nachaFileOf } from '../src/payments/nacha/writing/model.ts';
import { writeNacha } from '../src/payments/nacha/writing/write.ts';
import { fuzzNacha, nachaFolder } from './nacha-fuzz.ts';

interface Sample {
  readonly file: string;
  readonly verdict: string;
  readonly bytes: Buffer;
}

const samples: readonly Sample[] = readFileSync(path.join(nachaFolder, 'expected.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((row) => {
    const [file = '', verdict = ''] = row.split('\t');
    return { file, verdict, bytes: readFileSync(path.join(nachaFolder, file)) };
  });

/** Verdicts held to be wrong: they name no reason, and the file breaks a rule of the standard. */
const argued: Readonly<Record<string, string>> = {
  'test__testdata__flattenADVBatchesMultipleBatchHeaders.ach': 'nacha_total_credits_wrong',
};

/** The leniencies with which a file is to be accepted that is not without. */
const agreed: Readonly<Record<string, NachaOptions>> = {
  'test__issues__testdata__issue702.ach': { leniencies: ['any_destination'] },
  'test__issues__testdata__issue751.ach': { leniencies: ['no_file_header', 'no_file_control'] },
  'test__testdata__ppd-debit-customTraceNumber.ach': { leniencies: ['any_origin'] },
  'test__testdata__extended-ascii.ach': { charset: 'utf-8' },
};

const byName = new Map(samples.map((sample) => [sample.file, sample]));

function sampleNamed(file: string): Sample {
  const sample = byName.get(file);
  assert.ok(sample, `${file} is one of the published files`);
  return sample;
}

function rulesBroken(items: readonly FileItem[]): string[] {
  return items.flatMap((item) => (item.kind === 'fault' ? [item.fault.rule] : []));
}

test('the set of published files is whole', () => {
  assert.equal(samples.length, 78);
});

for (const { file, verdict, bytes } of samples) {
  const arguedRule = argued[file];
  const isAccepted = verdict === 'accept' && arguedRule === undefined;
  test(`${file} is ${isAccepted ? 'accepted' : 'refused'} (${verdict})`, async () => {
    const rules = rulesBroken(await readAll(bytes));
    if (isAccepted) {
      assert.deepEqual(rules, []);
    } else if (arguedRule === undefined) {
      assert.ok(rules.length > 0);
    } else {
      assert.deepEqual(rules, [arguedRule]);
    }
  });
}

for (const [file, options] of Object.entries(agreed)) {
  test(`${file} is accepted with ${JSON.stringify(options)}`, async () => {
    assert.deepEqual(rulesBroken(await readAll(sampleNamed(file).bytes, { options })), []);
  });
}

test('the readable part of a refused file is handed on', async () => {
  const items = await readAll(sampleNamed('test__issues__testdata__issue751.ach').bytes);
  const entries = items.filter(({ kind }) => kind === 'entry');
  assert.equal(entries.length, 2);
  assert.equal(items.filter(({ kind }) => kind === 'batch').length, 1);
});

test('a file in another charset is read with it', async () => {
  const { bytes } = sampleNamed('test__testdata__nonascii.ach');
  const items = await readAll(bytes, { options: { charset: 'windows-1252' } });
  const names = items.flatMap((item) => (item.kind === 'entry' ? [item.entry.debtor.name] : []));
  // The field of a corporate name has sixteen characters; the seventeenth stands behind it.
  assert.deepEqual(names, ['Receiver¦Acc Nam']);
});

const refusedFor: readonly (readonly [file: string, rule: string, field: string | undefined])[] = [
  ['Iat-invalidAddenda13', 'nacha_character_not_allowed', 'bankName'],
  ['adv-invalidBatchEntries', 'nacha_addenda_outside_entry', undefined],
  ['iat-invalidAddenda98', 'nacha_change_reason_unknown', 'reasonCode'],
  ['iat-invalidAddenda99', 'nacha_return_reason_unknown', 'reasonCode'],
  ['iat-invalidBatchControl', 'nacha_control_differs', 'originatingDfi'],
  ['ppd-debit-fixedLengthInvalid', 'nacha_record_length_wrong', undefined],
  ['shr-credit', 'nacha_card_expiration_invalid', 'cardExpirationDate'],
  ['20110805A', 'nacha_batch_count_wrong', 'batchCount'],
];

for (const [name, rule, field] of refusedFor) {
  test(`${name} is refused for ${rule}`, async () => {
    const items = await readAll(sampleNamed(`test__testdata__${name}.ach`).bytes);
    const faults = items.flatMap((item) => (item.kind === 'fault' ? [item.fault] : []));
    assert.ok(faults.some((fault) => fault.rule === rule && fault.field === field));
  });
}

test('every accepted file is likely one of its format', () => {
  for (const { file, verdict, bytes } of samples) {
    assert.ok(verdict !== 'accept' || nachaFormat.isLikely(bytes.subarray(0, 200)), file);
  }
});

/**
 * Not canonical: their last lines are short or one too many, or a control says what its batch does
 * not. Written anew, they are what they should have been.
 */
const notCanonical: ReadonlySet<string> = new Set([
  'examples__testdata__cie-credit.ach',
  'test__testdata__flattenADVBatchesMultipleBatchHeaders.ach',
  'test__testdata__gl-debit.ach',
  'test__testdata__loan-credit.ach',
  'test__testdata__ppd-debit.ach',
  'test__testdata__return-WEB.ach',
  'test__testdata__short-line.ach',
  'test__testdata__txp-credit.ach',
]);

for (const { file, verdict, bytes } of samples) {
  if (verdict === 'accept') {
    test(`${file} is written back as it was read`, async () => {
      const { file: read, form } = nachaFileOf(bytes);
      const written = writeNacha(read, form);
      assert.equal(written.equals(bytes), !notCanonical.has(file));
      assert.deepEqual(rulesBroken(await readAll(written)), []);
      assert.deepEqual(nachaFileOf(written).file, read);
    });
  }
}

test('mutated files crash nothing, and an accepted one has sums equal to its entries', async () => {
  const { runs, accepted } = await fuzzNacha({ runs: 3_000, seed: 1 });
  assert.equal(runs, 3_000);
  assert.ok(accepted > 0, 'some mutations leave a file acceptable');
});
