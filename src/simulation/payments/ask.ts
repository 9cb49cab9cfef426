// Owns asking the bank as a careful client does: the same request under the same idempotency key,
// again and again, until there is an answer. That the bank is gone, or has trouble, is none.

import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 180_000;
const TIMEOUT_MS = 20_000;
const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 1_000;

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: object | undefined;
  readonly key?: string | undefined;
}

export type Body = Readonly<Record<string, unknown>>;

export class Client {
  readonly #url: string;
  readonly #token: string;
  /** Requests that had to be made again, by what was wrong. */
  readonly repeats: Record<string, number> = {};

  constructor({ url, token }: { readonly url: string; readonly token: string }) {
    this.#url = url;
    this.#token = token;
  }

  /** The answer, which is a yes: all that is asked here is in order. */
  async ask(request: Request): Promise<Body> {
    const giveUpMs = performance.now() + PATIENCE_MS;
    let pauseMs = PAUSE_FIRST_MS;
    for (;;) {
      const said = await this.#askOnce(request);
      if (said !== undefined && said.status < 300) return said.body;
      const what = `${request.method} ${request.path}`;
      if (said !== undefined && !isPassing(said)) {
        throw new Error(`${what} was answered ${said.status} ${JSON.stringify(said.body)}`);
      }
      if (performance.now() > giveUpMs) throw new Error(`${what} is never answered`);
      const trouble = said === undefined ? 'silence' : codeOf(said);
      this.repeats[trouble] = (this.repeats[trouble] ?? 0) + 1;
      await sleep(pauseMs);
      pauseMs = Math.min(PAUSE_MAX_MS, 2 * pauseMs);
    }
  }

  async #askOnce({ method, path, body, key }: Request): Promise<Said | undefined> {
    try {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': `"${key}"` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Body };
    } catch {
      return undefined;
    }
  }
}

interface Said {
  readonly status: number;
  readonly body: Body;
}

function codeOf({ status, body: { code } }: Said): string {
  return typeof code === 'string' ? code : String(status);
}

/** Trouble of the bank, or the same request still under way, of which nobody heard the end. */
function isPassing({ status, body }: Said): boolean {
  return status >= 500 || status === 429 || (status === 409 && body['retryable'] === true);
}
