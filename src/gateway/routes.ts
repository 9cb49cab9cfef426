// Owns what a context says about one of its HTTP operations, and how the table of routes binds it
// to a method and a path. Contexts describe operations; only the composition root builds the table.
import type { Refusal, Refused, Uuid } from '#kernel';
import type { Principal } from '#identity';
import type { Static, TObject, TSchema } from 'typebox';
import type { ObjectUse } from './access/access.ts';
import type { ApprovalRule } from './approvals/approval.ts';
import type { Origin } from './intake/caller.ts';
import type { Problem } from './problems.ts';

/** One possible answer of an operation. */
export interface ResponseSchema {
  readonly description: string;
  /** Absent for an answer without a body (204). */
  readonly body?: TSchema;
  /** JSON unless given. */
  readonly mediaType?: string;
  readonly example?: unknown;
  /** Further forms that the client can ask for, by media type. */
  readonly otherForms?: Readonly<Record<string, TSchema>>;
}

export interface OperationSchema {
  /** The `{names}` of the path. Every value arrives as text; a `{name*}` may hold slashes. */
  readonly params?: TObject;
  /** The query string. Integers and booleans are read from text, defaults are filled in. */
  readonly query?: TObject;
  /** Headers that matter to the operation, by lower-case name, read as the query string is. */
  readonly headers?: TObject;
  readonly body?: TSchema;
  readonly response: Readonly<Record<number, ResponseSchema>>;
}

type Typed<Schema> = Schema extends TSchema ? Static<Schema> : Record<never, never>;

/** A request that has passed the edge: known, of the right shape, within its limits. */
export interface EdgeRequest<Schema extends OperationSchema = OperationSchema> extends Origin {
  /** Who asks; undefined on public routes only. */
  readonly principal: Principal | undefined;
  readonly params: Typed<Schema['params']>;
  readonly query: Typed<Schema['query']>;
  readonly body: Typed<Schema['body']>;
  readonly headers: Typed<Schema['headers']>;
  header(name: string): string | undefined;
  /** Aborted when the time to answer is over: long work may stop then. */
  readonly signal: AbortSignal;
  /** What the answer is kept under, where the request may be repeated: `transact` keeps it. */
  readonly claim?: Claim | undefined;
  /** The problem document of one refusal, for an answer that holds several (a batch). */
  problem(refusal: Refusal): Problem;
}

export interface Answer {
  readonly status: number;
  /** An object is serialised; a string is JSON already and is sent as it is; absent is no body. */
  readonly body?: object | string;
  /** A body that is not JSON, instead of one that is. */
  readonly content?: Content;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer as it is sent, every time: whole, and with the headers that are part of it. */
export interface KeptAnswer {
  readonly status: number;
  /** By lower-case name, the content-type among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A request that was begun under its idempotency key, and will be finished once. */
export interface Claim {
  readonly key: string;
  readonly owner: Uuid;
  /** The answer to send, and the same as it is kept; no form to keep where it is not final. */
  settle(outcome: Outcome): { readonly outcome: Outcome; readonly answer?: KeptAnswer };
}

/** A body of any media type: whole, or in pieces that are asked for as the client takes them. */
export interface Content {
  readonly mediaType: string;
  readonly body: Buffer | string | AsyncIterable<Buffer | string>;
  /** What a client keeps it under: makes it a download. Letters, digits and ._- only. */
  readonly fileName?: string;
  /** The Cache-Control header; nothing may be stored unless it says so. */
  readonly cacheControl?: string;
}

/** What a handler returns: an answer, or the refusal of a verb, sent as a problem document. */
export type Outcome = Answer | Refused;

export interface Operation<Schema extends OperationSchema = OperationSchema> {
  /** camelCase, unique, and stable: generated clients name their methods by it. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly schema: Schema;
  /** An example of the request's body, for the reference page. */
  readonly example?: unknown;
  /** Bytes; the general limit unless given. */
  readonly bodyBytesMax?: number;
  /**
   * Whether the body may also come as NDJSON (one item a line, blank lines ignored). The handler
   * and the schema see an array in both cases.
   */
  readonly isNdjsonAccepted?: boolean;
  /** Whether a request without a body means one without members. */
  readonly isBodyOptional?: boolean;
  /** Codes of refusals this operation may answer with, for the reference page. */
  readonly refusals?: readonly string[];
  /** Where the answer discloses data of a customer: whose. Each such request is noted. */
  readonly disclosure?: { target(request: EdgeRequest<Schema>): string };
  /** Which requests one person alone may not do. */
  readonly approval?: ApprovalRule<EdgeRequest<Schema>>;
  /** What the request does to which objects, where rules of objects apply to its caller. */
  objects?(request: EdgeRequest<Schema>): readonly ObjectUse[];
  /** Whether a repeated request does nothing more than the first: it needs no Idempotency-Key. */
  readonly isIdempotentByNature?: boolean;
  /** Whether this request does nothing, and needs no key either. */
  isDryRun?(request: EdgeRequest<Schema>): boolean;
  handler(request: EdgeRequest<Schema>): Promise<Outcome>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One row of the table of routes. */
export interface Route {
  readonly method: Method;
  /**
   * With its parameters in braces: `/v1/ledger/accounts/{id}`. The last may end with a star and
   * then takes the rest of the path, slashes and all: `/v1/audit/log/tile/{level}/{index*}`.
   */
  readonly path: string;
  /** What the caller must be allowed to do; `public` where anybody may. */
  readonly permission: string;
  readonly operation: Operation;
}

/** Describes an operation; the handler's request is typed by the schema. */
export function defineOperation<const Schema extends OperationSchema>(
  operation: Operation<Schema>,
): Operation<Schema> {
  return operation;
}

/** An answer with a body: an object, or JSON text. */
export function answer(status: number, body: object | string): Answer {
  return { status, body };
}

/** Whether a handler's outcome is a refusal. */
export function isRefused(outcome: Outcome): outcome is Refused {
  return 'ok' in outcome;
}

const PARAMETER = /\{([a-z_]+)(\*?)\}/g;

/** Names and kinds of a path's parameters, in order. */
export function parametersOf(path: string): { readonly name: string; readonly isRest: boolean }[] {
  return Array.from(path.matchAll(PARAMETER), ([, name, star]) => ({
    name: String(name),
    isRest: star === '*',
  }));
}

/** The path with each parameter as `write` says it. */
export function writePath(path: string, write: (name: string, isRest: boolean) => string): string {
  return path.replace(PARAMETER, (_, name: string, star: string) => write(name, star === '*'));
}
