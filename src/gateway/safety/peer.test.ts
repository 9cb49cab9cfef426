import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { Fault } from '#kernel';
import { networkOf } from './access-log.ts';
import { assertMayListen, openPeers } from './peer.ts';
import type { Peer } from './peer.ts';

function peer(
  trusted: string[],
  remoteAddress: string,
  headers: Record<string, string> = {},
): Peer {
  const request = { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
  return openPeers(trusted).of(request);
}

test('nobody is believed what a header says of the client, unless the operator named them', () => {
  const headers = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'client-cert': ':AQID:',
  };
  const stranger = peer([], '192.0.2.1', headers);
  assert.deepEqual(stranger, {
    address: '192.0.2.1',
    isSecure: false,
    certificate: undefined,
    isCertificateVerified: false,
  });
  assert.equal(peer(['10.0.0.0/8'], '192.0.2.1', headers).address, '192.0.2.1');
  const behind = peer(['10.0.0.0/8'], '::ffff:10.1.2.3', headers);
  assert.equal(behind.address, '203.0.113.9');
  assert.equal(behind.isSecure, true);
  assert.deepEqual(behind.certificate, Buffer.from([1, 2, 3]));
});

test('behind several proxies the client is the last hop that is not one of them', () => {
  const trusted = ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'];
  const forwarded = (text: string) =>
    peer(trusted, '10.0.0.1', { 'x-forwarded-for': text }).address;
  assert.equal(forwarded('1.2.3.4, 203.0.113.9, 10.0.0.2'), '203.0.113.9', 'made up before it');
  assert.equal(forwarded('203.0.113.9, 192.0.2.7, fd00::1'), '203.0.113.9');
  assert.equal(forwarded('10.0.0.3, 10.0.0.2'), '10.0.0.3');
  assert.equal(forwarded('nonsense'), '10.0.0.1');
  assert.equal(forwarded('unknown, 203.0.113.9'), '203.0.113.9');
});

test('the server listens beyond this machine only with a certificate or behind named proxies', () => {
  const nothing = { hasTls: false, trustedProxies: [] };
  for (const host of ['127.0.0.1', '::1', 'localhost']) assertMayListen({ host, ...nothing });
  for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
    assert.throws(
      () => assertMayListen({ host, ...nothing }),
      (error) => error instanceof Fault && error.code === 'host_not_loopback',
    );
    assertMayListen({ host, hasTls: true, trustedProxies: [] });
    assertMayListen({ host, hasTls: false, trustedProxies: ['10.0.0.0/8'] });
  }
});

test('the access log knows the network of an address, not the address', () => {
  assert.equal(networkOf('203.0.113.9'), '203.0.113.0/24');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1::/48');
  assert.equal(networkOf('2001:db8::6'), '2001:db8:0::/48');
  assert.equal(networkOf('::1'), '0:0:0::/48');
  assert.equal(networkOf(undefined), undefined);
});
