// Reads and writes the records of CSV (RFC 4180) with bounded memory: any piece of the input at a
// time, fields in quotes with delimiters and line ends in them, CR LF or LF. Written fields are
// safe to open in a spreadsheet: none begins like a formula.

export interface CsvRecord {
  /** The line it begins in, from 1. */
  readonly line: number;
  /** Undefined where the record cannot be read. */
  readonly fields: readonly string[] | undefined;
  /** Why not, in a sentence. */
  readonly fault?: string;
}

export interface CsvForm {
  readonly delimiter: string;
  readonly quote: string;
  readonly encoding: string;
  readonly recordLengthMax: number;
}

/** A record for each line that is not empty. After a fault no more come. */
export async function* readCsv(
  source: AsyncIterable<Buffer>,
  form: CsvForm,
): AsyncGenerator<CsvRecord[]> {
  const decoder = new TextDecoder(form.encoding, { fatal: true });
  const scanner = new Scanner(form);
  for await (const piece of source) {
    const text = decode(() => decoder.decode(piece, { stream: true }));
    const records = text === undefined ? scanner.badText() : scanner.take(text);
    if (records.length > 0) yield records;
    if (records.at(-1)?.fields === undefined && records.length > 0) return;
  }
  const text = decode(() => decoder.decode());
  yield text === undefined ? scanner.badText() : [...scanner.take(text), ...scanner.end()];
}

function decode(run: () => string): string | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

class Scanner {
  readonly #form: CsvForm;
  #rest = '';
  #line = 1;

  constructor(form: CsvForm) {
    this.#form = form;
  }

  take(text: string): CsvRecord[] {
    const { recordLengthMax } = this.#form;
    const all = this.#rest + text;
    const records: CsvRecord[] = [];
    let from = 0;
    for (;;) {
      const end = this.#endOf(all, from);
      if (end < 0) break;
      const record = this.#recordOf(all.slice(from, end));
      from = end + 1;
      if (record !== undefined) records.push(record);
      if (record?.fault !== undefined) return records;
    }
    this.#rest = all.slice(from);
    if (this.#rest.length > recordLengthMax) records.push(this.#tooLong());
    return records;
  }

  end(): CsvRecord[] {
    if (this.#rest === '') return [];
    if (this.#count(this.#rest) % 2 === 1) return [this.#fault('a field in quotes does not end')];
    const record = this.#recordOf(this.#rest);
    return record === undefined ? [] : [record];
  }

  badText(): CsvRecord[] {
    return [this.#fault(`there are bytes that are no ${this.#form.encoding}`)];
  }

  // The first line feed that is not within quotes: behind it an even number of quotes.
  #endOf(text: string, from: number): number {
    const { quote } = this.#form;
    let end = text.indexOf('\n', from);
    let at = text.indexOf(quote, from);
    if (end < 0 || at < 0 || at > end) return end;
    let isInside = false;
    while (end >= 0) {
      while (at >= 0 && at < end) {
        isInside = !isInside;
        at = text.indexOf(quote, at + 1);
      }
      if (!isInside) return end;
      end = text.indexOf('\n', at < 0 ? text.length : at);
    }
    return end;
  }

  #recordOf(text: string): CsvRecord | undefined {
    const { delimiter, quote, recordLengthMax } = this.#form;
    const line = this.#line;
    const raw = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (raw.length > recordLengthMax) return this.#tooLong();
    this.#line += 1;
    if (raw === '') return undefined;
    if (!raw.includes(quote)) return { line, fields: raw.split(delimiter) };
    const fields = this.#quotedFields(raw);
    if (fields === undefined) {
      return { line, fields: undefined, fault: 'a quote stands where none may' };
    }
    this.#line += raw.split('\n').length - 1;
    return { line, fields };
  }

  #quotedFields(raw: string): string[] | undefined {
    const { delimiter, quote } = this.#form;
    const fields: string[] = [];
    let at = 0;
    for (;;) {
      if (raw[at] === quote) {
        const end = closingQuote(raw, at + 1, quote);
        if (end < 0) return undefined;
        fields.push(raw.slice(at + 1, end).replaceAll(quote + quote, quote));
        at = end + 1;
        if (at < raw.length && raw[at] !== delimiter) return undefined;
      } else {
        const next = raw.indexOf(delimiter, at);
        const field = raw.slice(at, next < 0 ? raw.length : next);
        if (field.includes(quote)) return undefined;
        fields.push(field);
        at = next < 0 ? raw.length : next;
      }
      if (at >= raw.length) return fields;
      at += 1;
      if (at === raw.length) {
        fields.push('');
        return fields;
      }
    }
  }

  #count(text: string): number {
    return text.split(this.#form.quote).length - 1;
  }

  #tooLong(): CsvRecord {
    return this.#fault(`a record has more than ${this.#form.recordLengthMax} characters`);
  }

  #fault(fault: string): CsvRecord {
    return { line: this.#line, fields: undefined, fault };
  }
}

function closingQuote(raw: string, from: number, quote: string): number {
  let end = raw.indexOf(quote, from);
  while (end >= 0 && raw[end + 1] === quote) end = raw.indexOf(quote, end + 2);
  return end;
}

const FORMULA = /^[=+\-@\t\r]/;
const QUOTED = /[",\r\n]/;

/** One line. A field that a spreadsheet would compute begins with an apostrophe (OWASP). */
export function writeCsvRecord(fields: readonly (string | number | undefined)[]): string {
  const cells = fields.map((field) => {
    if (field === undefined) return '';
    if (typeof field === 'number') return String(field);
    const safe = FORMULA.test(field) ? `'${field}` : field;
    return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${cells.join(',')}\r\n`;
}
