import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ruleSetText, smallModel } from '../../../src/fraud/testing/registry.ts';
import { fraudCommand } from '../fraud.ts';
import { ended } from './testing.ts';
import { testInstallation, type TestInstallation } from '../../testing.ts';

let installation: TestInstallation;

before(async () => {
  installation = await testInstallation('fraud-configure');
});

after(() => installation.close());

/** In this process, which is a process of its own to the database. */
async function run(...args: string[]) {
  return await ended(async () => await fraudCommand.run(args, installation.env));
}

function fileOf(name: string, content: string | Buffer): string {
  const file = path.join(installation.folder, name);
  writeFileSync(file, content);
  return file;
}

test('a rule set is checked, kept and put in force, and the starter can be read', async () => {
  const bad = fileOf('bad.json', '{"format":1,"name":"N","version":1,"rules":[]}');
  const checked = await run('rules', 'check', bad);
  assert.equal(checked.code, 1);
  assert.match(checked.output, /^name {2}name_malformed/);
  const file = fileOf('rules.json', ruleSetText(1));
  assert.match((await run('rules', 'check', file)).output, /version 1, 1 rules, sound/);
  const added = await run('rules', 'add', file);
  const id = /^rls_\S+/.exec(added.output)?.[0] ?? '';
  assert.equal(added.code, 0, added.errors);
  const listed = await run('rules', 'list');
  assert.match(listed.output, /version 0 {2}in force\nRevision 0\.\n$/);
  const activated = await run('rules', 'activate', id, '--note', 'the first');
  assert.equal(activated.output, 'Version 1 is in force instead of 0, revision 1.\n');
  assert.equal((await run('rules', 'activate', id)).code, 1);
  assert.equal((await run('rules', 'show', id)).output, `${ruleSetText(1)}\n`);
  assert.match((await run('rules', 'show', 'starter')).output, /"listed_to_block"/);
});

test('an entry is put, shown by its HMAC, and taken, in whatever spelling', async () => {
  const iban = 'DE89 3704 0044 0532 0130 00';
  const put = await run('lists', 'put', 'block', 'counterparty', iban, '--note', 'reported');
  assert.match(put.output, /^counterparty hmac_[0-9a-f]{32} is listed/, put.errors);
  const key = ['--kind', 'counterparty', '--value', iban.replaceAll(' ', '')];
  const shown = await run('lists', 'show', 'block', ...key);
  assert.match(shown.output, /^counterparty {2}hmac_.* for ever {2}cli:\S+ {2}reported\n$/);
  const taken = await run('lists', 'take', 'block', 'counterparty', iban.toLowerCase());
  assert.equal(taken.code, 0, taken.errors);
  assert.equal((await run('lists', 'take', 'block', 'counterparty', iban)).code, 1);
  assert.equal((await run('lists', 'show', 'block')).output, 'Nothing is listed.\n');
  assert.equal((await run('lists', 'put', 'block', 'acount', 'acc_1')).code, 2);
});

test('a file of entries is loaded, loaded again without harm, and taken', async () => {
  const lines = Array.from({ length: 7_000 }, (_, number) =>
    JSON.stringify({ kind: 'payee', value: `GB${number}`, until: '2100-01-01T00:00:00Z' }),
  );
  const file = fileOf('payees.ndjson', `${lines.join('\n')}\n\n`);
  const loaded = await run('lists', 'load', 'watch', file);
  assert.match(loaded.output, /7,000 entries put, 0 replaced or taken/, loaded.errors);
  const again = await run('lists', 'load', 'watch', file);
  assert.match(again.output, /7,000 entries put, 7,000 replaced or taken/);
  const taken = await run('lists', 'load', 'watch', file, '--take');
  assert.match(taken.output, /0 entries put, 7,000 replaced or taken/);
  const bad = fileOf('bad.ndjson', `${lines[0]}\n{"kind":"payee"}\n`);
  const refused = await run('lists', 'load', 'watch', bad);
  assert.equal(refused.code, 2);
  assert.match(refused.errors, /bad\.ndjson:2: "value" must be a text/);
  const faulty = async (line: object): Promise<string> =>
    (await run('lists', 'load', 'watch', fileOf('bad.ndjson', JSON.stringify(line)))).errors;
  const value = 'DE89370400440532013000';
  assert.match(
    await faulty({ kind: 'terminal', value }),
    /bad\.ndjson:1: What is listed is one of/,
  );
  assert.match(
    await faulty({ kind: 'payee', value, until: 'soon' }),
    /bad\.ndjson:1: "soon" is no/,
  );
});

test('models are kept, given places and taken out of them', async () => {
  const ids: string[] = [];
  for (const seed of [1, 2]) {
    const { content, drift } = smallModel(seed);
    const file = fileOf(`model${seed}.json`, content);
    const reference = fileOf(`drift${seed}.json`, drift);
    const added = await run('models', 'add', file, '--drift', reference);
    ids.push(/^mdl_\S+/.exec(added.output)?.[0] ?? added.errors);
  }
  const [first = '', second = ''] = ids;
  assert.match((await run('models', 'promote', first)).output, /is the champion/);
  assert.match((await run('models', 'challenge', second)).output, /scores beside/);
  const listed = await run('models', 'list');
  assert.match(listed.output, new RegExp(`${first}.*drift is watched.* champion\n`));
  assert.match(listed.output, new RegExp(`${second}.* challenger\n`));
  const contest = await run('models', 'contest');
  assert.match(contest.output, /The challenger was not better\.\ntoo_few_weeks: /);
  const refused = await run('models', 'promote', second);
  assert.equal(refused.code, 1);
  assert.match(refused.errors, /It has not been better: .*0 weeks/);
  assert.equal((await run('models', 'promote', second, '--despite')).code, 2);
  const despite = await run('models', 'promote', second, '--despite', '--note', 'the other is old');
  assert.match(despite.output, /is the champion/, despite.errors);
  assert.match((await run('models', 'retire', second)).output, /has left its place/);
  const broken = fileOf('broken.json', '{"format":"florin.fraud-model"');
  assert.equal((await run('models', 'add', broken)).code, 2);
});

test('each tenant is configured apart', async () => {
  const listed = await run('rules', 'list', '--tenant', 'other');
  assert.equal(listed.output, 'starter  version 0  in force\nRevision 0.\n', listed.errors);
});
