import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCursor, writeCursor } from './cursor.ts';
import { EdgeRefusal } from './problems.ts';

test('a cursor is read back by the list that wrote it', () => {
  const cursor = writeCursor('entries', ['č/+', 9007199254740991]);
  assert.match(cursor, /^[A-Za-z0-9_-]+$/);
  assert.deepEqual(readCursor('entries', cursor), ['č/+', 9007199254740991]);
});

test('a cursor of another list, or one that was made up, is refused', () => {
  const made = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const refused = [
    writeCursor('accounts', ['a']),
    'x',
    '',
    '!!!',
    made('entries'),
    made({ 0: 'entries' }),
    made(['entries', null]),
    made(['entries', ['nested']]),
  ];
  for (const cursor of refused) {
    assert.throws(
      () => readCursor('entries', cursor),
      (error) => error instanceof EdgeRefusal && error.param === 'cursor',
      cursor,
    );
  }
});
