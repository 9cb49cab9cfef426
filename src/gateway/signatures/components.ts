// Owns the values of the components that a signature covers (RFC 9421 §2): header fields, and what
// is derived from the control data of a message. Each value is one line, the same on both sides, or
// the component cannot be signed at all.
import {
  isInnerList,
  readFieldDictionary,
  readFieldItem,
  readFieldList,
  writeFieldDictionary,
  writeFieldItem,
  writeFieldList,
} from '#platform';
import type { FieldItem } from '#platform';

/** A request, or an answer with the request it is to. */
export interface SignableMessage {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly request?: SignableRequest;
  readonly status?: number;
}

export interface SignableRequest extends SignableMessage {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** As the request named it, without the scheme's own port. */
  readonly authority: string;
  /** The request target in origin form, as it came: path and query. */
  readonly target: string;
}

/** What a signature covers cannot be found in the message, or not without doubt. */
export class ComponentError extends Error {
  override readonly name = 'ComponentError';
}

/** The value of one component; its identifier is an item of a structured field. */
export function componentValue(message: SignableMessage, [name, parameters]: FieldItem): string {
  if (typeof name !== 'string') throw new ComponentError('a component is not named by a string');
  const isOfRequest = parameters.get('req') === true;
  const of = isOfRequest ? message.request : message;
  if (of === undefined) throw new ComponentError(`${name} is of a request that is not there`);
  for (const parameter of parameters.keys()) {
    if (!KNOWN.has(parameter)) throw new ComponentError(`the parameter ${parameter} is not known`);
  }
  const value = name.startsWith('@')
    ? derivedValue(of, name, parameters.get('name'))
    : fieldValue(of, name, parameters);
  // §2.5: a line break would let one component say what another covers.
  if (/[\r\n]/.test(value)) throw new ComponentError(`${name} has more than one line`);
  return value;
}

/** Of trailers (tr) nothing is signed: the server does not read them. */
const KNOWN = new Set(['sf', 'key', 'bs', 'req', 'name']);

function derivedValue(message: SignableMessage, name: string, parameter: unknown): string {
  if (name === '@status') {
    if (message.status === undefined) throw new ComponentError('a request has no status');
    return String(message.status);
  }
  if (!isRequest(message)) throw new ComponentError(`${name} is not of an answer`);
  const { method, scheme, authority, target } = message;
  const [path, query] = splitOnce(target, '?');
  switch (name) {
    case '@method':
      return method;
    case '@scheme':
      return scheme;
    case '@authority':
      return authority.toLowerCase();
    case '@target-uri':
      return `${scheme}://${authority.toLowerCase()}${target}`;
    case '@request-target':
      return target;
    case '@path':
      return path === '' ? '/' : path;
    case '@query':
      return `?${query ?? ''}`;
    case '@query-param':
      return queryParameter(query ?? '', parameter);
    default:
      throw new ComponentError(`${name} is not known`);
  }
}

function isRequest(message: SignableMessage): message is SignableRequest {
  return 'method' in message;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** §2.2.8: one that occurs twice must not be signed, as its values could change places. */
function queryParameter(query: string, name: unknown): string {
  if (typeof name !== 'string') throw new ComponentError('@query-param needs a name');
  const found = [...new URLSearchParams(query)].filter(([key]) => encode(key) === name);
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new ComponentError(`the query holds ${name} ${found.length} times`);
  }
  return encode(first[1]);
}

/** The percent-encode set of application/x-www-form-urlencoded, with a space as %20. */
function encode(text: string): string {
  const hex = (character: string): string =>
    `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return encodeURIComponent(text).replaceAll(/[!~'()]/g, hex);
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

function fieldValue({ headers }: SignableMessage, name: string, parameters: FieldItem[1]): string {
  if (!NAME.test(name)) throw new ComponentError(`${name} is not the name of a field`);
  const given = headers[name];
  if (given === undefined) throw new ComponentError(`the field ${name} is not there`);
  const values = (typeof given === 'string' ? [given] : given).map(unfold);
  if (parameters.get('bs') === true) {
    // Whoever joins the values on the way cannot hide where one ended.
    return values
      .map((value) => writeFieldItem([Buffer.from(value, 'latin1'), new Map()]))
      .join(', ');
  }
  const joined = values.join(', ');
  const key: unknown = parameters.get('key');
  if (key !== undefined) return memberValue(name, joined, key);
  return parameters.get('sf') === true ? canonicalValue(name, joined) : joined;
}

/** §2.1: without the space around it, and on one line where it was folded. */
function unfold(value: string): string {
  return value.replaceAll(/\r?\n[ \t]+/g, ' ').trim();
}

function memberValue(name: string, text: string, key: unknown): string {
  const member = typeof key === 'string' ? readFieldDictionary(text)?.get(key) : undefined;
  if (member === undefined) throw new ComponentError(`${name} has no such member`);
  return isInnerList(member) ? writeFieldList([member]) : writeFieldItem(member);
}

const DICTIONARIES = new Set([
  'content-digest',
  'priority',
  'repr-digest',
  'signature',
  'signature-input',
  'want-content-digest',
]);
const LISTS = new Set([
  'accept-ch',
  'cache-status',
  'proxy-status',
  'ratelimit',
  'ratelimit-policy',
]);
const ITEMS = new Set(['client-cert', 'idempotency-key', 'sec-gpc']);

/** §2.1.1: spelled anew, where the type of the field is known. */
function canonicalValue(name: string, text: string): string {
  const written = DICTIONARIES.has(name)
    ? mapped(readFieldDictionary(text), writeFieldDictionary)
    : LISTS.has(name)
      ? mapped(readFieldList(text), writeFieldList)
      : ITEMS.has(name)
        ? mapped(readFieldItem(text), writeFieldItem)
        : undefined;
  if (written === undefined) throw new ComponentError(`${name} is no structured field known here`);
  return written;
}

function mapped<Value>(
  value: Value | undefined,
  write: (value: Value) => string,
): string | undefined {
  return value === undefined ? undefined : write(value);
}
