import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addProduct } from '#accounts';
import { idOf, SECOND_US, type Instant } from '#kernel';
import type { Transaction } from '#platform';
import { product } from '../../accounts/testing/bank.ts';
import { openBank, type Bank } from '../../ledger/testing/bank.ts';
import { paymentFeatures as features } from '../screening/payment-features.ts';
import { configAt } from './config-at.ts';
import { putListEntries, takeListEntries } from './list-entries.ts';
import { addModel, promoteModel, readNewModel, retireModel, setChallenger } from './models.ts';
import { putPolicy } from './policies.ts';
import { activateRuleSet, createRuleSet } from './rule-sets.ts';
import type { ModelId, StoredModel } from './store/model-store.ts';
import type { RuleSetId } from './store/rule-set-store.ts';
import { openTestRegistry, ruleSetText, smallModel } from '../testing/registry.ts';

let bank: Bank;
let tenants = 0;

before(async () => {
  bank = await openBank('fraud registry', { poolSize: 4 });
});

after(() => bank.drop());

/** A tenant of its own for each test, with a registry that has not loaded it. */
function openTenant() {
  tenants += 1;
  const tenant = `tenant${tenants}`;
  const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    bank.database.transaction({ ...bank.context(), tenant }, work);
  const at = (revision: number) =>
    configAt(bank.database.within(tenant), features, { tenant, revision });

  async function create(source: string): Promise<RuleSetId> {
    const created = await inTenant((tx) => createRuleSet(tx, features, source));
    assert.ok(created.ok);
    return created.value.id;
  }

  async function activate(id: RuleSetId, insteadOf: number): Promise<string> {
    const done = await inTenant((tx) => activateRuleSet(tx, features, { id, insteadOf }));
    return done.ok ? `revision ${done.value.revision}` : done.refusal.code;
  }

  async function add(seed: number): Promise<StoredModel> {
    const read = readNewModel(features, smallModel(seed));
    assert.ok(read.ok);
    const added = await inTenant((tx) => addModel(tx, read.value));
    assert.ok(added.ok);
    return added.value;
  }

  async function promote(
    id: ModelId,
    insteadOf: string | undefined,
    isDespite = false,
  ): Promise<string> {
    const note = isDespite ? 'the other is old' : undefined;
    const asked = { id, insteadOf, contest: undefined, isDespite, note };
    const done = await inTenant((tx) => promoteModel(tx, features, asked));
    return done.ok ? `revision ${done.value.revision}` : done.refusal.code;
  }

  return {
    tenant,
    inTenant,
    at,
    create,
    activate,
    add,
    promote,
    ...openTestRegistry(bank.database),
  };
}

test('a tenant that has chosen nothing is screened by the starter rules, without a model', async () => {
  const { registry, tenant } = openTenant();
  assert.equal(registry.configOf(tenant), undefined);
  const config = await registry.load(tenant);
  assert.deepEqual(
    [config.revision, config.ruleSet?.name, config.ruleSet?.version, config.lists.size],
    [0, 'starter', 0, 0],
  );
  assert.deepEqual([config.champion, config.challenger], [undefined, undefined]);
  assert.deepEqual(config.policyOf('current'), {
    isScreened: true,
    onFailure: 'open',
    deadlineUs: 50_000,
  });
  assert.equal(registry.configOf(tenant), config);
});

test('a rule set that is kept changes nothing until it is activated and refreshed', async () => {
  const { registry, tenant, create, activate } = openTenant();
  await registry.load(tenant);
  const id = await create(ruleSetText(1));
  await registry.refresh();
  assert.equal(registry.configOf(tenant)?.ruleSet?.name, 'starter');
  assert.equal(await activate(id, 0), 'revision 1');
  assert.equal(registry.configOf(tenant)?.ruleSet?.name, 'starter');
  await registry.refresh();
  const config = registry.configOf(tenant);
  assert.deepEqual([config?.revision, config?.ruleSet?.name], [1, 'tests']);
});

test('a refresh that finds nothing changed leaves the very same configuration', async () => {
  const { registry, tenant, create, activate } = openTenant();
  await activate(await create(ruleSetText(1)), 0);
  const config = await registry.load(tenant);
  await registry.refresh();
  assert.equal(registry.configOf(tenant), config);
});

