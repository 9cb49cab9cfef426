import assert from 'node:assert/strict';
import test, { after, before, type TestContext } from 'node:test';
import { HOUR_US } from '#kernel';
import { openSession, type Queryable, type Session } from '#platform';
import { writeAnchors } from './anchors/write.ts';
import { testLog, type TestLog } from './testing/log.ts';

/**
 * Tables of these schemas that the application may change, and why; of every other table it may add
 * rows at most, and most of them refuse the owner too.
 */
const changeable: Readonly<Record<string, { rights: string; why: string }>> = {
  'audit.inbox': { rights: 'delete', why: 'empties as records are given places' },
  'audit.subjects': { rights: 'delete', why: 'removing a key is how a person is erased' },
  'ledger.accounts': { rights: 'update', why: 'limits and states; each change is recorded' },
  'ledger.balances': { rights: 'update', why: 'sums of the entries, which prove them' },
  'ledger.holds': { rights: 'update', why: 'progress of a hold, which its transfers prove' },
};

/** Neither history nor changeable: only functions of the owner write there. */
const byFunctionsOnly = new Set(['audit.months', 'ledger.segments']);

/** What runs with the rights of the owner, each for one thing that the application may not do. */
const definers = new Set([
  'audit.open_month',
  'audit.drop_month',
  'ledger.open_segment',
  'search.find_documents',
  // What is due, and who may what, is asked for all tenants at once.
  'gateway.due_proposals',
  'gateway.grants_for',
  'gateway.is_approval_waiting',
]);

interface Table {
  /** With its schema. */
  readonly name: string;
  readonly column: string;
  readonly isPartition: boolean;
}

let log: TestLog;
let owner: Session;
let tables: readonly Table[];
let history: readonly Table[];

before(async () => {
  log = await testLog('immutability');
  owner = await openSession(log.url);
  await log.recordSome(600, { bundle: 4 });
  await log.sequence();
  log.clock.advance(HOUR_US);
  await writeAnchors(log.database, log.objects, log.context());
  tables = await readTables();
  history = tables.filter(({ name }) => !(name in changeable) && !byFunctionsOnly.has(name));
  for (const table of history) await fill(table);
});

after(async () => {
  await owner.close();
  await log.close();
});

async function readTables(): Promise<Table[]> {
  return await owner.query<Table>({
    text: `select n.nspname || '.' || c.relname as name, c.relispartition as "isPartition",
        (select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
          and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
          order by a.attnum limit 1) as column
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('audit', 'ledger') and c.relkind in ('r', 'p')
      order by 1`,
  });
}

/** Values that satisfy the tables' checks, where those of the type alone do not. */
const fitting: Readonly<Record<string, string>> = {
  'audit.alarms.alarm': `'disk_low'`,
  'audit.archives.leaf_count': '1',
  'audit.archives.retention': `'books'`,
  'audit.archives.runs': `'{[0,1)}'`,
  'audit.terms.postings': `'\\x0000000000'`,
  'audit.terms.bucket': '0',
  'audit.collections.format': `'jsonl'`,
  'audit.legal_holds.retention': `'books'`,
  'audit.legal_hold_settlements.event': `'placed'`,
  'audit.manifests.signature': `decode(repeat('00', 64), 'hex')`,
};

const byType: Readonly<Record<string, string>> = {
  bigint: '1',
  integer: '1',
  smallint: '1',
  boolean: 'true',
  text: `'x'`,
  uuid: 'gen_random_uuid()',
  'timestamp with time zone': 'now()',
  bytea: `decode(repeat('00', 32), 'hex')`,
  jsonb: `'{}'`,
  'integer[]': `'{}'`,
};

/** An update of no row proves nothing, so that every table of history gets one. */
async function fill({ name }: Table): Promise<void> {
  if ((await owner.query({ text: `select from ${name} limit 1` })).length > 0) return;
  const columns = await owner.query<{ column: string; type: string; first_label: string | null }>({
    text: `select a.attname::text as column, format_type(a.atttypid, null) as type,
        (select e.enumlabel::text from pg_enum e where e.enumtypid = a.atttypid
          order by e.enumsortorder limit 1) as first_label
      from pg_attribute a
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
        and a.attgenerated = '' and a.attidentity = ''`,
    values: [name],
  });
  const values = columns.map(({ column, type, first_label: label }) => {
    if (label !== null) return `'${label}'`;
    const value = fitting[`${name}.${column}`] ?? byType[type];
    assert.ok(value !== undefined, `no value is known for ${name}.${column} of type ${type}`);
    return value;
  });
  const names = columns.map(({ column }) => `"${column}"`).join(', ');
  // Without foreign keys: what a row refers to is not what is tested.
  await owner.query({ text: 'set session_replication_role = replica' });
  await owner.query({ text: `insert into ${name} (${names}) values (${values.join(', ')})` });
  await owner.query({ text: 'set session_replication_role = origin' });
}

