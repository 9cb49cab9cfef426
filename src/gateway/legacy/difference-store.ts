// The SQL of samples of answers that differed.

import { formatInstant, idOf, uuidOf, type Id, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import type { Difference } from './difference.ts';
import type { LegacyRuleId } from './rule.ts';

export type LegacyDifferenceId = Id<'lgd'>;

export interface DifferenceSample {
  readonly id: LegacyDifferenceId;
  readonly ruleId: LegacyRuleId;
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly findings: readonly Pick<Difference, 'place' | 'kind'>[];
  readonly wrappedValues: Buffer;
  readonly at: Instant;
}

export async function insertDifference(
  queryable: Queryable,
  sample: DifferenceSample,
): Promise<void> {
  const { id, ruleId, method, path, requestId, findings, wrappedValues, at } = sample;
  await queryable.query({
    name: 'gateway.insert_legacy_difference',
    text: `insert into gateway.legacy_differences
        (id, rule_id, method, path, request_id, findings, wrapped_values, at)
      values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      uuidOf(id),
      uuidOf(ruleId),
      method,
      path,
      requestId,
      JSON.stringify(findings),
      wrappedValues,
      formatInstant(at),
    ],
  });
}

interface SampleRow {
  readonly id: string;
  readonly rule_id: string;
  readonly method: string;
  readonly path: string;
  readonly request_id: string;
  readonly findings: DifferenceSample['findings'];
  readonly wrapped_values: Buffer;
  readonly at_us: bigint;
}

/** Newest first, those before the one given. */
export async function selectDifferences(
  queryable: Queryable,
  page: {
    readonly limit: number;
    readonly before?: { readonly at: Instant; readonly id: LegacyDifferenceId } | undefined;
  },
): Promise<DifferenceSample[]> {
  const { limit, before } = page;
  const rows = await queryable.query<SampleRow>({
    name: 'gateway.select_legacy_differences',
    text: `select d.id, d.rule_id, d.method, d.path, d.request_id, d.findings, d.wrapped_values,
        (extract(epoch from d.at) * 1000000)::bigint as at_us
      from gateway.legacy_differences d
      where $2::timestamptz is null or (d.at, d.id) < ($2, $3::uuid)
      order by d.at desc, d.id desc limit $1`,
    values: [
      limit,
      before === undefined ? null : formatInstant(before.at),
      before === undefined ? null : uuidOf(before.id),
    ],
  });
  return rows.map((row) => ({
    id: idOf('lgd', row.id),
    ruleId: idOf('lgr', row.rule_id),
    method: row.method,
    path: row.path,
    requestId: row.request_id,
    findings: row.findings,
    wrappedValues: row.wrapped_values,
    at: Number(row.at_us) as Instant,
  }));
}

/** Leaves the newest, and answers how many were removed. */
export async function deleteOldDifferences(queryable: Queryable, keptMax: number): Promise<number> {
  const rows = await queryable.query({
    name: 'gateway.delete_old_legacy_differences',
    text: `delete from gateway.legacy_differences d using (
        select o.at, o.id from gateway.legacy_differences o
        order by o.at desc, o.id desc offset $1 limit 1) last
      where (d.at, d.id) <= (last.at, last.id) returning 1`,
    values: [keptMax],
  });
  return rows.length;
}
