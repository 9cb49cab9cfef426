// Puts the rules of access together with what they stand on: a database that is asked for many
// requests at once, and the audit log.

import { record } from '#audit';
import type { AuditRecord } from '#audit';
import { checkFreshness, openAuthenticator } from '#identity';
import type {
  AuthenticatorLimits,
  Freshness,
  FreshnessQuestion,
  ProofNonces,
  TrustedIssuer,
} from '#identity';
import type { Clock } from '#kernel';
import type { Database } from '#platform';
import { gather, type GatherLimits, type Gathering } from '../gather.ts';
import type { Access } from './access.ts';
import { authorise } from './authorise.ts';
import { challenged } from './challenge.ts';
import { selectMandates } from './grants/grant-store.ts';
import type { MandateQuestion } from './grants/grant-store.ts';
import type { Mandate } from './grants/judge.ts';
import { Permit } from './grants/permit.ts';
import type { AccountsBehind } from './grants/permit.ts';

export interface AccessLimits extends AuthenticatorLimits, GatherLimits {
  readonly stepUpUnitsMax: number;
}

export interface AccessOptions extends Gathering {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: AccessLimits;
  /** Whose tokens are taken. */
  readonly issuers: readonly TrustedIssuer[];
  readonly nonces?: ProofNonces | undefined;
  readonly accountsBehind?: AccountsBehind | undefined;
}

export function openAccess(options: AccessOptions): Access {
  const { database, clock, issuers, limits, nonces, accountsBehind } = options;
  const freshness = gather<FreshnessQuestion, Freshness>(options, 'freshness', (questions) =>
    checkFreshness(database, questions),
  );
  const mandates = gather<MandateQuestion, readonly Mandate[]>(options, 'mandates', (questions) =>
    selectMandates(database, clock.now(), questions),
  );
  const decisions = gather<AuditRecord, undefined>(options, 'decisions', async (items) => {
    const context = { now: clock.now(), actor: 'florin', correlationId: 'access' };
    await database.transaction(context, (tx) => record(tx, items));
    return items.map(() => undefined);
  });
  const authenticator = openAuthenticator({
    issuers,
    clock,
    limits,
    nonces,
    checkFreshness: (question) => freshness.submit(question),
  });
  const permit = new Permit({
    database,
    clock,
    stepUpUnitsMax: limits.stepUpUnitsMax,
    findMandates: (questions) => mandates.submitGroup(questions),
    recordDecision: async (decision) => {
      await decisions.submit(decision);
    },
    accountsBehind,
  });
  return {
    async identify(presented) {
      const identified = await authenticator.identify(presented);
      if (identified.ok) return identified.value;
      throw challenged(identified.refusal);
    },
    authorise: (principal, permission, areObjectsJudged = false) =>
      authorise(principal, permission, areObjectsJudged),
    permit: (principal, uses, context) => permit.decide(principal, uses, context),
  };
}
