import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { auditRefusals, openSequencer, searchRecords, type Action, type Leaf } from '#audit';
import { loadConfig } from '#config';
import { unlocked } from '../gateway/testing.ts';
import {
  addLegacyRule,
  assignPlan,
  changeLegacyRule,
  createGateway,
  defaultTerms,
  gatewayActions,
  putPlan,
  releaseCustomer,
  removeLegacyRule,
  removePlan,
  type Gateway,
} from '#gateway';
import {
  disableClient,
  erasePerson,
  invitePerson,
  keepSigningKeys,
  mintLocalToken,
  peopleActions,
  providerActions,
  registerClient,
  replaceSigningKeys,
  resetPerson,
  revokeAllOf,
  rotateClientSecret,
  setRoles,
  startSession,
} from '#identity';
import { DAY_US, parseInstant, type Instant, type Result } from '#kernel';
import {
  openFolderObjects,
  openLogger,
  openMetrics,
  systemClock,
  type Database,
  type Objects,
  type RefusedChange,
  type Transaction,
  type TransactionContext,
} from '#platform';
import { auditActions } from '../audit/actions.ts';
import { placeHold, releaseHold } from '../audit/archive/hold.ts';
import { runArchive } from '../audit/archive/run.ts';
import { record } from '../audit/record.ts';
import { eraseSubject } from '../audit/sealing/erase.ts';
import { writeAnchors } from '../audit/anchors/write.ts';
import { auditRoutes } from '../gateway/audit/routes.ts';
import { openLedgerEdge } from '../group-commit.ts';
import { keepLog, type KeptLog } from '../keep-log.ts';
import { ledgerActions } from '../ledger/audit-actions.ts';
import { refusals } from '../ledger/refusals.ts';
import { ledgerRoutes } from '../ledger/routes.ts';
import { addSignatureKey, removeSignatureKey } from '../gateway/signatures/keys.ts';
import { rollSegment } from '../ledger/segments.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { openPostgres, defaultPostgresOptions } from '../platform/database/postgres.ts';

const allActions: readonly Action[] = [
  ...Object.values(auditActions),
  ...Object.values(ledgerActions),
  ...Object.values(gatewayActions),
  ...Object.values(peopleActions),
  ...Object.values(providerActions),
];

/** Answers to clauses that only a command gives, or another test provokes for real. */
const elsewhere: Readonly<Record<string, string>> = {
  'audit.log.verified': 'cli/audit',
  'audit.logs.collected': 'cli/audit',
  'audit.logs.expired': 'src/audit/collect',
  'gateway.dead_letter.discard': 'src/gateway/queues/routes.http.test.ts',
  'gateway.dead_letter.read': 'src/gateway/queues/routes.http.test.ts',
  'gateway.dead_letter.redrive': 'src/gateway/queues/routes.http.test.ts',
  'gateway.grant.end': 'src/gateway/access/access.http.test.ts',
  'gateway.grant.give': 'src/gateway/access/access.http.test.ts',
  'gateway.legacy_values.read': 'cli/legacy.database.test.ts',
  'gateway.objects.decide': 'src/gateway/access/access.http.test.ts',
  'gateway.proposal.approve': 'src/gateway/approvals/approvals.http.test.ts',
  'gateway.proposal.execute': 'src/gateway/approvals/approvals.http.test.ts',
  'gateway.proposal.expire': 'src/gateway/approvals/approvals.http.test.ts',
  'gateway.proposal.make': 'src/gateway/approvals/approvals.http.test.ts',
  'gateway.proposal.reject': 'src/gateway/approvals/approvals.http.test.ts',
  'gateway.proposal.withdraw': 'src/gateway/approvals/approvals.http.test.ts',
  'identity.factor.add': 'src/identity/pages/invitation.http.test.ts',
  'identity.factor.remove': 'src/identity/pages/invitation.http.test.ts',
  'identity.grant.end': 'src/identity/provider/provider.http.test.ts',
  'identity.grant.give': 'src/identity/provider/provider.http.test.ts',
  'identity.invitation.accept': 'src/identity/pages/invitation.http.test.ts',
  'identity.password.set': 'src/identity/pages/invitation.http.test.ts',
  'identity.person.name': 'src/identity/pages/invitation.http.test.ts',
  'identity.recovery_codes.make': 'src/identity/pages/invitation.http.test.ts',
  'identity.sign_in.try': 'src/identity/pages/sign-in.http.test.ts',
  'identity.token.issue': 'src/identity/provider/provider.http.test.ts',
  'identity.token.refuse': 'src/identity/provider/provider.http.test.ts',
};

