// Writes a NACHA file: records of 94 characters, with the controls computed from the entries as
// they are written. Read back, what was written gives the same file.

import { assert } from '#kernel';
import { addendaLayoutOf } from '../standard/addenda.ts';
import { transactionOf } from '../standard/codes.ts';
import * as layouts from '../standard/layouts.ts';
import { formatRecord, numberOf, rawOf, recordLength } from '../standard/record.ts';
import { addHash, addSums, noSums, type ControlSums, type Sums } from '../totals.ts';
import {
  entryLayoutOf,
  isIatHeader,
  usualForm,
  type FileForm,
  type NachaBatch,
  type NachaEntry,
  type NachaFile,
  type RecordValues,
} from './model.ts';

/** The whole file; for one that is small enough to be held. */
export function writeNacha(file: NachaFile, form: FileForm = usualForm): Buffer {
  const text = [...nachaRecords(file, form)].join(form.lineEnd);
  return Buffer.from(form.hasLastLineEnd ? text + form.lineEnd : text, 'latin1');
}

/** The records of a file of any size, one after the other, without line ends. */
export function* nachaRecords(file: NachaFile, form: FileForm = usualForm): Generator<string> {
  yield formatRecord(layouts.fileHeader, file.header);
  const sums = noSums();
  let batches = 0;
  let isAdvice = false;
  for (const batch of file.batches) {
    batches += 1;
    isAdvice ||= batch.header['standardEntryClassCode'] === 'ADV';
    const own = noSums();
    yield* batchRecords(batch, own);
    addSums(sums, own);
  }
  const records = 2 + 2 * batches + Number(sums.control.entryAddendaCount);
  const blocks = Math.ceil(records / 10);
  yield formatRecord(isAdvice ? layouts.advFileControl : layouts.fileControl, {
    batchCount: String(batches),
    blockCount: String(blocks),
    ...sumValues(sums.control),
  });
  if (form.isPadded) {
    for (let index = records; index < blocks * 10; index++) {
      yield '9'.repeat(recordLength);
    }
  }
}

function* batchRecords({ header, entries, control }: NachaBatch, sums: Sums): Generator<string> {
  const isIat = isIatHeader(header);
  yield formatRecord(isIat ? layouts.iatBatchHeader : layouts.batchHeader, header);
  const layout = entryLayoutOf(header);
  for (const entry of entries) {
    yield* entryRecords(entry, layout, sums.control);
  }
  const isAdvice = header['standardEntryClassCode'] === 'ADV';
  yield formatRecord(isAdvice ? layouts.advBatchControl : layouts.batchControl, {
    ...pick(header, ['serviceClassCode', 'originatingDfi', 'batchNumber']),
    ...(isIat ? {} : pick(header, ['companyIdentification'])),
    ...sumValues(sums.control),
    ...control,
  });
}

function* entryRecords(
  { detail, addenda }: NachaEntry,
  layout: layouts.AnyEntryDetail,
  control: ControlSums,
): Generator<string> {
  const line = formatRecord(layout, detail);
  const { transactionCode, receivingDfi, amount } = layout.fields;
  const cents = numberOf(line, amount) ?? 0n;
  control.entryAddendaCount += BigInt(1 + addenda.length);
  addHash(control, numberOf(line, receivingDfi) ?? 0n);
  if (transactionOf(rawOf(line, transactionCode))?.direction === 'debit') {
    control.totalDebits += cents;
  } else {
    control.totalCredits += cents;
  }
  yield line;
  for (const values of addenda) {
    yield addendaRecord(values);
  }
}

/** The layout is told by the type code and, of returns and changes, the reason. */
function addendaRecord(values: RecordValues): string {
  const type = values['typeCode'] ?? '';
  const layout = addendaLayoutOf(`7${type}${values['reasonCode'] ?? ''}`);
  assert(layout !== undefined, 'an addenda record has a type code of the standard');
  return formatRecord(layout, values);
}

function pick(values: RecordValues, names: readonly string[]): RecordValues {
  return Object.fromEntries(names.map((name) => [name, values[name] ?? '']));
}

function sumValues(control: ControlSums): RecordValues {
  return {
    entryAddendaCount: String(control.entryAddendaCount),
    entryHash: String(control.entryHash),
    totalDebits: String(control.totalDebits),
    totalCredits: String(control.totalCredits),
  };
}
