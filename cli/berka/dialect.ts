// Owns the dialect of the .asc files: ASCII lines of cells between semicolons, text in double
// quotes, a header line. Reading is strict: whatever is not exactly this becomes a problem with its
// file, line, field and reason, and never a guess.

import { createReadStream } from 'node:fs';

/** Why a line cannot be used. `line` counts from 1 and includes the header. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly field?: string | undefined;
  readonly why: string;
}

/** One cell as it was written. */
interface Cell {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** How to read one column; `read` answers undefined for what is not `expected`. */
export interface Column<Value> {
  /** The end of the sentence "… is not …". */
  readonly expected: string;
  readonly read: (text: string, isQuoted: boolean) => Value | undefined;
}

type Columns = Readonly<Record<string, Column<unknown>>>;

/** A row by its column names, with the line it came from. */
export type RowOf<Given extends Columns> = {
  readonly [Name in keyof Given]: Given[Name] extends Column<infer Value> ? Value : never;
} & { readonly line: number };

/** A file's name and columns in order. The first column is the row's key, unique in the file. */
export interface Table<Given extends Columns> {
  readonly file: string;
  readonly columns: Given;
}

export interface TableRows<Row> {
  readonly rows: Row[];
  readonly problems: Problem[];
}

const LINE_BYTES_MAX = 4_096;
/** A file of another kind would give a problem for each line: enough is enough. */
const PROBLEMS_PER_FILE_MAX = 100;
const NEWLINE = 0x0a;
const PRINTABLE = /^[\x20-\x7e]*$/;
const SHOWN_TEXT_MAX = 60;

/** Streams a file and reads every line of it. */
export async function readTable<Given extends Columns>(
  table: Table<Given>,
  path: string,
): Promise<TableRows<RowOf<Given>>> {
  const reader = tableReader(table);
  let carried: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const bytes = carried.length === 0 ? chunk : Buffer.concat([carried, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      reader.take(bytes.toString('latin1', start, end));
      start = end + 1;
    }
    carried = bytes.subarray(start);
    if (reader.isFull() || carried.length > LINE_BYTES_MAX) break;
  }
  if (carried.length > 0) reader.take(carried.toString('latin1'));
  return reader.finish();
}

interface TableReader<Row> {
  take(line: string): void;
  isFull(): boolean;
  finish(): TableRows<Row>;
}

/** Reads a table line by line, for a stream or a text that is already there. */
export function tableReader<Given extends Columns>(table: Table<Given>): TableReader<RowOf<Given>> {
  const { file, columns } = table;
  const names = Object.keys(columns);
  const rows: RowOf<Given>[] = [];
  const problems: Problem[] = [];
  const lineOfKey = new Map<unknown, number>();
  let lines = 0;

  const takeRow = (cells: readonly Cell[]): void => {
    const row: Record<string, unknown> = { line: lines };
    for (const [index, name] of names.entries()) {
      const cell = cells[index] ?? { text: '', isQuoted: false };
      const column = columns[name];
      const value = column?.read(cell.text, cell.isQuoted);
      if (value === undefined) {
        const why = `${shown(cell)} is not ${column?.expected ?? 'a known column'}`;
        problems.push({ file, line: lines, field: name, why });
        return;
      }
      row[name] = value;
    }
    const [keyName = ''] = names;
    const earlier = lineOfKey.get(row[keyName]);
    if (earlier !== undefined) {
      const why = `${String(row[keyName])} is already on line ${earlier}`;
      problems.push({ file, line: lines, field: keyName, why });
      return;
    }
    lineOfKey.set(row[keyName], lines);
    rows.push(row as RowOf<Given>);
  };

  return {
    take(text) {
      lines += 1;
      if (problems.length >= PROBLEMS_PER_FILE_MAX) return;
      const cells = splitLine(text.endsWith('\r') ? text.slice(0, -1) : text);
      const why = typeof cells === 'string' ? cells : misfit(cells, names, lines === 1);
      if (why !== undefined) problems.push({ file, line: lines, why });
      else if (lines > 1) takeRow(cells as readonly Cell[]);
    },
    isFull: () => problems.length >= PROBLEMS_PER_FILE_MAX,
    finish() {
      if (lines === 0)
        problems.push({ file, line: 1, why: 'the file is empty, not even a header' });
      return { rows, problems };
    },
  };
}

function misfit(
  cells: readonly Cell[],
  names: readonly string[],
  isHeader: boolean,
): string | undefined {
  if (isHeader) {
    const isAsExpected =
      cells.length === names.length && cells.every(({ text }, index) => text === names[index]);
    return isAsExpected ? undefined : `the header is not ${names.join(';')}`;
  }
  if (cells.length === names.length) return undefined;
  const fields = cells.length === 1 ? 'field' : 'fields';
  return `${cells.length} ${fields} where ${names.length} belong`;
}

/** The cells of a line, or why it has none. A quoted cell may hold semicolons but no quotes. */
function splitLine(line: string): Cell[] | string {
  if (line.length > LINE_BYTES_MAX) return `longer than ${LINE_BYTES_MAX} bytes`;
  if (!PRINTABLE.test(line)) return 'a byte that is not printable ASCII';
  if (line === '') return 'an empty line';
  const cells: Cell[] = [];
  for (let start = 0; start <= line.length;) {
    const isQuoted = line[start] === '"';
    const end = isQuoted ? line.indexOf('"', start + 1) + 1 : endOfCell(line, start);
    if (end === 0) return `an opening quote without its closing one in field ${cells.length + 1}`;
    if (end < line.length && line[end] !== ';') {
      return `text after the closing quote of field ${cells.length + 1}`;
    }
    const text = isQuoted ? line.slice(start + 1, end - 1) : line.slice(start, end);
    if (!isQuoted && text.includes('"')) return `a stray quote in field ${cells.length + 1}`;
    cells.push({ text, isQuoted });
    start = end + 1;
  }
  return cells;
}

function endOfCell(line: string, start: number): number {
  const end = line.indexOf(';', start);
  return end === -1 ? line.length : end;
}

function shown(cell: Cell): string {
  const { text, isQuoted } = cell;
  if (text === '') return 'nothing';
  const short = text.length > SHOWN_TEXT_MAX ? `${text.slice(0, SHOWN_TEXT_MAX)}...` : text;
  return isQuoted ? `the text "${short}"` : short;
}

/** One line for a person: where it is and what is wrong with it. */
export function describeProblem(problem: Problem): string {
  const { file, line, field, why } = problem;
  return `${file} line ${line}${field === undefined ? '' : `, ${field}`}: ${why}`;
}
