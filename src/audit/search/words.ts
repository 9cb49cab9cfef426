// Owns what a word is, for the index and for the exact comparison alike: an id with its prefix, a
// bare UUID, or a run of letters, marks and digits of any script, in lower case.

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const WORD = new RegExp(`[a-z][a-z0-9]{0,15}_${UUID}|${UUID}|[\\p{L}\\p{M}\\p{N}]+`, 'gu');
const PREFIXED_ID = new RegExp(`^[a-z][a-z0-9]{0,15}_${UUID}$`);

/** Words of one letter say too little, and longer ones are no words. */
const WORD_LENGTH_MIN = 2;
const WORD_LENGTH_MAX = 64;

/** The words of a text, in order. Two spellings of one letter (NFKC) are the same. */
export function wordsOf(text: string): string[] {
  const words = text.normalize('NFKC').match(WORD) ?? [];
  return words.map((word) => word.toLowerCase());
}

/** Whether the index has the word; a longer or shorter one is only compared. */
export function isIndexed(word: string): boolean {
  return word.length >= WORD_LENGTH_MIN && word.length <= WORD_LENGTH_MAX;
}

/** acc_…, aud_…: an id as it is spelled outside the database. */
export function isPrefixedId(word: string): boolean {
  return PREFIXED_ID.test(word);
}
