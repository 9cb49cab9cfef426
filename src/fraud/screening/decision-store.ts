// Owns the SQL of decisions and of the batches they were made in. A list goes in by one statement;
// what is read back is what was decided, bit for bit, and there is no statement that changes it.

import { endianness } from 'node:os';
import { limits } from '#config';
import {
  assert,
  formatInstant,
  idOf,
  MILLISECOND_US,
  SECOND_US,
  uuidFloor,
  uuidOf,
  type AccountId,
  type Instant,
  type Uuid,
} from '#kernel';
import {
  bytesArray,
  float8Array,
  int8Array,
  textArray,
  timestamptzArray,
  uuidArray,
  type Queryable,
} from '#platform';
import type { DecisionMode, FraudDecision } from '../decision.ts';
import type { FraudEvent } from '../event.ts';
import type { ReasonShare } from '../reasons.ts';
import type { RuleReason } from '../rules/engine.ts';
import type { Outcome } from '../rules/rule-set.ts';
import type { DecisionId, JudgedBatch, ScreeningBatchId } from './item.ts';

/** A batch as it is kept; its decisions are in the order in which they were made. */
export interface StoredBatch extends JudgedBatch {
  readonly sha256: Buffer;
  readonly decisions: readonly StoredDecision[];
}

export interface StoredDecision extends FraudDecision {
  readonly id: DecisionId;
  readonly tenant: string;
  readonly batch: ScreeningBatchId;
  /** Of the payment; undefined where none came of it. */
  readonly subject: Uuid | undefined;
  readonly accountId: AccountId;
  readonly event: FraudEvent;
  readonly challengerScore: number | undefined;
}

/** Where no rule set could be used, in place of its version and fingerprint. */
export const noRules = { version: 0, fingerprint: '' } as const;

/** With its decisions, by one statement. */
export async function insertBatch(q: Queryable, batch: StoredBatch): Promise<void> {
  await q.query({
    name: 'fraud.insert_batch',
    text: `with batch as (
        insert into fraud.batches (id, tenant, made_at, decisions, run, ordinal, folded_up_to,
          revision, feature_set, rule_set_version, rule_set_fingerprint, model, challenger, sha256)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
      )
      insert into fraud.decisions (id, tenant, batch, subject, account_id, event_at, decided_at,
        amount, keys, took_us, mode, outcome, shadow_outcome, score, challenger_score, features,
        rule_reasons, model_reasons)
      select d.id, $2, $1, d.subject, d.account_id, d.event_at, d.decided_at, d.amount,
        d.keys::jsonb, d.took_us, d.mode, d.outcome, d.shadow_outcome, d.score, d.challenger_score,
        d.features, d.rule_reasons::jsonb, d.model_reasons::jsonb
      from unnest($15::uuid[], $16::uuid[], $17::uuid[], $18::timestamptz[], $19::timestamptz[],
        $20::bigint[], $21::text[], $22::float8[], $23::text[], $24::text[], $25::text[],
        $26::float8[], $27::float8[], $28::bytea[], $29::text[], $30::text[])
        as d (id, subject, account_id, event_at, decided_at, amount, keys, took_us, mode, outcome,
        shadow_outcome, score, challenger_score, features, rule_reasons, model_reasons)`,
    values: [...batchValues(batch), ...decisionValues(batch.decisions)],
  });
}

function batchValues(batch: StoredBatch): unknown[] {
  return [
    uuidOf(batch.id),
    batch.tenant,
    formatInstant(batch.madeAt),
    batch.decisions.length,
    batch.run,
    batch.ordinal,
    batch.foldedUpTo,
    batch.revision,
    batch.featureSet,
    batch.ruleSetVersion ?? null,
    batch.ruleSetFingerprint ?? null,
    batch.model ?? null,
    batch.challenger ?? null,
    batch.sha256,
  ];
}

function decisionValues(decisions: readonly StoredDecision[]): unknown[] {
  return [
    uuidArray(decisions.map(({ id }) => uuidOf(id))),
    uuidArray(decisions.map(({ subject }) => subject)),
    uuidArray(decisions.map(({ accountId }) => uuidOf(accountId))),
    timestamptzArray(decisions.map(({ eventAt }) => eventAt)),
    timestamptzArray(decisions.map(({ decidedAt }) => decidedAt)),
    int8Array(decisions.map(({ event }) => BigInt(event.amount))),
    textArray(decisions.map(({ event }) => JSON.stringify(event.keys))),
    float8Array(decisions.map(({ tookUs }) => tookUs)),
    textArray(decisions.map(({ mode }) => mode)),
    textArray(decisions.map(({ outcome }) => outcome)),
    textArray(decisions.map(({ shadowOutcome }) => shadowOutcome)),
    float8Array(decisions.map(({ score }) => score)),
    float8Array(decisions.map(({ challengerScore }) => challengerScore)),
    bytesArray(decisions.map(({ features }) => bytesOfFeatures(features))),
    textArray(decisions.map(({ ruleReasons }) => textOf(ruleReasons))),
    textArray(decisions.map(({ modelReasons }) => textOf(modelReasons))),
  ];
}

