import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { instantOfMs } from '#kernel';
import { startEmbedded } from './embedded.ts';
import { defaultPostgresOptions, openPostgres, openSession } from './postgres.ts';
import { readServerLine, refusedChangeInLine, type RefusedChange } from './refused-change.ts';
import { temporaryFolder } from './test-server.ts';

const caller = { actor: 'cli:eve', correlationId: 'req_1' };
const SECRET = 'DE89370400440532013000';

test('what the database refuses is seen in the session and in the log, without values', async (t) => {
  const root = await temporaryFolder();
  const lines: string[] = [];
  const server = await startEmbedded({
    dataFolder: root,
    isDurable: false,
    sharedBuffersMb: 128,
    log: (line) => lines.push(line),
  });
  t.after(async () => {
    await server.close();
    await rm(root, { recursive: true, force: true });
  });
  const owner = await openSession(server.url);
  await owner.query({
    text: `create role florin_app nologin;
      create schema kept;
      grant usage on schema kept to florin_app;
      create table kept.history (iban text);
      grant select on kept.history to florin_app;
      insert into kept.history values ('x')`,
  });
  await owner.query({
    text: `create function kept.refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'history is append-only: % on %.% is refused',
          tg_op, tg_table_schema, tg_table_name using errcode = 'restrict_violation';
      end $$;
      create trigger append_only before update or delete on kept.history
      for each row execute function kept.refuse_change()`,
  });

  const seen: RefusedChange[] = [];
  const database = await openPostgres({
    ...defaultPostgresOptions,
    url: server.url,
    isUnsafeServerAllowed: true,
    onRefusedChange: (change) => seen.push(change),
  });
  const context = { ...caller, now: instantOfMs(0) };
  const update = { text: 'update kept.history set iban = $1', values: [SECRET] };
  await assert.rejects(database.query(update), { code: '42501' });
  await assert.rejects(
    database.transaction(context, (tx) => tx.query({ text: `drop table kept.history` })),
    { code: '42501' },
  );
  await assert.rejects(owner.query(update), { code: '23001' });
  await owner.close();
  await database.close();

  assert.deepEqual(
    seen.map(({ verb, target, reason, seenIn }) => ({ verb, target, reason, seenIn })),
    [
      { verb: 'update', target: 'table history', reason: 'no_right', seenIn: 'session' },
      { verb: 'drop', target: 'table history', reason: 'no_right', seenIn: 'session' },
    ],
  );
  assert.equal(seen[0]?.caller, undefined);
  assert.equal(seen[1]?.caller?.actor, 'cli:eve');

  const found = (): RefusedChange[] => lines.flatMap((line) => refusedChangeInLine(line) ?? []);
  for (let count = 0; count < 40 && found().length < 3; count += 1) await sleep(100);
  assert.deepEqual(
    found().map(({ target, reason, login, verb }) => ({ target, reason, login, verb })),
    [
      { target: 'table history', reason: 'no_right', login: 'florin@[local]', verb: undefined },
      { target: 'table history', reason: 'no_right', login: 'florin@[local]', verb: undefined },
      {
        target: 'kept.history',
        reason: 'append_only',
        login: 'florin@[local]',
        verb: 'update',
      },
    ],
  );
  assert.equal(found()[0]?.backendId, seen[0]?.backendId);
  const text = lines.join('\n');
  assert.ok(!text.includes(SECRET), 'a value is in the log');
  assert.ok(!/update kept|drop table/i.test(text), 'a statement is in the log');
  assert.ok(lines.some((line) => readServerLine(line)?.level === 'LOG'));
});
