// Owns which header fields pass between a client and the existing core. What is the connection's
// stays on it (RFC 9110 §7.6.1); credentials are the gateway's alone, which says instead who asks;
// and of an answer only what is named here leaves the bank.
import type { Principal } from '#identity';
import type { OutboundHeaders } from '#platform';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const NOT_PASSED = new Set([
  'accept-encoding',
  'authorization',
  'client-cert',
  'client-cert-chain',
  'connection',
  'content-length',
  'cookie',
  'dpop',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'origin',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'referer',
  // They cover what is changed on the way.
  'signature',
  'signature-input',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-real-ip',
]);

/** Only the gateway speaks in these names. */
const OURS = /^(?:florin-|x-forwarded-|sec-|traceparent$|tracestate$|x-request-id$)/;

/** Header fields of a request as the other core gets it. */
export function requestHeaders(
  headers: Headers,
  principal: Principal,
  added: Readonly<Record<string, string>>,
): OutboundHeaders {
  const named = new Set(
    textOf(headers['connection'])
      .split(',')
      .map((name) => name.trim().toLowerCase()),
  );
  const passed = Object.entries(headers).filter(
    ([name]) => !NOT_PASSED.has(name) && !OURS.test(name) && !named.has(name),
  );
  return {
    ...Object.fromEntries(passed),
    ...added,
    via: '1.1 florin',
    'florin-subject': ascii(principal.subject),
    'florin-customer': ascii(principal.customer),
    'florin-tenant': ascii(principal.tenant),
    'florin-roles': principal.roles.join(', '),
  };
}

const PASSED_BACK = [
  'allow',
  'content-disposition',
  'content-language',
  'content-type',
  'deprecation',
  'etag',
  'last-modified',
  'link',
  'location',
  'retry-after',
  'sunset',
];

/** Header fields of the other core's answer as the client gets it. */
export function answerHeaders(headers: Headers, origin: string): Record<string, string> {
  const passed = PASSED_BACK.flatMap((name): [string, string][] => {
    const value = headers[name];
    return value === undefined ? [] : [[name, textOf(value)]];
  });
  const result = { ...Object.fromEntries(passed), 'florin-answered-by': 'legacy' };
  const { location } = result as { readonly location?: string };
  // Where the other core stands is nobody's business.
  return location?.startsWith(`${origin}/`) === true
    ? { ...result, location: location.slice(origin.length) }
    : result;
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value ?? []).join(', ');
}

/** Ids of other issuers may hold any character; a header holds printable ones. */
function ascii(text: string): string {
  return encodeURI(text).replaceAll(/[^\x21-\x7e]/g, '');
}
