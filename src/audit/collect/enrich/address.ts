// Owns the reading and spelling of network addresses. IPv4 and IPv6 lie on one line of 128 bits, an
// IPv4 address at its mapped place (RFC 4291 2.5.5.2), so that a range and an address of either
// kind are compared in one way. An address has one spelling: RFC 5952, IPv4 in dotted form.

/** A place on the line of 128 bits. */
export type Address = bigint;

/** Both ends belong to it. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

const MAPPED = 0xffff_0000_0000n;
const IPV4_BITS = 32;
const IPV6_BITS = 128;
const HEXTETS = 8;
const HEXTET = /^[0-9a-f]{1,4}$/i;
const OCTET = /^(0|[1-9]\d{0,2})$/;
/** The longest spelling of an IPv6 address, with IPv4 at its end. */
const TEXT_LENGTH_MAX = 45;

/**
 * Undefined when the text is no address. Leading zeros in IPv4 are refused: some read them octal.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  if (text.includes(':')) return parseIpv6(text);
  const ipv4 = parseIpv4(text);
  return ipv4 === undefined ? undefined : MAPPED + BigInt(ipv4);
}

export function isIpv4(address: Address): boolean {
  return address >> 32n === 0xffffn;
}

export function formatAddress(address: Address): string {
  if (isIpv4(address)) {
    const value = Number(address & 0xffff_ffffn);
    return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
  }
  const hextets = address.toString(16).padStart(32, '0').match(/.{4}/g) ?? [];
  const parts = hextets.map((hextet) => hextet.replace(/^0{1,3}/, ''));
  const { at, length } = longestZeros(parts);
  if (length < 2) return parts.join(':');
  return `${parts.slice(0, at).join(':')}::${parts.slice(at + length).join(':')}`;
}

/** An address, a CIDR range (bits below the prefix are ignored), or "first-last". */
export function parseRange(text: string): AddressRange | undefined {
  const dash = text.indexOf('-');
  if (dash >= 0) {
    const first = parseAddress(text.slice(0, dash).trim());
    const last = parseAddress(text.slice(dash + 1).trim());
    if (first === undefined || last === undefined || first > last) return undefined;
    return isIpv4(first) === isIpv4(last) ? { first, last } : undefined;
  }
  const [base = '', prefix, ...rest] = text.split('/');
  const address = parseAddress(base);
  if (address === undefined || rest.length > 0) return undefined;
  if (prefix === undefined) return { first: address, last: address };
  const bits = base.includes(':') ? IPV6_BITS : IPV4_BITS;
  if (!OCTET.test(prefix) || Number(prefix) > bits) return undefined;
  const size = 1n << BigInt(bits - Number(prefix));
  const first = address - (address % size);
  return { first, last: first + size - 1n };
}

function parseIpv4(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let value = 0;
  for (const octet of octets) {
    if (!OCTET.test(octet) || Number(octet) > 255) return undefined;
    value = value * 256 + Number(octet);
  }
  return value;
}

function parseIpv6(text: string): Address | undefined {
  const [left = '', right, ...rest] = text.split('::');
  if (rest.length > 0) return undefined;
  const head = hextetsOf(left, right === undefined);
  const tail = right === undefined ? [] : hextetsOf(right, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = HEXTETS - head.length - tail.length;
  // "::" stands for at least one group of zeros.
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  let value = 0n;
  const zeros = Array.from({ length: missing }, () => 0);
  for (const hextet of [...head, ...zeros, ...tail]) value = (value << 16n) | BigInt(hextet);
  return value;
}

function hextetsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const hextets: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (isEnd && index === parts.length - 1 && part.includes('.')) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined) return undefined;
      hextets.push(Math.floor(ipv4 / 65_536), ipv4 % 65_536);
    } else {
      if (!HEXTET.test(part)) return undefined;
      hextets.push(Number.parseInt(part, 16));
    }
  }
  return hextets;
}

function longestZeros(parts: readonly string[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  let from = 0;
  for (const [index, part] of parts.entries()) {
    if (part !== '0') from = index + 1;
    else if (index + 1 - from > best.length) best = { at: from, length: index + 1 - from };
  }
  return best;
}
