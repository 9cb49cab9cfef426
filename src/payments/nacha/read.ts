// Reads a NACHA file as a stream of items: the order of its records, its header and its control.
// Never throws for what a file holds, and holds one entry with its addenda at most. The faults of
// an entry come before the entry.

import { limits } from '#config';
import type { FileFormat, FileItem } from '../files/format.ts';
import { batchNumberOf, closeBatch, endBatch, openBatch, type OpenBatch } from './batch.ts';
import { checkDigitOf } from './standard/codes.ts';
import { closeEntry, type OpenEntry } from './entry.ts';
import * as layouts from './standard/layouts.ts';
import { recordCutter, type RecordLine } from './lines.ts';
import { strictnessOf, type NachaOptions } from './options.ts';
import { dateOf, numberOf, rawOf, textOf } from './standard/record.ts';
import { createSink, type Place, type Sink } from './sink.ts';
import { addSums, checkSums, noSums, totalsOf } from './totals.ts';

interface Reading {
  readonly sink: Sink;
  readonly sums: ReturnType<typeof noSums>;
  readonly requestedOn: (text: string) => string | undefined;
  batch: OpenBatch | undefined;
  entry: OpenEntry | undefined;
  batches: number;
  entries: number;
  records: number;
  hasHeader: boolean;
  hasControl: boolean;
  hasAdvices: boolean;
  hasOthers: boolean;
  lastBatchNumber: bigint;
}

function beginReading(options: NachaOptions): Reading {
  return {
    sink: createSink(strictnessOf(options)),
    sums: noSums(),
    requestedOn: rememberingDates(),
    batch: undefined,
    entry: undefined,
    batches: 0,
    entries: 0,
    records: 0,
    hasHeader: false,
    hasControl: false,
    hasAdvices: false,
    hasOthers: false,
    lastBatchNumber: -1n,
  };
}

function rememberingDates(): (text: string) => string | undefined {
  let last = '';
  let date: string | undefined;
  return (text) => {
    if (text !== last) {
      last = text;
      date = dateOf(text);
    }
    return date;
  };
}

const padding = /^9{2,} *$/;

function readRecord(reading: Reading, line: RecordLine): void {
  const { sink } = reading;
  if (reading.hasControl && padding.test(line.text)) {
    return;
  }
  reading.records = line.number;
  const place = placeOf(reading, line);
  if (line.wrongLength !== undefined) {
    const problem = `a record has 94 characters, and this one ${line.wrongLength}`;
    sink.fault(place, 'nacha_record_length_wrong', problem);
    return;
  }
  if (reading.hasControl) {
    sink.fault(place, 'nacha_record_after_file_control', 'only padding follows the file control');
    return;
  }
  switch (line.text.slice(0, 1)) {
    case '1':
      readFileHeader(reading, line);
      return;
    case '5':
      readBatchHeader(reading, line);
      return;
    case '6':
      readEntry(reading, line);
      return;
    case '7':
      readAddendum(reading, line);
      return;
    case '8':
      readBatchControl(reading, line);
      return;
    case '9':
      readFileControl(reading, line);
      return;
    default:
      sink.fault(place, 'nacha_record_type_unknown', 'records begin with 1, 5, 6, 7, 8 or 9');
  }
}

function placeOf({ batch }: Reading, { number }: RecordLine): Place {
  return batch === undefined
    ? { scope: 'file', record: number }
    : { scope: 'batch', record: number, batch: batch.index };
}

function readFileHeader(reading: Reading, line: RecordLine): void {
  const { sink } = reading;
  const place: Place = { scope: 'file', record: line.number };
  if (reading.hasHeader || line.number !== 1) {
    const problem = 'the file header is the first record, and there is one';
    sink.fault(place, 'nacha_file_header_misplaced', problem);
    return;
  }
  reading.hasHeader = true;
  sink.check(place, layouts.fileHeader, line.text);
  checkRoutings(sink, place, line.text);
  sink.put(fileItemOf(line.text));
}

function checkRoutings(sink: Sink, place: Place, line: string): void {
  const { immediateDestination, immediateOrigin, fileIdModifier } = layouts.fileHeader.fields;
  const { strictness } = sink;
  if (!strictness.isLenient('any_destination') && !isRouting(textOf(line, immediateDestination))) {
    const problem = 'expected a routing number';
    sink.fault(place, 'nacha_routing_number_invalid', problem, immediateDestination);
  }
  const origin = textOf(line, immediateOrigin);
  const isOriginRight =
    strictness.options.isRoutingOriginRequired === true ? isRouting(origin) : !/^0+$/.test(origin);
  if (!isOriginRight && !strictness.isLenient('any_origin')) {
    sink.fault(place, 'nacha_origin_invalid', 'expected who sends the file', immediateOrigin);
  }
  if (!/^[A-Z0-9]$/.test(rawOf(line, fileIdModifier))) {
    const problem = 'expected a capital letter or a digit';
    sink.fault(place, 'nacha_file_id_modifier_invalid', problem, fileIdModifier);
  }
}

