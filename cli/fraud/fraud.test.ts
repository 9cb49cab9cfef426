import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { captured } from '../testing.ts';
import { fraudCommand } from './fraud.ts';
import { UsageError } from '../usage.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'florin-test-fraud-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** One run of the command, in a process of its own as a person starts it. */
function florin(...words: readonly string[]): Promise<Ended> {
  const main = path.join(import.meta.dirname, '..', 'main.ts');
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const args = [...process.execArgv, main, 'fraud', ...words];
  execFile(process.execPath, args, { cwd: folder }, (failure, out, error) => {
    const code = failure === null ? 0 : Number(failure.code);
    resolve({ code, out, error });
  });
  return promise;
}

/** The same without the time that a process takes to start; what is printed is caught. */
async function inProcess(...words: readonly string[]): Promise<Ended> {
  const {
    code,
    output: out,
    errors: error,
  } = await captured(() => fraudCommand.run([...words], {}));
  return { code, out, error };
}

const small = ['--customers', '300', '--terminals', '600', '--days', '45', '--seed', '3'];
const quick = ['--trees', '40', '--depth', '3'];
const inFolder = (name: string): string => path.join(folder, name);
const cards = inFolder('cards.col.bin.gz');
const model = inFolder('model.json');
const read = (name: string): Buffer => readFileSync(inFolder(name));

const rules = (version: number, ...more: readonly object[]): string =>
  JSON.stringify({
    format: 1,
    name: 'cards',
    version,
    rules: [
      {
        id: 'large',
        when: { gt: [{ event: 'amount' }, 22_000] },
        outcome: 'challenge',
        reason: 'amount_large',
      },
      ...more,
    ],
  });

const byScore = {
  id: 'score',
  when: { gt: [{ score: 'model' }, 0.5] },
  outcome: 'review',
  reason: 'score_high',
};

test('generate writes transactions and tells what it planted', async () => {
  const { code, out, error } = await florin('generate', 'cards.col.bin.gz', ...small);
  assert.equal(code, 0, error);
  assert.match(out, /compromised_terminal +\d+ +\d\.\d\d %/);
  assert.match(out, /mule_ring +0 +0\.00 %/);
  assert.match(error, /generating: 45 days in/);
});

test('train writes a model and prints how good it is on days it has not seen', async () => {
  const asked = ['--model', model, ...quick, '--hold-out', 'card_testing'];
  const { code, out, error } = await inProcess('train', cards, ...asked);
  assert.equal(code, 0, error);
  assert.match(out, /Trained on 2018-04-25 to 2018-05-01: [\d,]+ transactions, \d+ of them/);
  assert.match(out, /2018-05-09 to 2018-05-15( +[01]\.\d{3}){4}/);
  assert.match(out, /card_testing .* no\n/);
  assert.match(error, /training: 40 trees in/);
  const { card } = JSON.parse(read('model.json').toString()) as { card: { protocol: string } };
  assert.match(card.protocol, /^Trained on 2018-04-25 to 2018-05-01, judged on 2018-05-09/);
});

test('score writes a score of every transaction since a day', async () => {
  const asked = ['--model', model, '--out', inFolder('scores.csv'), '--since', '2018-05-15'];
  const { code, out, error } = await inProcess('score', cards, ...asked);
  assert.equal(code, 0, error);
  const [head, ...lines] = read('scores.csv').toString().trimEnd().split('\n');
  assert.equal(head, 'transaction,at,customer,terminal,amount_minor,score,probability');
  assert.match(out, new RegExp(`${lines.length.toLocaleString('en-GB')} scores`));
  assert.match(lines[0] ?? '', /^\d+,2018-05-15T/);
  for (const line of lines) {
    const [score, probability] = line.split(',').slice(5).map(Number);
    assert.ok(score !== undefined && score >= 0 && score <= 1);
    assert.ok(probability !== undefined && probability >= 0 && probability <= 1);
  }
});

