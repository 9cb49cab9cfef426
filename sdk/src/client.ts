// The client: one method for each operation, typed by the API's own description. It carries the
// credential, repeats what is safe to repeat, and turns every no into a FlorinProblem.

import { operations, type Operations } from './api.ts';
import type { Credentials } from './credentials.ts';
import { FlorinProblem, FlorinUnreachable, isProblem, type ProblemDocument } from './problem.ts';
import { defaultRetries, delayBefore, retryAfterMsOf, type RetryPolicy } from './retry.ts';

export interface ClientOptions {
  /** Where the bank is: `https://bank.example`. */
  readonly baseUrl: string;
  /** Who asks; absent for operations that are public. */
  readonly credentials?: Credentials;
  /** The dated version of the API to speak; the one this client was made from unless given. */
  readonly version?: string;
  readonly retries?: Partial<RetryPolicy>;
  /** After which one try is given up. */
  readonly timeoutMs?: number;
  /** The platform's unless given. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface CallOptions {
  /** Of a change: made at random unless given. A program that may be restarted stores its own. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  /** Whether this very change had been made before, and this is its answer again. */
  readonly isReplayed: boolean;
}

type Name = keyof Operations;
type Input<Operation extends Name> = Operations[Operation]['input'];
type Arguments<Operation extends Name> =
  Partial<Input<Operation>> extends Input<Operation>
    ? [input?: Input<Operation>, options?: CallOptions]
    : [input: Input<Operation>, options?: CallOptions];

type Methods = {
  readonly [Operation in Name]: (
    ...given: Arguments<Operation>
  ) => Promise<Operations[Operation]['result']>;
};

export interface Client extends Methods {
  /** The whole answer of an operation, with its status and headers. */
  readonly $call: <Operation extends Name>(
    operation: Operation,
    ...given: Arguments<Operation>
  ) => Promise<Answer<Operations[Operation]['result']>>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

export function createClient(options: ClientOptions): Client {
  const call = (name: Name, input: AnyInput = {}, callOptions: CallOptions = {}) =>
    repeat({ options, name, input, callOptions });
  const methods = Object.keys(operations).map((name) => [
    name,
    async (input?: AnyInput, callOptions?: CallOptions) =>
      (await call(name as Name, input, callOptions)).body,
  ]);
  const client: unknown = { ...Object.fromEntries(methods), $call: call };
  return client as Client;
}

interface AnyInput {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

interface Call {
  readonly options: ClientOptions;
  readonly name: Name;
  readonly input: AnyInput;
  readonly callOptions: CallOptions;
}

async function repeat(call: Call): Promise<Answer<unknown>> {
  const policy = { ...defaultRetries, ...call.options.retries };
  const { signal, idempotencyKey = crypto.randomUUID() } = call.callOptions;
  for (let attempt = 1; ; attempt += 1) {
    try {
      // The same key in every try: that is what makes repeating a change safe.
      return await attemptOnce(call, idempotencyKey);
    } catch (error) {
      signal?.throwIfAborted();
      const delayMs = delayBefore(error, attempt, policy);
      if (delayMs === undefined) throw error;
      await pause(delayMs, signal);
    }
  }
}

async function attemptOnce(call: Call, idempotencyKey: string): Promise<Answer<unknown>> {
  const { options, name, input, callOptions } = call;
  const { method, path } = operations[name];
  const url = urlOf(options.baseUrl, path, input);
  const isChange = method !== 'GET';
  const send = options.fetch ?? globalThis.fetch;
  const headers = new Headers({
    accept: 'application/json, application/problem+json',
    ...(options.version === undefined ? {} : { 'florin-version': options.version }),
    ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
    // A string of structured fields (RFC 9651), so in quotes.
    ...(isChange ? { 'idempotency-key': `"${idempotencyKey}"` } : {}),
    ...(await options.credentials?.headersFor({ method, url })),
    ...callOptions.headers,
  });
  const timeout = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal =
    callOptions.signal === undefined ? timeout : AbortSignal.any([callOptions.signal, timeout]);
  const body = input.body === undefined ? null : JSON.stringify(input.body);
  let response: Response;
  let text: string;
  try {
    response = await send(url, { method, headers, body, signal, redirect: 'error' });
    text = await response.text();
  } catch (cause) {
    throw new FlorinUnreachable(`${method} ${url.origin}${path} had no answer.`, { cause });
  }
  if (!response.ok) throw await problemOf(response, text, options.credentials);
  const isReplayed = response.headers.get('idempotent-replayed') === 'true';
  return {
    status: response.status,
    headers: response.headers,
    body: bodyOf(response, text),
    isReplayed,
  };
}

function urlOf(baseUrl: string, path: string, { path: names = {}, query = {} }: AnyInput): URL {
  const filled = path.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) =>
    String(names[name] ?? '')
      .split('/')
      .map((segment) => segmentOf(name, segment))
      .join('/'),
  );
  const url = new URL(filled, baseUrl);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

// Dots would lead to another operation than the one that was called.
function segmentOf(name: string, segment: string): string {
  if (/^\.{0,2}$/.test(segment)) throw new TypeError(`${name} is no value of a path.`);
  return encodeURIComponent(segment);
}

function bodyOf({ headers }: Response, text: string): unknown {
  if (text === '') return undefined;
  return headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text;
}

async function problemOf(
  response: Response,
  text: string,
  credentials: Credentials | undefined,
): Promise<FlorinProblem> {
  const retryAfterMs = retryAfterMsOf(response.headers.get('retry-after'), Date.now());
  if (response.status === 401) await credentials?.onRefused?.(response.headers);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  return new FlorinProblem(isProblem(parsed) ? parsed : strange(response), retryAfterMs);
}

/** Something between the client and the bank answered in its place. */
function strange({ status, statusText, headers }: Response): ProblemDocument {
  return {
    type: 'about:blank',
    title: statusText,
    status,
    detail: `The answer (${status}) is not one of the bank's.`,
    instance: '',
    code: 'not_a_problem_document',
    request_id: headers.get('x-request-id') ?? 'unknown',
    retryable: status === 502 || status === 503 || status === 504,
  };
}

function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