function textOf(reasons: readonly unknown[]): string | undefined {
  return reasons.length === 0 ? undefined : JSON.stringify(reasons);
}

const isBigEndian = endianness() === 'BE';

/** Eight bytes each, low end first; shares the memory of the features where it can. */
export function bytesOfFeatures({ buffer, byteOffset, byteLength }: Float64Array): Buffer {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return isBigEndian ? Buffer.from(bytes).swap64() : bytes;
}

function featuresOf(bytes: Buffer): Float64Array {
  assert(bytes.length % 8 === 0, 'features are kept in eight bytes each');
  const copy = Buffer.alloc(bytes.length);
  bytes.copy(copy);
  if (isBigEndian) copy.swap64();
  return new Float64Array(copy.buffer, copy.byteOffset, copy.length / 8);
}

interface BatchRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly made_at_us: bigint;
  readonly run: Uuid;
  readonly ordinal: bigint;
  readonly folded_up_to: bigint;
  readonly revision: bigint;
  readonly feature_set: string;
  readonly rule_set_version: number | null;
  readonly rule_set_fingerprint: string | null;
  readonly model: string | null;
  readonly challenger: string | null;
  readonly sha256: Buffer;
}

interface DecisionRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly batch: Uuid;
  readonly subject: Uuid | null;
  readonly account_id: Uuid;
  readonly event_at_us: bigint;
  readonly decided_at_us: bigint;
  readonly amount: bigint;
  readonly keys: Readonly<Record<string, string>>;
  readonly took_us: number;
  readonly mode: DecisionMode;
  readonly outcome: Outcome;
  readonly shadow_outcome: Outcome;
  readonly score: number | null;
  readonly challenger_score: number | null;
  readonly features: Buffer;
  readonly rule_reasons: readonly RuleReason[] | null;
  readonly model_reasons: readonly ReasonShare[] | null;
}

/** Of batches as b. */
const batchColumns = `b.id, b.tenant, (extract(epoch from b.made_at) * 1000000)::bigint
  as made_at_us, b.run, b.ordinal, b.folded_up_to, b.revision, b.feature_set, b.rule_set_version,
  b.rule_set_fingerprint, b.model, b.challenger, b.sha256`;

/** Of decisions as d. */
const decisionColumns = `d.id, d.tenant, d.batch, d.subject, d.account_id,
  (extract(epoch from d.event_at) * 1000000)::bigint as event_at_us,
  (extract(epoch from d.decided_at) * 1000000)::bigint as decided_at_us, d.amount, d.keys,
  d.took_us, d.mode, d.outcome, d.shadow_outcome, d.score, d.challenger_score, d.features,
  d.rule_reasons, d.model_reasons`;

function batchOf(row: BatchRow): Omit<StoredBatch, 'decisions'> {
  return {
    id: idOf('scb', row.id),
    tenant: row.tenant,
    madeAt: Number(row.made_at_us) as Instant,
    run: row.run,
    ordinal: row.ordinal,
    foldedUpTo: row.folded_up_to,
    revision: Number(row.revision),
    featureSet: row.feature_set,
    ruleSetVersion: row.rule_set_version ?? undefined,
    ruleSetFingerprint: row.rule_set_fingerprint ?? undefined,
    model: row.model ?? undefined,
    challenger: row.challenger ?? undefined,
    sha256: row.sha256,
  };
}

type BatchHeading = Pick<
  StoredBatch,
  'featureSet' | 'model' | 'ruleSetVersion' | 'ruleSetFingerprint'
>;

function decisionOf(row: DecisionRow, batch: BatchHeading): StoredDecision {
  const id = idOf('dec', row.id);
  const eventAt = Number(row.event_at_us) as Instant;
  return {
    id,
    tenant: row.tenant,
    batch: idOf('scb', row.batch),
    subject: row.subject ?? undefined,
    accountId: idOf('acc', row.account_id),
    event: { id, at: eventAt, amount: Number(row.amount), keys: row.keys },
    challengerScore: row.challenger_score ?? undefined,
    eventId: id,
    eventAt,
    decidedAt: Number(row.decided_at_us) as Instant,
    tookUs: row.took_us,
    mode: row.mode,
    outcome: row.outcome,
    shadowOutcome: row.shadow_outcome,
    score: row.score ?? undefined,
    features: featuresOf(row.features),
    featureSetVersion: batch.featureSet,
    modelVersion: row.score === null ? undefined : batch.model,
    ruleSetVersion: batch.ruleSetVersion ?? noRules.version,
    ruleSetFingerprint: batch.ruleSetFingerprint ?? noRules.fingerprint,
    ruleReasons: row.rule_reasons ?? [],
    modelReasons: row.model_reasons ?? [],
  };
}

