import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Window, WINDOW_LINES } from './window.ts';

test('a line seen a moment ago is known again, and no other line is', () => {
  const window = new Window();
  const line = Buffer.from('0123456789');
  const isKnown = (number: number): boolean => {
    line.write(String(number).padStart(10, '0'));
    return window.hasSeen(line, 0, line.length);
  };
  for (let number = 0; number < 200_000; number += 1) assert.equal(isKnown(number), false);
  for (let number = 0; number < 200_000; number += 7) assert.equal(isKnown(number), true);
  assert.equal(window.hasSeen(Buffer.from('000000000'), 0, 9), false);
});

test('the window forgets a line between one and two windows later', () => {
  const window = new Window();
  const line = Buffer.alloc(4);
  const isKnown = (number: number): boolean => {
    line.writeUInt32LE(number);
    return window.hasSeen(line, 0, 4);
  };
  assert.equal(isKnown(0), false);
  for (let number = 1; number < WINDOW_LINES; number += 1) isKnown(number);
  assert.equal(isKnown(0), true);
  for (let number = 0; number < 2 * WINDOW_LINES; number += 1) isKnown(WINDOW_LINES + number);
  assert.equal(isKnown(0), false);
});
