// The few pages the provider shows itself: that something went wrong, and the end of a session. No
// script, no style from elsewhere, nothing of the request that is not escaped.

interface PageTarget {
  type: string;
  body: unknown;
  set(name: string, value: string): void;
}

// Browsers apply form-action to where a form's answer leads, too.
function policyOf(formTarget: string | undefined): string {
  return (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; " +
    `form-action 'self'${formTarget === undefined ? '' : ` ${formTarget}`}`
  );
}

const STYLE =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}' +
  'button{font:inherit;padding:.5rem 1rem;margin:0 .5rem .5rem 0}';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function show(
  target: PageTarget,
  {
    title,
    content,
    formTarget,
  }: { title: string; content: string; formTarget?: string | undefined },
): void {
  target.type = 'html';
  target.set('content-security-policy', policyOf(formTarget));
  target.set('referrer-policy', 'no-referrer');
  target.body =
    `<!doctype html><html lang="en"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>` +
    `<style>${STYLE}</style></head><body><main><h1>${escapeHtml(title)}</h1>${content}` +
    '</main></body></html>';
}

export function showError(
  target: PageTarget,
  { error, description }: { readonly error: string; readonly description: string | undefined },
): void {
  const sentence = description === undefined ? '' : `<p>${escapeHtml(description)}</p>`;
  const advice = '<p>Go back to the application you came from and begin again.</p>';
  const content = `${sentence}${advice}<p>Code: <code>${escapeHtml(error)}</code></p>`;
  show(target, { title: 'This did not work', content });
}

/**
 * `form` is markup of the provider's own, with the token that proves who asked; `backTo` the
 * address the browser goes to in the end.
 */
export function showLogout(target: PageTarget, form: string, backTo: string | undefined): void {
  const buttons =
    '<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>' +
    '<button type="submit" form="op.logoutForm">Stay signed in</button>';
  const back = backTo === undefined ? null : URL.parse(backTo);
  // A private scheme has no origin; the scheme alone stands for it.
  const formTarget = back?.origin === 'null' ? back.protocol : back?.origin;
  show(target, { title: 'Sign out?', content: `${form}${buttons}`, formTarget });
}

export function showLoggedOut(target: PageTarget): void {
  show(target, { title: 'You are signed out', content: '<p>You can close this page.</p>' });
}
