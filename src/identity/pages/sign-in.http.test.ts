import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { disablePerson, setRoles } from '../people/people.ts';
import { resetPerson } from '../people/invitation.ts';
import { testPages, type TestPages } from '../testing/pages.ts';
import { GOOD_PASSWORD } from '../testing/people.ts';

let pages: TestPages;

before(async () => {
  pages = await testPages('sign_in');
});

after(() => pages.close());

const WRONG = 'not the password';

function withoutToken(text: string): string {
  return text.replaceAll(/name="token" value="[^"]+"|&quot;challenge&quot;:&quot;[\w-]+/g, '');
}

test('staff sign in with a password and a code, and the provider is told what was proven', async () => {
  const person = await pages.person('teller.one');
  const browser = pages.browser();
  const first = await browser.open(pages.interaction());
  assert.equal(first.status, 200);
  assert.match(first.text, /The application/);
  const second = await browser.submit('password', { login: 'Teller.One', password: GOOD_PASSWORD });
  assert.match(second.text, /Second factor/);
  const done = await browser.submit('code', { code: person.code() });
  assert.equal(done.status, 303);
  assert.equal(done.headers.get('location'), `${pages.origin}/identity/auth/resumed`);
  assert.deepEqual(pages.answers.at(-1), {
    kind: 'login',
    subject: person.id,
    factors: 2,
    amr: ['pwd', 'otp', 'mfa'],
  });
  assert.equal(browser.cookies.has('florin_ticket'), false);
  const tried = await pages.records('identity.sign_in.try');
  const own = tried.filter(({ target }) => target === person.id);
  const facts = own.map(({ outcome, after: proven }) => JSON.stringify([outcome, proven]));
  assert.deepEqual(facts.toSorted(), [
    '["success",{"proof":"otp"}]',
    '["success",{"proof":"pwd"}]',
  ]);
});

test('a customer without a second factor proves one, and two where the client asks for two', async () => {
  const { id } = await pages.person('customer.one', ['customer']);
  const browser = pages.browser();
  await browser.open(pages.interaction());
  await browser.submit('password', { login: 'customer.one', password: GOOD_PASSWORD });
  assert.deepEqual(pages.answers.at(-1), {
    kind: 'login',
    subject: id,
    factors: 1,
    amr: ['pwd'],
  });
  const before = pages.answers.length;
  await browser.open(pages.interaction({ factorsAsked: 2 }));
  const refused = await browser.submit('password', {
    login: 'customer.one',
    password: GOOD_PASSWORD,
  });
  assert.equal(refused.status, 403);
  assert.match(refused.text, /second factor/i);
  assert.equal(pages.answers.length, before);
});

test('whoever became staff and has no second factor does not get in', async () => {
  const { id } = await pages.person('promoted', ['customer']);
  await pages.database.transaction(pages.context(), (tx) =>
    setRoles(tx, { person: id, roles: ['teller'] }),
  );
  const browser = pages.browser();
  await browser.open(pages.interaction());
  const refused = await browser.submit('password', { login: 'promoted', password: GOOD_PASSWORD });
  assert.equal(refused.status, 403);
});

test('a wrong password, an unknown name and a disabled person are answered alike', async () => {
  await pages.person('known.name');
  const disabled = await pages.person('disabled.name');
  await pages.database.transaction(pages.context(), (tx) => disablePerson(tx, disabled.id));
  const texts = new Set<string>();
  for (const [login, password] of [
    ['known.name', WRONG],
    ['nobody.here', WRONG],
    ['disabled.name', GOOD_PASSWORD],
  ] as const) {
    const browser = pages.browser();
    await browser.open(pages.interaction());
    const refused = await browser.submit('password', { login, password });
    assert.equal(refused.status, 403);
    texts.add(
      withoutToken(refused.text)
        .replaceAll(login, '')
        .replaceAll(/uid\d+/g, ''),
    );
  }
  assert.equal(texts.size, 1);
});

test('after five failures the next waits, whether or not there is such a person', async () => {
  const person = await pages.person('attacked');
  const waits: (string | null)[][] = [];
  for (const login of ['attacked', 'not.there']) {
    const browser = pages.browser();
    await browser.open(pages.interaction());
    const seen: (string | null)[] = [];
    for (let count = 0; count < 7; count += 1) {
      const { status, headers } = await browser.submit('password', { login, password: WRONG });
      seen.push(status === 429 ? headers.get('retry-after') : String(status));
    }
    waits.push(seen);
    // The right password is not tried either.
    const right = await browser.submit('password', { login, password: GOOD_PASSWORD });
    assert.equal(right.status, 429);
  }
  assert.deepEqual(waits[0], ['403', '403', '403', '403', '403', '403', '1']);
  assert.deepEqual(waits[1], waits[0]);
  pages.clock.advance(1_000_000);
  const browser = pages.browser();
  await browser.open(pages.interaction());
  const next = await browser.submit('password', { login: 'attacked', password: GOOD_PASSWORD });
  assert.match(next.text, /Second factor/);
  await browser.submit('code', { code: person.code() });
  assert.equal(pages.answers.at(-1)?.kind, 'login');
});

