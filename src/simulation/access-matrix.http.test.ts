import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Route } from '#gateway';
import { permissionTable } from '../gateway/access/roles.ts';
import { claimsOf, matrixOf, sampleOf, type MatrixCase } from '../gateway/access/matrix-testing.ts';
import { furnish, isToldIn, type Furniture } from './edge/furniture.ts';
import { openWholeBank, type WholeBank } from './edge/whole-bank.ts';

/** What anybody on the network may ask. A row that is added here opens a door. */
const PUBLIC_ROUTES = ['GET /.well-known/http-message-signatures-directory'];
/** What the server says of itself, which is in no context's table. */
const PUBLIC_PATHS = ['/', '/healthz', '/readyz', '/metrics', '/openapi.json', '/docs'];

/** What answers with figures that name nobody, or with a list that is empty yet. */
const FIGURES_ONLY = new Set([
  '/v1/accounts/{id}/interest',
  '/v1/accounts/{id}/bookings',
  '/v1/standing-orders/{id}/occurrences',
]);

/** Lists that a customer asks for by the account, which a sample does not name. */
const ASKED_BY_ACCOUNT = new Set(['/v1/standing-orders']);

let bank: WholeBank;
let alice: Furniture;

before(async () => {
  bank = await openWholeBank('access_matrix');
  alice = await furnish(bank, 'alice');
});
after(async () => {
  await bank.close();
});

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

test('every route names a permission of the table, or is one of the public ones listed here', () => {
  const unknown = bank.routes
    .filter(({ permission }) => permission !== 'public')
    .filter(({ permission }) => !Object.hasOwn(permissionTable, permission));
  assert.deepEqual(unknown.map(nameOf), []);
  const open = bank.routes.filter(({ permission }) => permission === 'public');
  assert.deepEqual(open.map(nameOf), PUBLIC_ROUTES);
});

