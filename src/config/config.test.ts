import assert from 'node:assert/strict';
import test from 'node:test';
import { limits, loadConfig, settings, unknownSettings, type SettingOf } from './index.ts';

test('without an environment every setting has its default', () => {
  const config = loadConfig({});
  assert.equal(config.server.port, 8080);
  assert.equal(config.log.level, 'info');
  assert.equal(config.database.url, undefined);
  assert.equal(config.database.poolSize, settings.database.poolSize.default);
});

test('a setting comes from its variable, and an empty variable counts as absent', () => {
  const config = loadConfig({ FLORIN_PORT: '9000', FLORIN_LOG_LEVEL: '' });
  assert.equal(config.server.port, 9000);
  assert.equal(config.log.level, 'info');
});

test('a bad value is refused with the variable, the value and what is allowed', () => {
  for (const port of ['80.5', '-1', '65536', 'http', '0x50', ' 80']) {
    assert.throws(() => loadConfig({ FLORIN_PORT: port }), {
      name: 'SettingError',
      message: `FLORIN_PORT is "${port}" but must be a whole number from 0 to 65535.`,
    });
  }
  assert.throws(() => loadConfig({ FLORIN_LOG_LEVEL: 'loud' }), {
    message: /^FLORIN_LOG_LEVEL is "loud" but must be one of fatal, error, /,
  });
});

test('a bad secret is refused without showing it', () => {
  assert.throws(() => loadConfig({ FLORIN_DATABASE_URL: 'mysql://me:secret@host/db' }), {
    message: 'FLORIN_DATABASE_URL is its value (not shown) but must be a postgresql:// address.',
  });
});

test('a misspelt variable is noticed', () => {
  const env = { FLORIN_PROT: '1', FLORIN_PORT: '1', FLORIN_TEST_SERVER: 'x', PATH: '/bin' };
  assert.deepEqual(unknownSettings(env), ['FLORIN_PROT']);
});

test('every setting and every limit says what it is', () => {
  const names = new Set<string>();
  const rows = Object.values(settings).flatMap((section) =>
    Object.values<SettingOf<unknown>>(section),
  );
  for (const { env, unit, meaning } of rows) {
    assert.ok(unit.length > 0 && meaning.length > 10, `${env} has a unit and a meaning`);
    assert.ok(!names.has(env), `${env} belongs to one setting`);
    names.add(env);
  }
  for (const [name, { unit, meaning }] of Object.entries(limits)) {
    assert.ok(unit.length > 0 && meaning.length > 10, `${name} has a unit and a meaning`);
  }
});

test('a time server is named as host, host:port or [address]:port', () => {
  const read = (text: string) => loadConfig({ FLORIN_TIME_SERVER: text }).audit.timeServer;
  assert.deepEqual(read('ntp.bank.example'), { host: 'ntp.bank.example', port: 123 });
  assert.deepEqual(read('10.0.0.1:1123'), { host: '10.0.0.1', port: 1123 });
  assert.deepEqual(read('[::1]:1123'), { host: '::1', port: 1123 });
  for (const text of ['a b', 'host:0', 'host:70000', '::1', 'http://host', 'host:', 'ho$t']) {
    assert.throws(() => read(text), /FLORIN_TIME_SERVER/, text);
  }
});