/** Those that there are, in the order of their ids. */
export async function selectBatches(
  q: Queryable,
  ids: readonly ScreeningBatchId[],
): Promise<StoredBatch[]> {
  if (ids.length === 0) return [];
  const batches = await q.query<BatchRow>({
    name: 'fraud.select_batches',
    text: `select ${batchColumns} from fraud.batches b where b.id = any($1) order by b.id`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  // The ids of a batch's decisions follow its own and differ in their last twenty bits alone. Each
  // range is looked up by itself, which "offset 0" sees to.
  const decisions = await q.query<DecisionRow>({
    name: 'fraud.select_decisions_of_batches',
    text: `select ${decisionColumns}
      from unnest($1::uuid[], $2::uuid[]) as asked (id, last)
      cross join lateral (
        select o.* from fraud.decisions o
        where o.id > asked.id and o.id <= asked.last and o.batch = asked.id
        offset 0
      ) as d
      order by d.id`,
    values: [
      uuidArray(batches.map(({ id }) => id)),
      uuidArray(batches.map(({ id }) => `${id.slice(0, -5)}fffff`)),
    ],
  });
  const byBatch = Map.groupBy(decisions, ({ batch }) => batch);
  return batches.map((row) => {
    const batch = batchOf(row);
    const own = byBatch.get(row.id) ?? [];
    return { ...batch, decisions: own.map((decision) => decisionOf(decision, batch)) };
  });
}

/** Those that there are, in the order of their ids. */
export async function selectDecisions(
  q: Queryable,
  ids: readonly DecisionId[],
): Promise<StoredDecision[]> {
  if (ids.length === 0) return [];
  const rows = await q.query<HeadedRow>({
    name: 'fraud.select_decisions',
    text: `select ${batchHeading}, ${decisionColumns}
      from fraud.decisions d join fraud.batches b on b.id = d.batch
      where d.id = any($1) order by d.id`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map(withHeading);
}

const batchHeading = 'b.feature_set, b.model, b.rule_set_version, b.rule_set_fingerprint';

type HeadedRow = DecisionRow &
  Pick<BatchRow, 'feature_set' | 'model' | 'rule_set_version' | 'rule_set_fingerprint'>;

function withHeading(row: HeadedRow): StoredDecision {
  return decisionOf(row, {
    featureSet: row.feature_set,
    model: row.model ?? undefined,
    ruleSetVersion: row.rule_set_version ?? undefined,
    ruleSetFingerprint: row.rule_set_fingerprint ?? undefined,
  });
}

export async function selectDecision(
  q: Queryable,
  id: DecisionId,
): Promise<StoredDecision | undefined> {
  const [decision] = await selectDecisions(q, [id]);
  return decision;
}

/**
 * The decisions about a payment, in the order in which they were made. Their ids begin with the
 * time of the payment, so that no index of payments is needed.
 */
export async function decisionsOfSubject(
  q: Queryable,
  { subject, around }: { readonly subject: Uuid; readonly around: Instant },
): Promise<StoredDecision[]> {
  const marginUs = limits.fraudSubjectAroundS.value * SECOND_US;
  const rows = await q.query<HeadedRow>({
    name: 'fraud.select_decisions_of_subject',
    text: `select ${batchHeading}, ${decisionColumns}
      from fraud.decisions d join fraud.batches b on b.id = d.batch
      where d.id >= $2::uuid and d.id < $3::uuid and d.subject = $1::uuid order by d.id`,
    values: [subject, idsFrom(around - marginUs), idsFrom(around + marginUs)],
  });
  return rows.map(withHeading);
}

/** Below every id that is made at or after the time, microseconds. */
function idsFrom(us: number): Uuid {
  return uuidFloor(us / MILLISECOND_US);
}

/** A decision that a rule caused, or would have caused if it were not over its limit. */
export interface LatestDecline {
  readonly decidedAt: Instant;
  readonly ruleReasons: readonly RuleReason[];
}

/**
 * What was not approved since a time and tells of rules, the oldest first; the latest of them where
 * there are too many. Declines of rules in shadow are among them only by chance.
 */
export async function latestDeclines(
  q: Queryable,
  { tenant, since }: { readonly tenant: string; readonly since: Instant },
): Promise<LatestDecline[]> {
  const rows = await q.query<Pick<DecisionRow, 'decided_at_us'> & { rule_reasons: RuleReason[] }>({
    name: 'fraud.select_latest_declines',
    text: `select (extract(epoch from d.decided_at) * 1000000)::bigint as decided_at_us,
        d.rule_reasons
      from fraud.decisions d
      where d.tenant = $1 and d.id >= $2::uuid and d.outcome <> 'approve'
        and d.rule_reasons is not null
      order by d.id desc limit $3`,
    values: [tenant, idsFrom(since), limits.fraudDeclinesRestoredMax.value],
  });
  return rows
    .map(({ decided_at_us: at, rule_reasons: ruleReasons }) => {
      return { decidedAt: Number(at) as Instant, ruleReasons };
    })
    .reverse();
}
