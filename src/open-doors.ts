// What stands in front of the bank: who may come in (the provider, its pages, tokens of others),
// what they may do, how often, and that what they repeat is done once. The composition root opens
// it and gives it to the gateway; its jobs are rows of the table of schedules.

import {
  edgeLimiter,
  expireIdempotencyKeys,
  openAccess,
  openAddressLimiter,
  openApprovals,
  openIdempotency,
  openLegacy,
  openPlanLimiter,
  openPresence,
  openQuotaTeller,
  openSignatures,
  type Access,
  type AccountsBehind,
  type AddressLimiter,
  type Approvals,
  type Idempotency,
  type Legacy,
  type Limiter,
  type Mount,
  type PlanLimiter,
  type Signatures,
} from '#gateway';
import {
  ensureAdministratorInvitation,
  insertUsedProof,
  openProofNonces,
  type FirstInvitation,
  type Principal,
} from '#identity';
import { SECOND_US, type Clock, type Instant } from '#kernel';
import { openAccountsBehind as openTransfersBehind } from '#ledger';
import { openOrdersBehind, openPaymentsBehind } from '#payments';
import type { Database, Metrics, OutboundMeasure } from '#platform';
import { scheduleContext, type Schedule } from './schedules.ts';
import {
  identitySchedules,
  issuersOf,
  openIdentity,
  type IdentityOptions,
} from './open-identity.ts';

export interface DoorsOptions extends IdentityOptions {
  readonly metrics: Metrics;
  /** Of the systems outside that are asked. */
  readonly measure: OutboundMeasure;
}

export interface Doors {
  readonly access: Access;
  readonly addresses: AddressLimiter;
  readonly limiter: Limiter;
  readonly plans: PlanLimiter;
  readonly idempotency: Idempotency;
  readonly approvals: Approvals;
  readonly legacy: Legacy;
  readonly signatures: Signatures;
  readonly mounts: readonly Mount[];
  readonly schedules: readonly Schedule[];
  /** While there is no administrator: how to become the first. */
  readonly invitation: FirstInvitation | undefined;
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const BEAT_MS = 3_000;
const TELL_MS = 1_000;
const SETTLE_MS = 5_000;
const REFRESH_MS = 1_000;

export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { config, database, clock, logger, metrics } = options;
  const { limits } = config;
  const context = scheduleContext(clock, 'open-doors');
  const addresses = openAddressLimiter({ clock, limits });
  const mounts = await openIdentity(options, addresses);
  const access = openAccess({
    database,
    clock,
    metrics,
    limits,
    accountsBehind: openAccountsBehind(database, clock),
    issuers: await issuersOf(options, options.measure),
    nonces: await openProofNonces(database.keys),
  });
  const approvals = openApprovals({ database, clock, logger, limits });
  const plans = await openPlans(options);
  const partners = await openPartners(options);
  return {
    ...partners.parts,
    ...plans.parts,
    access,
    addresses,
    approvals,
    mounts,
    idempotency: openIdempotency({ database, logger, metrics, limits }),
    schedules: [
      ...identitySchedules(database),
      ...plans.schedules,
      ...partners.schedules,
      { name: 'settle-proposals', everyMs: SETTLE_MS, run: (now) => approvals.settle(now) },
      {
        name: 'expire-idempotency-keys',
        everyMs: MINUTE_MS,
        run: (now) => expireIdempotencyKeys(database, now),
      },
    ],
    invitation: await ensureAdministratorInvitation(database, context),
    async close() {
      await partners.close();
      await plans.close();
    },
  };
}

interface Part<Parts> {
  readonly parts: Parts;
  readonly schedules: readonly Schedule[];
  close(): Promise<void>;
}

/** How often callers may ask. */
async function openPlans(options: DoorsOptions): Promise<Part<Pick<Doors, 'plans' | 'limiter'>>> {
  const { config, database, clock, logger, metrics } = options;
  const { limits } = config;
  const presence = openPresence(database, { silentMaxMs: limits.processSilentMaxMs });
  await presence.beat(scheduleContext(clock, 'open-doors'));
  const teller = openQuotaTeller({ database, metrics });
  const processes = (): number => presence.count;
  const plans = openPlanLimiter({ database, clock, logger, metrics, limits, processes });
  return {
    parts: { plans, limiter: edgeLimiter(plans, { isLimited: isOutside }) },
    schedules: [
      { name: 'count-processes', everyMs: BEAT_MS, run: (now) => presence.beat(now) },
      { name: 'tell-quotas', everyMs: TELL_MS, run: (now) => teller.tell(now) },
      { name: 'sweep-limits', everyMs: HOUR_MS, run: () => teller.sweep() },
    ],
    async close() {
      await plans.close();
      await presence.leave();
    },
  };
}

/** The core behind the gateway, and partners who sign what they send. */
async function openPartners(
  options: DoorsOptions,
): Promise<Part<Pick<Doors, 'legacy' | 'signatures'>>> {
  const { config, database, clock, logger, metrics, measure } = options;
  const { limits } = config;
  const { url } = config.legacy;
  const legacy = await openLegacy({ database, clock, logger, metrics, measure, limits, url });
  const signatures = await openSignatures({
    database,
    clock,
    limits,
    claim: (proof, expiresS) => insertUsedProof(database, proof, (expiresS * SECOND_US) as Instant),
  });
  return {
    parts: { legacy, signatures },
    schedules: [
      { name: 'read-legacy-rules', everyMs: REFRESH_MS, run: () => legacy.refresh() },
      { name: 'sweep-legacy-samples', everyMs: MINUTE_MS, run: () => legacy.sweep() },
      { name: 'read-signature-keys', everyMs: REFRESH_MS, run: () => signatures.refresh() },
    ],
    close: () => legacy.close(),
  };
}

/** Plans are for whoever comes from outside; the bank's own people are held back by nothing. */
function isOutside({ roles }: Principal): boolean {
  return roles.some((role) => role === 'customer' || role === 'partner');
}

/**
 * Which accounts a hold, a transfer, a payment or a standing order is about, asked of each context
 * that knows some: whoever has a mandate for the account may do with them what it allows.
 */
function openAccountsBehind(database: Database, clock: Clock): AccountsBehind {
  const asked = [
    openTransfersBehind(database),
    openPaymentsBehind(database, clock),
    openOrdersBehind(database),
  ];
  return async (uses, tenant) => {
    const found = await Promise.all(asked.map((behind) => behind(uses, tenant)));
    return new Map(found.flatMap((each) => [...each]));
  };
}