/** Nine digits, or ten of which the first is 0, with a right check digit. */
function isRouting(text: string): boolean {
  const digits = text.length === 10 && text.startsWith('0') ? text.slice(1) : text;
  return /^\d{9}$/.test(digits) && !/^0+$/.test(digits) && checkDigitOf(digits) === digits.at(8);
}

function fileItemOf(line: string): FileItem {
  const { fields } = layouts.fileHeader;
  const details: Record<string, string> = {};
  for (const field of layouts.fileHeader.list) {
    const text = textOf(line, field);
    if (field.kind !== 'constant' && text !== '') {
      details[field.name] = text;
    }
  }
  const { fileCreationDate, fileCreationTime, immediateDestination, immediateOrigin } = fields;
  const date = dateOf(rawOf(line, fileCreationDate));
  const time = textOf(line, fileCreationTime);
  const origin = textOf(line, immediateOrigin);
  return {
    kind: 'file',
    format: 'nacha',
    // What together tells a file from others (Operating Rules, Appendix Two): from whom, to whom,
    // when, and the modifier of files of one minute.
    messageId: [
      textOf(line, immediateDestination),
      origin,
      rawOf(line, fileCreationDate),
      rawOf(line, fileCreationTime),
      rawOf(line, fields.fileIdModifier),
    ].join('/'),
    sender: origin,
    createdAt:
      date === undefined || time === '' ? date : `${date}T${time.slice(0, 2)}:${time.slice(2)}`,
    details,
  };
}

function requireHeader(reading: Reading, line: RecordLine): void {
  if (reading.hasHeader) {
    return;
  }
  reading.hasHeader = true;
  const { sink } = reading;
  if (!sink.strictness.isLenient('no_file_header')) {
    const place: Place = { scope: 'file', record: line.number };
    sink.fault(place, 'nacha_file_header_missing', 'the first record should be the file header');
  }
}

function readBatchHeader(reading: Reading, line: RecordLine): void {
  const { sink } = reading;
  requireHeader(reading, line);
  finishEntry(reading);
  if (reading.batch !== undefined) {
    leaveBatchOpen(reading, line);
  }
  const index = reading.batches;
  reading.batches += 1;
  const batch = openBatch(sink, line, { index, requestedOn: reading.requestedOn });
  reading.batch = batch;
  const place: Place = { scope: 'batch', record: line.number, batch: index };
  const isAdvice = batch.entryClass?.code === 'ADV';
  reading.hasAdvices ||= isAdvice;
  reading.hasOthers ||= !isAdvice;
  if (reading.hasAdvices && reading.hasOthers) {
    sink.fault({ ...place, scope: 'file' }, 'nacha_advices_mixed', 'ADV has files of its own');
  }
  const number = batchNumberOf(line.text);
  if (number === undefined) {
    return;
  }
  if (number <= reading.lastBatchNumber && !sink.strictness.isLenient('any_batch_order')) {
    const { batchNumber } = layouts.batchHeader.fields;
    const problem = 'batch numbers should ascend within a file';
    sink.fault(place, 'nacha_batch_order_wrong', problem, batchNumber);
  }
  reading.lastBatchNumber = number;
}

/** Ends a batch whose control never came. */
function leaveBatchOpen(reading: Reading, line: RecordLine): void {
  const { sink, batch } = reading;
  if (batch === undefined) {
    return;
  }
  const place: Place = { scope: 'batch', record: line.number, batch: batch.index };
  sink.fault(place, 'nacha_batch_control_missing', 'a batch ends with its control');
  endBatch(sink, batch, place);
  addSums(reading.sums, batch.sums);
  reading.batch = undefined;
}

function readEntry(reading: Reading, line: RecordLine): void {
  requireHeader(reading, line);
  finishEntry(reading);
  if (reading.batch === undefined) {
    const problem = 'an entry stands within a batch';
    reading.sink.fault(placeOf(reading, line), 'nacha_entry_outside_batch', problem);
    return;
  }
  const index = reading.entries;
  reading.entries += 1;
  reading.entry = {
    index,
    record: line.number,
    line: line.text,
    addenda: [],
    addendaCount: 0,
  };
}

