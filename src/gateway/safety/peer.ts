// Owns who is at the other end of a connection, and where the server may listen. Without TLS it
// listens on this machine only, or for proxies that the operator named; only such a proxy is
// believed what it says of the client before it.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Fault } from '#kernel';

export interface Peer {
  /** The client's address; undefined where the connection is gone. */
  readonly address: string | undefined;
  /** Whether all of the way from the client is encrypted, as far as is known. */
  readonly isSecure: boolean;
  /** What the client showed, DER, and whether an authority of ours vouches for it. */
  readonly certificate: Buffer | undefined;
  readonly isCertificateVerified: boolean;
}

export interface Peers {
  of(request: IncomingMessage): Peer;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether a server that listens there is reached from its own machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}

/** Throws a Fault with one sentence where the server may not listen so. */
export function assertMayListen(where: {
  readonly host: string;
  readonly hasTls: boolean;
  readonly trustedProxies: readonly string[];
}): void {
  if (isLoopback(where.host) || where.hasTls || where.trustedProxies.length > 0) return;
  throw new Fault('host_not_loopback', {
    retryable: false,
    message:
      `Florin listens on ${where.host} only with a certificate (FLORIN_TLS_CERTIFICATE and ` +
      'FLORIN_TLS_KEY) or behind proxies that FLORIN_TRUSTED_PROXIES names.',
  });
}

/** `trustedProxies` are addresses, or ranges of them as `10.0.0.0/8`. */
export function openPeers(trustedProxies: readonly string[]): Peers {
  const trusted = new BlockList();
  for (const range of trustedProxies) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string | undefined): boolean => {
    if (address === undefined || trustedProxies.length === 0) return false;
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
  return {
    of(request) {
      const address = plainAddress(request.socket.remoteAddress);
      return isTrusted(address)
        ? behindProxy(request, address, isTrusted)
        : direct(request, address);
    },
  };
}

function direct({ socket }: IncomingMessage, address: string | undefined): Peer {
  if (!(socket instanceof TLSSocket)) {
    return { address, isSecure: false, certificate: undefined, isCertificateVerified: false };
  }
  // Without a certificate of the client this is an object without members.
  const { raw: certificate } = socket.getPeerCertificate() as { readonly raw?: Buffer };
  const isCertificateVerified = certificate !== undefined && socket.authorized;
  return { address, isSecure: true, certificate, isCertificateVerified };
}

function behindProxy(
  { headers }: IncomingMessage,
  proxy: string | undefined,
  isTrusted: (address: string) => boolean,
): Peer {
  // Each proxy adds whom it heard from at the end, so what a client made up stands before that.
  const hops = (textOf(headers['x-forwarded-for']) ?? '')
    .split(',')
    .map((hop) => plainAddress(hop.trim()) ?? '')
    .filter((hop) => isIP(hop) !== 0)
    .toReversed();
  const certificate = clientCertOf(textOf(headers['client-cert']));
  return {
    address: hops.find((hop) => !isTrusted(hop)) ?? hops.at(-1) ?? proxy,
    isSecure: textOf(headers['x-forwarded-proto'])?.split(',').at(-1)?.trim() === 'https',
    certificate,
    // A proxy that passes a certificate on has checked it, or passes on what it could not check.
    isCertificateVerified: false,
  };
}

/** RFC 9440 §2.2: one certificate as a byte sequence of structured fields. */
function clientCertOf(text: string | undefined): Buffer | undefined {
  const base64 = /^:([A-Za-z0-9+/]{1,12288}={0,2}):$/.exec(text ?? '')?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}

const MAPPED = '::ffff:';

/** An IPv4 peer of a socket that listens on IPv6 is one address, not two (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string | undefined): string | undefined {
  const isMapped = address?.startsWith(MAPPED) === true && address.includes('.');
  return isMapped ? address.slice(MAPPED.length) : address;
}
