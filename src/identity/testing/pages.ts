// What tests of the pages share: the pages on a real socket, a browser that keeps cookies and sends
// forms, and the provider's side of interactions, which the test sets.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { InteractionAnswer, PendingInteraction } from '#platform';
import { interactionPath, openPages } from '../pages/pages.ts';
import { testPeople, type TestPeople } from './people.ts';

export interface TestPages extends TestPeople {
  readonly origin: string;
  /** What the provider was told, in order. */
  readonly answers: InteractionAnswer[];
  /** What was thrown at the pages. */
  readonly failures: unknown[];
  /** Begins an interaction; answers the path of its page. */
  interaction(some?: Partial<PendingInteraction>): string;
  browser(address?: string): Browser;
}

const plain: PendingInteraction = {
  uid: 'plain',
  prompt: 'login',
  reasons: ['no_session'],
  client: { id: 'cli_app', name: 'The application', isFirstParty: false },
  scopes: ['openid', 'accounts.read'],
  scopesMissing: ['openid', 'accounts.read'],
  subject: undefined,
  factors: 0,
  factorsAsked: 0,
  loginHint: undefined,
  redirectUri: 'https://app.example/callback',
};

export async function testPages(name: string): Promise<TestPages> {
  const people = await testPeople(name);
  const interactions = new Map<string, PendingInteraction>();
  const answers: InteractionAnswer[] = [];
  const failures: unknown[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://localhost:${port}`;
  const uidOf = (url = ''): string => url.split(/[/?]/).at(-1) ?? '';
  const pages = openPages({
    database: people.database,
    clock: people.clock,
    site: { name: 'Test Bank', origin },
    provider: {
      interaction: ({ url }) => Promise.resolve(interactions.get(uidOf(url))),
      finish({ url }, response, answer) {
        if (!interactions.delete(uidOf(url))) return Promise.resolve(false);
        answers.push(answer);
        response.writeHead(303, { location: `${origin}/identity/auth/resumed` }).end();
        return Promise.resolve(true);
      },
    },
    addressOf: ({ headers }) => headers['x-test-address']?.toString(),
    onFailed: (error) => failures.push(error),
    passwordCost: { costLog2: 10, blockSize: 8, parallelism: 1 },
  });
  server.on('request', (request, response) => {
    void pages.handle(request, response).then((isTheirs) => {
      if (!isTheirs) response.writeHead(418).end();
    });
  });
  let count = 0;
  return {
    ...people,
    origin,
    answers,
    failures,
    interaction(some = {}) {
      count += 1;
      const uid = `uid${count}`;
      interactions.set(uid, { ...plain, uid, ...some });
      return interactionPath(uid);
    },
    browser: (address = `192.0.2.${(count += 1)}`) =>
      new Browser(`http://127.0.0.1:${port}`, address),
    async close() {
      server.closeAllConnections();
      server.close();
      await people.close();
    },
  };
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The secret of a second factor that a page shows, as bytes. */
export function secretOn(page: string): Buffer {
  const shown = /<code>([A-Z2-7 ]+)<\/code>/.exec(page)?.[1]?.replaceAll(' ', '') ?? '';
  assert.equal(shown.length, 32, 'the page shows a secret of 160 bits');
  const bits = Array.from(shown, (each) => BASE32.indexOf(each).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

export interface Visited {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Keeps cookies, follows no redirect by itself, and knows the forms of the last page. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #base: string;
  readonly #address: string;
  #path = '';
  #page = '';

  constructor(base: string, address: string) {
    this.#base = base;
    this.#address = address;
  }

  async open(path: string): Promise<Visited> {
    this.#path = path;
    return await this.#send(path, { method: 'GET' });
  }

  /** Sends the form of a step on the last page, with these fields. */
  async submit(
    step: string,
    fields: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Visited> {
    assert.ok(this.#page.includes(`name="step" value="${step}"`), `no form ${step} on the page`);
    const token = /name="token" value="([^"]+)"/.exec(this.#page)?.[1] ?? '';
    return await this.post({ token, step, ...fields }, headers);
  }

  async post(
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Visited> {
    const path = this.#path.replace(/\?.*$/, '');
    const body = new URLSearchParams(fields);
    const visited = await this.#send(path, { method: 'POST', body, headers });
    if (visited.status === 303 && visited.headers.get('location') === path) {
      return await this.open(path);
    }
    return visited;
  }

  /** The options that the page has for a passkey. */
  passkeyOptions(): string {
    const options = /data-options="([^"]*)"/.exec(this.#page)?.[1];
    assert.ok(options !== undefined, 'the page asks for no passkey');
    return options.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
  }

  async #send(path: string, init: RequestInit): Promise<Visited> {
    const given = init.headers as Readonly<Record<string, string>> | undefined;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(this.#base + path, {
      ...init,
      redirect: 'manual',
      headers: { ...given, cookie, 'x-test-address': this.#address },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    if (text !== '') this.#page = text;
    return { status: response.status, headers: response.headers, text };
  }
}
