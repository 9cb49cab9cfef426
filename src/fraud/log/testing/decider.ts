// A server in a process of its own, which a test may kill at any moment: it warms up, follows the
// log, and decides until then, several transactions at once; it says what became known of some, and
// writes snapshots. Takes the database, the folder of keys and objects, a seed, how many
// transactions at once, and the accounts.

import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, HOUR_US, isId, type AccountId, type Instant } from '#kernel';
import {
  defaultPostgresOptions,
  openFolderObjects,
  openLocalKeys,
  openLogger,
  openPostgres,
  openStream,
  systemClock,
} from '#platform';
import { randomStream } from '../../generator/random.ts';
import { labelDecisions } from '../../labels/labels.ts';
import { writeSnapshots } from '../snapshots/write.ts';
import { fraudLogSubscription } from '../subscription.ts';
import { contextAt, item, startProcess } from '../../testing/process.ts';

const [url = '', folder = '', seed = '0', desks = '1', ...given] = process.argv.slice(2);
const random = randomStream(Number(seed));
const clock = systemClock();
const logger = openLogger({ level: 'warn' });
const keys = await openLocalKeys({ folder: path.join(folder, 'keys') });
const objects = await openFolderObjects({ folder: path.join(folder, 'objects'), clock });
const options = { ...defaultPostgresOptions, isUnsafeServerAllowed: true, poolSize: 8 };
const database = await openPostgres({ ...options, url, keys });
const own = await startProcess({ database, objects, clock, logger });
const stream = openStream({ database, clock, logger });
await stream.consume(fraudLogSubscription);

const accounts = given.filter((id): id is AccountId => isId('acc', id));
const SNAPSHOT_ENTRIES = 15;
const LATE_HOURS_MAX = 40;

await Promise.all([
  ...Array.from({ length: Number(desks) }, decideForEver),
  followForEver(),
  writeForEver(),
]);

/** Some of it is late, and some is labelled at once. */
async function decideForEver(): Promise<never> {
  for (;;) {
    const items = Array.from({ length: 1 + random.below(4) }, () => {
      const rest = { counterparty: `DE${random.below(5)}`, device: `phone ${random.below(3)}` };
      return item(accountAt(random.below(accounts.length)), random.below(100_000), rest);
    });
    const lateUs = random.below(3) === 0 ? random.below(LATE_HOURS_MAX) * HOUR_US : 0;
    const [first] = await own.decide(items, (clock.now() - lateUs) as Instant);
    if (first !== undefined && random.below(4) === 0) {
      const said = {
        decisionId: first.id,
        isFraud: random.below(2) === 0,
        source: 'case',
      } as const;
      await database.transaction(contextAt(clock.now()), (tx) => labelDecisions(tx, [said]));
    }
  }
}

async function followForEver(): Promise<never> {
  for (;;) {
    await own.follow();
    await sleep(10);
  }
}

async function writeForEver(): Promise<never> {
  for (;;) {
    await writeSnapshots({ database, objects, logger }, { now: clock.now() }, SNAPSHOT_ENTRIES);
    await sleep(100);
  }
}

function accountAt(index: number): AccountId {
  const account = accounts[index];
  assert(account !== undefined, 'there is an account for whoever decides');
  return account;
}
