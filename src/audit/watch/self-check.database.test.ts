import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { openLogger, openMetrics, openSession, type Session } from '#platform';
import { latestCheckpoint } from '../proofs/checkpoint-store.ts';
import { testLog, type TestLog } from '../testing/log.ts';
import { checkpointText } from '../tree/checkpoint.ts';
import { leafHash } from '../tree/hash.ts';
import { signNote } from '../tree/note.ts';
import { selfCheck, type SelfChecked } from './self-check.ts';
import { openWatch, type Watch } from './watch.ts';
import { selectAlarmStates } from './watch-store.ts';

interface Tampering {
  readonly log: TestLog;
  /** Runs statements as a superuser whom no trigger stops. */
  tamper(this: void, text: string, values?: unknown[]): Promise<void>;
}

async function tampering(t: TestContext, name: string, leaves: number): Promise<Tampering> {
  const log = await testLog(name);
  await log.recordSome(leaves, { bundle: 3 });
  await log.sequence();
  const owner: Session = await openSession(log.url);
  await owner.query({ text: 'set session_replication_role = replica' });
  t.after(async () => {
    await owner.close();
    await log.close();
  });
  return {
    log,
    tamper: async (text, values = []) => {
      await owner.query({ text, values });
    },
  };
}

const check = (log: TestLog, options: Partial<Parameters<typeof selfCheck>[1]> = {}) =>
  selfCheck(log.database, { sample: 64, objects: log.objects, ...options });

const codes = ({ findings }: SelfChecked): string[] => [
  ...new Set(findings.map(({ code }) => code)),
];

test('an untouched log has no findings, also while it is empty', async (t) => {
  const { log } = await tampering(t, 'check well', 0);
  assert.deepEqual((await check(log)).findings, []);
  await log.recordSome(400, { bundle: 7 });
  await log.sequence();
  const first = await check(log);
  assert.deepEqual(first.findings, []);
  assert.ok(first.leaves >= 64, String(first.leaves));
  assert.equal(first.seen?.size, 400 + 1);
  await log.recordSome(300, { bundle: 100 });
  await log.sequence();
  assert.deepEqual((await check(log, { seen: first.seen })).findings, []);
});

const changes: readonly (readonly [string, string, string])[] = [
  [
    'a record that was changed',
    `update audit.bundles set leaves = convert_to(
      replace(convert_from(leaves, 'UTF8'), 'thing-7', 'thing-8'), 'UTF8')
      where convert_from(leaves, 'UTF8') like '%thing-7"%'`,
    'record_changed',
  ],
  [
    'a bundle that was deleted',
    `delete from audit.bundles where id = (select bundle_id from audit.places
      order by first_leaf offset 2 limit 1)`,
    'bundle_missing',
  ],
  [
    'a bundle that lost a record',
    `update audit.bundles set leaf_count = 2, leaves = convert_to(regexp_replace(
      convert_from(leaves, 'UTF8'), E'\\n[^\\n]*$', ''), 'UTF8')
      where id = (select bundle_id from audit.places order by first_leaf offset 2 limit 1)`,
    'bundle_damaged',
  ],
  [
    'a place that was deleted',
    `delete from audit.places where first_leaf = (select first_leaf from audit.places
      order by first_leaf offset 2 limit 1)`,
    'place_missing',
  ],
  [
    'a hash that was changed',
    `update audit.places set hashes = set_byte(hashes, 1, (get_byte(hashes, 1) + 1) % 256)
      where first_leaf = (select max(first_leaf) from audit.places)`,
    'record_changed',
  ],
  [
    'a checkpoint with another root',
    `update audit.checkpoints set root = set_byte(root, 1, (get_byte(root, 1) + 1) % 256)`,
    'checkpoint_changed',
  ],
  [
    'a checkpoint that nobody signed',
    `update audit.checkpoints set note = regexp_replace(note, '.....\\n$', E'AAAA=\\n')`,
    'checkpoint_unsigned',
  ],
  [
    'a log that was set back',
    `delete from audit.checkpoints; delete from audit.places`,
    'log_set_back',
  ],
];

for (const [index, [what, statement, code]] of changes.entries()) {
  test(`${what} is found as ${code}`, async (t) => {
    const { log, tamper } = await tampering(t, `check change ${index}`, 30);
    assert.deepEqual((await check(log)).findings, []);
    await tamper(statement);
    const found = await check(log);
    assert.ok(codes(found).includes(code), JSON.stringify(found.findings));
  });
}

test('a record changed together with its hash is found by its proof', async (t) => {
  const { log, tamper } = await tampering(t, 'check both', 3);
  const rows = await log.database.query<{ leaves: Buffer }>({
    text: `select b.leaves from audit.bundles b join audit.places p on p.bundle_id = b.id
      order by p.first_leaf limit 1`,
  });
  const lines = String(rows[0]?.leaves).replace('thing-1', 'thing-9');
  const hashes = lines.split('\n').map((line) => leafHash(Buffer.from(line)));
  await tamper(
    `update audit.bundles b set leaves = $1 where b.id =
      (select p.bundle_id from audit.places p where p.first_leaf = 0)`,
    [Buffer.from(lines)],
  );
  await tamper('update audit.places set hashes = $1 where first_leaf = 0', [Buffer.concat(hashes)]);
  assert.deepEqual(codes(await check(log)), ['proof_broken']);
});

