import assert from 'node:assert/strict';
import test from 'node:test';
import { isShortEnough, socketFolderFor } from './socket-folder.ts';

test('the socket lies in the data folder when its path is short', () => {
  assert.equal(socketFolderFor('/srv/bank', 1000), '/srv/bank/socket');
});

test('a deep data folder has a short socket folder of its own, the same at each start', () => {
  const deep = `/srv/${'very/'.repeat(30)}deep`;
  const folder = socketFolderFor(deep, 1000, ['/tmp']);
  assert.match(folder, /^\/tmp\/florin-[0-9a-f]{16}$/);
  assert.equal(socketFolderFor(deep, 1000, ['/tmp']), folder);
  assert.notEqual(socketFolderFor(`${deep}er`, 1000, ['/tmp']), folder);
  assert.notEqual(socketFolderFor(deep, 1001, ['/tmp']), folder);
});

test('a temporary folder that is itself too deep is passed over', () => {
  const deep = `/${'d'.repeat(120)}`;
  const folder = socketFolderFor(deep, 1000, [deep, '/tmp']);
  assert.ok(folder.startsWith('/tmp/') && isShortEnough(folder));
});

test('length is counted in bytes, as the kernel does', () => {
  assert.ok(isShortEnough(`/${'e'.repeat(88)}`));
  assert.ok(!isShortEnough(`/${'é'.repeat(88)}`));
});
