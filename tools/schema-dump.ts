// Writes docs/reference/schema.sql from a freshly migrated database. Run it after adding a
// migration and commit the result: the reviewer reads the difference.
//
//   tools/schema-dump.ts

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dumpSchema, openSession } from '#platform';
import { testDatabase } from '../src/platform/database/testing.ts';

const file = path.join(import.meta.dirname, '..', 'docs', 'reference', 'schema.sql');

const fresh = await testDatabase('schema dump');
const session = await openSession(fresh.url);
try {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, await dumpSchema(session));
  console.log(`wrote ${path.relative(process.cwd(), file)}`);
} finally {
  await session.close();
  await fresh.drop();
}
