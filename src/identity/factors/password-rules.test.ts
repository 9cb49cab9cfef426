import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPassword } from './password-rules.ts';

const context = ['ada.lovelace', 'Ada Lovelace', 'ada@analytical.example'];

function judged(password: string): string {
  return checkPassword(password, context)?.refusal.code ?? 'good';
}

const guessable = [
  'password1234',
  'Password2026!',
  'P@ssw0rd1234',
  'passwordpassword',
  'qwertyuiop12',
  'qwertzuiop123',
  '123456789012',
  '1qaz2wsx3edc',
  'abcdefghijkl',
  'zzzzzzzzzzzzzzzz',
  'abababababab',
  'iloveyou1234',
  'Summer2026!!!!',
  'Football1987!',
  'adalovelace1815',
  'LovelaceAda123!',
  'analytical2026',
  'florinbank2026',
  'welcome to the bank',
  'correct horse battery staple',
  'CorrectHorseBatteryStaple1',
  'letmeinletmein!',
  'adminadmin123',
];

for (const password of guessable) {
  test(`"${password}" is too easy to guess`, () => {
    assert.equal(judged(password), 'password_guessable');
  });
}

const good = [
  'vexed ocelot tramway',
  'k7#mQz!pW2vX',
  'tidal gravel sonnet oboe',
  'Zwölf Boxkämpfer jagen',
  'пять жёлтых трамваев',
  'mist over the quiet harbour',
  '8f14e45fceea167a5a36',
];

for (const password of good) {
  test(`"${password}" is good`, () => {
    assert.equal(judged(password), 'good');
  });
}

test('a password has 12 to 256 characters, however many bytes they take', () => {
  assert.equal(judged('k7#mQz!pW2v'), 'password_short');
  assert.equal(judged('ж7ф#мQz!pW2'), 'password_short');
  assert.equal(judged('😀'.repeat(6)), 'password_short');
  const long = Array.from({ length: 256 }, (_, at) => String.fromCodePoint(0x400 + at)).join('');
  assert.equal(judged(long), 'good');
  assert.equal(judged(`${long}x`), 'password_long');
});
