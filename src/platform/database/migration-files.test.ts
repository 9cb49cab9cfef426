// The rules that decide which migrations may still be applied.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inOrder, migrationOf, pendingMigrations } from './migration-files.ts';

const first = migrationOf('0001_first.sql', 'select 1;');
const second = migrationOf('0002_second.sql', '-- Changes a column.\n-- breaking\nselect 2;');
const third = migrationOf('0003_third.sql', 'select 3;');

describe('migrations', () => {
  it('are numbered by their name, and marked as breaking by a line', () => {
    assert.equal(second.number, 2);
    assert.equal(second.isBreaking, true);
    assert.equal(first.isBreaking, false);
  });

  it('refuse a name without a number of four digits', () => {
    for (const name of ['first.sql', '1_first.sql', '0000_zero.sql', '0001_First.sql']) {
      assert.throws(() => migrationOf(name, ''), new RegExp(`${name} must be named like`));
    }
  });

  it('are sorted by number whatever context they come from', () => {
    const names = inOrder([third, first, second]).map(({ name }) => name);
    assert.deepEqual(names, ['0001_first.sql', '0002_second.sql', '0003_third.sql']);
  });

  it('refuse two files with the same number', () => {
    const twin = migrationOf('0002_twin.sql', 'select 0;');
    assert.throws(() => inOrder([first, second, twin]), /0002_second.sql and 0002_twin.sql have/);
  });

  it('are pending when the database does not have them', () => {
    assert.deepEqual(pendingMigrations([first, second, third], [first]), [second, third]);
    assert.deepEqual(pendingMigrations([first], [first]), []);
  });

  it('refuse a file that changed after it was applied, by its name', () => {
    const changed = migrationOf('0001_first.sql', 'select 100;');
    assert.throws(() => pendingMigrations([changed], [first]), {
      code: 'migrations_broken',
      message:
        'The migration 0001_first.sql was applied to this database and has changed since; ' +
        'restore the file and put the change into a new migration.',
    });
  });

  it('refuse a file that was renamed after it was applied, by both names', () => {
    const renamed = migrationOf('0001_begin.sql', 'select 1;');
    assert.throws(
      () => pendingMigrations([renamed], [first]),
      /0001_first.sql was applied .* \(it is now 0001_begin.sql\)/,
    );
  });

  it('refuse a database that is newer than the code', () => {
    assert.throws(() => pendingMigrations([first], [first, second]), {
      code: 'schema_newer',
      message: /^This database is newer than this Florin: it has the migration 0002_second.sql/,
    });
  });

  it('refuse a file below the latest one that was applied', () => {
    assert.throws(
      () => pendingMigrations([first, second, third], [first, third]),
      /0002_second.sql comes before 0003_third.sql, which this database already has/,
    );
  });
});
