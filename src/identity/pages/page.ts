// Owns what every page has in common: text that can never become markup, one layout without foreign
// parts, and headers that let it do nothing but be read and sent. Pure.

import { createHash } from 'node:crypto';

declare const brand: unique symbol;

/** Text that is markup. Only `html` makes it, which escapes all that is put into it. */
export interface Html {
  readonly markup: string;
  readonly [brand]?: never;
}

type Part = string | number | Html | readonly Html[] | undefined | false;

export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const markup = texts.map((text, index) => `${text}${markupOf(parts[index])}`).join('');
  return { markup };
}

function markupOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  if ('markup' in part) return part.markup;
  return part.map(({ markup }) => markup).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

export interface Page {
  readonly status: number;
  readonly title: string;
  readonly body: Html;
  /** Runs in the page; must not contain anything of a request. */
  readonly script?: string | undefined;
  /** Where a form may lead to besides this site: the client, at the end of a sign-in. */
  readonly formTarget?: FormTarget | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A source of a policy, or anywhere, where it is not known. */
export type FormTarget = { readonly source: string } | 'anywhere';

const STYLE = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; }
main { box-sizing: border-box; width: 100%; max-width: 26rem; padding: 1.5rem; }
h1 { font-size: 1.5rem; line-height: 1.2; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; margin-top: .25rem;
  border: 1px solid #767676; border-radius: .35rem; }
button { margin-top: 1.25rem; padding: .65rem 1rem; font: inherit; font-weight: 600; width: 100%;
  border: 1px solid #14539a; border-radius: .35rem; background: #14539a; color: #fff; }
button.quiet { background: transparent; color: inherit; border-color: #767676; }
:focus-visible { outline: 3px solid #e08a00; outline-offset: 2px; }
.error { border-left: .3rem solid #b3261e; padding: .5rem .75rem; background: #b3261e1a; }
.hint { font-size: .9rem; margin: .25rem 0 0; }
code, .codes { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.codes { display: grid; grid-template-columns: 1fr; gap: .25rem; padding: 0; list-style: none; }
svg.code { display: block; margin: 1rem auto; width: 12rem; background: #fff; }
`;

/** Byte for byte what its hash in the policy is of. */
const STYLE_PART: Html = { markup: `<style>${STYLE}</style>` };

/** The document and its headers. */
export function render({ status, title, body, script, formTarget, headers }: Page): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
} {
  const scriptPart = script === undefined ? undefined : rawScript(script);
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · Florin</title>
        ${STYLE_PART}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
        ${scriptPart}
      </body>
    </html> `;
  return {
    status,
    text: markup,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(script, formTarget),
      // What a page shows is for one person and one moment.
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy':
        'camera=(), geolocation=(), microphone=(), ' +
        'publickey-credentials-create=(self), publickey-credentials-get=(self)',
      ...headers,
    },
  };
}

function rawScript(script: string): Html {
  return { markup: `<script>${script}</script>\n` };
}

// The style and the script are named by their hashes: as strict as a nonce, and the page stays a
// pure function. Nothing else can run, load, frame or be framed.
function policyOf(script: string | undefined, formTarget: FormTarget | undefined): string {
  const source = typeof formTarget === 'object' ? ` ${formTarget.source}` : '';
  return [
    "default-src 'none'",
    `style-src ${hashOf(STYLE)}`,
    ...(script === undefined ? [] : [`script-src ${hashOf(script)}`]),
    ...(formTarget === 'anywhere' ? [] : [`form-action 'self'${source}`]),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/**
 * The place a client's redirect address leads to. Browsers hold the redirects that follow a form to
 * the policy of its page, and a sign-in ends with one to the client.
 */
export function formTargetOf(redirectUri: string | undefined): FormTarget {
  if (redirectUri === undefined || !URL.canParse(redirectUri)) return 'anywhere';
  const { protocol, origin } = new URL(redirectUri);
  const source = protocol === 'https:' || protocol === 'http:' ? origin : protocol;
  return /^[a-z0-9.:/[\]+-]+$/.test(source) ? { source } : 'anywhere';
}
