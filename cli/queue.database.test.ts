import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { openQueues, send, type NewMessage } from '#platform';
import { queueCommand } from './queue.ts';
import { testInstallation, type TestInstallation } from './testing.ts';
import { UsageError } from './usage.ts';

let installation: TestInstallation;
let env: Record<string, string>;

before(async () => {
  installation = await testInstallation('queue');
  ({ env } = installation);
});

after(() => installation.close());

const program =
  `const { queueCommand } = await import(${JSON.stringify(`${import.meta.dirname}/queue.ts`)});` +
  'process.exitCode = await queueCommand.run(process.argv.slice(1), process.env);';

/** The command as a process of its own, beside a server that has the database open. */
async function run(...args: string[]) {
  const options = ['--input-type=module', '--eval', program, '--', ...args];
  const child = spawn(process.execPath, options, { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

async function bury(queue: string, messages: readonly NewMessage[]): Promise<string[]> {
  const { database, clock } = installation.log;
  const queues = openQueues({ database, clock });
  const context = installation.log.context();
  const ids = await database.transaction(context, (tx) => send(tx, queue, messages));
  const received = await queues.receive(queue, { max: 100, visibilityMs: 60_000 });
  const why = { code: 'rail_down', message: 'The rail does not answer.', isFinal: true };
  await queues.fail(
    queue,
    received.map(({ receipt }) => ({ ...why, receipt })),
  );
  return ids;
}

test('dead letters are listed, shown, sent again and thrown away', async () => {
  assert.match((await run('list')).output, /^No queue has/);
  const ids = await bury('jobs', [{ body: { payment: 'pay_1' }, group: 'acc_1' }, { body: 2 }]);
  assert.equal((await run('list')).output, 'jobs  0 waiting, 0 being done, 2 dead\n');
  const listed = await run('dead', 'jobs');
  assert.equal(listed.errors, '');
  assert.match(listed.output, new RegExp(`^${ids[0]} .* 1 attempts {2}rail_down {2}The rail`));
  assert.equal(listed.output.split('\n').length, 3);
  assert.match((await run('dead', 'other')).output, /has no dead letters/);
  const shown = await run('show', 'jobs', ids[0] ?? '');
  assert.match(shown.output, /\ngroup acc_1\nattempt 1 .*\n\{"payment":"pay_1"\}\n$/);
  assert.equal((await run('show', 'other', ids[0] ?? '')).code, 1);
  const redriven = await run('redrive', 'jobs', ids[0] ?? '', '--rate', '5');
  assert.deepEqual([redriven.code, redriven.output], [0, '1 dead letters are sent again.\n']);
  const again = await run('redrive', 'jobs', ids[0] ?? '');
  assert.deepEqual([again.code, again.output], [1, '0 dead letters are sent again.\n']);
  const gone = await run('discard', 'jobs', '--all', '--reason', 'Paid by hand.');
  assert.equal(gone.output, '1 dead letters are thrown away.\n');
  assert.match((await run('list')).output, /^jobs {2}1 waiting, the oldest .* 0 dead\n$/);
});

test('all letters are sent again, more than fit one transaction', async () => {
  const many = Array.from({ length: 1_100 }, (_, body) => ({ body }));
  for (let first = 0; first < many.length; first += 100) {
    await bury('many', many.slice(first, first + 100));
  }
  const redriven = await run('redrive', 'many', '--all');
  assert.equal(redriven.errors, '');
  assert.equal(redriven.output, '1100 dead letters are sent again.\n');
});

test('what is not understood is said in one sentence, and nothing is changed', async () => {
  const wrong = [
    [],
    ['turn'],
    ['dead'],
    ['dead', 'jobs', '--first', '0'],
    ['show', 'jobs'],
    ['show', 'jobs', 'msg_1'],
    ['redrive', 'jobs'],
    ['redrive', 'jobs', 'msg_01900000-0000-7000-8000-000000000000', '--all'],
    ['discard', 'jobs', '--all'],
  ];
  for (const args of wrong) {
    await assert.rejects(
      async () => await queueCommand.run(args, env),
      (error) => error instanceof UsageError,
      args.join(' '),
    );
  }
});
