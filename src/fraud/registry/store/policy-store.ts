// The SQL of policies: what each product asks of screening from which revision on.

import { formatInstant, idOf, type Id, type Instant, uuidOf, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Policy } from '../config.ts';

export type PolicyId = Id<'fpl'>;

export interface StoredPolicy extends Policy {
  readonly id: PolicyId;
  readonly tenant: string;
  /** Undefined: of every product that has none of its own. */
  readonly product: string | undefined;
  readonly revision: number;
  readonly madeAt: Instant;
  readonly madeBy: string;
}

interface PolicyRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly product: string | null;
  readonly revision: bigint;
  readonly is_screened: boolean;
  readonly on_failure: Policy['onFailure'];
  readonly deadline_us: number;
  readonly made_at_us: bigint;
  readonly made_by: string;
}

export async function insertPolicy(tx: Transaction, policy: StoredPolicy): Promise<void> {
  await tx.query({
    text: `insert into fraud.policies (id, tenant, product, revision, is_screened, on_failure,
        deadline_us, made_at, made_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9)`,
    values: [
      uuidOf(policy.id),
      policy.tenant,
      policy.product ?? null,
      policy.revision,
      policy.isScreened,
      policy.onFailure,
      policy.deadlineUs,
      formatInstant(tx.now),
      tx.actor,
    ],
  });
}

/** One of each product, and the one for all others. */
export async function policiesAt(
  queryable: Queryable,
  { tenant, revision }: { readonly tenant: string; readonly revision: number },
): Promise<StoredPolicy[]> {
  const rows = await queryable.query<PolicyRow>({
    text: `select distinct on (p.product) p.id, p.tenant, p.product, p.revision, p.is_screened,
        p.on_failure, p.deadline_us, (extract(epoch from p.made_at) * 1000000)::bigint
        as made_at_us, p.made_by
      from fraud.policies p where p.tenant = $1 and p.revision <= $2
      order by p.product, p.revision desc`,
    values: [tenant, revision],
  });
  return rows.map((row) => ({
    id: idOf('fpl', row.id),
    tenant: row.tenant,
    product: row.product ?? undefined,
    revision: Number(row.revision),
    isScreened: row.is_screened,
    onFailure: row.on_failure,
    deadlineUs: row.deadline_us,
    madeAt: Number(row.made_at_us) as Instant,
    madeBy: row.made_by,
  }));
}