const clock = systemClock();
let folder: string;
let stored: TestDatabase;
let database: Database;
let objects: Objects;
let log: KeptLog;
let gateway: Gateway;
let url: string;
let account: string;

function context(now: Instant = clock.now()): TransactionContext {
  const caller = { actor: 'cli:auditor', authentication: 'os-user', roles: ['auditor'] };
  return { now, clockOffsetUs: clock.offsetUs, correlationId: 'pci', ...caller };
}

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-pci-'));
  stored = await testDatabase('pci');
  ({ database } = stored);
  const config = loadConfig({
    FLORIN_DATA_DIR: folder,
    FLORIN_OBJECTS_DIR: path.join(folder, 'objects'),
  });
  const logger = openLogger({ level: 'silent' });
  const metrics = openMetrics({ isProcessMeasured: false });
  log = await keepLog({ config, database, clock, logger, metrics, version: '1.0.0' });
  objects = await openFolderObjects({ folder: path.join(folder, 'objects'), clock });
  const edge = openLedgerEdge({ database, clock, metrics, limits: config.limits });
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'A bank under assessment.' },
    routes: [...ledgerRoutes(edge), ...auditRoutes({ database, clock, objects })],
    problemTables: [refusals, auditRefusals],
    checks: [],
    logger,
    metrics,
    clock,
    onDenied: log.access.onDenied,
    onDisclosed: log.access.onDisclosed,
    host: '127.0.0.1',
    access: unlocked,
    port: 0,
    limits: config.limits,
  });
  ({ url } = await gateway.listen());
  const opened = await ask('/v1/ledger/accounts', 'POST', {
    path: 'liabilities:deposits:current',
    currency: 'CZK',
    normal_side: 'credit',
    name: 'Jan Novák',
  });
  account = String(opened['id']);
});

after(async () => {
  await gateway.close();
  await stored.drop();
  await rm(folder, { recursive: true, force: true });
});

async function ask(
  at: string,
  method = 'GET',
  body?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${at}`, {
    method,
    headers: { 'user-agent': 'assessor/1', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${at}: ${response.status} ${text}`);
  const isJson = response.headers.get('content-type')?.includes('application/json') === true;
  return (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
}

async function sequence(): Promise<void> {
  await openSequencer(database, { objects }).run(context());
}

const provoked = new Set<string>();

/** The latest record of the action, with each element of 10.2.2. */
async function recordOf(action: Action): Promise<Leaf> {
  await sequence();
  const page = await searchRecords(database, { action: action.name }, { limit: 1 });
  const [found] = page.records;
  assert.ok(found !== undefined, `there is no record of ${action.name}`);
  provoked.add(action.name);
  checkElements(found.record, action);
  return found.record;
}

/** PCI DSS 10.2.2: who, what type, when, with what success, from where, to what. */
function checkElements(leaf: Leaf, action: Action): void {
  const { name } = action;
  assert.match(leaf.actor.id, /^\S+$/, `${name}: user identification`);
  assert.ok(leaf.actor.authentication.length > 0, `${name}: how the user was recognised`);
  assert.equal(leaf.action, name, `${name}: type of event`);
  const at = parseInstant(leaf.at);
  assert.ok(at !== undefined && at <= clock.now(), `${name}: date and time`);
  assert.match(leaf.outcome, /^(success|refused|denied|failed)$/, `${name}: success or failure`);
  assert.ok(leaf.outcome === 'success' || leaf.reason !== '', `${name}: why it failed`);
  assert.ok(leaf.origin.request_id.length > 0, `${name}: origination`);
  assert.ok(leaf.target.length > 0, `${name}: what was affected`);
  assert.ok(!JSON.stringify(leaf).includes('Novák'), `${name}: no name in clear`);
}

