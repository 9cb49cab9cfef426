// Owns which passwords are refused: too short to withstand guessing, or made of what guessers try
// first. What counts is what is left after common words, names, runs and repetitions are taken out;
// there are no rules on kinds of characters (NIST SP 800-63B §3.1.1.2). Pure.

import { limits } from '#config';
import { no, type PeopleRefused } from '../people/refusals.ts';
import { commonPasswords, commonWords } from './guessed-words.ts';

/** Characters that must remain when what can be guessed is gone. */
const REMAINDER_MIN = 6;
/** Shorter words are in every text by chance. */
const WORD_CHARACTERS_MIN = 3;
const RUN_CHARACTERS_MIN = 3;

/** Rows of keyboards, and the orders everybody knows; backwards too. */
const SEQUENCES = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'azertyuiop',
  '1qaz2wsx3edc4rfv5tgb',
  '1q2w3e4r5t6y7u8i9o0p',
].flatMap((sequence) => [sequence, Array.from(sequence).toReversed().join('')]);

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** `context` are words that stand for the person or the bank: login name, name, address. */
export function checkPassword(
  password: string,
  context: readonly string[],
): PeopleRefused | undefined {
  const normal = password.normalize('NFKC');
  const length = Array.from(normal).length;
  const { passwordCharactersMin, passwordCharactersMax } = limits;
  if (length < passwordCharactersMin.value) {
    const message = `A password has at least ${passwordCharactersMin.value} characters.`;
    return no('password_short', message, 'password');
  }
  if (length > passwordCharactersMax.value) {
    const message = `A password has at most ${passwordCharactersMax.value} characters.`;
    return no('password_long', message, 'password');
  }
  if (remainderOf(normal, context) < REMAINDER_MIN) {
    const message =
      'This password is made of words, names or patterns that are tried first; ' +
      'choose several unrelated words, or let a password manager choose.';
    return no('password_guessable', message, 'password');
  }
  return undefined;
}

/** How many characters are left that are not guessed at once. */
function remainderOf(password: string, context: readonly string[]): number {
  const plain = password.toLowerCase().replaceAll(/\s/g, '');
  const letters = plain.replaceAll(/[0134571@$!]/g, (character) => LEET[character] ?? character);
  if ([plain, letters].some((text) => commonPasswords.has(text.replaceAll(/[^a-z0-9]/g, '')))) {
    return 0;
  }
  const words = [...context.flatMap(wordsOf), ...commonWords];
  return Math.min(...[plain, letters].map((text) => remainder(text, words)));
}

function wordsOf(text: string): string[] {
  const words = text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return words.filter((word) => word.length >= WORD_CHARACTERS_MIN);
}

// Of no script: keeps what stood on either side of a removed word from becoming a new one.
const MARK = '\u{e000}';

function remainder(text: string, words: readonly string[]): number {
  let rest = text;
  for (const word of words.toSorted((left, right) => right.length - left.length)) {
    rest = rest.replaceAll(word, MARK);
  }
  rest = withoutRuns(rest).replaceAll(/(?:19|20)\d\d/g, MARK);
  // What is said twice or more is guessed once: "abcabcabc", "zzzz".
  rest = rest.replaceAll(/([^\u{e000}]{1,8}?)\1{2,}/gu, `$1${MARK}`).replaceAll(MARK, '');
  const distinct = new Set(rest).size;
  return Math.min(Array.from(rest).length, distinct + 2);
}

function withoutRuns(text: string): string {
  let rest = '';
  for (let at = 0; at < text.length;) {
    const length = runAt(text, at);
    rest += length === 0 ? text.slice(at, at + 1) : MARK;
    at += Math.max(1, length);
  }
  return rest;
}

/** How far the longest well-known sequence goes from here; 0 when not far enough. */
function runAt(text: string, at: number): number {
  let longest = 0;
  for (const sequence of SEQUENCES) {
    const from = sequence.indexOf(text.slice(at, at + RUN_CHARACTERS_MIN));
    if (from === -1 || text.length - at < RUN_CHARACTERS_MIN) continue;
    let length = RUN_CHARACTERS_MIN;
    const goesOn = () => at + length < text.length && text[at + length] === sequence[from + length];
    while (goesOn()) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
