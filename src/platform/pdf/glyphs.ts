// Owns how a text is drawn in the fonts that all PDF readers have, which are sure to hold the
// letters of Western Europe only. Other letters are put together from a letter and its mark, as
// type was set; what cannot be is written without its marks, or as a question mark.

import { Encodings, Font } from '@cantoo/pdf-lib/standard-fonts';

export type Weight = 'regular' | 'bold';
/** Windows Latin 1, and what the fonts hold beside it. */
export const encodings = ['western', 'other'] as const;
export type EncodingName = (typeof encodings)[number];

interface Glyph {
  readonly encoding: EncodingName;
  readonly code: number;
  readonly name: string;
}

/** A mark drawn over the letter of its run, in thousandths of the font's size from its origin. */
export interface Mark {
  readonly encoding: EncodingName;
  readonly code: number;
  readonly x: number;
  readonly rise: number;
}

/** Characters in one encoding; where it has a mark, a single one. */
export interface GlyphRun {
  readonly encoding: EncodingName;
  readonly codes: readonly number[];
  /** In thousandths of the font's size. */
  readonly width: number;
  readonly mark?: Mark;
  /** What it says, where the codes do not. */
  readonly text?: string;
}

const metrics: Readonly<Record<Weight, Font>> = {
  regular: Font.load('Helvetica'),
  bold: Font.load('Helvetica-Bold'),
};

const CODE_FIRST = 0x21;

/** Of the standard Latin character set of PDF (ISO 32000-1, D.2), outside of Windows Latin 1. */
const others = new Map(
  [
    ['ˇ', 'caron'],
    ['˘', 'breve'],
    ['˙', 'dotaccent'],
    ['˚', 'ring'],
    ['˝', 'hungarumlaut'],
    ['˛', 'ogonek'],
    ['ı', 'dotlessi'],
    ['Ł', 'Lslash'],
    ['ł', 'lslash'],
  ].map(([character = '', name = ''], index) => [
    character,
    { encoding: 'other' as const, code: CODE_FIRST + index, name },
  ]),
);

/** For the font's dictionary: the first code, then the names of the glyphs from there on. */
export const otherDifferences: readonly (number | string)[] = [
  CODE_FIRST,
  ...Array.from(others.values(), ({ name }) => name),
];

/** Combining marks, the characters they are drawn with, and what glyph names call them. */
const marks = new Map([
  ['\u0300', { drawn: '`', name: 'grave', isBelow: false }],
  ['\u0301', { drawn: '´', name: 'acute', isBelow: false }],
  ['\u0302', { drawn: 'ˆ', name: 'circumflex', isBelow: false }],
  ['\u0303', { drawn: '˜', name: 'tilde', isBelow: false }],
  ['\u0304', { drawn: '¯', name: 'macron', isBelow: false }],
  ['\u0306', { drawn: '˘', name: 'breve', isBelow: false }],
  ['\u0307', { drawn: '˙', name: 'dotaccent', isBelow: false }],
  ['\u0308', { drawn: '¨', name: 'dieresis', isBelow: false }],
  ['\u030a', { drawn: '˚', name: 'ring', isBelow: false }],
  ['\u030b', { drawn: '˝', name: 'hungarumlaut', isBelow: false }],
  ['\u030c', { drawn: 'ˇ', name: 'caron', isBelow: false }],
  ['\u0326', { drawn: '¸', name: 'commaaccent', isBelow: true }],
  ['\u0327', { drawn: '¸', name: 'commaaccent', isBelow: true }],
  ['\u0328', { drawn: '˛', name: 'ogonek', isBelow: true }],
]);

/** The text as runs. Control characters are spaces. */
export function glyphRuns(text: string, weight: Weight): GlyphRun[] {
  const runs: (GlyphRun & { codes: number[]; width: number })[] = [];
  for (const character of text.normalize('NFC')) {
    for (const drawn of drawnAs(character, weight)) {
      const { encoding, codes, width, mark } = drawn;
      const run = runs.at(-1);
      if (run?.encoding === encoding && run.mark === undefined && mark === undefined) {
        run.codes.push(...codes);
        run.width += width;
      } else runs.push({ ...drawn, codes: [...codes] });
    }
  }
  return runs;
}

