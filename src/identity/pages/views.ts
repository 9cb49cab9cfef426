// Owns what the pages of signing in say: each a pure function from what is known to a page. Fields
// have labels, and names that password managers know; an error is told where a screen reader reads
// it out.

import { html, type FormTarget, type Html, type Page } from './page.ts';
import { passkeyScript } from './passkey-script.ts';

/** What every form carries. */
export interface FormState {
  /** Where it is sent to: a path of this site. */
  readonly action: string;
  readonly token: string;
  readonly error?: string | undefined;
}

export function alertOf(error: string | undefined): Html | undefined {
  return error === undefined ? undefined : html`<p class="error" role="alert">${error}</p>`;
}

export function hiddenOf({ token }: FormState, step: string): Html {
  return html`<input type="hidden" name="token" value="${token}" />
    <input type="hidden" name="step" value="${step}" />`;
}

/** A button that uses or makes a passkey; `options` is JSON for the browser. */
export function passkeyForm(
  state: FormState,
  asked: { readonly kind: 'create' | 'get'; readonly options: string; readonly label: string },
): Html {
  return html`<form
    method="post"
    action="${state.action}"
    data-passkey="${asked.kind}"
    data-options="${asked.options}"
    hidden
  >
    ${hiddenOf(state, 'passkey')}<input type="hidden" name="passkey" value="" />
    <p class="error" role="alert" hidden>
      The passkey was not used. Try again, or go on without it.
    </p>
    <button class="quiet">${asked.label}</button>
  </form>`;
}

export interface SignInView extends FormState {
  readonly status: number;
  readonly client: string;
  readonly login: string;
  /** Options for any passkey; undefined where the site cannot use them. */
  readonly passkey: string | undefined;
  readonly formTarget: FormTarget;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export function signInPage(view: SignInView): Page {
  const { status, client, login, passkey, formTarget, headers } = view;
  const body = html`<p>to go on to <strong>${client}</strong></p>
    ${alertOf(view.error)}
    <form method="post" action="${view.action}">
      ${hiddenOf(view, 'password')}
      <label for="login">Login name</label>
      <input
        id="login"
        name="login"
        value="${login}"
        autocomplete="username webauthn"
        required
        autocapitalize="none"
        spellcheck="false"
        maxlength="64"
        autofocus
      />
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        maxlength="256"
      />
      <button>Sign in</button>
    </form>
    ${
      passkey !== undefined &&
      passkeyForm(view, { kind: 'get', options: passkey, label: 'Sign in with a passkey' })
    }
    ${cancelForm(view)}`;
  return { status, title: 'Sign in', body, script: passkeyScript, formTarget, headers };
}

function cancelForm(state: FormState): Html {
  return html`<form method="post" action="${state.action}">
    ${hiddenOf(state, 'cancel')}<button class="quiet">Cancel</button>
  </form>`;
}

export interface FactorView extends Omit<SignInView, 'login' | 'client'> {
  /** Whether there is an application or a recovery code to type a code from. */
  readonly hasCode: boolean;
}

export function factorPage(view: FactorView): Page {
  const { status, passkey, formTarget, headers, hasCode } = view;
  const codeForm = html`<form method="post" action="${view.action}">
    ${hiddenOf(view, 'code')}
    <label for="code">Code</label>
    <input
      id="code"
      name="code"
      inputmode="numeric"
      autocomplete="one-time-code"
      required
      maxlength="40"
      autofocus
      aria-describedby="code-hint"
    />
    <p class="hint" id="code-hint">
      The six digits of your authenticator application, or one of your recovery codes.
    </p>
    <button>Go on</button>
  </form>`;
  const body = html`<p>The password is right. One more proof is needed.</p>
    ${alertOf(view.error)} ${hasCode && codeForm}
    ${
      passkey !== undefined &&
      passkeyForm(view, { kind: 'get', options: passkey, label: 'Use a passkey' })
    }
    ${cancelForm(view)}`;
  return { status, title: 'Second factor', body, script: passkeyScript, formTarget, headers };
}

const SCOPE_MEANINGS: Readonly<Record<string, string>> = {
  openid: 'know that it is you',
  offline_access: 'do so while you are away',
  'accounts.read': 'read your accounts and their history',
  'accounts.write': 'open and change accounts',
  'payments.write': 'make payments',
  'audit.read': 'read the audit log',
  admin: 'administer the bank',
};

export interface ConsentView extends FormState {
  readonly client: string;
  readonly name: string | undefined;
  readonly scopes: readonly string[];
  readonly formTarget: FormTarget;
}

export function consentPage(view: ConsentView): Page {
  const rows = view.scopes.map(
    (scope) =>
      html`<li>
        ${Object.hasOwn(SCOPE_MEANINGS, scope) && SCOPE_MEANINGS[scope]} <code>${scope}</code>
      </li>`,
  );
  const body = html`<p>
      ${
        view.name !== undefined && html`You are signed in as <strong>${view.name}</strong>. `
      }<strong>${view.client}</strong> asks to:
    </p>
    <ul>
      ${rows}
    </ul>
    <form method="post" action="${view.action}">
      ${hiddenOf(view, 'allow')}<button>Allow</button>
    </form>
    <form method="post" action="${view.action}">
      ${hiddenOf(view, 'cancel')}<button class="quiet">Do not allow</button>
    </form>`;
  return { status: 200, title: 'Allow access?', body, formTarget: view.formTarget };
}

/** One sentence, and nothing to do on this page. */
export function messagePage(
  status: number,
  title: string,
  text: string,
  headers?: Readonly<Record<string, string>>,
): Page {
  return { status, title, body: html`<p>${text}</p>`, headers };
}
