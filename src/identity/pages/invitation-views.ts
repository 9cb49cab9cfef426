// Owns what the pages of an invitation say: its code, a name and a password, a second factor, and
// the recovery codes, which are shown this once. Pure.

import { html, type Html, type Page } from './page.ts';
import { passkeyScript } from './passkey-script.ts';
import { alertOf, hiddenOf, passkeyForm, type FormState } from './views.ts';

export function codePage(view: FormState & { status: number; code: string }): Page {
  const body = html`<p>You were given a code that lets you in once.</p>
    ${alertOf(view.error)}
    <form method="post" action="${view.action}">
      ${hiddenOf(view, 'invitation')}
      <label for="code">Invitation code</label>
      <input
        id="code"
        name="code"
        value="${view.code}"
        required
        maxlength="64"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        autofocus
      />
      <button>Go on</button>
    </form>`;
  return { status: view.status, title: 'Accept an invitation', body };
}

export interface PersonView extends FormState {
  readonly status: number;
  readonly roles: readonly string[];
  readonly passwordCharactersMin: number;
  /** Undefined for somebody who has a name already. */
  readonly profile:
    { readonly login: string; readonly name: string; readonly email: string } | undefined;
}

export function personPage(view: PersonView): Page {
  const { profile, passwordCharactersMin: min } = view;
  const body = html`<p>You are invited as ${view.roles.join(', ')}.</p>
    ${alertOf(view.error)}
    <form method="post" action="${view.action}">
      ${hiddenOf(view, 'person')} ${profile !== undefined && profileFields(profile)}
      <label for="password">New password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="new-password"
        required
        minlength="${min}"
        maxlength="256"
        aria-describedby="password-hint"
      />
      <p class="hint" id="password-hint">
        At least ${min} characters. Several unrelated words are good; a password manager is better.
      </p>
      <label for="again">New password, again</label>
      <input
        id="again"
        name="again"
        type="password"
        autocomplete="new-password"
        required
        maxlength="256"
      />
      <button>Go on</button>
    </form>`;
  return { status: view.status, title: 'Choose a password', body };
}

function profileFields(profile: { login: string; name: string; email: string }): Html {
  return html`<label for="login">Login name</label>
    <input
      id="login"
      name="login"
      value="${profile.login}"
      autocomplete="username"
      required
      autocapitalize="none"
      spellcheck="false"
      maxlength="64"
      autofocus
    />
    <label for="name">Your name</label>
    <input
      id="name"
      name="name"
      value="${profile.name}"
      autocomplete="name"
      required
      maxlength="100"
    />
    <label for="email">E-mail address (may be empty)</label>
    <input
      id="email"
      name="email"
      type="email"
      value="${profile.email}"
      autocomplete="email"
      maxlength="250"
    />`;
}

export interface EnrolView extends FormState {
  readonly status: number;
  /** The secret for an authenticator application, as text, as a link and as a picture. */
  readonly secret: string;
  readonly uri: string;
  readonly picture: Html;
  /** Options of a new passkey; undefined where the site cannot use them. */
  readonly passkey: string | undefined;
  readonly canSkip: boolean;
}

export function enrolPage(view: EnrolView): Page {
  const { secret, uri, picture, passkey, canSkip } = view;
  const skip = html`<form method="post" action="${view.action}">
    ${hiddenOf(view, 'skip')}<button class="quiet">Go on without a second factor</button>
  </form>`;
  const body = html`<p>
      Scan this picture with an authenticator application, or
      <a href="${uri}">open it on this device</a>, and type the six digits that it shows.
    </p>
    ${alertOf(view.error)} ${picture}
    <p class="hint">To type it by hand: <code>${secret}</code></p>
    <form method="post" action="${view.action}">
      ${hiddenOf(view, 'totp')}
      <label for="code">Code</label>
      <input
        id="code"
        name="code"
        inputmode="numeric"
        autocomplete="one-time-code"
        required
        maxlength="10"
        autofocus
      />
      <button>Confirm</button>
    </form>
    ${
      passkey !== undefined &&
      passkeyForm(view, { kind: 'create', options: passkey, label: 'Use a passkey instead' })
    }
    ${canSkip && skip}`;
  return { status: view.status, title: 'Set up a second factor', body, script: passkeyScript };
}

export function donePage(codes: readonly string[] | undefined): Page {
  const rows = (codes ?? []).map((code) => html`<li>${code}</li>`);
  const recovery = html`<p>
      Write these recovery codes down now; they are not shown again. Each signs you in once in place
      of your second factor, should it be lost.
    </p>
    <ul class="codes">
      ${rows}
    </ul>`;
  const body = html`<p>Everything is set up. You can sign in now.</p>
    ${codes !== undefined && recovery}`;
  return { status: 200, title: 'Welcome', body };
}
