import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress, parseRange } from './address.ts';
import { classOf } from './address-class.ts';

function spellingOf(text: string): string | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
}

test('an address has one spelling: dotted IPv4, and IPv6 as RFC 5952 has it', () => {
  const spellings: [string, string][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ];
  for (const [given, expected] of spellings) assert.equal(spellingOf(given), expected);
});

test('what is no address, or could be read in two ways, is refused', () => {
  const refused = ['', '-', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', ':', ':::'];
  refused.push('1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', 'g::1', '::12345', 'fe80::1%eth0');
  refused.push('1:2:3:4:5:6:7:8::', '1.2.3.4:80', `${'1'.repeat(60)}`);
  for (const text of refused) assert.equal(parseAddress(text), undefined, text);
});

test('any address survives being written and read', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (address) => {
      assert.equal(parseAddress(formatAddress(address)), address);
    }),
  );
});

test('a range is an address, a CIDR with or without host bits, or two ends', () => {
  const ends = (text: string): string[] | undefined => {
    const range = parseRange(text);
    return range && [formatAddress(range.first), formatAddress(range.last)];
  };
  assert.deepEqual(ends('192.0.2.7'), ['192.0.2.7', '192.0.2.7']);
  assert.deepEqual(ends('10.1.2.3/8'), ['10.0.0.0', '10.255.255.255']);
  assert.deepEqual(ends('2001:db8::/126'), ['2001:db8::', '2001:db8::3']);
  assert.deepEqual(ends('10.0.0.1 - 10.0.0.9'), ['10.0.0.1', '10.0.0.9']);
  for (const text of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.9-10.0.0.1',
    '10.0.0.1-::1',
    '1.2.3.4/',
    '/8',
  ]) {
    assert.equal(parseRange(text), undefined, text);
  }
});

test('an address is of the class that IANA gives its range', () => {
  const classes: [string, string][] = [
    ['10.9.8.7', 'private'],
    ['172.31.0.1', 'private'],
    ['192.168.1.1', 'private'],
    ['fd00::1', 'private'],
    ['64:ff9b:1::1', 'private'],
    ['172.32.0.1', 'public'],
    ['100.64.0.1', 'shared'],
    ['100.128.0.1', 'public'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['169.254.169.254', 'link_local'],
    ['fe80::1', 'link_local'],
    ['224.0.0.251', 'multicast'],
    ['ff02::1', 'multicast'],
    ['203.0.113.12', 'documentation'],
    ['2001:db8::1', 'documentation'],
    ['3fff::1', 'documentation'],
    ['198.19.1.1', 'benchmarking'],
    ['255.255.255.255', 'broadcast'],
    ['250.1.1.1', 'reserved'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['::ffff:10.0.0.1', 'private'],
    ['4000::1', 'reserved'],
  ];
  for (const [text, name] of classes) {
    const address = parseAddress(text);
    assert.ok(address !== undefined, text);
    assert.equal(classOf(address), name, text);
  }
});
