// Makes PDF documents with pdf-lib. Fonts are those that every reader has, so nothing is embedded;
// times are given and never the machine's, so that the same content has the same bytes. What a page
// draws is written as text and compressed when the next begins, so a long document stays small.

import {
  PDFDocument,
  PDFHexString,
  PDFName,
  toHexString,
  type PDFPage as LibraryPage,
  type PDFRef,
} from '@cantoo/pdf-lib';
import { msOf } from '#kernel';
import {
  encodings,
  glyphRuns,
  otherDifferences,
  type EncodingName,
  type GlyphRun,
  type Mark,
  type Weight,
} from './glyphs.ts';
import type { PdfDocument, PdfFacts, PdfPage, PdfPlace, PdfTextStyle } from './port.ts';

const A4: [number, number] = [595, 842];
const [, HEIGHT] = A4;
const RULE_THICKNESS = 0.5;
const THOUSAND = 1_000;

const baseFonts: Readonly<Record<Weight, string>> = {
  regular: 'Helvetica',
  bold: 'Helvetica-Bold',
};
const weights = ['regular', 'bold'] as const;

export async function openPdf({ title, producedAt }: PdfFacts): Promise<PdfDocument> {
  const document = await PDFDocument.create({ updateMetadata: false });
  const date = new Date(msOf(producedAt));
  document.setTitle(title);
  document.setProducer('Florin');
  document.setCreationDate(date);
  document.setModificationDate(date);
  const fonts = embedFonts(document);
  const pages: Page[] = [];
  return {
    addPage() {
      pages.at(-1)?.flush();
      const page = document.addPage(A4);
      for (const [name, font] of fonts) page.node.setFontDictionary(PDFName.of(name), font);
      const added = new Page(document, page);
      pages.push(added);
      return added;
    },
    widthOf: (text, style) => widthOf(glyphRuns(text, weightOf(style)), style),
    async save() {
      for (const page of pages) page.flush();
      return Buffer.from(await document.save({ useObjectStreams: false }));
    },
  };
}

function embedFonts(document: PDFDocument): ReadonlyMap<string, PDFRef> {
  const { context } = document;
  const other = context.obj({
    Type: 'Encoding',
    Differences: otherDifferences.map((each) =>
      typeof each === 'number' ? each : PDFName.of(each),
    ),
  });
  const fonts = new Map<string, PDFRef>();
  for (const weight of weights) {
    for (const encoding of encodings) {
      const font = context.obj({
        Type: 'Font',
        Subtype: 'Type1',
        BaseFont: baseFonts[weight],
        Encoding: encoding === 'western' ? 'WinAnsiEncoding' : other,
      });
      fonts.set(fontName(weight, encoding), context.register(font));
    }
  }
  return fonts;
}

function fontName(weight: Weight, encoding: EncodingName): string {
  return `${weight}-${encoding}`;
}

function weightOf({ isBold }: PdfTextStyle): Weight {
  return isBold === true ? 'bold' : 'regular';
}

function widthOf(runs: readonly GlyphRun[], { size }: PdfTextStyle): number {
  return (runs.reduce((sum, { width }) => sum + width, 0) * size) / THOUSAND;
}

// Operators are those of ISO 32000-1, annex A.
class Page implements PdfPage {
  readonly #document: PDFDocument;
  readonly #page: LibraryPage;
  #drawn: string[] = [];

  constructor(document: PDFDocument, page: LibraryPage) {
    this.#document = document;
    this.#page = page;
  }

  text(text: string, { x, y }: PdfPlace, style: PdfTextStyle): void {
    const { size } = style;
    const weight = weightOf(style);
    const runs = glyphRuns(text, weight);
    let from = style.isRight === true ? x - widthOf(runs, style) : x;
    this.#drawn.push('BT');
    for (const run of runs) {
      const letters = { font: fontName(weight, run.encoding), size, x: from, y: HEIGHT - y };
      const shown = show(letters, run.codes);
      const { mark, text: said } = run;
      if (mark === undefined) this.#drawn.push(shown);
      else this.#drawn.push(spelt(said ?? '', `${shown}\n${showMark(mark, weight, letters)}`));
      from += (run.width * size) / THOUSAND;
    }
    this.#drawn.push('ET');
  }

  rule({ x, y }: PdfPlace, length: number): void {
    const height = numberText(HEIGHT - y);
    const ends = [x, x + length].map(numberText);
    this.#drawn.push(`${RULE_THICKNESS} w ${ends[0]} ${height} m ${ends[1]} ${height} l S`);
  }

  flush(): void {
    if (this.#drawn.length === 0) return;
    const { context } = this.#document;
    const stream = context.flateStream(this.#drawn.join('\n'));
    this.#page.node.addContentStream(context.register(stream));
    this.#drawn = [];
  }
}

/** Letters of a font at a place, in points from the lower left corner. */
interface Letters {
  readonly font: string;
  readonly size: number;
  readonly x: number;
  readonly y: number;
}

function show({ font, size, x, y }: Letters, codes: readonly number[]): string {
  const place = `${numberText(x)} ${numberText(y)}`;
  return `/${font} ${size} Tf 1 0 0 1 ${place} Tm <${codes.map(toHexString).join('')}> Tj`;
}

function showMark({ encoding, code, x, rise }: Mark, weight: Weight, letter: Letters): string {
  const { size } = letter;
  const place = { x: letter.x + (x * size) / THOUSAND, y: letter.y + (rise * size) / THOUSAND };
  return show({ font: fontName(weight, encoding), size, ...place }, [code]);
}

/** What is drawn, with what it says to whoever copies or searches it (ISO 32000-1, 14.9.4). */
function spelt(text: string, drawn: string): string {
  return `/Span <</ActualText ${PDFHexString.fromText(text).toString()}>> BDC\n${drawn}\nEMC`;
}

/** A thousandth of a point is nothing to the eye. */
function numberText(value: number): string {
  return String(Math.round(value * THOUSAND) / THOUSAND);
}
