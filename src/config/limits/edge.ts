// Limits of the edge: sizes, times, how much may be asked and how much at once.

import { limit, type LimitTable } from '../limit.ts';

export const edgeLimits = {
  httpBodyBytesMax: limit(1_048_576, 'bytes', 'the largest body of a request that is not a batch'),
  httpBatchBodyBytesMax: limit(16_777_216, 'bytes', 'the largest body of a batch'),
  httpBatchItemsMax: limit(10_000, 'items', 'the most items of one batch'),
  httpBodyBytesInFlightMax: limit(
    50_331_648,
    'bytes',
    'bodies above 64 KiB being processed at once; more are refused as overloaded',
  ),
  httpHeaderBytesMax: limit(16_384, 'bytes', 'the largest request line and headers together'),
  httpHeadersTimeoutMs: limit(10_000, 'ms', 'within which the headers of a request must arrive'),
  httpRequestTimeoutMs: limit(30_000, 'ms', 'within which a whole request must arrive'),
  httpDeadlineMs: limit(
    30_000,
    'ms',
    'within which a request that has arrived is answered, or begins to be; 503 after that',
  ),
  httpKeepAliveTimeoutMs: limit(
    65_000,
    'ms',
    'how long an idle connection is kept; above the minute at which proxies give up',
  ),
  httpConnectionsMax: limit(4_096, 'connections', 'open connections; more are closed at once'),
  httpShutdownMs: limit(10_000, 'ms', 'how long running requests may go on when the server stops'),
  httpStreamsInFlightMax: limit(
    32,
    'answers',
    'answers being sent in pieces at once; more are refused as overloaded',
  ),
  httpStreamStallMs: limit(
    30_000,
    'ms',
    'after which a client that takes no further piece of an answer is cut off',
  ),
  accessDenialsQueuedMax: limit(
    1_000,
    'requests',
    'denied requests that wait for the audit log; more are only counted in it',
  ),
  accessDenialsDelayMs: limit(
    250,
    'ms',
    'within which denied requests are gathered for the audit log',
  ),
  planBurst: limit(100, 'requests', 'at once, in the default plan until it is changed'),
  planRatePerSecond: limit(50, 'requests', 'a second, in the default plan until it is changed'),
  plansMax: limit(200, 'plans', 'of one tenant'),
  planDaily: limit(1_000, 'requests', 'a day, in the default plan until it is changed'),
  limitDecisionsMax: limit(
    2_000,
    'requests',
    'whose limits are decided together in one statement of the database at most',
  ),
  limitDecisionsInFlightMax: limit(2, 'statements', 'that decide about limits at once'),
  limitDecisionsQueuedMax: limit(
    20_000,
    'requests',
    'that may wait for a decision about their limits; more are refused as overloaded',
  ),
  limitDecisionsLingerMs: limit(
    1,
    'ms',
    'how long a decision about limits waits for clients answered a moment ago',
  ),
  limitWaitMaxMs: limit(
    2_000,
    'ms',
    'after which shared limits that do not answer count as unreachable',
  ),
  limitProbeMs: limit(500, 'ms', 'between attempts to reach the shared limits again'),
  limitKnownMaxMs: limit(
    1_000,
    'ms',
    'how long a customer who is over a limit is refused without asking the database',
  ),
  limitCustomersKeptMax: limit(
    100_000,
    'customers',
    'whose latest limits are kept in memory, about 500 bytes each',
  ),
  processSilentMaxMs: limit(
    15_000,
    'ms',
    'after which a server process that says nothing is no longer counted',
  ),
  quotaFactsKeptDays: limit(92, 'days', 'how long it is kept that a quota was nearly used up'),
  addressBurst: limit(200, 'requests', 'at once, from one address, that name no caller'),
  addressRatePerSecond: limit(50, 'requests', 'a second, from one address, that name no caller'),
  addressFailuresBurst: limit(
    20,
    'requests',
    'at once, from one address, that fail to prove their caller',
  ),
  addressFailuresPerMinute: limit(
    20,
    'requests',
    'a minute, from one address, that fail to prove their caller',
  ),
  addressesKeptMax: limit(
    50_000,
    'addresses',
    'that are told apart; those above share one limit, about 200 bytes each',
  ),
  shedLatencyMaxMs: limit(
    500,
    'ms',
    'when more than half of the requests take longer, fewer may run at once',
  ),
  shedTurnMaxMs: limit(
    50,
    'ms',
    'of requests that came together, after which the rest of them is refused as overloaded',
  ),
  shedInFlightMin: limit(64, 'requests', 'may always run at once, however slow they are'),
  shedInFlightMax: limit(2_000, 'requests', 'may run at once while they are quick enough'),
  shedPauseMs: limit(
    200,
    'ms',
    'within which an overloaded server refuses, so that refusing leaves time for serving',
  ),
  shedHeldMax: limit(4_096, 'requests', 'refused as overloaded whose answer waits for that'),
  shedRetryAfterS: limit(1, 's', 'after which a request refused as overloaded may be sent again'),
  legacyTimeoutMs: limit(
    10_000,
    'ms',
    'within which the existing core must begin its answer to a request passed on to it',
  ),
  legacyBytesMax: limit(67_108_864, 'bytes', 'the largest answer of the existing core'),
  legacyInFlightMax: limit(128, 'requests', 'passed on to the existing core at once'),
  legacyRulesMax: limit(1_000, 'rules', 'that point routes to the existing core'),
  legacyComparedBytesMax: limit(
    1_048_576,
    'bytes',
    'the largest answer that is compared with that of the existing core',
  ),
  legacyDifferencesKeptMax: limit(
    10_000,
    'samples',
    'of answers that differed from those of the existing core; older ones are removed',
  ),
  signatureAgeMaxS: limit(
    300,
    's',
    'how long after it was made the signature of a request is taken (RFC 9421)',
  ),
  signatureKeysMax: limit(1_000, 'keys', 'with which partners sign their requests'),
  jsonDepthMax: limit(16, 'levels', 'nesting of objects and arrays in a body'),
  readinessTimeoutMs: limit(
    2_000,
    'ms',
    'within which the database must answer for the server to be ready',
  ),
  idempotencyLeaseMs: limit(
    30_000,
    'ms',
    'after which a request that was begun and not finished may be begun again under its key',
  ),
  idempotencyKeptMs: limit(
    86_400_000,
    'ms',
    'how long the answer of a request is kept under its Idempotency-Key: a day',
  ),
  idempotencyKeptWhileApprovedMs: limit(
    2_000_000_000,
    'ms',
    'answers are kept beyond that while an approved request waits to be run',
  ),
  idempotencyExpiryMax: limit(5_000, 'requests', 'answers forgotten in one transaction'),
  stepUpUnitsMax: limit(
    500,
    'currency units',
    'the largest payment, in whole units of its currency, that one factor is enough for',
  ),
  approvalUnitsMin: limit(
    100_000,
    'currency units',
    'a payment of more than this, in whole units of its currency, needs a second person',
  ),
  approvalValidMs: limit(
    259_200_000,
    'ms',
    'how long a proposal waits for a second person before it expires',
  ),
  approvalRequestBytesMax: limit(
    262_144,
    'bytes',
    'the largest request that can wait for a second person',
  ),
} as const satisfies LimitTable;
