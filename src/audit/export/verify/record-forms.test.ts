import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PaperLog } from '../bundle-testing.ts';
import { RecordForms } from './record-forms.ts';

const log = new PaperLog(20);

function flawsOf(leaves: readonly string[], isRun = true): (string | undefined)[] {
  const forms = new RecordForms(isRun);
  return leaves.map((leaf) => forms.flawOf(Buffer.from(leaf)));
}

test('records as Florin writes them have no flaw', () => {
  assert.deepEqual(
    flawsOf(log.leaves),
    log.leaves.map(() => undefined),
  );
});

test('a record that does not follow its neighbour is told, in a run only', () => {
  const leaves = log.leaves.toSpliced(3, 1);
  const flaw = 'Its id counts 5 where 4 follows the line before.';
  assert.deepEqual(
    flawsOf(leaves),
    leaves.map((_, index) => (index === 3 ? flaw : undefined)),
  );
  assert.deepEqual(
    flawsOf(leaves, false),
    leaves.map(() => undefined),
  );
  const [, first = '', second = ''] = log.leaves.toSpliced(7, 1).slice(5);
  assert.match(flawsOf([first, second])[1] ?? '', /counts 2 where 1 follows/);
});

test('a line that is no record of Florin says what it is not', () => {
  const leaf = log.leaves[4] ?? '';
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['{"version":1', /not a JSON object/],
    [leaf.replace('"version":1', '"version":2'), /version/],
    [leaf.replace('aud_', 'acc_'), /id is not/],
    [leaf.replace(/"at":"[^"]*"/, '"at":"2025-11-21T20:00:00.000Z"'), /time is not/],
    [leaf.replace(/"at":"[^"]*"/, '"at":"soon"'), /time is not/],
    [leaf.replace('"version":1}', '"version":1 }'), /canonical/],
  ];
  for (const [line, flaw] of cases) assert.match(flawsOf([line])[0] ?? '', flaw, line);
});
