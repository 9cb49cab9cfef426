// Runs the edge of the ledger as a process of its own, with idempotency keys and without locks on
// its doors, for tests that kill it: by itself with SIGKILL, at a named point of the nth request
// that comes to that point. Around the real database stands nothing but that trap.

import { loadConfig } from '#config';
import { createGateway, openIdempotency } from '#gateway';
import { ledgerRoutes, refusals } from '#ledger';
import {
  defaultPostgresOptions,
  openLocalKeys,
  openLogger,
  openMetrics,
  openPostgres,
  systemClock,
  type Database,
  type Query,
} from '#platform';
import { unlocked } from '../../gateway/testing.ts';
import { openLedgerEdge } from '../../group-commit.ts';

/** claimed: the claim is committed; kept: the answer is written; committed: it is durable. */
export type FatalPoint = 'claimed' | 'kept' | 'committed';

const url = String(process.env['FLORIN_TEST_URL']);
const point = process.env['FLORIN_TEST_FATAL_POINT'];
const leaseMs = Number(process.env['FLORIN_TEST_LEASE_MS']);

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

/** The database, deadly at one point. */
function fragile(database: Database): Database {
  let hasKept = false;
  const watched = async <Row>(query: Query, run: () => Promise<Row[]>): Promise<Row[]> => {
    const rows = await run();
    if (query.name === 'gateway.claim_requests' && point === 'claimed') await die();
    if (query.name === 'gateway.finish_requests') {
      hasKept = true;
      if (point === 'kept') await die();
    }
    return rows;
  };
  const transaction: Database['transaction'] = async (context, run) => {
    hasKept = false;
    const value = await database.transaction(context, (tx) => {
      const query = <Row>(asked: Query): Promise<Row[]> =>
        watched(asked, () => tx.query<Row>(asked));
      const onRolledBack = (undo: () => void): void => tx.onRolledBack(undo);
      return run({ ...context, keys, query, onRolledBack });
    });
    if (hasKept && point === 'committed') await die();
    return value;
  };
  return Object.assign(Object.create(database) as Database, {
    query: <Row>(query: Query): Promise<Row[]> => watched(query, () => database.query<Row>(query)),
    transaction,
  });
}

const config = loadConfig({});
const clock = systemClock();
const metrics = openMetrics({ isProcessMeasured: false });
const logger = openLogger({ level: 'error' });
const keys = await openLocalKeys({ folder: String(process.env['FLORIN_TEST_KEYS']) });
const opened = await openPostgres({
  ...defaultPostgresOptions,
  url,
  isUnsafeServerAllowed: true,
  poolSize: 6,
  keys,
});
const database = fragile(opened);
const gateway = await createGateway({
  about: { title: 'Test', version: '1.0.0', description: 'A ledger that is killed.' },
  routes: ledgerRoutes(openLedgerEdge({ database, clock, metrics, limits: config.limits })),
  problemTables: [refusals],
  checks: [],
  logger,
  metrics,
  clock,
  host: '127.0.0.1',
  port: 0,
  access: unlocked,
  limits: config.limits,
  idempotency: openIdempotency({
    database,
    logger,
    metrics,
    limits: { ...config.limits, idempotencyLeaseMs: leaseMs },
  }),
  isAnswerChecked: true,
});
process.send?.((await gateway.listen()).url);
