import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newTotpSecret, totpAt } from '#platform';
import {
  ensureAdministratorInvitation,
  INVITATION_PATH,
  invitePerson,
  resetPerson,
} from '../people/invitation.ts';
import { disablePerson } from '../people/people.ts';
import type { PersonId } from '../people/person.ts';
import type { Role } from '../principal.ts';
import { secretOn, testPages, type Browser, type TestPages } from '../testing/pages.ts';
import { GOOD_PASSWORD } from '../testing/people.ts';

let pages: TestPages;

before(async () => {
  pages = await testPages('invitation');
});

after(() => pages.close());

async function invite(role: Role): Promise<{ readonly code: string; readonly person: PersonId }> {
  const customer = role === 'customer' ? 'cus_1' : undefined;
  const invited = await pages.database.transaction(pages.context(), (tx) =>
    invitePerson(tx, { tenant: 'main', roles: [role], customer }),
  );
  assert.ok(invited.ok);
  return invited.value;
}

const passwords = { password: GOOD_PASSWORD, again: GOOD_PASSWORD };

function person(login: string): Record<string, string> {
  return { login, name: 'Ada Lovelace', email: '', ...passwords };
}

async function accept(browser: Browser, code: string, login: string): Promise<string> {
  await browser.open(INVITATION_PATH);
  await browser.submit('invitation', { code });
  const { text } = await browser.submit('person', person(login));
  const secret = secretOn(text);
  const done = await browser.submit('totp', { code: totpAt(secret, pages.clock.now() / 1_000) });
  assert.equal(done.status, 200, done.text);
  return done.text;
}

function recoveryCodes(text: string): string[] {
  return [...text.matchAll(/<li>\s*([0-9A-Z-]{17})\s*<\/li>/g)].map(([, code]) => code ?? '');
}

test('the first administrator is let in by a code that was printed, once', async () => {
  const first = await ensureAdministratorInvitation(pages.database, pages.context());
  assert.ok(first !== undefined);
  const browser = pages.browser();
  const codes = recoveryCodes(await accept(browser, first.code.toLowerCase(), 'root.admin'));
  assert.equal(codes.length, 10);
  assert.equal(await ensureAdministratorInvitation(pages.database, pages.context()), undefined);
  const again = pages.browser();
  await again.open(first.path);
  assert.equal((await again.submit('invitation', { code: first.code })).status, 404);
  const [made] = await pages.records('identity.invitation.make');
  assert.ok(!JSON.stringify(made).includes(first.code));
});

test('each start makes a new first code, and ends the one before and what was begun with it', async () => {
  const tenant = 'second';
  const one = await ensureAdministratorInvitation(pages.database, pages.context(), tenant);
  const begun = pages.browser();
  await begun.open(INVITATION_PATH);
  await begun.submit('invitation', { code: one?.code ?? '' });
  const two = await ensureAdministratorInvitation(pages.database, pages.context(), tenant);
  assert.notEqual(one?.code, two?.code);
  assert.equal((await begun.submit('person', person('late.admin'))).status, 404);
  const browser = pages.browser();
  await browser.open(INVITATION_PATH);
  assert.equal((await browser.submit('invitation', { code: one?.code ?? '' })).status, 404);
  pages.clock.advance(86_400_000_000);
  await browser.open(INVITATION_PATH);
  assert.equal((await browser.submit('invitation', { code: two?.code ?? '' })).status, 404);
});

test('several starts at once leave one code that works', async () => {
  const made = await Promise.all(
    Array.from({ length: 6 }, () =>
      ensureAdministratorInvitation(pages.database, pages.context(), 'third'),
    ),
  );
  const statuses: number[] = [];
  for (const invitation of made) {
    const browser = pages.browser();
    await browser.open(INVITATION_PATH);
    const { status } = await browser.submit('invitation', { code: invitation?.code ?? '' });
    statuses.push(status);
  }
  assert.deepEqual(
    statuses.toSorted((left, right) => left - right),
    [200, 404, 404, 404, 404, 404],
  );
});

test('an invited person signs in with what was chosen, and a recovery code works once', async () => {
  const { code } = await invite('teller');
  const [recovery = ''] = recoveryCodes(await accept(pages.browser(), code, 'new.teller'));
  const outcomes: number[] = [];
  for (let count = 0; count < 2; count += 1) {
    const browser = pages.browser();
    await browser.open(pages.interaction());
    await browser.submit('password', { login: 'new.teller', password: GOOD_PASSWORD });
    const typed = recovery.toLowerCase().replaceAll('-', ' ');
    outcomes.push((await browser.submit('code', { code: typed })).status);
  }
  assert.deepEqual(outcomes, [303, 403]);
  assert.deepEqual(pages.answers.at(-1)?.kind === 'login' && pages.answers.at(-1), {
    kind: 'login',
    subject: (pages.answers.at(-1) as { subject: string }).subject,
    factors: 2,
    amr: ['pwd', 'otp', 'mfa'],
  });
});

test('staff cannot go on without a second factor; customers can', async () => {
  const staff = await invite('teller');
  const browser = pages.browser();
  await browser.open(INVITATION_PATH);
  await browser.submit('invitation', { code: staff.code });
  const enrol = await browser.submit('person', person('no.factor'));
  assert.ok(!enrol.text.includes('value="skip"'));
  const token = /name="token" value="([^"]+)"/.exec(enrol.text)?.[1] ?? '';
  assert.equal((await browser.post({ token, step: 'skip' })).status, 422);
  const signIn = pages.browser();
  await signIn.open(pages.interaction());
  const refused = await signIn.submit('password', { login: 'no.factor', password: GOOD_PASSWORD });
  assert.equal(refused.status, 403);

  const customer = await invite('customer');
  const other = pages.browser();
  await other.open(INVITATION_PATH);
  await other.submit('invitation', { code: customer.code });
  await other.submit('person', person('no.factor.needed'));
  const done = await other.submit('skip');
  assert.equal(done.status, 200);
  assert.deepEqual(recoveryCodes(done.text), []);
});

