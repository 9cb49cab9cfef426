import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { INVITATION_PATH, invitePerson } from '../people/invitation.ts';
import type { PersonId } from '../people/person.ts';
import {
  softwareAuthenticator,
  type Misbehaviour,
  type SoftwareAuthenticator,
} from '../testing/authenticator.ts';
import { testPages, type Browser, type TestPages } from '../testing/pages.ts';
import { GOOD_PASSWORD } from '../testing/people.ts';

let pages: TestPages;

before(async () => {
  pages = await testPages('passkeys');
});

after(() => pages.close());

async function enrolling(login: string): Promise<{ browser: Browser; person: PersonId }> {
  const invited = await pages.database.transaction(pages.context(), (tx) =>
    invitePerson(tx, { tenant: 'main', roles: ['teller'] }),
  );
  assert.ok(invited.ok);
  const browser = pages.browser();
  await browser.open(INVITATION_PATH);
  await browser.submit('invitation', { code: invited.value.code });
  const password = { password: GOOD_PASSWORD, again: GOOD_PASSWORD };
  await browser.submit('person', { login, name: 'Ada', email: '', ...password });
  return { browser, person: invited.value.person };
}

async function enrolled(
  login: string,
): Promise<{ authenticator: SoftwareAuthenticator; person: PersonId }> {
  const { browser, person } = await enrolling(login);
  const authenticator = softwareAuthenticator(pages.origin);
  const passkey = authenticator.create(browser.passkeyOptions());
  const done = await browser.submit('passkey', { passkey });
  assert.match(done.text, /Everything is set up/);
  return { authenticator, person };
}

test('a passkey alone signs in with two factors, and asks for no name', async () => {
  const { authenticator, person } = await enrolled('passkey.only');
  const browser = pages.browser();
  await browser.open(pages.interaction({ factorsAsked: 2 }));
  const options = JSON.parse(browser.passkeyOptions()) as Record<string, unknown>;
  assert.equal(options['userVerification'], 'required');
  assert.equal(options['allowCredentials'], undefined);
  const passkey = authenticator.get(browser.passkeyOptions());
  assert.equal((await browser.submit('passkey', { passkey })).status, 303);
  assert.deepEqual(pages.answers.at(-1), {
    kind: 'login',
    subject: person,
    factors: 2,
    amr: ['pop', 'user', 'mfa'],
  });
});

test('a passkey is a second factor after the password, but not for another person', async () => {
  const { authenticator } = await enrolled('passkey.second');
  const stranger = await enrolled('passkey.stranger');
  const browser = pages.browser();
  await browser.open(pages.interaction());
  await browser.submit('password', { login: 'passkey.second', password: GOOD_PASSWORD });
  const foreign = stranger.authenticator.get(browser.passkeyOptions());
  assert.equal((await browser.submit('passkey', { passkey: foreign })).status, 403);
  const own = authenticator.get(browser.passkeyOptions());
  assert.equal((await browser.submit('passkey', { passkey: own })).status, 303);
  const answer = pages.answers.at(-1);
  assert.deepEqual(answer?.kind === 'login' && answer.amr, ['pwd', 'pop', 'user', 'mfa']);
});

const wrongs: readonly (readonly [string, Misbehaviour])[] = [
  ['made for another site', { origin: 'http://localhost:1' }],
  ['made for another party', { rpId: 'example.com' }],
  ['made for another question', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
  ['without its user being verified', { isUserUnverified: true }],
];

for (const [how, wrong] of wrongs) {
  test(`a new passkey ${how} is refused`, async () => {
    const { browser } = await enrolling(`new.${wrongs.findIndex(([name]) => name === how)}`);
    const passkey = softwareAuthenticator(pages.origin).create(browser.passkeyOptions(), wrong);
    assert.equal((await browser.submit('passkey', { passkey })).status, 403);
  });
}

for (const [how, wrong] of [
  ...wrongs,
  ['with a wrong signature', { isSignatureWrong: true }],
  ['that counts backwards, as a copy would', { counter: 0 }],
] as const) {
  test(`an answer ${how} is refused`, async () => {
    const login = `use.${how.replaceAll(/[^a-z]/g, '').slice(0, 40)}`;
    const { authenticator } = await enrolled(login);
    const first = pages.browser();
    await first.open(pages.interaction());
    const good = authenticator.get(first.passkeyOptions());
    assert.equal((await first.submit('passkey', { passkey: good })).status, 303);
    const browser = pages.browser();
    await browser.open(pages.interaction());
    const passkey = authenticator.get(browser.passkeyOptions(), wrong);
    assert.equal((await browser.submit('passkey', { passkey })).status, 403);
  });
}

test('an answer is good once, and only for the ticket it was made for', async () => {
  const { authenticator } = await enrolled('answered.once');
  const browser = pages.browser();
  const path = pages.interaction();
  await browser.open(path);
  const cookies = new Map(browser.cookies);
  // It does not count, so that nothing but the ticket tells the two uses apart.
  const passkey = authenticator.get(browser.passkeyOptions(), { counter: 0 });
  const other = pages.browser();
  await other.open(pages.interaction());
  assert.equal((await other.submit('passkey', { passkey })).status, 403);
  assert.equal((await browser.submit('passkey', { passkey })).status, 303);
  // A thief who has the cookie and the answer, too.
  const thief = pages.browser();
  for (const [name, value] of cookies) thief.cookies.set(name, value);
  await thief.open(pages.interaction());
  assert.equal((await thief.submit('passkey', { passkey })).status, 403);
});

test('an authenticator that does not count is taken, each answer once', async () => {
  const { authenticator } = await enrolled('no.counter');
  for (let count = 0; count < 2; count += 1) {
    const browser = pages.browser();
    await browser.open(pages.interaction());
    const passkey = authenticator.get(browser.passkeyOptions(), { counter: 0 });
    assert.equal((await browser.submit('passkey', { passkey })).status, 303);
  }
});

test('a passkey belongs to one person', async () => {
  const one = await enrolling('same.passkey.one');
  const two = await enrolling('same.passkey.two');
  const authenticator = softwareAuthenticator(pages.origin);
  const first = authenticator.create(one.browser.passkeyOptions());
  assert.equal((await one.browser.submit('passkey', { passkey: first })).status, 200);
  const second = authenticator.create(two.browser.passkeyOptions());
  const refused = await two.browser.submit('passkey', { passkey: second });
  assert.equal(refused.status, 422);
  assert.match(refused.text, /registered already/);
});

test('what is no answer of an authenticator is refused like a wrong one', async () => {
  const browser = pages.browser();
  await browser.open(pages.interaction());
  for (const passkey of [
    '',
    '{',
    '[]',
    'null',
    '{"id":"x"}',
    '{"id":5}',
    `{"id":"${'a'.repeat(9)}"}`,
  ]) {
    assert.equal((await browser.submit('passkey', { passkey })).status, 403);
  }
  assert.deepEqual(pages.failures, []);
});
