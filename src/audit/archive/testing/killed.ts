// A process of its own that archives all that is due, for the test that kills it.

import { manualClock, parseInstant, type Instant } from '#kernel';
import { defaultPostgresOptions, openFolderObjects, openLocalKeys, openPostgres } from '#platform';
import { runArchive } from '../run.ts';

const [url = '', folder = '', time = ''] = process.argv.slice(2);
const clock = manualClock(parseInstant(time) as Instant);
const keys = await openLocalKeys({ folder: `${folder}/keys` });
const objects = await openFolderObjects({ folder: `${folder}/objects`, clock });
const database = await openPostgres({
  ...defaultPostgresOptions,
  url,
  keys,
  isUnsafeServerAllowed: true,
});
process.stdout.write('ready\n');
await runArchive(database, objects, {
  now: clock.now(),
  actor: 'florin',
  correlationId: 'killed',
});
await database.close();
