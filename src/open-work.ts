// What the bank does behind its doors: one poster for everything that moves money, payments and
// their rails, files, queues worked off, events handled. The composition root opens it, gives its
// premises to the routes, and starts it when the rest is there; its jobs are rows of the schedules.

import type { Config } from '#config';
import { ownNumberingOf, type AccountsEdge } from '#accounts';
import {
  compactLakes,
  documentCases,
  feedLake,
  measureCases,
  openScreening,
  openThread,
  paymentFeatures,
  runCaseClock,
  type CasesEdge,
  type DecisionsEdge,
  type FraudThread,
  type RegistryEdge,
  type Screening,
  type ThreadConnection,
} from '#fraud';
import { DAY_US, type Instant } from '#kernel';
import type { LedgerEdge } from '#ledger';
import {
  abandonUploads,
  answerWriters,
  fileFormats,
  openFolderInbox,
  openHttpConnection,
  openPaymentPoster,
  openSctInst,
  runFiles,
  runStandingOrders,
  selectPayments,
  settleAch,
  takeFromInbox,
  writeAchFiles,
  type FilesEdge,
  type FilesWorld,
  type PaymentScreener,
  type PaymentsEdge,
  type SctInst,
} from '#payments';
import {
  forgetExpiredItems,
  forgetOldEvents,
  measureQueues,
  measureStream,
  openQueues,
  openStream,
  openWorkers,
  readQueuePolicies,
  watchQueues,
  type Database,
  type Logger,
  type Metrics,
  type Objects,
  type ObservedClock,
  type OutboundMeasure,
} from '#platform';
import { openLedgerEdge, openProcessPoster } from './group-commit.ts';
import type { Schedule } from './schedules.ts';
import { subscriptions } from './subscriptions.ts';

export interface WorkOptions {
  readonly config: Config;
  readonly database: Database;
  /** For threads that open the database once more; without it, everything is done in this one. */
  readonly connection?: ThreadConnection | undefined;
  readonly clock: ObservedClock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly objects: Objects;
  /** Of the systems outside that are asked. */
  readonly measure: OutboundMeasure;
}

export interface Work {
  /** What the routes of the bank's services stand on. */
  readonly premises: LedgerEdge &
    PaymentsEdge &
    FilesEdge &
    AccountsEdge &
    DecisionsEdge &
    RegistryEdge &
    CasesEdge;
  readonly schedules: readonly Schedule[];
  /** Begins to work off queues, to handle events and to listen to rails. */
  start(): Promise<void>;
  /** Ends after what is under way. */
  close(): Promise<void>;
}

const WORK_MS = 200;
const LOOK_MS = 5_000;
const INBOX_MS = 1_000;
const PAY_ORDERS_MS = 10_000;
const CASE_CLOCK_MS = 10_000;
const DOCUMENT_CASES_MS = 1_000;
const MINUTE_MS = 60_000;
/** Not an hour: a server that is started anew each hour is to come to it too. */
const COMPACT_FIRST_MS = 600_000;
const HOUR_MS = 3_600_000;
const VALUES_MAX = 10_000;
/** The tenant whose payments the bank's own rails carry. */
const RAIL_TENANT = 'main';

export function openWork(options: WorkOptions): Work {
  const { config, database, clock, metrics, objects } = options;
  const { limits } = config;
  const apart = threadOf(options);
  const screening = openScreening({ ...options, apart });
  const isScreening = config.fraud.screening === 'on';
  const screener = isScreening ? screening.screener : undefined;
  const poster = openProcessPoster({ database, limits });
  const gathering = { database, clock, metrics, limits, poster };
  const standards = { formats: fileFormats, answers: answerWriters };
  const { keys } = database;
  const files = { database, clock, objects, keys, screener, ...standards };
  const rail = railOf(options, screener);
  const behind = workOf(options, { rail, apart, screening: isScreening ? screening : undefined });
  return {
    premises: {
      ...openLedgerEdge(gathering),
      payments: openPaymentPoster({ ...gathering, screener }),
      ownNumbering: ownNumberingOf(config.accounts),
      files,
      screening,
      features: paymentFeatures,
      readPayments: selectPayments,
    },
    schedules: [
      ...(rail === undefined ? [] : [rail.schedule]),
      ...(isScreening ? screening.schedules : []),
      ...fraudSchedules(options, apart),
      ...fileSchedules(options, files),
      ...keepingSchedules(options),
      {
        name: 'pay-standing-orders',
        everyMs: PAY_ORDERS_MS,
        run: (context) => runStandingOrders(database, context, screener),
      },
      ...achSchedules(options),
    ],
    ...behind,
  };
}

/** SEPA Instant, where the settings say how to reach it. */
function railOf(
  { config, database, clock, logger, measure }: WorkOptions,
  screener: PaymentScreener,
): SctInst | undefined {
  const { bic, sctInstUrl: url } = config.rails;
  if (bic === undefined || url === undefined) return undefined;
  const about = { name: 'sct_inst', url, participant: bic, logger, measure } as const;
  const connection = openHttpConnection(about);
  return openSctInst({
    database,
    clock,
    logger,
    connection,
    screener,
    own: bic,
    tenant: RAIL_TENANT,
  });
}

