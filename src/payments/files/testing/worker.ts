// A worker in a process of its own, which a test may kill at any moment: works on files until there
// is nothing to do. Takes the database, the folder of keys and objects, and its time.

import path from 'node:path';
import { manualClock, type Instant } from '#kernel';
import { defaultPostgresOptions, openFolderObjects, openLocalKeys, openPostgres } from '#platform';
import { answerWriters, fileFormats } from '../answers/writers.ts';
import { runFiles } from '../pipeline/run.ts';

const [url = '', folder = '', timeUs = '0'] = process.argv.slice(2);
const clock = manualClock(Number(timeUs) as Instant);
const keys = await openLocalKeys({ folder: path.join(folder, 'keys') });
const objects = await openFolderObjects({ folder: path.join(folder, 'objects'), clock });
const options = { ...defaultPostgresOptions, isUnsafeServerAllowed: true, poolSize: 6 };
const database = await openPostgres({ ...options, url, keys });
const standards = { formats: fileFormats, answers: answerWriters };
const world = { database, clock, objects, keys, screener: undefined, ...standards };
const context = { now: clock.now(), actor: 'tester', correlationId: 'worker' };
const { failure } = await runFiles(world, context);
await database.close();
if (failure !== undefined) throw failure;
