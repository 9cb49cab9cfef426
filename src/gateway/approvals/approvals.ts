// Owns the way of a request that one person alone may not do: it waits as a proposal, and once a
// second person approved it, it runs exactly once as the first, under an idempotency key that only
// this file knows. A crash at any moment leaves it proposed, approved or executed, never half done.

import { record } from '#audit';
import type { Principal } from '#identity';
import { assert, instantOf, MINUTE_US, uuidOf } from '#kernel';
import type { Clock, Instant, Refusal } from '#kernel';
import type { Database, Logger, TransactionContext } from '#platform';
import { enterTenant } from '../access/tenant-store.ts';
import { gatewayActions } from '../audit-actions.ts';
import { transact } from '../idempotency/transact.ts';
import { contextOf } from '../intake/caller.ts';
import { EdgeRefusal } from '../problems.ts';
import type { Problem, ProblemBook } from '../problems.ts';
import { isRefused } from '../routes.ts';
import type { EdgeRequest, Outcome, Route } from '../routes.ts';
import type { ApprovalRule } from './approval.ts';
import { principalIn } from './maker.ts';
import { presentProposal } from './present.ts';
import { leaseProposal, releaseProposal, selectDue, updateExecuted } from './proposal-store.ts';
import type { Proposal, ProposalId } from './proposal-store.ts';
import { expireProposal, propose } from './proposals.ts';
import type { ProposalLimits } from './proposals.ts';

type Handler = (request: EdgeRequest) => Promise<Outcome>;

export interface Bound {
  readonly rule: ApprovalRule<EdgeRequest> | undefined;
  /** What requests run that need no second person. */
  readonly handler: Handler;
  /** What an approved request runs: the handler behind object rules and idempotency. */
  readonly execute: Handler;
  readonly book: ProblemBook;
}

export interface Approvals {
  /** The handler for callers: makes a proposal of what needs a second person. */
  bind(route: Route, bound: Bound): Handler;
  /** Runs an approved proposal, unless another process does. */
  execute(request: Executing): Promise<void>;
  /** For a schedule: ends what waited too long, and runs what was approved and not run. */
  settle(context: TransactionContext): Promise<number>;
}

export interface Executing {
  readonly tenant: string;
  readonly id: ProposalId;
  /** Names what is done in logs and records. */
  readonly requestId: string;
}

export interface ApprovalsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ProposalLimits;
}

/** How long a process has an approved request for itself. */
const LEASE_US = MINUTE_US;
const DUE_MAX = 100;
const ANSWER_LENGTH_MAX = 65_536;

export function openApprovals(options: ApprovalsOptions): Approvals {
  return new WaitingRoom(options);
}

