// Owns where a request may go: over TLS to public addresses, or to an origin that the operator
// named. Names are judged by the addresses they resolve to at the moment of connecting, so that a
// name that changes its mind in between (DNS rebinding) leads nowhere.
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Fault } from '#kernel';
import { isPublicAddress } from './addresses.ts';

export interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** The addresses of a name. */
export type Resolve = (host: string) => Promise<readonly Resolved[]>;

export interface Destination {
  readonly url: URL;
  /** To be used for the connection; a name that is an address never comes here. */
  readonly lookup: LookupFunction;
}

export interface Reach {
  /** As `https://host:port`; these alone may be private, and without TLS. */
  readonly trustedOrigins: ReadonlySet<string>;
  readonly resolve: Resolve;
}

export const resolveBySystem: Resolve = (host) => systemLookup(host, { all: true });

/** Throws the Fault `outbound_forbidden` of an address that may not be asked. */
export function destinationOf(text: string, reach: Reach): Destination {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw forbidden('The address of a system outside is not a URL.');
  if (url.username !== '' || url.password !== '') {
    throw forbidden('The address of a system outside holds a password.');
  }
  const isTrusted = reach.trustedOrigins.has(url.origin);
  if (!isTrusted) {
    if (url.protocol !== 'https:') throw forbidden('A system outside is asked over TLS only.');
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) !== 0 && !isPublicAddress(host)) throw notPublic();
  } else if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw forbidden('A system outside is asked over HTTP only.');
  }
  return { url, lookup: lookupOf(reach.resolve, isTrusted) };
}

function lookupOf(resolve: Resolve, isTrusted: boolean): LookupFunction {
  return (host, { all, family }, tell) => {
    const wanted = typeof family === 'number' ? family : Number(family?.slice(-1) ?? 0);
    resolve(host).then(
      (resolved) => {
        const allowed = resolved.filter(
          (one) =>
            (isTrusted || isPublicAddress(one.address)) && (wanted === 0 || one.family === wanted),
        );
        const [first] = allowed;
        if (first === undefined) tell(notPublic(), '', 0);
        else if (all === true) tell(null, [...allowed]);
        else tell(null, first.address, first.family);
      },
      (error: unknown) => tell(error as NodeJS.ErrnoException, '', 0),
    );
  };
}

function notPublic(): Fault {
  return forbidden('The address of a system outside is not on the public internet.');
}

function forbidden(message: string): Fault {
  return new Fault('outbound_forbidden', { retryable: false, message });
}
