// Owns problem documents (RFC 9457): every code the edge itself can answer with, and how a refusal,
// a fault or a bug becomes a document. Codes are stable for ever; a document never carries a stack,
// an SQL text or an address.
import { assert, Fault } from '#kernel';
import type { Refusal } from '#kernel';

/** What a code means to a client. Contexts keep tables of these beside their refusals. */
export interface ProblemKind {
  /** The HTTP status it is answered with. */
  readonly status: number;
  /** A short summary that is the same for every occurrence. */
  readonly title: string;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** Where a registry has a type of its own for it; made from the code unless given. */
  readonly type?: string;
}

export type ProblemTable = Readonly<Record<string, ProblemKind>>;

/** One place of the request that is wrong. */
export interface FieldError {
  readonly param: string;
  readonly message: string;
}

/** The body of every answer that is not a success, as `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  /** The part of the request at fault: `legs[0].amount`, `limit`, `body`. */
  readonly param?: string;
  readonly request_id: string;
  readonly retryable: boolean;
  readonly errors?: readonly FieldError[];
  /** Of `quota_exceeded`: the limits that had no room for the request. */
  readonly 'violated-policies'?: readonly string[];
}

const kind = (status: number, title: string, retryable = false): ProblemKind => ({
  status,
  title,
  retryable,
});

export const edgeProblems = {
  malformed_request: kind(400, 'The request is not well-formed HTTP'),
  malformed_url: kind(400, 'The path of the request cannot be decoded'),
  body_required: kind(400, 'The request needs a body'),
  body_incomplete: kind(400, 'The body ended early or differs from its announced length'),
  invalid_utf8: kind(400, 'The body is not valid UTF-8'),
  invalid_json: kind(400, 'The body is not valid JSON'),
  nesting_too_deep: kind(400, 'The body is nested too deeply'),
  field_duplicate: kind(400, 'A field is given twice'),
  field_forbidden: kind(400, 'A field has a forbidden name'),
  field_unstorable: kind(400, 'A text holds a character that cannot be stored'),
  field_missing: kind(400, 'A field is missing'),
  field_unknown: kind(400, 'A field is not known'),
  field_invalid: kind(400, 'A field has an invalid value'),
  digest_mismatch: kind(400, 'The body is not the one its digest is of'),
  version_unknown: kind(400, 'There is no such version of the API'),
  unauthenticated: kind(401, 'The request does not prove who asks'),
  token_invalid: kind(401, 'The access token is not valid'),
  signature_missing: kind(401, 'The request must be signed'),
  signature_invalid: kind(401, 'The signature of the request is not valid'),
  proof_invalid: kind(401, 'The DPoP proof is not valid'),
  proof_nonce_required: kind(401, 'The DPoP proof needs a nonce of the server', true),
  forbidden: kind(403, 'The caller may not do this'),
  scope_missing: kind(403, 'The access token was not given for this'),
  second_factor_required: kind(403, 'The caller must prove a second factor first'),
  object_forbidden: kind(403, 'The caller may not do this to this object'),
  transport_insecure: kind(403, 'The request did not come over TLS'),
  cross_origin: kind(403, 'A web page of another origin may not change anything'),
  idempotency_key_missing: kind(400, 'The request needs an idempotency key'),
  idempotency_key_invalid: kind(400, 'The idempotency key cannot be read'),
  idempotency_key_in_flight: kind(409, 'A request with this idempotency key is under way', true),
  idempotency_key_reused: kind(422, 'The idempotency key stands for another request'),
  path_not_found: kind(404, 'There is nothing at this path'),
  method_not_allowed: kind(405, 'The path does not know this method'),
  request_timeout: kind(408, 'The request took too long to arrive', true),
  body_too_large: kind(413, 'The body is too large'),
  unsupported_media_type: kind(415, 'The body has a type that is not accepted here'),
  expectation_failed: kind(417, 'The expectation of the request cannot be met'),
  host_not_allowed: kind(421, 'The request names another host'),
  quota_exceeded: {
    ...kind(429, 'Request cannot be satisfied as assigned quota has been exceeded', true),
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  },
  headers_too_large: kind(431, 'The headers of the request are too large'),
  internal_error: kind(500, 'The server made a mistake'),
  overloaded: kind(503, 'The server has too much to do', true),
  deadline_exceeded: kind(503, 'The request could not be answered in time', true),
  shutting_down: kind(503, 'The server is shutting down', true),
  limits_unavailable: kind(503, 'It cannot be said whether the request is within its limits', true),
  not_ready: kind(503, 'The server is not ready', true),
  temporarily_unavailable: kind(503, 'Something the server needs is not available', true),
  database_unavailable: kind(503, 'The database is not available', true),
  database_busy: kind(503, 'The database is too busy', true),
  database_full: kind(503, 'The database is full'),
  legacy_unavailable: kind(503, 'The system behind does not answer', true),
  commit_unknown: kind(503, 'It is not known whether the work was done'),
} as const satisfies ProblemTable;

