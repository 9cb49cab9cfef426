// The SQL of proposals: made once, then moved from state to state, each time from the state that
// was seen.

import { formatInstant, idOf } from '#kernel';
import type { Id, Instant, Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { ProposalState } from './approval.ts';

export type ProposalId = Id<'apv'>;

export interface NewProposal {
  readonly id: ProposalId;
  readonly tenant: string;
  readonly operationId: string;
  readonly permission: string;
  readonly summary: string;
  readonly beneficiaries: readonly string[];
  /** JSON of parameters, query and body. */
  readonly request: string;
  readonly requestHash: Buffer;
  readonly executionKey: string;
  readonly maker: string;
  readonly customer: string;
  /** JSON of the principal. */
  readonly makerPrincipal: string;
  readonly proposedAt: Instant;
  readonly expiresAt: Instant;
}

export interface Proposal extends Omit<NewProposal, 'makerPrincipal' | 'requestHash'> {
  readonly makerPrincipal: unknown;
  readonly state: ProposalState;
  readonly decidedAt: Instant | undefined;
  readonly decidedBy: string | undefined;
  readonly reason: string | undefined;
  readonly executedAt: Instant | undefined;
  readonly answerStatus: number | undefined;
  readonly answer: string | undefined;
}

export async function insertProposal(tx: Transaction, proposal: NewProposal): Promise<void> {
  await tx.query({
    name: 'gateway.insert_proposal',
    text: `insert into gateway.proposals (id, tenant, operation_id, permission, summary,
        beneficiaries, request, request_hash, execution_key, maker, customer, maker_principal,
        state, proposed_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, 'proposed', $13, $14)`,
    values: [
      proposal.id.slice(PREFIX_LENGTH),
      proposal.tenant,
      proposal.operationId,
      proposal.permission,
      proposal.summary,
      proposal.beneficiaries,
      proposal.request,
      proposal.requestHash,
      proposal.executionKey,
      proposal.maker,
      proposal.customer,
      proposal.makerPrincipal,
      formatInstant(proposal.proposedAt),
      formatInstant(proposal.expiresAt),
    ],
  });
}

const PREFIX_LENGTH = 'apv_'.length;

interface Row {
  readonly id: Uuid;
  readonly tenant: string;
  readonly operation_id: string;
  readonly permission: string;
  readonly summary: string;
  readonly beneficiaries: string[];
  readonly request: string;
  readonly execution_key: string;
  readonly maker: string;
  readonly customer: string;
  readonly maker_principal: unknown;
  readonly state: ProposalState;
  readonly proposed_at_us: bigint;
  readonly expires_at_us: bigint;
  readonly decided_at_us: bigint | null;
  readonly decided_by: string | null;
  readonly reason: string | null;
  readonly executed_at_us: bigint | null;
  readonly answer_status: number | null;
  readonly answer: string | null;
}

const us = (column: string): string =>
  `(extract(epoch from p.${column}) * 1000000)::bigint as ${column}_us`;

const COLUMNS = `p.id, p.tenant, p.operation_id, p.permission, p.summary, p.beneficiaries,
  p.request, p.execution_key, p.maker, p.customer, p.maker_principal, p.state,
  ${us('proposed_at')}, ${us('expires_at')}, ${us('decided_at')}, p.decided_by, p.reason,
  ${us('executed_at')}, p.answer_status, p.answer`;

/** Held until the transaction ends, so that nobody else decides meanwhile. */
export async function selectProposal(tx: Transaction, id: Uuid): Promise<Proposal | undefined> {
  const [row] = await tx.query<Row>({
    name: 'gateway.select_proposal',
    text: `select ${COLUMNS} from gateway.proposals p where p.id = $1 for update`,
    values: [id],
  });
  return row && proposalOf(row);
}

export interface ProposalFilter {
  readonly state: ProposalState | undefined;
  /** Those of this maker, or on behalf of this customer; all unless given. */
  readonly visibleTo: { readonly subject: string; readonly customer: string } | undefined;
  readonly before: Uuid | undefined;
  readonly countMax: number;
}

/** Newest first. */
export async function selectProposals(
  tx: Transaction,
  { state, visibleTo, before, countMax }: ProposalFilter,
): Promise<Proposal[]> {
  const rows = await tx.query<Row>({
    name: 'gateway.select_proposals',
    text: `select ${COLUMNS} from gateway.proposals p
      where ($1::text is null or p.state = $1)
        and ($2::text is null or p.maker = $2 or p.customer = $3)
        and ($4::uuid is null or p.id < $4)
      order by p.id desc limit $5`,
    values: [
      state ?? null,
      visibleTo?.subject ?? null,
      visibleTo?.customer ?? null,
      before ?? null,
      countMax,
    ],
  });
  return rows.map(proposalOf);
}

function proposalOf(row: Row): Proposal {
  return {
    id: idOf('apv', row.id),
    tenant: row.tenant,
    operationId: row.operation_id,
    permission: row.permission,
    summary: row.summary,
    beneficiaries: row.beneficiaries,
    request: row.request,
    executionKey: row.execution_key,
    maker: row.maker,
    customer: row.customer,
    makerPrincipal: row.maker_principal,
    state: row.state,
    proposedAt: Number(row.proposed_at_us) as Instant,
    expiresAt: Number(row.expires_at_us) as Instant,
    decidedAt: instantIn(row.decided_at_us),
    decidedBy: row.decided_by ?? undefined,
    reason: row.reason ?? undefined,
    executedAt: instantIn(row.executed_at_us),
    answerStatus: row.answer_status ?? undefined,
    answer: row.answer ?? undefined,
  };
}

function instantIn(count: bigint | null): Instant | undefined {
  return count === null ? undefined : (Number(count) as Instant);
}

/** A second person's word, or the maker's own that ends it. */
export async function updateDecided(
  tx: Transaction,
  id: Uuid,
  decided: { readonly state: ProposalState; readonly by?: string; readonly reason?: string },
): Promise<void> {
  await tx.query({
    name: 'gateway.decide_proposal',
    text: `update gateway.proposals p set state = $2, decided_by = $3,
        decided_at = case when $3::text is null then null else $4::timestamptz end, reason = $5
      where p.id = $1 and p.state = 'proposed'`,
    values: [id, decided.state, decided.by ?? null, formatInstant(tx.now), decided.reason ?? null],
  });
}

/** Takes an approved proposal for executing it; undefined where another has it, or it is done. */
export async function leaseProposal(
  tx: Transaction,
  id: Uuid,
  until: Instant,
): Promise<Proposal | undefined> {
  const [row] = await tx.query<Row>({
    name: 'gateway.lease_proposal',
    text: `update gateway.proposals p set leased_until = $2
      where p.id = $1 and p.state = 'approved' and (p.leased_until is null or p.leased_until <= $3)
      returning ${COLUMNS}`,
    values: [id, formatInstant(until), formatInstant(tx.now)],
  });
  return row && proposalOf(row);
}

/** Another may execute it at once. */
export async function releaseProposal(tx: Transaction, id: Uuid): Promise<void> {
  await tx.query({
    name: 'gateway.release_proposal',
    text: `update gateway.proposals set leased_until = null where id = $1 and state = 'approved'`,
    values: [id],
  });
}

/** False where it was marked before. */
export async function updateExecuted(
  tx: Transaction,
  id: Uuid,
  { status, text }: { readonly status: number; readonly text: string | undefined },
): Promise<boolean> {
  const rows = await tx.query({
    name: 'gateway.execute_proposal',
    text: `update gateway.proposals set state = 'executed', executed_at = $2, answer_status = $3,
        answer = $4, leased_until = null
      where id = $1 and state = 'approved' returning 1`,
    values: [id, formatInstant(tx.now), status, text ?? null],
  });
  return rows.length > 0;
}

export interface DueProposal {
  readonly id: Uuid;
  readonly tenant: string;
  readonly state: 'proposed' | 'approved';
}

/** Of all tenants: those that waited too long, and those approved that nobody is executing. */
export async function selectDue(
  queryable: Queryable,
  now: Instant,
  countMax: number,
): Promise<DueProposal[]> {
  return await queryable.query<DueProposal>({
    name: 'gateway.select_due_proposals',
    text: 'select d.id, d.tenant, d.state from gateway.due_proposals($1, $2) d',
    values: [formatInstant(now), countMax],
  });
}