test('explain gives contributions that add up to the margin, and reasons', async () => {
  const asked = ['--model', model, '--transaction', '20000', '--json'];
  const json = await inProcess('explain', cards, ...asked);
  assert.equal(json.code, 0, json.error);
  const { base, margin, contributions, score } = JSON.parse(json.out) as {
    base: number;
    margin: number;
    score: number;
    contributions: { contribution: number }[];
  };
  const sum = contributions.reduce((total, { contribution }) => total + contribution, base);
  assert.ok(Math.abs(sum - margin) < 1e-9);
  assert.ok(Math.abs(1 / (1 + Math.exp(-margin)) - score) < 1e-9);
});

test('backtest says what another set of rules would have done', async () => {
  writeFileSync(path.join(folder, 'before.json'), rules(1));
  writeFileSync(path.join(folder, 'after.json'), rules(2, byScore));
  const asked = [cards, inFolder('before.json'), inFolder('after.json'), '--model', model];
  const { code, out, error } = await inProcess('backtest', ...asked, '--json');
  assert.equal(code, 0, error);
  const {
    before,
    after: changed,
    newlyCaught,
    newlyMissed,
  } = JSON.parse(out) as {
    before: { caught: { events: number } };
    after: { caught: { events: number } };
    newlyCaught: { events: number };
    newlyMissed: { events: number };
  };
  assert.ok(newlyCaught.events > 0);
  assert.equal(newlyMissed.events, 0);
  assert.equal(changed.caught.events, before.caught.events + newlyCaught.events);
});

test('a lake is generated and scored', async () => {
  const made = await inProcess('generate', inFolder('lake'), '--lake', ...small, '--days', '9');
  assert.equal(made.code, 0, made.error);
  assert.match(made.out, /transactions in 9 files/);
  const asked = ['--from', '2018-04-01', '--until', '2018-04-08', '--model', model];
  const scored = await inProcess(
    'score',
    inFolder('lake'),
    ...asked,
    '--out',
    inFolder('lake.csv'),
  );
  assert.equal(scored.code, 0, scored.error);
  assert.match(read('lake.csv').toString(), /^0,2018-04-01T.*\n(?:.*\n)*\d+,2018-04-08T.*\n$/m);
});

test('what cannot be used is refused with a sentence that says why', async () => {
  const { code, out, error } = await florin('generate', 'cards.col.bin.gz');
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.equal(error, 'florin: cards.col.bin.gz is there already; --force replaces it.\n');
});

for (const [words, told] of [
  [[], /^fraud is followed by generate, train, .*, lake, replay or events\.$/],
  [['generate', 'x', '--patterns', 'greed'], /There is no pattern "greed"; the patterns are large/],
  [['generate', 'x', '--customers', '65537'], /--customers is "65537" but .* from 1 to 65536/],
  [
    ['train', inFolder('broken.gz'), '--model', 'x'],
    /broken\.gz cannot be read: the columns cannot/,
  ],
  [
    ['train', cards, '--model', 'x', '--test-from', '2018-04-09'],
    /needs 28 days before 2018-04-09, the first that is judged, but there are 8/,
  ],
  [
    ['train', cards, '--model', 'x', '--rate', '2'],
    /--rate is "2" but must be above 0 and at most 1/,
  ],
  [['train', folder, '--model', 'x'], /A lake is read with --from DATE/],
  [
    ['score', 'absent.gz', '--model', model, '--out', 'x'],
    /absent\.gz cannot be read: there is no/,
  ],
  [
    ['score', cards, '--model', inFolder('before.json'), '--out', 'x'],
    /before\.json cannot be used/,
  ],
  [
    ['backtest', cards, inFolder('bad.json'), inFolder('bad.json')],
    /bad\.json is no set of rules .*\n {2}rules\[1\]\.outcome: .*"shrug"/,
  ],
  [
    ['explain', cards, '--model', model, '--transaction', '99999999'],
    /--transaction is "99999999" but must be a whole number from 0 to/,
  ],
] as const) {
  test(`"fraud ${words.slice(0, 1).join('')}" says what is wrong: ${told.source}`, async () => {
    writeFileSync(inFolder('broken.gz'), 'no columns');
    writeFileSync(inFolder('bad.json'), rules(3, { ...byScore, outcome: 'shrug' }));
    await assert.rejects(fraudCommand.run([...words], {}), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, told);
      return true;
    });
  });
}
