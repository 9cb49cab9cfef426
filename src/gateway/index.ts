// The gateway's only door: how a context describes its HTTP operations, answers and refuses, and
// how the composition root turns the table of routes into a server.

/** Building a table of operations. */
export { answer, defineOperation } from './routes.ts';
export type {
  Answer,
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
export { readCursor, writeCursor } from './cursor.ts';
export type { CursorPart } from './cursor.ts';

/** Saying no. */
export { EdgeRefusal, edgeProblems } from './problems.ts';
export type { EdgeCode, FieldError, Problem, ProblemKind, ProblemTable } from './problems.ts';
export { documentedProblems, expectedProblems } from './manual/reference.ts';
export type { DocumentedProblem } from './manual/reference.ts';

/** Group commit. */
export { Coalescer } from './coalesce.ts';
export type { CoalescerOptions, FlushFacts } from './coalesce.ts';
export { measureCoalescer } from './measurements.ts';

/** The server. */
export { createGateway } from './server.ts';
export type { Gateway, GatewayLimits, GatewayOptions } from './server.ts';
export type { Denial } from './answers/denial.ts';
export type { Disclosure, OnDisclosed } from './answers/disclosure.ts';
export type { About, ReadinessCheck } from './health.ts';
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
