import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from './progress.ts';

const ESCAPE = String.fromCodePoint(0x1b);

interface Recording {
  readonly isTTY: boolean;
  readonly columns: number;
  text: string;
  write(text: string): void;
}

function recording(isTTY: boolean): Recording {
  return {
    isTTY,
    columns: 100,
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

test('on a terminal the bar shows share, rate and time left, in one line', () => {
  const output = recording(true);
  let ms = 0;
  const progress = createProgress(output, () => ms);
  progress.start('Posting', { total: 10_000, unit: 'rows' });
  ms = 500;
  progress.advance(2_500);
  assert.match(output.text, /^\rPosting \[#+\.+\] 2,500 of 10,000 rows \(25 %\)/);
  assert.match(output.text, /5,000 a second, 2 s left/);
  assert.ok(!output.text.includes('\n'));
  ms = 2_000;
  progress.advance(7_500);
  progress.finish();
  assert.match(output.text, /Posting: 10,000 rows in 2 s \(5,000 a second\)[^\n]*\n$/);
});

test('elsewhere a plain line is written every few seconds', () => {
  const output = recording(false);
  let ms = 0;
  const progress = createProgress(output, () => ms);
  progress.start('Posting', { total: 100, unit: 'rows' });
  for (; ms < 10_000; ms += 100) progress.advance(1);
  progress.finish();
  const lines = output.text.trimEnd().split('\n');
  assert.equal(lines.length, 4);
  assert.match(lines[0] ?? '', /^Posting: 31 of 100 rows \(31 %\), 10 a second, 7 s left$/);
  assert.ok(!output.text.includes('\r') && !output.text.includes(ESCAPE));
});

test('the bar never exceeds a narrow terminal', () => {
  const output = { ...recording(true), columns: 30 };
  let ms = 0;
  const progress = createProgress(output, () => ms);
  progress.start('Opening accounts', { total: 4_500, unit: 'accounts' });
  ms = 1_000;
  progress.advance(1_000);
  assert.ok(output.text.replace('\r', '').replace(`${ESCAPE}[K`, '').length < 30);
});