export type EdgeCode = keyof typeof edgeProblems;

// Faults of the platform by the code a client sees. The others become one of the two general codes.
const faultCodes: Readonly<Record<string, EdgeCode>> = {
  overloaded: 'overloaded',
  shutting_down: 'shutting_down',
  database_unavailable: 'database_unavailable',
  database_full: 'database_full',
  serialization_failure: 'database_busy',
  deadlock_detected: 'database_busy',
  lock_timeout: 'database_busy',
  statement_timeout: 'database_busy',
  plan_changed: 'database_busy',
  commit_unknown: 'commit_unknown',
};

const BUG_DETAIL = 'The server could not answer because of a mistake of its own; it was logged.';

/** Thrown inside the edge where a request cannot go on; becomes the problem of its code. */
export class EdgeRefusal extends Error {
  readonly code: EdgeCode;
  readonly param: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the problem document. */
  readonly members: Pick<Problem, 'violated-policies'>;

  constructor(
    code: EdgeCode,
    detail: string,
    where: {
      readonly param?: string;
      readonly errors?: readonly FieldError[];
      readonly headers?: Readonly<Record<string, string>>;
      readonly members?: Pick<Problem, 'violated-policies'>;
    } = {},
  ) {
    super(detail);
    this.name = 'EdgeRefusal';
    this.code = code;
    this.param = where.param;
    this.errors = where.errors;
    this.headers = where.headers ?? {};
    this.members = where.members ?? {};
  }
}

/** Every code there is, from the edge and from the contexts, and the documents made of them. */
export interface ProblemBook {
  ofRefusal(refusal: Refusal, requestId: string): Problem;
  /** Of anything thrown. What is not an edge refusal or a fault is a bug, and says nothing more. */
  ofError(error: unknown, requestId: string): Problem;
  readonly codes: ReadonlyMap<string, ProblemKind>;
}

export function openProblemBook(tables: readonly ProblemTable[]): ProblemBook {
  const codes = new Map<string, ProblemKind>();
  for (const table of [edgeProblems, ...tables]) {
    for (const [code, entry] of Object.entries(table)) {
      assert(/^[a-z][a-z0-9_]*$/.test(code), `the problem code ${code} is not snake_case`);
      assert(!codes.has(code), `the problem code ${code} is used twice`);
      codes.set(code, entry);
    }
  }
  const ofRefusal = (refusal: Refusal, requestId: string): Problem => {
    const found = codes.get(refusal.code);
    assert(found !== undefined, `the refusal ${refusal.code} is in no table of problems`);
    return document(found, refusal, requestId);
  };
  const ofError = (error: unknown, requestId: string): Problem => {
    if (error instanceof EdgeRefusal) {
      const { code, message, param, errors, members } = error;
      const known = document(edgeProblems[code], { code, message, param }, requestId);
      const problem = { ...known, ...members };
      return errors === undefined ? problem : { ...problem, errors };
    }
    const code = error instanceof Fault ? codeOfFault(error) : 'internal_error';
    const isNamed = error instanceof Fault && Object.hasOwn(faultCodes, error.code);
    const message = isNamed ? error.message : detailOf(code);
    return document(edgeProblems[code], { code, message }, requestId);
  };
  return { ofRefusal, ofError, codes };
}

function codeOfFault(fault: Fault): EdgeCode {
  const known = Object.hasOwn(faultCodes, fault.code) ? faultCodes[fault.code] : undefined;
  return known ?? (fault.retryable ? 'temporarily_unavailable' : 'internal_error');
}

function detailOf(code: EdgeCode): string {
  return code === 'internal_error' ? BUG_DETAIL : `${edgeProblems[code].title}.`;
}

function document(
  { status, title, retryable, type }: ProblemKind,
  refusal: { readonly code: string; readonly message: string; readonly param?: string | undefined },
  requestId: string,
): Problem {
  const { code, message, param } = refusal;
  return {
    type: type ?? `urn:florin:problem:${code}`,
    title,
    status,
    detail: message,
    instance: `urn:florin:request:${requestId}`,
    code,
    ...(param === undefined ? {} : { param }),
    request_id: requestId,
    retryable,
  };
}
