// The SQL of legacy rules.

import { formatInstant, idOf, uuidOf, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import type { Core, LegacyMode, LegacyRule, LegacyRuleId, RuleMethod } from './rule.ts';

interface RuleRow {
  readonly id: string;
  readonly position: number;
  readonly method: RuleMethod | null;
  readonly path: string;
  readonly tenant: string | null;
  readonly percent: number;
  readonly mode: LegacyMode;
  readonly answered_by: Core;
  readonly ignored: readonly string[];
  readonly revision: number;
  readonly changed_us: bigint;
}

export async function selectRules(queryable: Queryable): Promise<LegacyRule[]> {
  const rows = await queryable.query<RuleRow>({
    name: 'gateway.select_legacy_rules',
    text: `select r.id, r.position, r.method, r.path, r.tenant, r.percent, r.mode, r.answered_by,
        r.ignored, r.revision, (extract(epoch from r.changed_at) * 1000000)::bigint as changed_us
      from gateway.legacy_rules r
      order by r.position`,
  });
  return rows.map(ruleOf);
}

/** Rows are locked, so that two changes of one rule come one after the other. */
export async function lockRule(
  queryable: Queryable,
  id: LegacyRuleId,
): Promise<LegacyRule | undefined> {
  const [row] = await queryable.query<RuleRow>({
    name: 'gateway.lock_legacy_rule',
    text: `select r.id, r.position, r.method, r.path, r.tenant, r.percent, r.mode, r.answered_by,
        r.ignored, r.revision, (extract(epoch from r.changed_at) * 1000000)::bigint as changed_us
      from gateway.legacy_rules r where r.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row === undefined ? undefined : ruleOf(row);
}

/** False where another rule has the position. */
export async function insertRule(queryable: Queryable, rule: LegacyRule): Promise<boolean> {
  const rows = await queryable.query({
    name: 'gateway.insert_legacy_rule',
    text: `insert into gateway.legacy_rules (id, position, method, path, tenant, percent, mode,
        answered_by, ignored, revision, changed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      on conflict (position) do nothing returning 1`,
    values: valuesOf(rule),
  });
  return rows.length > 0;
}

/** False where another rule has the position. */
export async function updateRule(queryable: Queryable, rule: LegacyRule): Promise<boolean> {
  const rows = await queryable.query({
    name: 'gateway.update_legacy_rule',
    text: `update gateway.legacy_rules r set position = $2, method = $3, path = $4, tenant = $5,
        percent = $6, mode = $7, answered_by = $8, ignored = $9, revision = $10, changed_at = $11
      where r.id = $1 and not exists (select from gateway.legacy_rules o
        where o.position = $2 and o.id <> $1) returning 1`,
    values: valuesOf(rule),
  });
  return rows.length > 0;
}

export async function deleteRule(queryable: Queryable, id: LegacyRuleId): Promise<void> {
  await queryable.query({
    name: 'gateway.delete_legacy_rule',
    text: 'delete from gateway.legacy_rules where id = $1',
    values: [uuidOf(id)],
  });
}

function valuesOf(rule: LegacyRule): readonly unknown[] {
  const { id, position, method, path, tenant, percent, mode, answeredBy, ignored } = rule;
  return [
    uuidOf(id),
    position,
    method ?? null,
    path,
    tenant ?? null,
    percent,
    mode,
    answeredBy,
    ignored,
    rule.revision,
    formatInstant(rule.changedAt),
  ];
}

function ruleOf(row: RuleRow): LegacyRule {
  return {
    id: idOf('lgr', row.id),
    position: row.position,
    method: row.method ?? undefined,
    path: row.path,
    tenant: row.tenant ?? undefined,
    percent: row.percent,
    mode: row.mode,
    answeredBy: row.answered_by,
    ignored: row.ignored,
    revision: row.revision,
    changedAt: Number(row.changed_us) as Instant,
  };
}