function threadOf({ connection, objects, logger }: WorkOptions): FraudThread | undefined {
  return connection && openThread({ connection, objects, logger });
}

interface Behind {
  readonly rail: SctInst | undefined;
  readonly apart: FraudThread | undefined;
  /** Where payments are screened. */
  readonly screening: Screening | undefined;
}

function workOf(
  { config, database, clock, logger, metrics }: WorkOptions,
  { rail, screening, apart }: Behind,
): Pick<Work, 'start' | 'close'> {
  const open = new AsyncDisposableStack();
  open.use(apart);
  return {
    async start() {
      await screening?.warmUp();
      measureQueues(metrics, { queryable: database, clock });
      measureStream(metrics, database);
      measureCases(metrics, database);
      const stream = openStream({ database, clock, logger });
      open.defer(() => stream.stop());
      for (const subscription of subscriptions) await stream.consume(subscription);
      if (rail === undefined) return;
      const queues = openQueues({ database, clock, policies: policiesOf(config) });
      const workers = openWorkers({ database, clock, queues, logger, metrics }, [rail.worker]);
      open.defer(() => workers.stop());
      const receiver = rail.receive();
      open.defer(() => receiver.stop());
    },
    close: () => open.disposeAsync(),
  };
}

function policiesOf(config: Config): ReturnType<typeof readQueuePolicies> {
  return readQueuePolicies(config.queues.policies ?? '');
}

function fileSchedules({ config }: WorkOptions, files: FilesWorld): readonly Schedule[] {
  const { inboxFolder: folder } = config.files;
  const inbox =
    folder === undefined
      ? undefined
      : openFolderInbox({ folder, stableMs: config.limits.fileStableMs });
  return [
    {
      name: 'work-on-files',
      everyMs: WORK_MS,
      async run(context) {
        const { failure } = await runFiles(files, context);
        if (failure !== undefined) throw failure;
      },
    },
    {
      name: 'abandon-uploads',
      everyMs: MINUTE_MS,
      run: (context) => abandonUploads(files, context),
    },
    ...(inbox === undefined
      ? []
      : [
          {
            name: 'take-from-inbox',
            everyMs: INBOX_MS,
            run: takeFromInbox.bind(undefined, files, inbox),
          },
        ]),
  ];
}

/** What becomes of decisions once they are made: cases that are due, and the lake. */
function fraudSchedules(
  { database, objects }: WorkOptions,
  apart: FraudThread | undefined,
): readonly Schedule[] {
  return [
    {
      name: 'run-case-clock',
      everyMs: CASE_CLOCK_MS,
      run: (context) => runCaseClock(database, context),
    },
    {
      name: 'document-fraud-cases',
      everyMs: DOCUMENT_CASES_MS,
      run: (context) => documentCases(database, context),
    },
    {
      name: 'feed-fraud-lake',
      everyMs: MINUTE_MS,
      // While a server starts, its payments want the machine for themselves.
      firstAfterMs: MINUTE_MS,
      run: (context) => feedLake({ database, objects, apart }, context),
    },
    {
      name: 'compact-fraud-lake',
      everyMs: HOUR_MS,
      firstAfterMs: COMPACT_FIRST_MS,
      run: (context) => compactLakes({ database, objects, apart }, context),
    },
  ];
}

/** ACH: what waits is written to a file, and what was written settles on its day. */
function achSchedules({ config, database, objects }: WorkOptions): readonly Schedule[] {
  const { achOrigin: origin, achDestination: destination } = config.rails;
  const isNamed = origin !== undefined && destination !== undefined;
  const identity = isNamed ? { origin, destination } : undefined;
  const writing = { identity, objects, keys: database.keys };
  return [
    {
      name: 'write-ach-files',
      everyMs: HOUR_MS,
      run: (context) => writeAchFiles(database, context, writing),
    },
    { name: 'settle-ach', everyMs: HOUR_MS, run: (context) => settleAch(database, context) },
  ];
}

/** What queues, events and kept values need done, whoever uses them. */
function keepingSchedules({ config, database }: WorkOptions): readonly Schedule[] {
  const policies = policiesOf(config);
  const { eventsForgottenMax: bundlesMax } = config.limits;
  const retentionUs = config.queues.eventRetentionDays * DAY_US;
  return [
    {
      name: 'watch-queues',
      everyMs: LOOK_MS,
      run: (context) => watchQueues(database, context, policies),
    },
    {
      name: 'forget-events',
      everyMs: MINUTE_MS,
      async run(context) {
        const before = (context.now - retentionUs) as Instant;
        await database.transaction(context, (tx) => forgetOldEvents(tx, { before, bundlesMax }));
      },
    },
    {
      name: 'forget-values',
      everyMs: MINUTE_MS,
      run: ({ now }) => forgetExpiredItems(database, { now, countMax: VALUES_MAX }),
    },
  ];
}