test('what does not change is not read again: the same rules serve the next revision', async () => {
  const { registry, tenant, inTenant, create, activate, add, promote } = openTenant();
  await activate(await create(ruleSetText(1)), 0);
  await promote((await add(1)).id, undefined);
  const before = await registry.load(tenant);
  await inTenant((tx) => putListEntries(tx, 'block', [{ kind: 'device', value: 'acc_1' }]));
  await registry.refresh();
  const now = registry.configOf(tenant);
  assert.equal(now?.revision, before.revision + 1);
  assert.equal(now.ruleSet, before.ruleSet);
  assert.equal(now.champion, before.champion);
  assert.equal(now.lists, before.lists);
});

test('of two who activate at once on the same grounds, the second is told', async () => {
  const { create, activate } = openTenant();
  const first = await create(ruleSetText(1));
  const second = await create(ruleSetText(2));
  const answers = await Promise.all([activate(first, 0), activate(second, 0)]);
  assert.deepEqual(answers.toSorted(), ['fraud_choice_changed', 'revision 1']);
});

test('a rule set of a version that is taken, or in force already, is refused', async () => {
  const { inTenant, create, activate } = openTenant();
  const id = await create(ruleSetText(1));
  const again = await inTenant((tx) => createRuleSet(tx, features, ruleSetText(1, 5)));
  assert.equal(again.ok || again.refusal.code, 'rule_set_exists');
  await activate(id, 0);
  assert.equal(await activate(id, 1), 'rule_set_in_force');
  const unknown = idOf('rls', '01980a3e-4c00-7000-8000-000000000001');
  assert.equal(await activate(unknown, 1), 'rule_set_unknown');
});

test('a malformed rule set is refused with every fault, each by its path', async () => {
  const { inTenant } = openTenant();
  const rule = {
    id: 'r',
    when: { gt: [{ feature: 'nothing' }, 1] },
    outcome: 'allow',
    reason: 'x',
  };
  const source = JSON.stringify({ format: 1, name: 'n', version: 1, rules: [rule] });
  const refused = await inTenant((tx) => createRuleSet(tx, features, source));
  assert.ok(!refused.ok);
  assert.deepEqual(
    refused.refusal.faults?.map(({ path, code }) => `${path} ${code}`),
    [
      'rules[0].when.gt[0].feature feature_unknown',
      'rules[0].outcome value_unknown',
      'rules[0].reason reason_unknown',
    ],
  );
});

test('what one tenant puts in force is nothing to another', async () => {
  const [one, other] = [openTenant(), openTenant()];
  const id = await one.create(ruleSetText(1));
  assert.equal(await other.activate(id, 0), 'rule_set_unknown');
  await one.activate(id, 0);
  await one.inTenant((tx) => putListEntries(tx, 'block', [{ kind: 'device', value: 'acc_1' }]));
  const config = await other.registry.load(other.tenant);
  assert.deepEqual([config.revision, config.lists.size], [0, 0]);
});

test('entries are listed for their time, replaced, and taken', async () => {
  const { registry, tenant, inTenant } = openTenant();
  await registry.load(tenant);
  const now = bank.clock.now();
  const until = (now + 10 * SECOND_US) as Instant;
  const later = (until + SECOND_US) as Instant;
  const key = { kind: 'counterparty', value: 'hmac_1' };
  const isListed = (at: Instant): boolean | undefined =>
    registry.configOf(tenant)?.lists.has('block', key.kind, key.value, at);
  await inTenant((tx) => putListEntries(tx, 'block', [{ ...key, until }]));
  await registry.refresh();
  assert.deepEqual([isListed(now), isListed(later)], [true, false]);
  const replaced = await inTenant((tx) => putListEntries(tx, 'block', [key]));
  assert.ok(replaced.ok);
  assert.deepEqual([replaced.value.put, replaced.value.taken], [1, 1]);
  await registry.refresh();
  assert.deepEqual([isListed(now), isListed(later)], [true, true]);
  await inTenant((tx) => takeListEntries(tx, 'block', [key, { kind: 'account', value: 'none' }]));
  await registry.refresh();
  assert.deepEqual([isListed(now), registry.configOf(tenant)?.lists.size], [false, 0]);
});

