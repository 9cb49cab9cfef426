// The SQL of rule sets.

import { formatInstant, type Instant, idOf, type Id, uuidOf, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';

export type RuleSetId = Id<'rls'>;

export interface StoredRuleSet {
  readonly id: RuleSetId;
  readonly tenant: string;
  readonly version: number;
  readonly name: string;
  readonly fingerprint: string;
  /** The features whose places the fingerprint is over. */
  readonly featureSet: string;
  readonly rules: number;
  readonly madeAt: Instant;
  readonly madeBy: string;
}

interface RuleSetRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly version: number;
  readonly name: string;
  readonly fingerprint: string;
  readonly feature_set: string;
  readonly rules: number;
  readonly made_at_us: bigint;
  readonly made_by: string;
}

const columns = `r.id, r.tenant, r.version, r.name, r.fingerprint, r.feature_set, r.rules,
  (extract(epoch from r.made_at) * 1000000)::bigint as made_at_us, r.made_by`;

function ruleSetOf(row: RuleSetRow): StoredRuleSet {
  const { id, feature_set: featureSet, made_at_us: madeAt, made_by: madeBy, ...rest } = row;
  return { ...rest, id: idOf('rls', id), featureSet, madeAt: Number(madeAt) as Instant, madeBy };
}

/** Whether it was inserted: the version may be another's. */
export async function insertRuleSet(
  tx: Transaction,
  { id, tenant, version, name, fingerprint, featureSet, rules }: StoredRuleSet,
  source: string,
): Promise<boolean> {
  const rows = await tx.query({
    text: `insert into fraud.rule_sets (id, tenant, version, name, fingerprint, feature_set, rules,
        source, made_at, made_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz, $10)
      on conflict do nothing returning 1`,
    values: [
      uuidOf(id),
      tenant,
      version,
      name,
      fingerprint,
      featureSet,
      rules,
      source,
      formatInstant(tx.now),
      tx.actor,
    ],
  });
  return rows.length === 1;
}

export async function findRuleSet(
  queryable: Queryable,
  tenant: string,
  id: Uuid,
): Promise<(StoredRuleSet & { readonly source: string }) | undefined> {
  const [row] = await queryable.query<RuleSetRow & { source: string }>({
    text: `select ${columns}, r.source from fraud.rule_sets r where r.id = $1 and r.tenant = $2`,
    values: [id, tenant],
  });
  return row && { ...ruleSetOf(row), source: row.source };
}

/** The latest first. */
export async function listRuleSets(
  queryable: Queryable,
  asked: {
    readonly tenant: string;
    readonly before?: RuleSetId | undefined;
    readonly limit: number;
  },
): Promise<StoredRuleSet[]> {
  const { tenant, before, limit } = asked;
  const rows = await queryable.query<RuleSetRow>({
    text: `select ${columns} from fraud.rule_sets r
      where r.tenant = $1 and ($2::uuid is null or r.id < $2) order by r.id desc limit $3`,
    values: [tenant, before === undefined ? null : uuidOf(before), limit],
  });
  return rows.map(ruleSetOf);
}