// The same few letters come again and again; of rare ones none is kept.
const KEPT_MAX = 2_000;
const kept: Readonly<Record<Weight, Map<string, readonly GlyphRun[]>>> = {
  regular: new Map(),
  bold: new Map(),
};

function drawnAs(character: string, weight: Weight): readonly GlyphRun[] {
  const known = kept[weight].get(character);
  if (known !== undefined) return known;
  const drawn = draw(/\p{Cc}/u.test(character) ? ' ' : character, weight);
  if (kept[weight].size < KEPT_MAX) kept[weight].set(character, drawn);
  return drawn;
}

function draw(character: string, weight: Weight): readonly GlyphRun[] {
  const composed = glyphOf(character) === undefined ? compose(character, weight) : undefined;
  if (composed !== undefined) return [composed];
  return plainGlyphs(character).map(({ encoding, code, name }) => {
    return { encoding, codes: [code], width: widthOf(name, weight) };
  });
}

function glyphOf(character: string): Glyph | undefined {
  const point = character.codePointAt(0) ?? 0;
  if (!Encodings.WinAnsi.canEncodeUnicodeCodePoint(point)) return others.get(character);
  return { encoding: 'western', ...Encodings.WinAnsi.encodeUnicodeCodePoint(point) };
}

function widthOf(name: string, weight: Weight): number {
  return metrics[weight].getWidthOfGlyph(name) ?? 0;
}

/** A letter with one mark; undefined where it is something else. */
function compose(character: string, weight: Weight): GlyphRun | undefined {
  const [base = '', combining = '', ...more] = character.normalize('NFD');
  const mark = marks.get(combining);
  if (mark === undefined || more.length > 0) return undefined;
  const letter = glyphOf(base === 'i' && !mark.isBelow ? 'ı' : base);
  // On tall letters a caron stands apart, and looks like an apostrophe.
  const isApart = combining === '\u030c' && /[dtlL]/.test(base);
  const drawn = glyphOf(isApart ? '’' : mark.drawn);
  if (letter === undefined || drawn === undefined) return undefined;
  const letterWidth = widthOf(letter.name, weight);
  const spare = letterWidth - widthOf(drawn.name, weight);
  const place = { x: spare / 2, rise: mark.isBelow || !isTall(base) ? 0 : riseOf(weight) };
  const { encoding, code } = letter;
  const apart = { x: letterWidth - APART_OVERLAP, rise: 0 };
  const ofWhole = widthOf(`${base}${mark.name}`, weight);
  return {
    encoding,
    codes: [code],
    width: ofWhole === 0 ? letterWidth : ofWhole,
    mark: { encoding: drawn.encoding, code: drawn.code, ...(isApart ? apart : place) },
    text: character,
  };
}

/** What an apostrophe has of empty space on its left, about. */
const APART_OVERLAP = 50;

function isTall(letter: string): boolean {
  return letter !== letter.toLowerCase() || /[bdfhklt]/.test(letter);
}

// Marks are drawn for the height of small letters.
function riseOf(weight: Weight): number {
  const { CapHeight: capitals, XHeight: small } = metrics[weight];
  return (capitals ?? 0) - (small ?? 0);
}

/** What Unicode does not take apart. */
const alike = new Map([
  ['Đ', 'Ð'],
  ['đ', 'd'],
]);

function plainGlyphs(character: string): Glyph[] {
  const own = glyphOf(character);
  if (own !== undefined) return [own];
  const bare = alike.get(character) ?? character.normalize('NFKD').replaceAll(/\p{M}/gu, '');
  const found = Array.from(bare, glyphOf).filter((glyph) => glyph !== undefined);
  return found.length > 0 ? found : [glyphOf('?')].filter((glyph) => glyph !== undefined);
}