test('entries that are repeated or end before they begin are refused, and change nothing', async () => {
  const { registry, tenant, inTenant } = openTenant();
  const entry = { kind: 'device', value: 'acc_1' };
  const repeated = await inTenant((tx) => putListEntries(tx, 'allow', [entry, entry]));
  assert.deepEqual(!repeated.ok && [repeated.refusal.code, repeated.refusal.param], [
    'list_entry_repeated',
    'entries[1]',
  ]);
  const ended = { ...entry, until: bank.clock.now() };
  const empty = await inTenant((tx) => putListEntries(tx, 'allow', [ended]));
  assert.equal(!empty.ok && empty.refusal.code, 'list_time_empty');
  assert.equal((await registry.load(tenant)).revision, 0);
});

test('a change of the lists ends the entries whose time is over, in every process', async () => {
  const { registry, tenant, inTenant } = openTenant();
  const until = (bank.clock.now() + SECOND_US) as Instant;
  await inTenant((tx) => putListEntries(tx, 'watch', [{ kind: 'device', value: 'a', until }]));
  await registry.load(tenant);
  bank.clock.advance(2 * SECOND_US);
  await inTenant((tx) => putListEntries(tx, 'block', [{ kind: 'device', value: 'b' }]));
  await registry.refresh();
  assert.equal(registry.configOf(tenant)?.lists.size, 1);
});

test('large lists are loaded and changed in pages, and every process arrives at the same', async () => {
  const { registry, tenant, inTenant, at } = openTenant();
  await registry.load(tenant);
  const size = 4_000;
  const entriesOf = (part: number) =>
    Array.from({ length: size }, (_, place) => ({ kind: 'payee', value: `p${part}-${place}` }));
  for (let part = 0; part < 8; part += 1) {
    await inTenant((tx) => putListEntries(tx, 'watch', entriesOf(part)));
  }
  await inTenant((tx) => takeListEntries(tx, 'watch', entriesOf(3)));
  await registry.refresh();
  const fresh = openTestRegistry(bank.database).registry;
  const sizes = [registry.configOf(tenant), await fresh.load(tenant), await at(9)].map(
    (config) => config?.lists.size,
  );
  assert.deepEqual(sizes, [7 * size, 7 * size, 7 * size]);
  assert.equal(registry.configOf(tenant)?.revision, 9);
});

test('a model is kept, runs as challenger, and becomes champion of a tenant without one', async () => {
  const { registry, tenant, inTenant, add, promote } = openTenant();
  const model = await add(1);
  const placed = await inTenant((tx) => setChallenger(tx, features, model.id));
  assert.ok(placed.ok);
  const config = await registry.load(tenant);
  assert.deepEqual([config.champion, config.challenger?.version], [undefined, model.version]);
  assert.equal(config.challenger?.drift?.rows, 400);
  assert.equal(await promote(model.id, undefined), 'revision 2');
  await registry.refresh();
  const now = registry.configOf(tenant);
  assert.equal(now?.champion, config.challenger);
  assert.equal(now?.challenger, undefined);
});

test('a champion is replaced only by who was better, or despite it by who says so', async () => {
  const { registry, tenant, inTenant, add, promote } = openTenant();
  const [champion, challenger] = [await add(1), await add(2)];
  await promote(champion.id, undefined);
  assert.equal(await promote(challenger.id, champion.version), 'model_not_better');
  assert.equal(await promote(challenger.id, undefined), 'fraud_choice_changed');
  assert.equal(await promote(champion.id, champion.version), 'model_in_place');
  assert.equal(await promote(challenger.id, champion.version, true), 'revision 2');
  const config = await registry.load(tenant);
  assert.equal(config.champion?.version, challenger.version);
  const retired = await inTenant((tx) => retireModel(tx, challenger.id, 'scores drifted'));
  assert.ok(retired.ok);
  await registry.refresh();
  assert.equal(registry.configOf(tenant)?.champion, undefined);
  const again = await inTenant((tx) => retireModel(tx, challenger.id, undefined));
  assert.equal(!again.ok && again.refusal.code, 'model_not_in_place');
});