test('a subtree root that was changed or lost is found, however often it was read before', async (t) => {
  const { log, tamper } = await tampering(t, 'check nodes', 600);
  assert.deepEqual((await check(log)).findings, []);
  await tamper('update audit.nodes set hash = set_byte(hash, 1, (get_byte(hash, 1) + 1) % 256)');
  assert.deepEqual(codes(await check(log)), ['proof_broken']);
  await tamper('delete from audit.nodes');
  assert.deepEqual(codes(await check(log)), ['proof_broken']);
});

// What only the operator, who has the key, could do: everything is made anew and signed.
test('a log that was rewritten and signed anew is found by who saw it before', async (t) => {
  const { log, tamper } = await tampering(t, 'check anew', 1);
  const before = await check(log);
  const row = await latestCheckpoint(log.database);
  const leaf = Buffer.from('{"invented":true}');
  const name = row?.note.split('\n')[0] ?? '';
  const root = leafHash(leaf);
  const note = await signNote(checkpointText({ origin: name, size: 1, root }), {
    name,
    publicKey: await log.keys.publicKey('audit-log'),
    sign: (message) => log.keys.sign('audit-log', message),
  });
  await tamper('delete from audit.checkpoints where size > 1');
  await tamper('delete from audit.places where first_leaf > 0');
  await tamper('update audit.bundles set leaves = $1, leaf_count = 1, encoding = 0', [leaf]);
  await tamper('update audit.places set hashes = $1, leaf_count = 1', [root]);
  await tamper('delete from audit.checkpoints');
  await tamper(
    `insert into audit.checkpoints (size, root, note, created_at) values (1, $1, $2, now())`,
    [root, note],
  );
  assert.deepEqual(codes(await check(log, { objects: undefined })), [], 'sound in itself');
  const seen = { size: 1, root: Buffer.alloc(32, 1) };
  assert.deepEqual(codes(await check(log, { objects: undefined, seen })), ['log_rewritten']);
  const found = codes(await check(log, { seen: before.seen }));
  assert.ok(found.includes('log_set_back') || found.includes('log_rewritten'), String(found));
  const { figures } = await check(log, { objects: undefined, seen });
  assert.deepEqual(codes(await check(log, { objects: undefined, again: figures })), [
    'log_rewritten',
  ]);
});

function watchOf(log: TestLog, t: TestContext): Watch {
  const watch = openWatch({
    database: log.database,
    clock: { now: () => log.clock.now(), offsetUs: undefined, observe: () => undefined },
    metrics: openMetrics({ isProcessMeasured: false }),
    logger: openLogger({ level: 'silent' }),
    objects: log.objects,
  });
  t.after(() => watch.stop());
  return watch;
}

test('self_check_failed ends when exactly what failed was read again and found well', async (t) => {
  const { log, tamper } = await tampering(t, 'check alarm', 3_000);
  const isRaised = async (): Promise<boolean | undefined> => {
    const states = await selectAlarmStates(log.database);
    return states.find(({ alarm }) => alarm === 'self_check_failed')?.isRaised;
  };
  const one = watchOf(log, t);
  await log.recordSome(1, { prefix: 'newest' });
  await log.sequence();
  await one.check(log.context());
  await one.look(log.context());
  assert.equal(await isRaised(), undefined);

  const change = (from: string, to: string) =>
    tamper(
      `update audit.bundles b set leaves = convert_to(
        replace(convert_from(b.leaves, 'UTF8'), $1, $2), 'UTF8')
      where b.encoding = 0 and b.id = (select p.bundle_id from audit.places p
        where p.first_leaf = (select size - 1 from audit.checkpoints order by size desc limit 1))`,
      [from, to],
    );
  await change('newest-0', 'newest-9');
  await one.check(log.context());
  await one.look(log.context());
  assert.equal(await isRaised(), true);

  // Another process, and the log has grown: a random sample would hardly hit that record again.
  await log.recordSome(500, { bundle: 5 });
  await log.sequence();
  const two = watchOf(log, t);
  await two.look(log.context());
  for (let count = 0; count < 3; count += 1) {
    const again = await two.check(log.context());
    assert.deepEqual(codes(again), ['record_changed']);
    await two.look(log.context());
    assert.equal(await isRaised(), true);
  }
  await change('newest-9', 'newest-0');
  await tamper(
    `update audit.bundles b set leaves = convert_to(
      replace(convert_from(b.leaves, 'UTF8'), 'newest-9', 'newest-0'), 'UTF8')
      where b.encoding = 0 and convert_from(b.leaves, 'UTF8') like '%newest-9%'`,
  );
  assert.deepEqual((await two.check(log.context())).findings, []);
  await two.look(log.context());
  assert.equal(await isRaised(), false);
});

test('a month that is only in the archive is no finding', async (t) => {
  const { log, tamper } = await tampering(t, 'check month', 30);
  await tamper('delete from audit.bundles');
  assert.ok(codes(await check(log)).includes('bundle_missing'));
  await tamper(
    `insert into audit.removed_months (month, bundle_count, leaf_count)
      select month, count(*), sum(leaf_count) from audit.places group by month`,
  );
  assert.deepEqual((await check(log)).findings, []);
});

test('a self-check of a larger log costs little', async (t) => {
  const { log } = await tampering(t, 'check cost', 20_000);
  await check(log);
  const costs: number[] = [];
  for (let count = 0; count < 15; count += 1) {
    const begun = performance.now();
    await check(log);
    costs.push(performance.now() - begun);
  }
  // What others do on the machine adds to most of them, and not to the least.
  const least = Math.min(...costs);
  t.diagnostic(`${Math.round(least * 10) / 10} ms`);
  assert.ok(least < 250, `${least} ms`);
});