test('others who guess do not keep a person away from a browser they signed in with', async () => {
  const person = await pages.person('with.device');
  const own = pages.browser();
  await own.open(pages.interaction());
  await own.submit('password', { login: 'with.device', password: GOOD_PASSWORD });
  await own.submit('code', { code: person.code() });
  pages.clock.advance(60_000_000);
  const thief = pages.browser();
  await thief.open(pages.interaction());
  for (let count = 0; count < 7; count += 1) {
    await thief.submit('password', { login: 'with.device', password: WRONG });
  }
  await own.open(pages.interaction());
  const answer = await own.submit('password', { login: 'with.device', password: GOOD_PASSWORD });
  assert.match(answer.text, /Second factor/);
  // The cookie helps nobody with another name, nor a thief with the same name.
  await thief.open(pages.interaction());
  const refused = await thief.submit('password', { login: 'with.device', password: GOOD_PASSWORD });
  assert.equal(refused.status, 429);
});

test('an address that fails with many names waits too', async () => {
  const browser = pages.browser('198.51.100.9');
  await browser.open(pages.interaction());
  const statuses: number[] = [];
  for (let count = 0; count < 52; count += 1) {
    const answer = await browser.submit('password', { login: `name${count}`, password: WRONG });
    statuses.push(answer.status);
  }
  assert.deepEqual(statuses.slice(0, 51), Array<number>(51).fill(403));
  assert.equal(statuses[51], 429);
});

test('a code is good once, and wrong codes are counted', async () => {
  const person = await pages.person('replayed');
  const code = person.code();
  const outcomes: number[] = [];
  for (let count = 0; count < 2; count += 1) {
    const browser = pages.browser();
    await browser.open(pages.interaction());
    await browser.submit('password', { login: 'replayed', password: GOOD_PASSWORD });
    outcomes.push((await browser.submit('code', { code })).status);
  }
  assert.deepEqual(outcomes, [303, 403]);
  const browser = pages.browser();
  await browser.open(pages.interaction());
  await browser.submit('password', { login: 'replayed', password: GOOD_PASSWORD });
  const statuses: number[] = [];
  for (let count = 0; count < 6; count += 1) {
    statuses.push((await browser.submit('code', { code: '000000' })).status);
  }
  // One failure was made before.
  assert.deepEqual(statuses, [403, 403, 403, 403, 403, 429]);
  pages.clock.advance(60_000_000);
  assert.equal((await browser.submit('code', { code: person.code() })).status, 303);
});

test('what was begun ends with a reset, and at its time', async () => {
  const person = await pages.person('interrupted');
  const begin = async () => {
    const browser = pages.browser();
    await browser.open(pages.interaction());
    await browser.submit('password', { login: 'interrupted', password: GOOD_PASSWORD });
    return browser;
  };
  const late = await begin();
  pages.clock.advance(15 * 60_000_000);
  assert.equal((await late.submit('code', { code: person.code() })).status, 403);
  const browser = await begin();
  const count = pages.answers.length;
  await pages.database.transaction(pages.context(), (tx) =>
    resetPerson(tx, { person: person.id, areFactorsRemoved: false }),
  );
  const after = await browser.submit('code', { code: person.code() });
  assert.match(after.text, /Login name/);
  assert.equal(pages.answers.length, count);
});

test('a ticket of one sign-in is nothing to another', async () => {
  await pages.person('mixed.up');
  const browser = pages.browser();
  await browser.open(pages.interaction());
  await browser.submit('password', { login: 'mixed.up', password: GOOD_PASSWORD });
  const other = await browser.open(pages.interaction());
  assert.match(other.text, /Login name/);
});