test('a model that is damaged, of other features or there already is refused', async () => {
  const { inTenant, add } = openTenant();
  await add(1);
  const { content, drift } = smallModel(1);
  const read = readNewModel(features, { content, drift });
  assert.ok(read.ok);
  const again = await inTenant((tx) => addModel(tx, read.value));
  assert.equal(!again.ok && again.refusal.code, 'model_exists');
  const damaged = Buffer.from(content.toString().replace('"baseMargin":', '"baseMargin":1'));
  const others = { ...features, features: features.features.toReversed() };
  const codes = [
    readNewModel(features, { content: damaged }),
    readNewModel(features, { content: Buffer.from('none') }),
    readNewModel(others, { content }),
    readNewModel(features, { content, drift: drift.replace('400', '1') }),
  ].map((result) => result.ok || result.refusal.code);
  assert.deepEqual(codes, [
    'model_damaged',
    'model_unreadable',
    'model_features_differ',
    'drift_reference_malformed',
  ]);
});

test('a policy holds for its product from then on, and one without a product for the rest', async () => {
  const { registry, tenant, inTenant } = openTenant();
  const closed = { isScreened: true, onFailure: 'closed', deadlineUs: 500 } as const;
  const off = { isScreened: false, onFailure: 'open', deadlineUs: 500 } as const;
  const unknown = await inTenant((tx) => putPolicy(tx, { product: 'savings', ...off }));
  assert.equal(!unknown.ok && unknown.refusal.code, 'policy_product_unknown');
  assert.ok((await inTenant((tx) => addProduct(tx, product({ code: 'savings' })))).ok);
  await inTenant((tx) => putPolicy(tx, { product: 'savings', ...off }));
  await inTenant((tx) => putPolicy(tx, { product: undefined, ...closed }));
  await inTenant((tx) => putPolicy(tx, { product: 'savings', ...closed, isScreened: false }));
  const config = await registry.load(tenant);
  assert.deepEqual(config.policyOf('current'), closed);
  assert.deepEqual(config.policyOf(undefined), closed);
  assert.deepEqual(config.policyOf('savings'), { ...closed, isScreened: false });
});

test('what was in force at a revision is told for ever', async () => {
  const { inTenant, create, activate, add, promote, at } = openTenant();
  const now = bank.clock.now();
  const key = { kind: 'device', value: 'acc_1' };
  await activate(await create(ruleSetText(1)), 0);
  await inTenant((tx) => putListEntries(tx, 'block', [{ ...key, until: (now + 1) as Instant }]));
  const model = await add(1);
  await promote(model.id, undefined);
  bank.clock.advance(SECOND_US);
  await inTenant((tx) => takeListEntries(tx, 'block', [key]));
  await activate(await create(ruleSetText(2)), 1);
  await inTenant((tx) => retireModel(tx, model.id, undefined));
  const told = [];
  for (let revision = 0; revision <= 6; revision += 1) {
    const { ruleSet, champion, lists } = await at(revision);
    const isListed = lists.has('block', key.kind, key.value, now);
    told.push([ruleSet?.version, isListed, champion?.version]);
  }
  assert.deepEqual(told, [
    [0, false, undefined],
    [1, false, undefined],
    [1, true, undefined],
    [1, true, model.version],
    [1, false, model.version],
    [2, false, model.version],
    [2, false, undefined],
  ]);
});

test('what cannot be read leaves what was in force, and is told of', async () => {
  const { registry, lines, metrics, tenant, inTenant, create, activate, add, promote } =
    openTenant();
  await activate(await create(ruleSetText(1)), 0);
  await promote((await add(1)).id, undefined);
  await registry.load(tenant);
  const bad = await create(ruleSetText(2));
  const model = await add(2);
  await activate(bad, 1);
  await promote(model.id, registry.configOf(tenant)?.champion?.version, true);
  await bank.asOwner(`
    update fraud.rule_sets set source = replace(source, '1000', '2000')
    where id = '${bad.slice(4)}';
    update fraud.models set content = 'damaged' where id = '${model.id.slice(4)}'`);
  await inTenant((tx) => putListEntries(tx, 'block', [{ kind: 'device', value: 'acc_1' }]));
  const before = registry.configOf(tenant);
  await registry.refresh();
  const now = registry.configOf(tenant);
  assert.equal(now?.revision, 5);
  assert.equal(now.lists.size, 1);
  assert.equal(now.ruleSet, before?.ruleSet);
  assert.equal(now.champion, before?.champion);
  assert.equal(lines.filter((line) => line.includes('cannot be read')).length, 2);
  const report = await metrics.report();
  assert.match(report, /florin_fraud_unreadable_total\{place="rule_set"\} 1/);
  assert.match(report, /florin_fraud_behind_tenants\{place="champion"\} 1/);
});

