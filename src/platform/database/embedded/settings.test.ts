import assert from 'node:assert/strict';
import test from 'node:test';
import { formatSettings, serverSettings, sharedBuffersMb } from './settings.ts';

const GB = 1024 ** 3;

test('the server takes a quarter of the memory, between 128 MB and 2 GB', () => {
  assert.equal(sharedBuffersMb(0.25 * GB), 128);
  assert.equal(sharedBuffersMb(4 * GB), 1024);
  assert.equal(sharedBuffersMb(64 * GB), 2048);
});

test('what keeps committed money safe is on, and there is no TCP', () => {
  const settings = serverSettings({ socketFolder: '/s', isDurable: true });
  const values = Object.fromEntries(settings.map(({ name, value }) => [name, value]));
  assert.equal(values['fsync'], 'on');
  assert.equal(values['full_page_writes'], 'on');
  assert.equal(values['synchronous_commit'], 'on');
  assert.equal(values['listen_addresses'], '');
});

test('every setting stands once, with a reason', () => {
  const settings = serverSettings({ socketFolder: '/s', isDurable: true });
  assert.equal(new Set(settings.map(({ name }) => name)).size, settings.length);
  for (const { name, reason } of settings) assert.ok(reason.length > 10, name);
});

test('a value with a quote is written so that PostgreSQL reads the same', () => {
  const text = formatSettings([{ name: 'a', value: "/it's", reason: 'why' }]);
  assert.match(text, /^a = '\/it''s' {2}# why$/m);
});