test('without a token everything that is documented is 401, but for the public routes', async () => {
  const { body } = await bank.ask('GET', '/openapi.json');
  const described = Object.entries(body['paths'] as Record<string, Record<string, unknown>>);
  const open = new Set([...PUBLIC_ROUTES, ...PUBLIC_PATHS.map((path) => `GET ${path}`)]);
  const wrong: string[] = [];
  let tried = 0;
  for (const [path, operations] of described) {
    for (const method of Object.keys(operations).map((name) => name.toUpperCase())) {
      const asked = path.replaceAll(/\{[^}]*\}/g, 'x');
      const { status, headers } = await bank.ask(method, asked);
      tried += 1;
      const isOpen = open.has(`${method} ${path}`);
      const isRight = isOpen ? status === 200 : status === 401 && headers.has('www-authenticate');
      if (!isRight) wrong.push(`${method} ${path} was answered ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(tried > bank.routes.length, `${tried} operations`);
});

/** The code it was refused with at the doors; undefined where it got past them. */
async function refusalAt({ route, bearer }: MatrixCase): Promise<string | undefined> {
  const token = bearer === undefined ? undefined : await bank.token(claimsOf(bearer));
  const { method, path, body } = sampleOf(route);
  const reply = await bank.ask(method, path, { token, body });
  assert.ok(reply.status < 500, `${method} ${path} was answered ${reply.status}: ${reply.text}`);
  const isRefused = reply.status === 401 || reply.status === 403;
  return isRefused ? String(reply.body['code']) : undefined;
}

test('every route is closed to whom the table does not open it, and open to the others', async () => {
  const cases = matrixOf(bank.routes);
  assert.ok(cases.length > bank.routes.length * 8, `${cases.length} cases`);
  const wrong: string[] = [];
  for (const each of cases) {
    const { title, refusedWith } = each;
    const code = await refusalAt(each);
    const isRight = code === undefined ? refusedWith === undefined : refusedWith?.includes(code);
    if (isRight !== true) wrong.push(`${title}, but was answered ${code ?? 'yes'}`);
  }
  assert.deepEqual(wrong, []);
});

/** A request about what is Alice's: each id in it, of whatever kind, is one of hers. */
function aboutAlice(route: Route): { method: string; path: string; body: unknown } {
  const sample = sampleOf(route);
  const hers = (text: string): string =>
    text.replaceAll(
      /\b([a-z]{3})_[0-9a-f]{8}-[0-9a-f-]{27}\b/g,
      (id, prefix: string) =>
        // The legs of an example are different accounts.
        alice.idFor(prefix, route.path, id) ?? id,
    );
  const body = sample.body === undefined ? undefined : hers(JSON.stringify(sample.body));
  return { method: sample.method, path: hers(sample.path), body };
}

/** Everything an answer could tell of her, but for the ids that were in the question. */
function told(text: string, question: string): string[] {
  return alice.secrets.filter((secret) => isToldIn(text, secret) && !isToldIn(question, secret));
}

for (const role of ['customer', 'partner'] as const) {
  test(`another ${role} gets nothing of a customer's by any route, and changes nothing`, async () => {
    const subject = `usr_${randomUUID()}`;
    const token = await bank.token({ sub: subject, customer: subject, roles: [role] });
    const before = await alice.state();
    const wrong: string[] = [];
    let withHers = 0;
    for (const route of bank.routes) {
      const { method, path, body } = aboutAlice(route);
      const question = `${path} ${String(body)}`;
      if (alice.ids.some((id) => question.includes(id))) withHers += 1;
      const { status, text } = await bank.ask(method, path, { token, body });
      const leaked = told(text, question);
      const row = permissionTable[route.permission];
      const isOwn = route.permission === 'public' || row?.own.includes(role) === true;
      const isRight = status === 403 || status === 404 || (isOwn && status < 500);
      if (!isRight) wrong.push(`${nameOf(route)} was answered ${status}: ${text.slice(0, 200)}`);
      if (leaked.length > 0) wrong.push(`${nameOf(route)} told ${leaked.join()}`);
    }
    assert.deepEqual(wrong, []);
    assert.ok(withHers >= 12, `only ${withHers} requests were about what is hers`);
    assert.deepEqual(await alice.state(), before);
  });
}

test('the staff of another tenant find nothing of this one by any route, and change nothing', async () => {
  const staff = ['teller', 'approver', 'auditor', 'operator', 'administrator'];
  const token = await bank.token({ sub: `usr_${randomUUID()}`, tenant: 'another', roles: staff });
  const before = await alice.state();
  const wrong: string[] = [];
  // What they wrote down themselves, such as a mandate for an id that is not theirs, is no leak.
  let said = '';
  for (const route of bank.routes) {
    const { method, path, body } = aboutAlice(route);
    said += `${path} ${String(body)}\n`;
    const { status, text } = await bank.ask(method, path, { token, body });
    const leaked = told(text, said);
    if (leaked.length > 0) wrong.push(`${nameOf(route)} told ${leaked.join()}`);
    const isWide = permissionTable[route.permission]?.isInstallationWide === true;
    if (status >= 500) wrong.push(`${nameOf(route)} was answered ${status}`);
    if (isWide && status !== 403) wrong.push(`${nameOf(route)} was answered ${status}`);
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(await alice.state(), before);
});

test('whose objects they are gets them by the same requests, so the others were refused for who they are', async () => {
  const reads = bank.routes.filter(
    ({ method, operation, path }) =>
      method === 'GET' && operation.objects !== undefined && !ASKED_BY_ACCOUNT.has(path),
  );
  assert.ok(reads.length >= 6);
  for (const route of reads) {
    const { path } = aboutAlice(route);
    const { status, text } = await bank.ask('GET', path, { token: await alice.token() });
    assert.equal(status, 200, `${path}: ${text}`);
    const isTold = alice.secrets.some((secret) => isToldIn(text, secret));
    assert.ok(isTold || FIGURES_ONLY.has(route.path), `${path}: ${text}`);
  }
});

test('that an object exists is not told apart from that it does not', async () => {
  const subject = `usr_${randomUUID()}`;
  const token = await bank.token({ sub: subject, customer: subject, roles: ['customer'] });
  const wordsOf = (text: string, id: string): string =>
    text.replaceAll(id, 'ID').replaceAll(/"(instance|request_id)":"[^"]*"/g, '');
  for (const route of bank.routes.filter(({ operation }) => operation.objects !== undefined)) {
    const hers = aboutAlice(route);
    const nobodys = sampleOf(route);
    const body = nobodys.body === undefined ? undefined : JSON.stringify(nobodys.body);
    const [one, other] = await Promise.all([
      bank.ask(hers.method, hers.path, { token, body: hers.body }),
      bank.ask(nobodys.method, nobodys.path, { token, body }),
    ]);
    const id = /[a-z]{3}_[0-9a-f-]{36}/;
    assert.equal(one.status, other.status, nameOf(route));
    assert.equal(
      wordsOf(one.text, id.exec(one.text)?.[0] ?? 'ID'),
      wordsOf(other.text, id.exec(other.text)?.[0] ?? 'ID'),
      nameOf(route),
    );
  }
});