function isFromClient(leaf: Leaf, actor = 'local'): void {
  assert.equal(leaf.origin.address, '127.0.0.1');
  assert.equal(leaf.origin.user_agent, 'assessor/1');
  assert.equal(leaf.actor.id, actor);
}

test("10.2.1.1: access to a customer's data is recorded, with whose they are", async () => {
  await ask(`/v1/ledger/accounts/${account}`);
  const leaf = await recordOf(auditActions['gateway.resource.read']);
  isFromClient(leaf);
  assert.equal(leaf.target, account);
  assert.equal(leaf.outcome, 'success');
});

test('10.2.1.2: what changes an account is recorded, with before and after', async () => {
  await ask(`/v1/ledger/accounts/${account}`, 'PATCH', { state: 'frozen' });
  const leaf = await recordOf(ledgerActions['ledger.account.change']);
  isFromClient(leaf);
  assert.equal(leaf.target, account);
  assert.equal(leaf.before?.['state'], 'open');
  assert.equal(leaf.after?.['state'], 'frozen');
});

test('10.2.1.2: closing a period is recorded', async () => {
  await ask('/v1/ledger/period-closes', 'POST', { closed_before: '2020-01-01T00:00:00Z' });
  const leaf = await recordOf(ledgerActions['ledger.period.close']);
  isFromClient(leaf);
  assert.match(leaf.target, /^2020-01-01/);
});

test('10.2.1.2: legal holds and erasures are recorded, with who ordered them', async () => {
  const placed = await placeHold(database, objects, context(), {
    fromMonth: 202_001,
    toMonth: 202_002,
    reason: 'case 17',
  });
  assert.ok(placed.ok);
  const held = await recordOf(auditActions['audit.legal_hold.placed']);
  assert.equal(held.actor.id, 'cli:auditor');
  assert.deepEqual(held.actor.roles, ['auditor']);
  assert.equal(held.target, placed.value);
  await releaseHold(database, objects, context(), placed.value);
  assert.equal((await recordOf(auditActions['audit.legal_hold.released'])).target, placed.value);

  await database.transaction(context(), (tx) =>
    eraseSubject(tx, { subject: account, reason: 'request 5' }),
  );
  assert.equal((await recordOf(auditActions['audit.subject.erased'])).target, account);
});

test('10.2.1.3: searching, reading and exporting the log is itself recorded', async () => {
  const page = (await ask('/v1/audit/records?limit=1')) as { data: [{ record: { id: string } }] };
  isFromClient(await recordOf(auditActions['audit.records.read']));
  const id = page.data[0].record.id;
  await ask(`/v1/audit/records/${id}/receipt`);
  const receipt = await recordOf(auditActions['audit.receipt.read']);
  isFromClient(receipt);
  assert.equal(receipt.target, id);
  await ask('/v1/audit/export?format=jsonl');
  isFromClient(await recordOf(auditActions['audit.records.exported']));
});