const changesOf = ({ name, column }: Table): Readonly<Record<string, string>> => ({
  update: `update ${name} set "${column}" = "${column}"`,
  delete: `delete from ${name}`,
  // Plain, it would be refused for a foreign key where there is one, whatever else protects it.
  truncate: `truncate ${name} cascade`,
});

const definitionsOf = ({ name, column }: Table): Readonly<Record<string, string>> => ({
  'disable its triggers': `alter table ${name} disable trigger all`,
  'rename a column': `alter table ${name} rename column "${column}" to other`,
  'add a column': `alter table ${name} add column other integer`,
  drop: `drop table ${name} cascade`,
  'make a trigger': `create trigger other before update on ${name} for each row
    execute function suppress_redundant_updates_trigger()`,
  'make a rule': `create rule other as on insert to ${name} do instead nothing`,
  'take it': `alter table ${name} owner to florin_app`,
  'turn rows off': `alter table ${name} enable row level security`,
});

async function contents(): Promise<string> {
  const parts: string[] = [];
  for (const { name, isPartition } of history) {
    if (isPartition) continue;
    const [row] = await owner.query<{ digest: string | null }>({
      text: `select md5(string_agg(t::text, '|' order by t::text)) as digest from ${name} t`,
    });
    assert.ok(row?.digest, `${name} has rows`);
    parts.push(`${name} ${row.digest}`);
  }
  return parts.join('\n');
}

