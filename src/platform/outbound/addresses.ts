// Owns which network addresses belong to the public internet. A request that somebody else's data
// leads to (a key set's address, a webhook's) must not reach the bank's own network: everything
// that IANA's registries of special-purpose addresses name is refused, and what they do not know.
import { BlockList, isIP } from 'node:net';

/** Of IPv4 (RFC 6890 and the registry): everything that is not globally reachable. */
const special4 = listOf('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

/** All that is assigned for global unicast (RFC 4291 §2.4): mapped and translated ones are not. */
const global6 = listOf('ipv6', [['2000::', 3]]);

/** Inside of it: tunnels that end at any IPv4 address, documentation, benchmarking. */
const special6 = listOf('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

function listOf(
  family: 'ipv4' | 'ipv6',
  subnets: readonly (readonly [address: string, bits: number])[],
): BlockList {
  const list = new BlockList();
  for (const [address, bits] of subnets) list.addSubnet(address, bits, family);
  return list;
}

export function isPublicAddress(address: string): boolean {
  // A zone index names an interface of this machine.
  if (address.includes('%')) return false;
  switch (isIP(address)) {
    case 4:
      return !special4.check(address, 'ipv4');
    case 6:
      return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
    default:
      return false;
  }
}
