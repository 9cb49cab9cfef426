// Owns a NACHA file as a whole, in memory: what is written, and what a written file is read back
// as. Its values are those of the records' fields, by their names; controls are not part of it,
// because they only repeat what the entries come to.

import { entryClasses } from '../standard/classes.ts';
import { addendaLayoutOf } from '../standard/addenda.ts';
import * as layouts from '../standard/layouts.ts';
import { textOf, valuesOf } from '../standard/record.ts';
import { recordCutter } from '../lines.ts';

export type RecordValues = Readonly<Record<string, string>>;

export interface NachaFile {
  readonly header: RecordValues;
  readonly batches: Iterable<NachaBatch>;
}

export interface NachaBatch {
  readonly header: RecordValues;
  readonly entries: Iterable<NachaEntry>;
  /** What only the control has: a message authentication code, the operator's data. */
  readonly control?: RecordValues;
}

export interface NachaEntry {
  readonly detail: RecordValues;
  readonly addenda: readonly RecordValues[];
}

/** How the records of a file are laid out. */
export interface FileForm {
  readonly lineEnd: '\n' | '\r\n' | '';
  /** Whether records of nines fill the last block of ten. */
  readonly isPadded: boolean;
  readonly hasLastLineEnd: boolean;
}

export const usualForm: FileForm = { lineEnd: '\n', isPadded: true, hasLastLineEnd: true };

export function isIatHeader({ standardEntryClassCode, companyName, iatIndicator }: RecordValues) {
  return standardEntryClassCode === 'IAT' || [companyName, iatIndicator].includes('IATCOR');
}

export function entryLayoutOf(header: RecordValues): layouts.AnyEntryDetail {
  const code = isIatHeader(header) ? 'IAT' : (header['standardEntryClassCode'] ?? '');
  return entryClasses.get(code)?.layout ?? layouts.entryDetail;
}

interface Building {
  header: RecordValues;
  entries: { detail: RecordValues; addenda: RecordValues[] }[];
  control: RecordValues;
}

/** What a file that was judged before holds. Records out of their place are left out. */
export function nachaFileOf(bytes: Buffer): { file: NachaFile; form: FileForm } {
  const text = bytes.toString('latin1');
  const cutter = recordCutter();
  let header: RecordValues = {};
  const batches: Building[] = [];
  let records = 0;
  for (const { text: line } of [...cutter.cut(text), ...cutter.end()]) {
    records += 1;
    const batch = batches.at(-1);
    switch (line.slice(0, 1)) {
      case '1':
        header = valuesOf(layouts.fileHeader, line);
        break;
      case '5':
        batches.push({ header: headerValuesOf(line), entries: [], control: {} });
        break;
      case '6':
        if (batch !== undefined) {
          const detail = valuesOf(entryLayoutOf(batch.header), line);
          batch.entries.push({ detail, addenda: [] });
        }
        break;
      case '7':
        batch?.entries.at(-1)?.addenda.push(addendaValuesOf(line));
        break;
      case '8':
        if (batch !== undefined) {
          batch.control = controlValuesOf(batch.header, line);
        }
        break;
      default:
        break;
    }
  }
  return { file: { header, batches }, form: formOf(text, records) };
}

function headerValuesOf(line: string): RecordValues {
  const values: RecordValues = valuesOf(layouts.batchHeader, line);
  return isIatHeader(values) ? valuesOf(layouts.iatBatchHeader, line) : values;
}

function addendaValuesOf(line: string): RecordValues {
  const layout = addendaLayoutOf(line);
  return layout === undefined ? {} : valuesOf(layout, line);
}

function controlValuesOf(header: RecordValues, line: string): RecordValues {
  const { messageAuthenticationCode } = layouts.batchControl.fields;
  const { achOperatorData } = layouts.advBatchControl.fields;
  const field =
    header['standardEntryClassCode'] === 'ADV' ? achOperatorData : messageAuthenticationCode;
  const text = textOf(line, field);
  return text === '' ? {} : { [field.name]: text };
}

function formOf(text: string, records: number): FileForm {
  const lineEnd = text.includes('\r\n') ? '\r\n' : text.includes('\n') ? '\n' : '';
  return {
    lineEnd,
    isPadded: records % 10 === 0,
    hasLastLineEnd: lineEnd !== '' && text.endsWith(lineEnd),
  };
}
