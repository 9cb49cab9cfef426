// Owns the statement as PDF: made in memory, so its length is limited where it is asked for. Each
// page begins with the balance brought forward, and a long description goes on in further lines.

import { setImmediate } from 'node:timers/promises';
import { formatDate, formatDecimal, formatInstant, type Instant } from '#kernel';
import { openPdf, type PdfDocument, type PdfPage } from '#platform';
import { numberOf, type AccountStatement, type StatementEntry } from './statement.ts';

// Points.
const LEFT = 45;
const RIGHT = 550;
const TOP = 55;
const BOTTOM = 790;
const LINE = 12;
const RULE_GAP = 4;
const SIZE = 8.5;
const TITLE_SIZE = 15;
const DESCRIPTION_X = 105;
const DESCRIPTION_WIDTH = 225;
/** Where amounts end. */
const COLUMN_X = { debit: 400, credit: 475, balance: RIGHT } as const;
const DESCRIPTION_LINES_MAX = 6;
/** Drawn before other work has its turn: some milliseconds. */
const ENTRIES_AT_ONCE = 100;

export async function pdfOf(statement: AccountStatement): Promise<Buffer> {
  const title = `Account statement ${numberOf(statement)}`;
  const document = await openPdf({ title, producedAt: statement.madeAt });
  const sheet = new Sheet(document, statement);
  sheet.head();
  for await (const entries of statement.pages()) {
    for (const entry of entries) {
      sheet.entry(entry);
      if (entry.number % ENTRIES_AT_ONCE === 0) await setImmediate();
    }
  }
  sheet.end();
  return await document.save();
}

type Amounts = Partial<Record<keyof typeof COLUMN_X, bigint>>;

class Sheet {
  readonly #document: PdfDocument;
  readonly #statement: AccountStatement;
  readonly #pages: PdfPage[] = [];
  #page: PdfPage;
  #y = TOP;
  #balance: bigint;

  constructor(document: PdfDocument, statement: AccountStatement) {
    this.#document = document;
    this.#statement = statement;
    this.#balance = statement.opening;
    this.#page = this.#addPage();
  }

  head(): void {
    const { ownerNames, currency, from, to, madeAt } = this.#statement;
    this.#page.text(
      'Account statement',
      { x: LEFT, y: this.#y },
      { size: TITLE_SIZE, isBold: true },
    );
    this.#y += 2 * LINE;
    const facts: [string, string][] = [
      ['Account', numberOf(this.#statement)],
      ['Owner', ownerNames.join(', ')],
      ['Currency', currency],
      ['Period', `${dayText(from)} to ${dayText(to)}`],
      ['Made', formatInstant(madeAt)],
    ];
    for (const [name, value] of facts) {
      if (value === '') continue;
      this.#text(name, LEFT, true);
      this.#text(this.#fitted(value, RIGHT - DESCRIPTION_X)[0] ?? '', DESCRIPTION_X);
      this.#y += LINE;
    }
    this.#y += LINE;
    this.#columns();
    this.#row(dayText(from), ['Opening balance'], { balance: this.#statement.opening }, true);
  }

  entry(entry: StatementEntry): void {
    const { effectiveAt, description, kind, side, posted, balance } = entry;
    const said = this.#fitted(description ?? kind, DESCRIPTION_WIDTH);
    const lines = said.slice(0, DESCRIPTION_LINES_MAX);
    this.#makeRoom(lines.length);
    this.#row(dayText(effectiveAt), lines, { [side]: posted, balance });
    this.#balance = balance;
  }

  end(): void {
    const { debits, credits, closing, to } = this.#statement;
    this.#makeRoom(2);
    this.#y += RULE_GAP;
    this.#page.rule({ x: LEFT, y: this.#y - LINE + 3 }, RIGHT - LEFT);
    this.#row('', ['Turnover'], { debit: debits, credit: credits });
    this.#row(dayText(to), ['Closing balance'], { balance: closing }, true);
    for (const [index, page] of this.#pages.entries()) {
      const text = `Page ${index + 1} of ${this.#pages.length}`;
      page.text(text, { x: RIGHT, y: BOTTOM + 2 * LINE }, { size: SIZE, isRight: true });
    }
  }

  #makeRoom(lineCount: number): void {
    if (this.#y + (lineCount - 1) * LINE <= BOTTOM) return;
    this.#page = this.#addPage();
    this.#columns();
    this.#row('', ['Brought forward'], { balance: this.#balance });
  }

  #addPage(): PdfPage {
    const page = this.#document.addPage();
    this.#pages.push(page);
    this.#y = TOP;
    return page;
  }

  #columns(): void {
    this.#text('Value date', LEFT, true);
    this.#text('Description', DESCRIPTION_X, true);
    for (const [name, x] of Object.entries(COLUMN_X)) {
      const text = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
      this.#page.text(text, { x, y: this.#y }, { size: SIZE, isBold: true, isRight: true });
    }
    this.#page.rule({ x: LEFT, y: this.#y + RULE_GAP }, RIGHT - LEFT);
    this.#y += LINE + RULE_GAP;
  }

  #row(date: string, lines: readonly string[], amounts: Amounts, isBold = false): void {
    this.#text(date, LEFT);
    for (const [name, x] of Object.entries(COLUMN_X)) {
      const amount = amounts[name as keyof Amounts];
      if (amount === undefined) continue;
      const style = { size: SIZE, isRight: true, isBold };
      this.#page.text(this.#amountText(amount), { x, y: this.#y }, style);
    }
    for (const line of lines) {
      this.#text(line, DESCRIPTION_X, isBold);
      this.#y += LINE;
    }
  }

  #text(text: string, x: number, isBold = false): void {
    this.#page.text(text, { x, y: this.#y }, { size: SIZE, isBold });
  }

  #amountText(amount: bigint): string {
    const text = formatDecimal(amount, this.#statement.currency);
    return text.replace(/\d+/, (whole) => whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ' '));
  }

  /** The text in lines that are not wider; a word that is, is divided. */
  #fitted(text: string, width: number): string[] {
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(/\s+/).flatMap((each) => this.#divided(each, width))) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line === '' || this.#document.widthOf(longer, { size: SIZE }) <= width) {
        line = longer;
        continue;
      }
      lines.push(line);
      line = word;
    }
    return [...lines, line];
  }

  #divided(word: string, width: number): string[] {
    const isFit = (part: string): boolean => this.#document.widthOf(part, { size: SIZE }) <= width;
    if (isFit(word)) return [word];
    const parts: string[] = [];
    let part = '';
    for (const character of word) {
      if (part !== '' && !isFit(part + character)) {
        parts.push(part);
        part = '';
      }
      part += character;
    }
    return [...parts, part];
  }
}

function dayText(instant: Instant): string {
  return formatDate(instant);
}
