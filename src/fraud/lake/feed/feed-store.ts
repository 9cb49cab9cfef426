// The SQL that reads decisions for the lake: a column of many of them as one text or one run of
// bytes, so that nothing is made of each value on the way that no file wants.

import { uuidOf, type Uuid } from '#kernel';
import { uuidArray, type Queryable } from '#platform';
import type { ScreeningBatchId } from '../../screening/item.ts';

/** What the decisions of a batch have in common. */
export interface FeedBatch {
  readonly id: Uuid;
  readonly tenant: string;
  readonly decisions: number;
  readonly revision: bigint;
  readonly featureSet: string;
  readonly ruleSetVersion: number | null;
  readonly ruleSetFingerprint: string | null;
  readonly model: string | null;
  readonly challenger: string | null;
}

/** By id. */
export async function selectFeedBatches(
  q: Queryable,
  ids: readonly ScreeningBatchId[],
): Promise<FeedBatch[]> {
  if (ids.length === 0) return [];
  return await q.query<FeedBatch>({
    name: 'fraud.select_feed_batches',
    text: `select b.id, b.tenant, b.decisions, b.revision, b.feature_set as "featureSet",
        b.rule_set_version as "ruleSetVersion", b.rule_set_fingerprint as "ruleSetFingerprint",
        b.model, b.challenger
      from fraud.batches b where b.id = any($1) order by b.id`,
    values: [uuidArray(ids.map(uuidOf))],
  });
}

/**
 * Of decisions of some batches, in any one order. Texts are apart from each other by commas,
 * reasons by ends of lines, which neither contains; what is not there is empty. Numbers have eight
 * bytes each, high end first; one that is not there has all bits set, which no number has.
 */
export interface FeedColumns {
  readonly ids: string;
  /** Which of the batches asked for, from 1 on. */
  readonly batches: string;
  readonly subjects: string;
  readonly accounts: string;
  /** Microseconds since 2000. */
  readonly eventAt: Buffer;
  readonly decidedAt: Buffer;
  readonly amounts: Buffer;
  /** The members of one list of JSON. */
  readonly keys: string;
  readonly tookUs: Buffer;
  readonly modes: string;
  readonly outcomes: string;
  readonly shadowOutcomes: string;
  readonly scores: Buffer;
  readonly challengerScores: Buffer;
  /** As they are kept: low end first. */
  readonly features: Buffer;
  readonly featureBytes: string;
  readonly ruleReasons: string;
  readonly modelReasons: string;
}

/**
 * Some thousand values in a row of the answer: a longer one would be copied again and again while
 * it arrives.
 */
const ROW_DECISIONS = 200;

/** All decisions of the batches, in pieces. */
export async function selectFeedColumns(
  q: Queryable,
  batches: readonly FeedBatch[],
): Promise<FeedColumns[]> {
  const decisions = batches.reduce((sum, batch) => sum + batch.decisions, 0);
  // As for reading whole batches: the range of a batch's ids is looked up by itself.
  return await q.query<FeedColumns>({
    name: 'fraud.select_feed_columns',
    text: `select found.* from generate_series(1, cardinality($1::uuid[]), $4::int) as piece (first)
      cross join lateral (
        select string_agg('dec_' || d.id::text, ',') as ids,
          string_agg((piece.first - 1 + asked.place)::text, ',') as batches,
          string_agg(coalesce('pay_' || d.subject::text, ''), ',') as subjects,
          string_agg('acc_' || d.account_id::text, ',') as accounts,
          string_agg(timestamptz_send(d.event_at), '') as "eventAt",
          string_agg(timestamptz_send(d.decided_at), '') as "decidedAt",
          string_agg(int8send(d.amount), '') as amounts,
          string_agg(d.keys::text, ',') as keys,
          string_agg(float8send(d.took_us), '') as "tookUs",
          string_agg(d.mode, ',') as modes,
          string_agg(d.outcome, ',') as outcomes,
          string_agg(d.shadow_outcome, ',') as "shadowOutcomes",
          string_agg(coalesce(float8send(d.score), $3), '') as scores,
          string_agg(coalesce(float8send(d.challenger_score), $3), '') as "challengerScores",
          string_agg(d.features, '') as features,
          string_agg(length(d.features)::text, ',') as "featureBytes",
          string_agg(coalesce(d.rule_reasons::text, ''), E'\\n') as "ruleReasons",
          string_agg(coalesce(d.model_reasons::text, ''), E'\\n') as "modelReasons"
        from unnest(
          ($1::uuid[])[piece.first : piece.first + $4 - 1],
          ($2::uuid[])[piece.first : piece.first + $4 - 1]
        ) with ordinality as asked (id, last, place)
        cross join lateral (
          select o.* from fraud.decisions o
          where o.id > asked.id and o.id <= asked.last and o.batch = asked.id
          offset 0
        ) as d
      ) as found
      where found.ids is not null`,
    values: [
      uuidArray(batches.map(({ id }) => id)),
      uuidArray(batches.map(({ id }) => `${id.slice(0, -5)}fffff`)),
      Buffer.alloc(8, 0xff),
      Math.ceil((batches.length * ROW_DECISIONS) / Math.max(decisions, 1)),
    ],
  });
}
