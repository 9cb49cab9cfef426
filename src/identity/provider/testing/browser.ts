// A person's browser for tests: keeps cookies by their path, follows redirects by hand, and stops
// where it would leave the bank.

export interface Landed {
  readonly status: number;
  readonly url: URL;
  readonly body: string;
  /** Statuses of the redirects on the way. */
  readonly redirects: readonly number[];
}

interface Cookie {
  readonly value: string;
  readonly path: string;
  readonly attributes: string;
}

const STEPS_MAX = 20;

export class Browser {
  readonly #cookies = new Map<string, Cookie>();

  /** Goes to the address, and on until there is a page, or another site. */
  async go(start: URL | string): Promise<Landed> {
    const redirects: number[] = [];
    let url = new URL(start);
    for (let step = 0; step < STEPS_MAX; step += 1) {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: this.cookiesFor(url.pathname) },
      });
      for (const text of response.headers.getSetCookie()) this.#keep(text);
      const location = response.headers.get('location');
      if (location === null) {
        return { status: response.status, url, body: await response.text(), redirects };
      }
      await response.body?.cancel();
      redirects.push(response.status);
      const next = new URL(location, url);
      if (next.origin !== url.origin)
        return { status: response.status, url: next, body: '', redirects };
      url = next;
    }
    throw new Error('redirected without end');
  }

  cookiesFor(path: string): string {
    return [...this.#cookies]
      .filter(([, cookie]) => path === cookie.path || path.startsWith(withSlash(cookie.path)))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  /** What was said of each cookie when it was set. */
  get attributes(): string[] {
    return [...this.#cookies.values()].map(({ attributes }) => attributes);
  }

  #keep(text: string): void {
    const [pair = '', ...attributes] = text.split('; ');
    const [name = '', value = ''] = pair.split('=');
    const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? '/';
    const isGone = attributes.some((each) => /^expires=Thu, 01 Jan 1970/i.test(each));
    if (isGone) this.#cookies.delete(name);
    else this.#cookies.set(name, { value, path, attributes: attributes.join('; ') });
  }
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
