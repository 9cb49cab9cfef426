import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FieldToken,
  isInnerList,
  readFieldDictionary,
  readFieldItem,
  readFieldList,
  writeFieldDictionary,
  writeFieldItem,
  writeFieldList,
} from './structured-fields.ts';

test('a string has quotes, a token has none, and neither is taken for the other', () => {
  assert.equal(readFieldItem('"8e03978e"')?.[0], '8e03978e');
  const token: unknown = readFieldItem('sha-256')?.[0];
  assert.ok(token instanceof FieldToken);
  assert.equal(token.toString(), 'sha-256');
});

test('what is malformed is nothing at all', () => {
  for (const text of ['"open', '"a" "b"', '1.2.3', 'ü', '']) {
    assert.equal(readFieldItem(text), undefined, text);
  }
  assert.equal(readFieldList('a,,b'), undefined);
  assert.equal(readFieldDictionary('a=1, =2'), undefined);
});

test('lists, parameters and dictionaries are read and written alike', () => {
  const list = '"burst";q=100;w=2, "daily";q=1000;w=86400';
  assert.equal(writeFieldList(readFieldList(list) ?? []), list);
  const item = '?1;a="b"';
  assert.equal(writeFieldItem(readFieldItem(item) ?? ['', new Map()]), item);
  const dictionary = 'sig1=("@method" "date");created=1618884473, sha-256=:aGVsbG8=:';
  const read = readFieldDictionary(dictionary);
  assert.equal(writeFieldDictionary(read ?? new Map()), dictionary);
  const covered = read?.get('sig1');
  assert.ok(covered !== undefined && isInnerList(covered));
});