async function stateOf(queryable: Queryable, text: string): Promise<string> {
  try {
    await queryable.query({ text });
    return 'done';
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

/** Each statement that did not end as it must. */
async function unlike(
  expected: string,
  queryable: Queryable,
  asked: readonly (readonly [what: string, text: string])[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [what, text] of asked) {
    const state = await stateOf(queryable, text);
    if (state !== expected) wrong.push(`${what}: ${state}`);
  }
  return wrong;
}

const NO_RIGHT = '42501';
const APPEND_ONLY = '23001';

function every(
  of: readonly Table[],
  statements: (table: Table) => Readonly<Record<string, string>>,
): [string, string][] {
  return of.flatMap((table) =>
    Object.entries(statements(table)).map(([what, text]): [string, string] => [
      `${what} ${table.name}`,
      text,
    ]),
  );
}

test('the schemas have tables of history, with partitions', () => {
  const names = history.map(({ name }) => name);
  for (const name of ['audit.bundles', 'audit.places', 'ledger.transfers', 'ledger.entries']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(history.filter(({ isPartition }) => isPartition).length >= 2);
  for (const name of [...Object.keys(changeable), ...byFunctionsOnly]) {
    assert.ok(
      tables.some((table) => table.name === name),
      `${name} is a table`,
    );
  }
});

test('the application can neither update, delete nor truncate any table of history', async () => {
  const before = await contents();
  assert.deepEqual(await unlike(NO_RIGHT, log.database, every(history, changesOf)), []);
  assert.equal(await contents(), before);
});

test('the owner can neither update, delete nor truncate any table of history', async () => {
  const before = await contents();
  assert.deepEqual(await unlike(APPEND_ONLY, owner, every(history, changesOf)), []);
  assert.equal(await contents(), before);
});

test('the application cannot change how any table is defined or protected', async () => {
  assert.deepEqual(await unlike(NO_RIGHT, log.database, every(tables, definitionsOf)), []);
});

test('the application cannot drop a trigger that protects a table', async () => {
  const triggers = await owner.query<{ name: string; table: string }>({
    text: `select t.tgname::text as name, t.tgrelid::regclass::text as table from pg_trigger t
      join pg_proc p on p.oid = t.tgfoid where p.proname = 'refuse_change'`,
  });
  assert.ok(triggers.length >= 2 * history.length, `${triggers.length} triggers`);
  const asked = triggers.flatMap(({ name, table }): [string, string][] => [
    [`drop ${name} of ${table}`, `drop trigger ${name} on ${table}`],
    [`disable ${name} of ${table}`, `alter table ${table} disable trigger ${name}`],
  ]);
  assert.deepEqual(await unlike(NO_RIGHT, log.database, asked), []);
});

test('the application cannot lock a table against those who write', async () => {
  const context = log.context();
  for (const { name } of history) {
    const lock = log.database.transaction(context, (tx) =>
      tx.query({ text: `lock table ${name} in access exclusive mode` }),
    );
    await assert.rejects(lock, { code: NO_RIGHT }, name);
  }
});

test('the application may change exactly the tables that are named here, with the reason', async () => {
  // Giving what one does not have is no error, and gives nothing.
  await stateOf(log.database, 'grant all on all tables in schema audit, ledger to florin_app');
  await stateOf(log.database, 'grant all on all tables in schema audit, ledger to public');
  const rows = await owner.query<{ name: string; rights: string }>({
    text: `select n.nspname || '.' || c.relname as name, string_agg(w.verb, ', ' order by w.verb)
        as rights
      from pg_class c join pg_namespace n on n.oid = c.relnamespace,
        unnest(array['update', 'delete', 'truncate', 'trigger', 'references']) as w (verb)
      where n.nspname in ('audit', 'ledger', 'platform') and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and (has_table_privilege('florin_app', c.oid, w.verb)
          or w.verb in ('update', 'references')
            and has_any_column_privilege('florin_app', c.oid, w.verb))
      group by 1 order by 1`,
  });
  assert.deepEqual(
    Object.fromEntries(rows.map(({ name, rights }) => [name, rights])),
    Object.fromEntries(Object.entries(changeable).map(([name, { rights }]) => [name, rights])),
  );
});

test('nothing that runs with the rights of the owner is there but what is named here', async () => {
  const rows = await owner.query<{ name: string; config: string[] | null; is_public: boolean }>({
    text: `select n.nspname || '.' || p.proname as name, p.proconfig as config,
        has_function_privilege('public', p.oid, 'execute') as is_public
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')`,
  });
  assert.deepEqual(new Set(rows.map(({ name }) => name)), definers);
  for (const { name, config, is_public: isPublic } of rows) {
    assert.equal(isPublic, false, `${name} is not for everybody`);
    const path = config?.find((setting) => setting.startsWith('search_path='));
    assert.equal(path, 'search_path=pg_catalog, pg_temp', name);
  }
});

const ways: Readonly<Record<string, string>> = {
  'replace the function that refuses': `create or replace function audit.refuse_change()
    returns trigger language plpgsql as $$ begin return new; end $$`,
  'change the function that refuses': 'alter function audit.refuse_change() security definer',
  'drop the function that refuses': 'drop function audit.refuse_change() cascade',
  'call the function that protects': `select audit.protect('inbox')`,
  'turn triggers off': 'set session_replication_role = replica',
  'turn triggers off for later': `alter role florin_app set session_replication_role = replica`,
  'make a table in the schema': 'create table audit.other (id integer)',
  'make a function in the schema': `create function audit.other() returns integer
    language sql as 'select 1'`,
  'drop the schema': 'drop schema audit cascade',
  'rename the schema': 'alter schema audit rename to other',
  'detach a month': `alter table audit.bundles detach partition audit.bundles_202611`,
  'read a file': `select pg_read_file('PG_VERSION')`,
  'run a program': `copy (select 1) to program 'true'`,
  'write the catalogue': `update pg_catalog.pg_trigger set tgenabled = 'D'`,
  'change the server': `alter system set fsync = off`,
  'make a role': 'create role other superuser',
};

test('the application finds no other way around the protection', async () => {
  assert.deepEqual(await unlike(NO_RIGHT, log.database, Object.entries(ways)), []);
});

test('adding is no way to change: neither upsert nor merge goes through', async (t: TestContext) => {
  const asked: [string, string][] = [
    [
      'upsert',
      `insert into audit.checkpoints (size, root, note, created_at)
        select size, root, note, created_at from audit.checkpoints
        on conflict (size) do update set note = 'other'`,
    ],
    [
      'merge',
      `merge into audit.checkpoints c using audit.checkpoints d on c.size = d.size
        when matched then delete`,
    ],
    ['lock a row', 'select from audit.checkpoints for update'],
  ];
  assert.deepEqual(await unlike(NO_RIGHT, log.database, asked), []);
  t.diagnostic(`${history.length} tables of history`);
});