test('the second factor cannot be set up before there is a password', async () => {
  const { code } = await invite('teller');
  const browser = pages.browser();
  await browser.open(INVITATION_PATH);
  const page = await browser.submit('invitation', { code });
  const token = /name="token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  for (const step of ['totp', 'passkey', 'skip']) {
    const answer = await browser.post({ token, step, code: '123456' });
    assert.match(answer.text, /New password/);
  }
});

test('a wrong code of the application confirms nothing', async () => {
  const { code } = await invite('teller');
  const browser = pages.browser();
  await browser.open(INVITATION_PATH);
  await browser.submit('invitation', { code });
  await browser.submit('person', person('wrong.code'));
  const other = totpAt(newTotpSecret(), pages.clock.now() / 1_000);
  const answer = await browser.submit('totp', { code: other });
  assert.equal(answer.status, 403);
  assert.match(answer.text, /is the clock/i);
  const kept = secretOn(answer.text);
  const done = await browser.submit('totp', { code: totpAt(kept, pages.clock.now() / 1_000) });
  assert.equal(done.status, 200);
});

test('what was typed is judged, told and kept, but not the password', async () => {
  const { code } = await invite('teller');
  await pages.person('taken.name');
  const browser = pages.browser();
  await browser.open(INVITATION_PATH);
  await browser.submit('invitation', { code });
  const cases = [
    [{ login: 'x' }, /login name has 3 to 64/],
    [{ login: 'taken.name' }, /Somebody has this login name/],
    [{ login: 'Taken.NAME ' }, /Somebody has this login name/],
    [{ name: ' ' }, /A name has 1 to/],
    [{ email: 'nobody' }, /not an e-mail address/],
    [{ password: 'short', again: 'short' }, /at least 12 characters/],
    [{ password: 'adalovelace2026', again: 'adalovelace2026' }, /tried first/],
    [{ again: 'another one entirely' }, /not the same/],
  ] as const;
  for (const [change, expected] of cases) {
    const answer = await browser.submit('person', { ...person('judged.person'), ...change });
    assert.equal(answer.status, 422, JSON.stringify(change));
    assert.match(answer.text, expected);
    assert.match(answer.text, /value="Ada Lovelace"|value=" "/);
    assert.ok(!answer.text.includes(GOOD_PASSWORD));
  }
});

test('of two people who choose one name at once, one has it', async () => {
  const browsers = await Promise.all(
    [await invite('teller'), await invite('teller')].map(async ({ code }) => {
      const browser = pages.browser();
      await browser.open(INVITATION_PATH);
      await browser.submit('invitation', { code });
      return browser;
    }),
  );
  const answers = await Promise.all(
    browsers.map((browser) => browser.submit('person', person('same.name'))),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 422]));
});

test('an invitation of somebody who was disabled is over', async () => {
  const { code, person: id } = await invite('teller');
  await pages.database.transaction(pages.context(), (tx) => disablePerson(tx, id));
  const browser = pages.browser();
  await browser.open(`${INVITATION_PATH}?code=${code}`);
  assert.equal((await browser.submit('invitation', { code })).status, 404);
});

test('a reset ends the password at once, and keeps the second factor unless it is lost', async () => {
  const known = await pages.person('forgetful');
  const reset = async (areFactorsRemoved: boolean): Promise<string> => {
    const made = await pages.database.transaction(pages.context(), (tx) =>
      resetPerson(tx, { person: known.id, areFactorsRemoved }),
    );
    assert.ok(made.ok);
    return made.value.code;
  };
  const signIn = async (password: string): Promise<{ browser: Browser; text: string }> => {
    const browser = pages.browser();
    await browser.open(pages.interaction());
    return { browser, ...(await browser.submit('password', { login: 'forgetful', password })) };
  };
  const code = await reset(false);
  assert.match((await signIn(GOOD_PASSWORD)).text, /not right/);
  const browser = pages.browser();
  await browser.open(INVITATION_PATH);
  const form = await browser.submit('invitation', { code });
  assert.ok(!form.text.includes('name="login"'));
  const password = 'quartz meadow lantern';
  const done = await browser.submit('person', { password, again: password });
  assert.match(done.text, /Everything is set up/);
  const back = await signIn(password);
  assert.equal((await back.browser.submit('code', { code: known.code() })).status, 303);

  const lost = await reset(true);
  pages.clock.advance(60_000_000);
  const other = pages.browser();
  await other.open(INVITATION_PATH);
  await other.submit('invitation', { code: lost });
  const enrol = await other.submit('person', { password, again: password });
  const secret = secretOn(enrol.text);
  const complete = await other.submit('totp', {
    code: totpAt(secret, pages.clock.now() / 1_000),
  });
  assert.equal(recoveryCodes(complete.text).length, 10);
  pages.clock.advance(60_000_000);
  const old = await signIn(password);
  assert.equal((await old.browser.submit('code', { code: known.code() })).status, 403);
  const fresh = totpAt(secret, pages.clock.now() / 1_000);
  assert.equal((await old.browser.submit('code', { code: fresh })).status, 303);
});

test('nothing failed on the way', () => {
  assert.deepEqual(pages.failures, []);
});