test('10.2.1.4: a request that may not be made is recorded as denied', async () => {
  const port = Number(new URL(url).port);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: 'evil.example', 'user-agent': 'assessor/1' };
    request({ port, host: '127.0.0.1', path: '/v1/ledger/accounts', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  assert.ok(status === 403 || status === 421, String(status));
  await log.access.close();
  const leaf = await recordOf(auditActions['gateway.access.denied']);
  isFromClient(leaf, 'nobody');
  assert.equal(leaf.outcome, 'denied');
  assert.ok(leaf.reason !== undefined);
});

test('10.2.1.4: an attempt to change history is refused and recorded', async () => {
  const seen: RefusedChange[] = [];
  const application = await openPostgres({
    ...defaultPostgresOptions,
    url: stored.url,
    isUnsafeServerAllowed: true,
    onRefusedChange: (change) => seen.push(change),
  });
  const attempt = application.transaction(context(), (tx) =>
    tx.query({ text: 'delete from audit.bundles' }),
  );
  await assert.rejects(attempt, { code: '42501' });
  await application.close();
  assert.equal(seen.length, 1);
  for (const change of seen) log.refused(change);
  await schedule('watch-audit');
  const leaf = await recordOf(auditActions['audit.change.refused']);
  assert.equal(leaf.outcome, 'denied');
  assert.equal(leaf.actor.id, 'cli:auditor');
  assert.equal(leaf.target, 'table bundles');
  assert.equal(leaf.after?.['verb'], 'delete');
});

async function schedule(name: string): Promise<void> {
  const found = log.schedules.find((each) => each.name === name);
  assert.ok(found !== undefined, `there is no schedule ${name}`);
  await found.run(context());
}

test('10.2.1.5: a new credential, the signing key of the log, is recorded', async () => {
  const leaf = await recordOf(auditActions['audit.signing_key.added']);
  const publicKey = await database.keys.publicKey('audit-log');
  assert.equal(leaf.after?.['public_key'], publicKey.toString('base64'));
});

async function isDone<Value>(run: (tx: Transaction) => Promise<Result<Value>>): Promise<Value> {
  const result = await database.transaction(context(), run);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

async function isRecorded(actions: readonly Action[], target?: string): Promise<void> {
  for (const action of actions) {
    const leaf = await recordOf(action);
    assert.equal(leaf.actor.id, 'cli:auditor', action.name);
    if (target !== undefined) assert.equal(leaf.target, target, action.name);
  }
}

test('10.2.1.5 and 10.2.1.2: people, their roles, sessions and tokens are recorded', async () => {
  const invited = { tenant: 'main', roles: ['teller'] } as const;
  const { person } = await isDone((tx) => invitePerson(tx, invited));
  await isDone((tx) => setRoles(tx, { person, roles: ['auditor'] }));
  await isDone((tx) => resetPerson(tx, { person, areFactorsRemoved: false }));
  await database.transaction(context(), async (tx) => {
    const amr = ['pwd', 'otp'];
    const grant = { grant: 'grant-1', subject: person, clientId: 'cli_1', factors: 2, amr };
    await startSession(tx, { ...grant, lifetimeS: 60 });
    await revokeAllOf(tx, person);
  });
  await isDone((tx) => erasePerson(tx, { person, reason: 'request 6' }));
  const named = [
    'identity.person.create',
    'identity.person.change',
    'identity.person.erase',
    'identity.invitation.make',
    'identity.invitation.withdraw',
    'identity.session.start',
    'identity.session.revoke',
    'identity.tokens.revoke',
  ] as const;
  await isRecorded(
    named.map((name) => peopleActions[name]),
    person,
  );
});

test('10.2.1.5: clients, their secrets, keys and local tokens are recorded', async () => {
  const { client } = await isDone((tx) =>
    registerClient(tx, {
      name: 'Assessor',
      tenant: 'main',
      roles: [],
      profile: 'standard',
      authentication: 'client_secret_basic',
      binding: 'none',
      grants: ['authorization_code'],
      scopes: ['openid', 'audit.read'],
      redirectUris: ['https://assessor.example/back'],
      logoutUris: [],
      isFirstParty: true,
    }),
  );
  await isDone((tx) => rotateClientSecret(tx, client.id));
  await isDone((tx) => disableClient(tx, client.id));
  await isRecorded(
    [
      providerActions['identity.client.add'],
      providerActions['identity.client.rotate'],
      providerActions['identity.client.disable'],
    ],
    client.id,
  );
  await keepSigningKeys(database, context());
  await replaceSigningKeys(database, context());
  await isRecorded([
    providerActions['identity.signing_key.add'],
    providerActions['identity.signing_key.withdraw'],
  ]);
  const token = { name: 'assessor', tenant: 'main', roles: ['auditor'], minutes: 1 } as const;
  await database.transaction(context(), (tx) => mintLocalToken(tx, token));
  await isRecorded([providerActions['identity.local_token.issue']], 'local:assessor');
});

test('10.2.1.5 and 10.2.1.7: plans, keys to sign with and rules of routes are recorded', async () => {
  const plan = { tenant: 'main', name: 'assessed' };
  const customer = { tenant: 'main', customer: 'customer-1' };
  await isDone((tx) => putPlan(tx, { ...plan, terms: defaultTerms }));
  await isDone((tx) => assignPlan(tx, { ...customer, ...plan }));
  await isRecorded([gatewayActions['gateway.plan.assigned']]);
  await isDone((tx) => releaseCustomer(tx, customer));
  await isDone((tx) => removePlan(tx, plan));
  await isRecorded([
    gatewayActions['gateway.plan.changed'],
    gatewayActions['gateway.plan.removed'],
  ]);

  const key = { keyId: 'key-1', owner: 'partner-1', algorithm: 'hmac-sha256' } as const;
  const secret = Buffer.alloc(32, 1).toString('base64');
  await isDone((tx) =>
    addSignatureKey(tx, { ...key, key: secret, isRequired: false }, { keysMax: 10 }),
  );
  await isDone((tx) => removeSignatureKey(tx, key.keyId));
  const terms = { position: 1, method: undefined, tenant: undefined, percent: 100, ignored: [] };
  const rule = await isDone((tx) =>
    addLegacyRule(tx, { ...terms, path: '/v1/cards/*', mode: 'legacy' }, { rulesMax: 10 }),
  );
  await isDone((tx) => changeLegacyRule(tx, rule.id, { mode: 'here' }));
  await isDone((tx) => removeLegacyRule(tx, rule.id));
  await isRecorded([
    gatewayActions['gateway.signature_key.add'],
    gatewayActions['gateway.signature_key.remove'],
    gatewayActions['gateway.legacy_rule.add'],
    gatewayActions['gateway.legacy_rule.change'],
    gatewayActions['gateway.legacy_rule.remove'],
  ]);
});

test('10.2.1.7: what creates and deletes objects of the system is recorded', async () => {
  const opened = await recordOf(ledgerActions['ledger.account.open']);
  isFromClient(opened);
  assert.equal(opened.target, account);
  assert.equal(await rollSegment(database, context(), 0), true);
  await recordOf(ledgerActions['ledger.segment.open']);
});

test('10.2.1.7: archiving and removing a month, and giving up an archive, is recorded', async () => {
  const old = (clock.now() - 480 * DAY_US) as Instant;
  await database.transaction(context(old), (tx) =>
    record(tx, [{ action: auditActions['audit.clock.measured'], target: 'clock:old' }]),
  );
  await sequence();
  await writeAnchors(database, objects, context((clock.now() + DAY_US) as Instant));
  await runArchive(database, objects, context());
  await recordOf(auditActions['audit.month.archived']);
  await recordOf(auditActions['audit.month.removed']);
  await runArchive(database, objects, context());
  await recordOf(auditActions['audit.archive.expired']);
});

// The last: the log ends.
test('10.2.1.6: the beginning and the end of recording are recorded', async () => {
  const started = await recordOf(auditActions['audit.log.start']);
  assert.match(started.target, /^process:/);
  await log.close();
  const stopped = await recordOf(auditActions['audit.log.stop']);
  assert.equal(stopped.target, started.target);
  assert.ok(stopped.at >= started.at);
});

test('every action that answers a clause was provoked here, or is said to be elsewhere', () => {
  const missing = allActions
    .filter(({ clauses, name }) => clauses.length > 0 && !provoked.has(name))
    .map(({ name }) => name);
  assert.deepEqual(missing.toSorted(), Object.keys(elsewhere).toSorted());
  const root = path.join(import.meta.dirname, '..', '..');
  for (const place of new Set(Object.values(elsewhere))) {
    assert.ok(existsSync(path.join(root, place)), `${place} is there`);
  }
});
