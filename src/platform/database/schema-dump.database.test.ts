// The committed picture of the schema is the schema.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openSession, type Session } from './postgres.ts';
import { dumpSchema } from './schema-dump.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const committed = path.join(import.meta.dirname, '../../../docs/reference/schema.sql');

describe('the schema dump', () => {
  let test: TestDatabase;
  let owner: Session;

  before(async () => {
    test = await testDatabase('schema dump');
    owner = await openSession(test.url);
  });

  after(async () => {
    await owner.close();
    await test.drop();
  });

  it('equals docs/reference/schema.sql', async () => {
    const dumped = await dumpSchema(owner);
    const text = await readFile(committed, 'utf8').catch(() => '');
    const firstDifference = dumped
      .split('\n')
      .find((line, index) => line !== text.split('\n')[index]);
    assert.ok(
      dumped === text,
      'docs/reference/schema.sql is not what the migrations make, from the line ' +
        `"${firstDifference}" on; write it anew with: node_modules/.bin/node tools/schema-dump.ts`,
    );
  });

  it('shows tables, constraints, indexes, triggers, functions, rights and comments', async () => {
    await owner.query({
      text: `create schema trial;
        grant usage on schema trial to florin_app;
        create type trial.side as enum ('left', 'right');
        create function trial.refuse() returns trigger language plpgsql as
          'begin return null; end';
        revoke execute on function trial.refuse() from public;
        create table trial.rows (id bigint primary key, side trial.side not null default 'left',
          part int not null check (part > 0), unique (id, part)) with (fillfactor = 50);
        create index rows_part on trial.rows (part) where part > 1;
        create trigger no_delete before delete on trial.rows
          for each row execute function trial.refuse();
        comment on column trial.rows.part is 'whose part it is';
        grant select, insert on trial.rows to florin_app;
        create table trial.parted (id int) partition by list (id);
        create table trial.parted_1 partition of trial.parted for values in (1);
        create table trial.parted_2 partition of trial.parted for values in (2);
        create view trial.ones as select 1 as one;
        create extension hstore with schema trial`,
    });
    const text = await dumpSchema(owner);
    await owner.query({ text: 'drop schema trial cascade' });
    const start = text.indexOf('create schema trial;');
    assert.equal(text.slice(start).replace(/body [0-9a-f]{16}/, 'body HASH'), expected);
  });
});

const expected = `create schema trial;
grant usage on schema trial to florin_app;

create extension hstore with schema trial;

create type trial.side as enum ('left', 'right');

create table trial.parted (
  id integer
) partition by LIST (id);

-- The first of the partitions, which are added while the bank runs.
create table trial.parted_1 partition of trial.parted FOR VALUES IN (1);

create table trial.rows (
  id bigint not null,
  side trial.side not null default 'left'::trial.side,
  part integer not null,
  constraint rows_pkey PRIMARY KEY (id),
  constraint rows_id_part_key UNIQUE (id, part),
  constraint rows_part_check CHECK ((part > 0))
) with (fillfactor=50);
CREATE INDEX rows_part ON trial.rows USING btree (part) WHERE (part > 1);
CREATE TRIGGER no_delete BEFORE DELETE ON trial.rows FOR EACH ROW EXECUTE FUNCTION trial.refuse();
grant insert, select on trial.rows to florin_app;
comment on column trial.rows.part is 'whose part it is';

create view trial.ones as
 SELECT 1 AS one;

create function trial.refuse() returns trigger language plpgsql volatile; -- body HASH
`;