function readAddendum(reading: Reading, line: RecordLine): void {
  const { entry, batch, sink } = reading;
  if (entry === undefined) {
    requireHeader(reading, line);
    const problem = 'an addenda record follows an entry';
    sink.fault(placeOf(reading, line), 'nacha_addenda_outside_entry', problem);
    if (batch !== undefined) {
      batch.sums.control.entryAddendaCount += 1n;
    }
    return;
  }
  entry.addendaCount += 1;
  if (entry.addendaCount <= limits.nachaAddendaMax.value + 1) {
    entry.addenda.push(line);
  }
}

function finishEntry(reading: Reading): void {
  const { sink, batch, entry } = reading;
  if (batch !== undefined && entry !== undefined) {
    closeEntry(sink, batch, entry);
  }
  reading.entry = undefined;
}

function readBatchControl(reading: Reading, line: RecordLine): void {
  requireHeader(reading, line);
  finishEntry(reading);
  const { batch, sink } = reading;
  if (batch === undefined) {
    const problem = 'a batch control ends a batch';
    sink.fault(placeOf(reading, line), 'nacha_batch_control_outside_batch', problem);
    return;
  }
  closeBatch(sink, batch, line);
  addSums(reading.sums, batch.sums);
  reading.batch = undefined;
}

function readFileControl(reading: Reading, line: RecordLine): void {
  const { sink, sums } = reading;
  requireHeader(reading, line);
  finishEntry(reading);
  leaveBatchOpen(reading, line);
  reading.hasControl = true;
  const place: Place = { scope: 'file', record: line.number };
  const layout = reading.hasAdvices ? layouts.advFileControl : layouts.fileControl;
  sink.check(place, layout, line.text);
  checkSums(sink, place, sums.control, { layout, line: line.text });
  const { batchCount, blockCount } = layout.fields;
  const batches = numberOf(line.text, batchCount);
  if (batches !== undefined && batches !== BigInt(reading.batches)) {
    const problem = `the control says ${batches} batches, and ${reading.batches} are there`;
    sink.fault(place, 'nacha_batch_count_wrong', problem, batchCount);
  }
  const blocks = BigInt(Math.ceil(line.number / 10));
  const stated = numberOf(line.text, blockCount);
  const isBlocksLenient = sink.strictness.isLenient('any_block_count');
  if (stated !== undefined && stated !== blocks && !isBlocksLenient) {
    const problem = `the control says ${stated} blocks of ten records, and ${blocks} are there`;
    sink.fault(place, 'nacha_block_count_wrong', problem, blockCount);
  }
}

function endReading(reading: Reading): void {
  const { sink } = reading;
  const last: RecordLine = { text: '', number: reading.records };
  const place: Place = { scope: 'file', record: reading.records };
  finishEntry(reading);
  leaveBatchOpen(reading, last);
  requireHeader(reading, last);
  if (!reading.hasControl && !sink.strictness.isLenient('no_file_control')) {
    sink.fault(place, 'nacha_file_control_missing', 'the file control ends a file');
  }
  if (reading.batches === 0 && !sink.strictness.isLenient('no_batches')) {
    sink.fault(place, 'nacha_file_empty', 'a file should have batches');
  }
  sink.put({ kind: 'end', totals: totalsOf(reading.sums, reading.batches) });
}

async function* readNacha(
  source: AsyncIterable<Buffer>,
  options: NachaOptions,
): AsyncGenerator<FileItem> {
  const reading = beginReading(options);
  const cutter = recordCutter();
  const decode = decoderFor(options.charset ?? 'ascii');
  for await (const chunk of source) {
    const piece = limits.nachaPieceBytesMax.value;
    for (let start = 0; start < chunk.length; start += piece) {
      const text = decode(chunk.subarray(start, start + piece));
      for (const line of cutter.cut(text)) {
        readRecord(reading, line);
      }
      yield* reading.sink.take();
    }
  }
  for (const line of [...cutter.cut(decode()), ...cutter.end()]) {
    readRecord(reading, line);
  }
  endReading(reading);
  yield* reading.sink.take();
}

/** In ASCII each byte is looked at for itself, so that one too many is told by its place. */
function decoderFor(charset: string): (piece?: Buffer) => string {
  if (charset === 'ascii') {
    return (piece) => piece?.toString('latin1') ?? '';
  }
  const decoder = new TextDecoder(charset);
  return (piece) =>
    piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
}

function isLikely(head: Buffer): boolean {
  return /^101[ 0-9A-Z]{20}\d{6}[ \d]{4}[A-Z0-9]094101/.test(head.toString('latin1', 0, 94));
}

/** The format with the leniencies that a sender's agreement names. */
export function nachaFormatWith(options: NachaOptions): FileFormat {
  return { name: 'nacha', isLikely, read: (source) => readNacha(source, options) };
}

export const nachaFormat: FileFormat = nachaFormatWith({});
