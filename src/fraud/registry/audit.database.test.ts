import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addProduct } from '#accounts';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import { SECOND_US, type Instant } from '#kernel';
import { openSession, type Transaction } from '#platform';
import { product } from '../../accounts/testing/bank.ts';
import { openBank, type Bank } from '../../ledger/testing/bank.ts';
import { paymentFeatures as features } from '../screening/payment-features.ts';
import { putListEntries, takeListEntries } from './list-entries.ts';
import { addModel, promoteModel, readNewModel, retireModel } from './models.ts';
import { putPolicy } from './policies.ts';
import { activateRuleSet, createRuleSet } from './rule-sets.ts';
import { registrySources } from './sources/sources.ts';
import { ruleSetText, smallModel } from '../testing/registry.ts';

let bank: Bank;

const inBank = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
  bank.database.transaction({ ...bank.context(), tenant: 'main' }, work);

before(async () => {
  bank = await openBank('fraud registry audit');
  await makeEverything();
});

after(() => bank.drop());

async function makeEverything(): Promise<void> {
  const created = await inBank((tx) => createRuleSet(tx, features, ruleSetText(1)));
  assert.ok(created.ok);
  const { id } = created.value;
  const note = 'limits of May';
  const activated = await inBank((tx) => activateRuleSet(tx, features, { id, insteadOf: 0, note }));
  assert.ok(activated.ok);
  const read = readNewModel(features, smallModel(1));
  assert.ok(read.ok);
  const model = await inBank((tx) => addModel(tx, read.value));
  assert.ok(model.ok);
  const asked = { id: model.value.id, insteadOf: undefined, contest: undefined, isDespite: false };
  assert.ok((await inBank((tx) => promoteModel(tx, features, asked))).ok);
  assert.ok((await inBank((tx) => retireModel(tx, model.value.id, 'a test'))).ok);
  const policy = { isScreened: true, onFailure: 'closed', deadlineUs: 500 } as const;
  assert.ok((await inBank((tx) => addProduct(tx, product()))).ok);
  await inBank((tx) => putPolicy(tx, { product: 'current', ...policy }));
  await inBank((tx) => putPolicy(tx, { product: undefined, ...policy }));
  const entries = [1, 2, 3].map((number) => ({ kind: 'device', value: `acc_${number}` }));
  const until = (bank.clock.now() + SECOND_US) as Instant;
  await inBank((tx) => putListEntries(tx, 'watch', entries));
  await inBank((tx) => putListEntries(tx, 'watch', [{ kind: 'device', value: 'acc_2', until }]));
  bank.clock.advance(2 * SECOND_US);
  await inBank((tx) => takeListEntries(tx, 'watch', entries.slice(0, 1)));
}

async function findings(): Promise<string[]> {
  const sequencer = openSequencer(bank.database, { origin: 'florin.test/registry' });
  for (let left = 20; left > 0; left -= 1) await sequencer.run(bank.context());
  const verification = await verifyLog({
    open: () => openSession(bank.url),
    connections: 1,
    findingsPerRuleMax: 5,
    trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
    keys: bank.database.keys,
    sources: registrySources,
  });
  return verification.findings.map((finding) => JSON.stringify(finding));
}

test('every row of the registry has its record, and every record its row', async () => {
  assert.deepEqual(await findings(), []);
});

test('every change is told of, with the revision it made', async () => {
  const events = await bank.database.query<{ type: string; revision: number | null }>({
    text: `select e.type, (e.data ->> 'revision')::integer as revision from stream.events e
      where e.type like 'fraud.%' order by e.bundle, e.ordinal`,
  });
  assert.deepEqual(
    events.map(({ type, revision }) => `${type} ${revision}`),
    [
      'fraud.rules_activated 1',
      'fraud.model_promoted 2',
      'fraud.model_retired 3',
      'fraud.policy_put 4',
      'fraud.policy_put 5',
      'fraud.list_changed 6',
      'fraud.list_changed 7',
      'fraud.list_changed 8',
    ],
  );
});

test('an entry that was moved to another list behind the log is found', async () => {
  const move = (from: string, to: string): Promise<unknown> => {
    return bank.asOwner(`update fraud.list_entries set purpose = '${to}'
      where value = 'acc_2' and purpose = '${from}'`);
  };
  await move('watch', 'allow');
  assert.ok((await findings()).some((finding) => finding.includes('flc_')));
  await move('allow', 'watch');
  assert.deepEqual(await findings(), []);
});

test('a rule set whose text was changed behind the log is found, whatever its fingerprint says', async () => {
  await bank.asOwner(`update fraud.rule_sets set source = source || ' '`);
  assert.ok((await findings()).some((finding) => finding.includes('rls_')));
  await bank.asOwner(`update fraud.rule_sets set source = rtrim(source, ' ')`);
  assert.deepEqual(await findings(), []);
});

for (const [what, change, prefix] of [
  ['an entry of a list', `fraud.list_entries set value = 'acc_9' where value = 'acc_3'`, 'flc'],
  ['a policy', `fraud.policies set on_failure = 'open' where revision = 5`, 'fpl'],
  ['a rule set', `fraud.rule_sets set fingerprint = repeat('0', 64)`, 'rls'],
  ['a model', `fraud.models set content = set_byte(content, 9, 63)`, 'mdl'],
  ['a choice', 'fraud.choices set chosen = null where revision = 1', 'fch'],
] as const) {
  test(`${what} that was changed behind the log is found`, async () => {
    const isFound = async (): Promise<boolean> =>
      (await findings()).some((finding) => finding.includes(`${prefix}_`));
    assert.equal(await isFound(), false);
    await bank.asOwner(`update ${change}`);
    assert.equal(await isFound(), true);
  });
}
