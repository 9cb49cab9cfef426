import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicAddress } from './addresses.ts';

test('addresses of the public internet may be asked', () => {
  for (const address of ['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.0.1']) {
    assert.equal(isPublicAddress(address), true, address);
  }
  for (const address of ['2606:4700:4700::1111', '2a00:1450:4014:80e::200e', '2003::1']) {
    assert.equal(isPublicAddress(address), true, address);
  }
});

test("addresses of a machine, a bank's network or a cloud's metadata may not", () => {
  const private4 = [
    ['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '127.0.0.1', '127.9.9.9'],
    ['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1'],
    ['192.168.1.1', '198.18.0.1', '198.19.255.255', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ];
  for (const address of private4.flat()) assert.equal(isPublicAddress(address), false, address);
  const private6 = [
    ['::', '::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1'],
    // Ways to write an IPv4 address, and tunnels that end at one.
    ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1'],
    ['2002:7f00:1::', '2001::1', '2001:db8::1', '3fff::1', '100::1', '5f00::1', '4000::1'],
  ];
  for (const address of private6.flat()) assert.equal(isPublicAddress(address), false, address);
});

test('what is no address is not public', () => {
  for (const text of ['', 'localhost', 'example.com', '1.1.1', '0x7f.1', '1.1.1.1 ', '[::1]']) {
    assert.equal(isPublicAddress(text), false, text);
  }
});
