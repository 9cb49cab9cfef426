// The characters and names of XML 1.0 (fifth edition) and of Namespaces in XML 1.0. A name here is
// a qualified name: at most one colon, with a name on each side of it.

const START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}' +
  '\\u{200C}-\\u{200D}\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}' +
  '\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}';
const NAME = `[${START}][${START}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}-\\u{2040}]*`;
const QUALIFIED = `${NAME}(?::${NAME})?`;
const SPACE = '[ \\t\\n\\r]';
const VALUE = '"[^<"]*"|\'[^<\']*\'';

const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
const REFERENCE = /&(?:#([0-9]+)|#x([0-9A-Fa-f]+)|(lt|gt|amp|quot|apos));|&/g;
const PREDEFINED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** A start tag: its name, its attributes as text, and `/` where it is empty. Sticky. */
export const START_TAG = new RegExp(
  `<(${QUALIFIED})((?:${SPACE}+${QUALIFIED}${SPACE}*=${SPACE}*(?:${VALUE}))*)${SPACE}*(/?)>`,
  'uy',
);

/** Attributes of a start tag that has matched. */
export const ATTRIBUTE = new RegExp(`(${QUALIFIED})${SPACE}*=${SPACE}*(${VALUE})`, 'gu');

export const END_TAG = new RegExp(`</(${QUALIFIED})${SPACE}*>`, 'uy');

/** A processing instruction's target may not hold a colon where namespaces are in force. */
export const INSTRUCTION = new RegExp(`^<\\?(${NAME})(?:${SPACE}[^]*)?\\?>$`, 'u');

const VERSION = `${SPACE}+version${SPACE}*=${SPACE}*(?:"1\\.[0-9]+"|'1\\.[0-9]+')`;
const LABEL = '[A-Za-z][\\w.-]*';
const ENCODING = `${SPACE}+encoding${SPACE}*=${SPACE}*(?:"(${LABEL})"|'(${LABEL})')`;
const STANDALONE = `${SPACE}+standalone${SPACE}*=${SPACE}*(?:"(?:yes|no)"|'(?:yes|no)')`;

/** The XML declaration; its first or second group is the encoding. */
export const DECLARATION = new RegExp(
  `^<\\?xml${VERSION}(?:${ENCODING})?(?:${STANDALONE})?${SPACE}*\\?>`,
);

export function hasForbiddenCharacter(text: string): boolean {
  return FORBIDDEN.test(text);
}

export function isBlank(text: string): boolean {
  return !/[^ \t\n\r]/.test(text);
}

/** The text with its references replaced; undefined where one is not allowed. */
export function resolveReferences(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let isSound = true;
  const resolved = text.replaceAll(
    REFERENCE,
    (_all: string, decimal?: string, hexadecimal?: string, name?: string) => {
      const character = name === undefined ? numbered(decimal, hexadecimal) : PREDEFINED.get(name);
      if (character === undefined) isSound = false;
      return character ?? '';
    },
  );
  return isSound ? resolved : undefined;
}

function numbered(decimal?: string, hexadecimal?: string): string | undefined {
  const digits = decimal ?? hexadecimal;
  if (digits === undefined) return undefined;
  const code = Number.parseInt(digits, decimal === undefined ? 16 : 10);
  if (code > 0x10_ff_ff) return undefined;
  const character = String.fromCodePoint(code);
  return hasForbiddenCharacter(character) ? undefined : character;
}

/** Text as it stands between two tags. A carriage return is kept by its reference. */
export function escapeText(text: string): string {
  return /[&<>\r]/.test(text)
    ? text
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('\r', '&#13;')
    : text;
}

/** Text as it stands between double quotes. */
export function escapeAttribute(text: string): string {
  return escapeText(text)
    .replaceAll('"', '&quot;')
    .replaceAll('\t', '&#9;')
    .replaceAll('\n', '&#10;');
}
