// The gateway's only door: how a context describes its HTTP operations, answers and refuses, and
// how the composition root turns the table of routes into a server.

/** Building a table of operations. */
export { answer, defineOperation } from './routes.ts';
export type {
  Answer,
  Claim,
  Content,
  EdgeRequest,
  Method,
  Operation,
  OperationSchema,
  Outcome,
  ResponseSchema,
  Route,
} from './routes.ts';
/** Who asks, and the context of what is done in answer. */
export { callerOf, contextOf } from './intake/caller.ts';
export type { Origin } from './intake/caller.ts';
/** The building blocks of schemas: `schema.object`, `schema.amountText`, `schema.idText('acc')`. */
export * as schema from './schema.ts';
export { badCursor, idInCursor, pageOf, readCursor, writeCursor } from './cursor.ts';
export type { CursorPart } from './cursor.ts';

/** Saying no. */
export { EdgeRefusal, edgeProblems, openProblemBook } from './problems.ts';
export type { EdgeCode, FieldError, Problem, ProblemKind, ProblemTable } from './problems.ts';
export { documentedProblems, expectedProblems } from './manual/reference.ts';
export type { DocumentedProblem } from './manual/reference.ts';

/** Group commit. */
export { gather } from './gather.ts';
export type { Gathering } from './gather.ts';

/** Requests that may be repeated: done once, answered the same. */
export { expireIdempotencyKeys } from './idempotency/expire.ts';
export { openIdempotency } from './idempotency/idempotency.ts';
export type {
  Idempotency,
  IdempotencyLimits,
  IdempotencyOptions,
} from './idempotency/idempotency.ts';
export { ClaimLost, keepAnswers, transact } from './idempotency/transact.ts';
export type { Ending } from './idempotency/transact.ts';

/** The server. */
export { createGateway } from './server/server.ts';
export type { Mount } from './server/mounts.ts';
export type { Limiter } from './server/admission.ts';
export type { Gateway } from './server/server.ts';
export type { GatewayLimits, GatewayOptions } from './server/options.ts';
export type { Denial } from './answers/denial.ts';
export type { Disclosure, OnDisclosed } from './answers/disclosure.ts';
export type { About, ReadinessCheck } from './server/health.ts';
export { openApiOf } from './manual/openapi.ts';

/** The audit log over HTTP, and access recorded in it. */
export { auditRoutes } from './audit/routes.ts';
export type { AuditEdge } from './audit/edge.ts';
export { openAccessRecorder } from './audit/access-recorder.ts';
export type {
  AccessRecorder,
  AccessRecorderLimits,
  AccessRecorderOptions,
} from './audit/access-recorder.ts';

/** Who may do what. */
export { openAccess } from './access/open-access.ts';
export type { AccessLimits, AccessOptions } from './access/open-access.ts';
export { actsOnGrants, challengeOf, isStaffFor } from './access/authorise.ts';
export type { Access, Decision, ObjectUse, UseContext } from './access/access.ts';
export type { AccountsBehind } from './access/grants/permit.ts';
export { accessRefusals } from './access/refusals.ts';
export { grantRoutes } from './access/grants/grant-routes.ts';
export type { AccessEdge } from './access/grants/grant-routes.ts';
export { clientRoutes } from './access/directory/client-routes.ts';
export { peopleRoutes } from './access/directory/people-routes.ts';
export type { GrantId } from './access/grants/grant-store.ts';
export { endHeldGrants, giveHeldGrants } from './access/grants/held.ts';
export type { HeldGrant } from './access/grants/held.ts';
export { roleRoutes } from './access/role-routes.ts';

/** What one person alone may not do. */
export { openApprovals } from './approvals/approvals.ts';
export type { Approvals, ApprovalsOptions } from './approvals/approvals.ts';
export type { ApprovalRule } from './approvals/approval.ts';
export { approvalRoutes } from './approvals/approval-routes.ts';
export type { ApprovalsEdge } from './approvals/approval-routes.ts';
export { proposedAnswer } from './approvals/present.ts';

/** How often. */
export { openPlanLimiter } from './plans/limiter.ts';
export type { Ask, LimiterLimits, LimiterOptions, PlanLimiter } from './plans/limiter.ts';
export type { Admission } from './plans/admission.ts';
export { edgeLimiter } from './plans/edge-limiter.ts';
export { openAddressLimiter } from './plans/address.ts';
export type { AddressLimiter, AddressLimiterLimits } from './plans/address.ts';
export { openPresence } from './plans/presence.ts';
export type { Presence } from './plans/presence.ts';
export { openQuotaTeller } from './plans/facts.ts';
export type { QuotaTeller, QuotaTellerOptions } from './plans/facts.ts';
export type { Customer, QuotaFact } from './plans/limit-store.ts';
export { DEFAULT_PLAN, defaultTerms } from './plans/plan.ts';
export type { Plan, PlanTerms } from './plans/plan.ts';
export { assignPlan, putPlan, releaseCustomer, removePlan } from './plans/plans.ts';
export { planRefusals } from './plans/refusals.ts';
export { planRoutes } from './plans/routes.ts';
export type { PlansEdge } from './plans/routes.ts';

/** What waits to be done, and what failed for good. */
export { queueRefusals } from './queues/refusals.ts';
export { queueRoutes } from './queues/routes.ts';
export type { QueuesEdge } from './queues/routes.ts';
export { discardLetters, redriveLetters, requireLetter } from './queues/settle-letters.ts';

/** The edge's own safety. */
export { tlsOptionsOf } from './safety/tls.ts';
export type { Tls, TlsPremises, TlsSettings } from './safety/tls.ts';
export { assertMayListen, openPeers } from './safety/peer.ts';
export type { Peer, Peers } from './safety/peer.ts';

/** The existing core behind the gateway. */
export { gatewayActions } from './audit-actions.ts';
export { openLegacy } from './legacy/legacy.ts';
export type { Legacy, LegacyLimits, LegacyOptions } from './legacy/legacy.ts';
export { legacyRefusals } from './legacy/refusals.ts';
export { legacyRoutes } from './legacy/routes.ts';
export type { LegacyEdge } from './legacy/routes.ts';
export { cores, legacyModes, ruleMethods } from './legacy/rule.ts';
export type { LegacyRule, LegacyRuleId } from './legacy/rule.ts';
export {
  addRule as addLegacyRule,
  changeRule as changeLegacyRule,
  removeRule as removeLegacyRule,
} from './legacy/rules.ts';
export type { RuleTerms as LegacyRuleTerms } from './legacy/rules.ts';
export { selectRules as selectLegacyRules } from './legacy/rule-store.ts';
export { selectDifferences as selectLegacyDifferences } from './legacy/difference-store.ts';
export type { DifferenceSample as LegacyDifferenceSample } from './legacy/difference-store.ts';

/** Versions of the API. */
export { changes as versionChanges, FIRST_VERSION } from './versions/changes.ts';
export { openVersions } from './versions/version.ts';
export type { Versions } from './versions/version.ts';

/** Signed requests and answers (RFC 9421). */
export { assertContentDigest, contentDigest } from './signatures/digest.ts';
export { signatureRefusals } from './signatures/refusals.ts';
export { signatureRoutes } from './signatures/routes.ts';
export type { SignaturesEdge } from './signatures/routes.ts';
export { openSignatures } from './signatures/signatures.ts';
export type { Signatures, SignaturesOptions } from './signatures/signatures.ts';
