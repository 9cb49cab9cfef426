// Owns the reading of a page's request and the sending of its answer: small forms from this site
// only, cookies that no other site and no script can use.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '#platform';
import { render, type Page } from './page.ts';

/** One request for a page, and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Where it came from, and what it is called; who asks is not known yet. */
  readonly caller: Caller;
}

/** A passkey's answer is the largest thing that is sent here. */
const FORM_BYTES_MAX = 65_536;
const FIELDS_MAX = 32;

export type Form = ReadonlyMap<string, string>;

export type FormProblem = 'too_large' | 'not_a_form' | 'foreign' | 'cut_off';

/** The fields of a form, each once. */
export async function readForm(
  request: IncomingMessage,
  origin: string,
): Promise<Form | FormProblem> {
  if (!isOwn(request, origin)) return 'foreign';
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) return 'not_a_form';
  if (request.headers['content-encoding'] !== undefined) return 'not_a_form';
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > FORM_BYTES_MAX) return 'too_large';
      chunks.push(chunk);
    }
  } catch {
    return 'cut_off';
  }
  const fields = [...new URLSearchParams(Buffer.concat(chunks).toString()).entries()];
  const form = new Map(fields);
  return fields.length > FIELDS_MAX || form.size !== fields.length ? 'not_a_form' : form;
}

// A browser says where a form was sent from; whoever says nothing has no cookies of ours by way of
// another site (they are SameSite=Strict), and knows no token of the form either.
function isOwn({ headers }: IncomingMessage, origin: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return headers.origin === undefined || headers.origin === origin;
}

export function send({ response }: Exchange, page: Page): void {
  const { status, headers, text } = render(page);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('content-length', Buffer.byteLength(text));
  response.writeHead(status);
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

/** After a form, the next page is fetched anew, so that reloading it sends nothing twice. */
export function redirect({ response }: Exchange, path: string): void {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('location', path);
  response.writeHead(303);
  response.end();
}

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeS: number;
}

/** Browsers keep cookies of these names to TLS, and to this host. */
function cookieName(name: string, origin: string): string {
  return origin.startsWith('https:') ? `__Secure-${name}` : name;
}

export const COOKIE_PATH = '/identity/pages';

export function setCookie({ response }: Exchange, origin: string, cookie: Cookie): void {
  const { name, value, maxAgeS } = cookie;
  const secure = origin.startsWith('https:') ? '; Secure' : '';
  response.appendHeader(
    'set-cookie',
    `${cookieName(name, origin)}=${value}; Path=${COOKIE_PATH}; Max-Age=${maxAgeS}; HttpOnly; ` +
      `SameSite=Strict${secure}`,
  );
}

export function cookieOf({ request }: Exchange, origin: string, name: string): string | undefined {
  const wanted = `${cookieName(name, origin)}=`;
  const pairs = (request.headers.cookie ?? '').split(/;\s*/);
  const found = pairs.filter((pair) => pair.startsWith(wanted));
  // Two of one name: one of them is not ours, and nobody can tell which.
  return found.length === 1 ? found[0]?.slice(wanted.length) : undefined;
}
