// Owns how texts and questions are taken apart to words, the same for both, so that what is written
// is found. No character of either has a meaning, but for letters and digits.

/** Of a text, counted in characters. */
const TEXT_LENGTH_MAX = 10_000;
const WORDS_MAX = 16;
const WORD_LENGTH_MAX = 64;
/** Of a text, so that one of marks between letters does not become a page of beginnings. */
const BEGINNINGS_MAX = 2_000;

/** As texts are compared: without accents, in small letters, one space between words. */
export function folded(text: string): string {
  return text
    .slice(0, TEXT_LENGTH_MAX)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim();
}

/** Where a word begins: after every character that is neither a letter nor a digit. */
export function beginningsOf(foldedText: string): string[] {
  const beginnings = new Set<string>();
  for (const token of foldedText.split(' ')) {
    for (const { index } of token.matchAll(/(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu)) {
      beginnings.add(cut(token.slice(index, index + WORD_LENGTH_MAX)));
      if (beginnings.size === BEGINNINGS_MAX) return [...beginnings];
    }
  }
  return [...beginnings];
}

/** The words of a question, without marks around them; the longest first. */
export function wordsOf(question: string): string[] {
  const words = new Set<string>();
  for (const token of folded(question).split(' ')) {
    const word = token.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
    if (word !== '') words.add(cut(word.slice(0, WORD_LENGTH_MAX)));
    if (words.size === WORDS_MAX) break;
  }
  return [...words].toSorted((one, other) => other.length - one.length);
}

/** Whether it is looked for within words, too: less than that is in nearly every text. */
export function isPart(word: string): boolean {
  return /[\p{L}\p{N}]{3}/u.test(word);
}

/** Without half of a character at the end. */
function cut(word: string): string {
  return word.replace(/[\uD800-\uDBFF]$/, '');
}
