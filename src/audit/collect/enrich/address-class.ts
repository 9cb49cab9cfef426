// TABLE  what kind of address one is, by the IANA registries of special-purpose addresses (RFC 6890
// and what updates it). The first row that holds an address decides; no row: public in IPv4 and in
// 2000::/3, reserved elsewhere.

import { assert } from '#kernel';
import { isIpv4, parseRange, type Address } from './address.ts';

export type AddressClass =
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link_local'
  | 'multicast'
  | 'broadcast'
  | 'documentation'
  | 'benchmarking'
  | 'reserved'
  | 'public';

const rows = (
  [
    ['10.0.0.0/8', 'private'],
    ['172.16.0.0/12', 'private'],
    ['192.168.0.0/16', 'private'],
    ['100.64.0.0/10', 'shared'],
    ['127.0.0.0/8', 'loopback'],
    ['169.254.0.0/16', 'link_local'],
    ['192.0.2.0/24', 'documentation'],
    ['198.51.100.0/24', 'documentation'],
    ['203.0.113.0/24', 'documentation'],
    ['198.18.0.0/15', 'benchmarking'],
    ['192.0.0.0/24', 'reserved'],
    ['0.0.0.0/8', 'unspecified'],
    ['224.0.0.0/4', 'multicast'],
    ['255.255.255.255/32', 'broadcast'],
    ['240.0.0.0/4', 'reserved'],
    ['::/128', 'unspecified'],
    ['::1/128', 'loopback'],
    ['fc00::/7', 'private'],
    ['fe80::/10', 'link_local'],
    ['fec0::/10', 'private'],
    ['ff00::/8', 'multicast'],
    ['2001:db8::/32', 'documentation'],
    ['3fff::/20', 'documentation'],
    ['2001:2::/48', 'benchmarking'],
    ['64:ff9b::/96', 'public'],
    ['64:ff9b:1::/48', 'private'],
  ] as const
).map(([text, name]) => {
  const range = parseRange(text);
  assert(range !== undefined, `${text} is a range`);
  return { ...range, name };
});

const GLOBAL_UNICAST = 1n;

export function classOf(address: Address): AddressClass {
  const row = rows.find(({ first, last }) => address >= first && address <= last);
  if (row !== undefined) return row.name;
  return isIpv4(address) || address >> 125n === GLOBAL_UNICAST ? 'public' : 'reserved';
}

/** What the network of the bank itself uses, as opposed to the Internet. */
export function isInternal(name: AddressClass): boolean {
  return ['private', 'shared', 'loopback', 'link_local'].includes(name);
}
