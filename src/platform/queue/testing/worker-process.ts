// A process of workers for tests that kill it: it notes each message once, in a table of items.

import { systemClock } from '../../clock.ts';
import { defaultPostgresOptions, openPostgres } from '../../database/postgres.ts';
import { openKeyValues } from '../../keyvalues/keyvalues.ts';
import { openLogger } from '../../telemetry/logger.ts';
import { defaultQueuePolicy } from '../policy.ts';
import { openQueues } from '../queues.ts';
import { openWorkers } from '../workers.ts';

const [url = '', queue = ''] = process.argv.slice(2);
const clock = systemClock();
const database = await openPostgres({
  ...defaultPostgresOptions,
  url,
  isUnsafeServerAllowed: true,
});
const policies = () => ({ ...defaultQueuePolicy, attemptsMax: 100 });
const items = openKeyValues(queue);

openWorkers(
  {
    database,
    clock,
    queues: openQueues({ database, clock, policies }),
    logger: openLogger({ level: 'silent' }),
  },
  [
    {
      queue,
      batchMax: 5,
      concurrency: 2,
      visibilityMs: 1_000,
      async handler(messages) {
        const context = { now: clock.now(), actor: 'test', correlationId: 'test' };
        await database.transaction(context, async (tx) => {
          for (const { id, body } of messages) {
            await items.put(tx, { key: id, value: body, ifVersion: 0n }, tx.now);
          }
        });
      },
    },
  ],
);