test('a form is taken only from a page of ours, with its token', async () => {
  const path = pages.interaction();
  const browser = pages.browser();
  await browser.open(path);
  const fields = { login: 'x', password: WRONG };
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'null' },
  ];
  for (const headers of foreign) {
    const refused = await browser.submit('password', fields, headers);
    assert.equal(refused.status, 403);
    assert.match(refused.text, /page of another site/);
    await browser.open(path);
  }
  const tokenless = await browser.post({ step: 'password', ...fields });
  assert.equal(tokenless.status, 403);
  assert.match(tokenless.text, /open for too long/);
  const other = pages.browser();
  await other.open(path);
  const stolen = /name="token" value="([^"]+)"/.exec((await other.open(path)).text)?.[1] ?? '';
  const foreignToken = await browser.post({ token: stolen, step: 'password', ...fields });
  assert.equal(foreignToken.status, 403);
  assert.match(foreignToken.text, /open for too long/);
  await browser.open(path);
  const own = await browser.submit('password', fields, { origin: pages.origin });
  assert.match(own.text, /not right/);
});

test('a page can run nothing, load nothing and be framed by nobody', async () => {
  const browser = pages.browser();
  const { headers, text } = await browser.open(pages.interaction());
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'/);
  assert.match(policy, /form-action 'self' https:\/\/app\.example; base-uri 'none'/);
  assert.match(policy, /frame-ancestors 'none'$/);
  assert.ok(!/unsafe|\*|http:/.test(policy));
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
  assert.ok(!/(src|href)="|\bon\w+="|style="/.test(text));
  const { createHash } = await import('node:crypto');
  for (const tag of ['style', 'script']) {
    const content = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(content).digest('base64');
    assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`));
  }
  const labels = [...text.matchAll(/<label\s+for="(\w+)"/g)].map(([, id]) => id);
  assert.equal(labels.length, 2);
  const inputs = [...text.matchAll(/<input\s+id="(\w+)"/g)].map(([, id]) => id);
  assert.deepEqual(labels, inputs);
});

test('cookies are for these pages alone, and for no script', async () => {
  const response = await fetch(
    `${pages.origin.replace('localhost', '127.0.0.1')}${pages.interaction()}`,
  );
  const [cookie] = response.headers.getSetCookie();
  assert.match(cookie ?? '', /; Path=\/identity\/pages; Max-Age=900; HttpOnly; SameSite=Strict$/);
});

test('what somebody typed never becomes part of the page', async () => {
  const evil = '"><script>alert(1)</script>\'&';
  const client = { id: 'cli_x', name: evil, isFirstParty: false };
  const browser = pages.browser();
  const first = await browser.open(pages.interaction({ client, loginHint: evil }));
  assert.ok(!first.text.includes('<script>alert'));
  const second = await browser.submit('password', { login: evil, password: WRONG });
  assert.ok(!second.text.includes('<script>alert'));
  assert.ok(
    second.text.includes('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;"'),
  );
});

test('consent names the client and what it asks for, and is the person’s own to give', async () => {
  const person = await pages.person('consenting', ['customer']);
  const consent = { prompt: 'consent' as const, subject: person.id };
  const browser = pages.browser();
  const page = await browser.open(pages.interaction(consent));
  assert.match(page.text, /A Person/);
  assert.match(page.text, /read your accounts and their history/);
  assert.equal((await browser.submit('allow')).status, 303);
  assert.deepEqual(pages.answers.at(-1), { kind: 'consent' });
  await browser.open(pages.interaction(consent));
  assert.equal((await browser.submit('cancel')).status, 303);
  assert.equal(pages.answers.at(-1)?.kind, 'refuse');
  const client = { id: 'cli_own', name: 'Own', isFirstParty: true };
  assert.equal((await browser.open(pages.interaction({ ...consent, client }))).status, 303);
  assert.deepEqual(pages.answers.at(-1), { kind: 'consent' });
});

test('whoever cancels is sent back without having signed in', async () => {
  const browser = pages.browser();
  await browser.open(pages.interaction());
  assert.equal((await browser.submit('cancel')).status, 303);
  assert.equal(pages.answers.at(-1)?.kind, 'refuse');
});

test('what is no page and no form is told so', async () => {
  const base = pages.origin.replace('localhost', '127.0.0.1');
  const path = pages.interaction();
  const cases = [
    ['GET', '/identity/pages/nothing', undefined, {}, 404],
    ['GET', '/identity/pages/interaction/gone', undefined, {}, 400],
    ['DELETE', path, undefined, {}, 405],
    ['POST', path, '{}', { 'content-type': 'application/json' }, 415],
    ['POST', path, 'x=1&x=2', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    [
      'POST',
      path,
      `x=${'y'.repeat(70_000)}`,
      { 'content-type': 'application/x-www-form-urlencoded' },
      413,
    ],
    ['GET', '/v1/ledger', undefined, {}, 418],
  ] as const;
  for (const [method, url, body, headers, status] of cases) {
    const init = body === undefined ? { method, headers } : { method, headers, body };
    assert.equal((await fetch(base + url, init)).status, status, `${method} ${url}`);
  }
  assert.deepEqual(pages.failures, []);
});