test('a process that begins with what cannot be read has no rules, and not the starter', async () => {
  const { registry, tenant, create, activate } = openTenant();
  const id = await create(ruleSetText(1));
  await activate(id, 0);
  await bank.asOwner(`update fraud.rule_sets set source = '{' where id = '${id.slice(4)}'`);
  const config = await registry.load(tenant);
  assert.deepEqual([config.revision, config.ruleSet], [1, undefined]);
});

test('a tenant that many ask for at once is loaded once', async () => {
  const { registry, tenant, create, activate } = openTenant();
  await activate(await create(ruleSetText(1)), 0);
  const configs = await Promise.all([1, 2, 3].map(() => registry.load(tenant)));
  assert.equal(new Set(configs).size, 1);
});

test('a rule set that was kept for earlier features serves while those it names are there', async () => {
  const { create, activate, tenant } = openTenant();
  await activate(await create(ruleSetText(1)), 0);
  const at = (set: typeof features) =>
    configAt(bank.database.within(tenant), set, { tenant, revision: 1 });
  const next = { ...features, version: 'payments-2', features: features.features.toReversed() };
  assert.equal((await at(next)).ruleSet?.version, 1);
  assert.equal((await at({ ...next, features: [] })).ruleSet, undefined);
});

test('a refresh that fails leaves what was in force, and the next one brings it up to date', async () => {
  const { registry, tenant, create, activate } = openTenant();
  const before = await registry.load(tenant);
  await activate(await create(ruleSetText(1)), 0);
  await bank.asOwner('alter table fraud.choices rename to choices_away');
  await assert.rejects(registry.refresh());
  assert.equal(registry.configOf(tenant), before);
  await bank.asOwner('alter table fraud.choices_away rename to choices');
  await registry.refresh();
  assert.equal(registry.configOf(tenant)?.revision, 1);
});

test('who is blocked is not let go by being blocked anew, for a shorter time or from later on', async () => {
  const { inTenant, at } = openTenant();
  const now = bank.clock.now();
  const entry = { kind: 'device', value: 'acc_1' };
  const put = async (times: { from?: Instant; until?: Instant }): Promise<string> => {
    const done = await inTenant((tx) => putListEntries(tx, 'block', [{ ...entry, ...times }]));
    return done.ok ? 'put' : done.refusal.code;
  };
  const [soon, later] = [(now + SECOND_US) as Instant, (now + 60 * SECOND_US) as Instant];
  assert.equal(await put({ until: soon }), 'put');
  assert.equal(await put({ until: later }), 'put');
  assert.equal(await put({ until: soon }), 'list_block_shortened');
  assert.equal(await put({ from: soon, until: later }), 'list_block_shortened');
  assert.equal(await put({}), 'put');
  assert.equal(await put({ until: later }), 'list_block_shortened');
  assert.equal(await put({ from: (now - 5) as Instant }), 'put');
  const { lists } = await at(4);
  assert.equal(lists.has('block', 'device', 'acc_1', (later + 1) as Instant), true);
  assert.ok((await inTenant((tx) => takeListEntries(tx, 'block', [entry]))).ok);
  assert.equal(await put({ from: soon, until: later }), 'put');
});

test('of the lists as they were, those values alone are read that are asked for', async () => {
  const { inTenant, tenant } = openTenant();
  const entries = ['acc_1', 'acc_2', 'acc_3'].map((value) => ({ kind: 'device', value }));
  assert.ok((await inTenant((tx) => putListEntries(tx, 'watch', entries))).ok);
  const asked = { tenant, revision: 1, listed: ['acc_2', 'acc_9'] };
  const { lists } = await configAt(bank.database.within(tenant), features, asked);
  assert.equal(lists.size, 1);
  assert.equal(lists.has('watch', 'device', 'acc_2', bank.clock.now()), true);
});
