// Owns what a context may ask of whoever makes PDF documents: pages with text and lines, placed
// from the upper left corner. The same calls give the same bytes.

import type { Instant } from '#kernel';

/** Points (1/72 inch), from the upper left corner of the page; `y` is the text's base line. */
export interface PdfPlace {
  readonly x: number;
  readonly y: number;
}

export interface PdfTextStyle {
  readonly size: number;
  readonly isBold?: boolean;
  /** Whether the text ends at x instead of beginning there. */
  readonly isRight?: boolean;
}

export interface PdfPage {
  text(text: string, place: PdfPlace, style: PdfTextStyle): void;
  /** A horizontal rule of the given length. */
  rule(place: PdfPlace, length: number): void;
}

export interface PdfDocument {
  /** A4: 595 by 842 points. */
  addPage(): PdfPage;
  /** How long the text is, in points. */
  widthOf(text: string, style: PdfTextStyle): number;
  /** The document, finished. */
  save(): Promise<Buffer>;
}

export interface PdfFacts {
  readonly title: string;
  readonly producedAt: Instant;
}