class WaitingRoom implements Approvals {
  readonly #options: ApprovalsOptions;
  readonly #bound = new Map<string, Bound>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  bind({ operation, permission }: Route, bound: Bound): Handler {
    const { rule, handler } = bound;
    if (rule === undefined) return handler;
    const { operationId } = operation;
    assert(!this.#bound.has(operationId), `${operationId} is bound twice`);
    this.#bound.set(operationId, bound);
    return async (request) => {
      if (!rule.when(request)) return await handler(request);
      const { principal, params, query, body: sent = null } = request;
      assert(principal !== undefined, `${operationId} needs a second person and is public`);
      const { summary, beneficiaries = [] } = rule.what(request);
      const body = rule.kept === undefined ? sent : await rule.kept(request);
      const content = { params, query, body };
      const asked = { operationId, permission, content, summary, beneficiaries };
      return await transact(this.#options, request, async (tx) => {
        const { limits } = this.#options;
        const proposed = await propose(tx, principal, { request: asked, limits });
        if (!proposed.ok) return proposed;
        const { value } = proposed;
        const headers = { location: `/v1/approvals/${value.id}` };
        return { status: 202, body: presentProposal(value), headers };
      });
    };
  }

  async execute({ tenant, id, requestId }: Executing): Promise<void> {
    const { database, clock, logger } = this.#options;
    const context = { now: clock.now(), actor: 'florin', correlationId: requestId };
    const proposal = await database.transaction(context, async (tx) => {
      await enterTenant(tx, tenant);
      return await leaseProposal(tx, uuidOf(id), later(tx.now, LEASE_US));
    });
    if (proposal === undefined) return;
    const bound = this.#bound.get(proposal.operationId);
    if (bound === undefined) {
      logger.error('an approved request is of no operation that is served', { proposal: id });
      return;
    }
    const request = requestOf(proposal, { requestId, book: bound.book });
    const ended = await this.#run(bound, request, proposal);
    if (ended === undefined) {
      await database.transaction(contextOf(clock, request), async (tx) => {
        await enterTenant(tx, tenant);
        await releaseProposal(tx, uuidOf(id));
      });
      return;
    }
    await this.#mark(proposal, request, ended);
  }

  async settle(context: TransactionContext): Promise<number> {
    const { database } = this.#options;
    const due = await selectDue(database, context.now, DUE_MAX);
    for (const { id, tenant, state } of due) {
      if (state === 'proposed') {
        await database.transaction(context, (tx) => expireProposal(tx, { tenant, id }));
      } else {
        await this.execute({
          tenant,
          id: `apv_${id}` as ProposalId,
          requestId: context.correlationId,
        });
      }
    }
    return due.length;
  }

  /** How it ended; undefined where it may be tried again. */
  async #run(
    { execute, book }: Bound,
    request: EdgeRequest,
    { id }: Proposal,
  ): Promise<Ended | undefined> {
    try {
      return endedBy(await execute(request), (refusal) => request.problem(refusal));
    } catch (error) {
      const problem = book.ofError(error, request.requestId);
      const isFinal = error instanceof EdgeRefusal && !problem.retryable;
      if (isFinal) return { status: problem.status, text: JSON.stringify(problem) };
      this.#options.logger.warn('an approved request is run again later', { proposal: id, error });
      return undefined;
    }
  }

  async #mark(proposal: Proposal, request: EdgeRequest, ended: Ended): Promise<void> {
    const { database, clock } = this.#options;
    const { id, tenant, operationId, maker, decidedBy } = proposal;
    await database.transaction(contextOf(clock, request), async (tx) => {
      await enterTenant(tx, tenant);
      if (!(await updateExecuted(tx, uuidOf(id), ended))) return;
      const action = gatewayActions['gateway.proposal.execute'];
      const by = { maker, approver: decidedBy ?? '' };
      const after = { operation: operationId, status: ended.status, ...by };
      await record(tx, [{ action, target: id, after }]);
    });
  }
}

interface Ended {
  readonly status: number;
  readonly text: string | undefined;
}

function endedBy(outcome: Outcome, problemOf: (refusal: Refusal) => Problem): Ended {
  if (isRefused(outcome)) {
    const problem = problemOf(outcome.refusal);
    return { status: problem.status, text: JSON.stringify(problem) };
  }
  const { status, body, content } = outcome;
  const text = typeof body === 'object' ? JSON.stringify(body) : (body ?? textOf(content?.body));
  return { status, text: text !== undefined && text.length > ANSWER_LENGTH_MAX ? undefined : text };
}

/** Of an answer that was kept; a stream is not kept. */
function textOf(body: unknown): string | undefined {
  if (Buffer.isBuffer(body)) return body.toString();
  return typeof body === 'string' ? body : undefined;
}

/** The request as the maker made it, with the name of whoever approved it in every record. */
function requestOf(
  proposal: Proposal,
  { requestId, book }: { readonly requestId: string; readonly book: ProblemBook },
): EdgeRequest {
  const principal: Principal = principalIn(proposal.makerPrincipal);
  const { params, query, body } = JSON.parse(proposal.request) as {
    readonly params: EdgeRequest['params'];
    readonly query: EdgeRequest['query'];
    readonly body: unknown;
  };
  const headers = new Map([['idempotency-key', `"${proposal.executionKey}"`]]);
  return {
    requestId,
    actor: principal.subject,
    authentication: `${principal.authentication}, approved by ${proposal.decidedBy ?? ''}`,
    roles: principal.roles,
    tenant: principal.tenant,
    address: undefined,
    userAgent: undefined,
    traceId: undefined,
    principal,
    params,
    query,
    headers: {},
    body: body ?? undefined,
    header: (name) => headers.get(name.toLowerCase()),
    signal: new AbortController().signal,
    problem: (refusal) => book.ofRefusal(refusal, requestId),
  };
}

function later(now: Instant, us: number): Instant {
  const at = instantOf(now + us);
  assert(at !== undefined, 'a lease ends within the range of time');
  return at;
}
