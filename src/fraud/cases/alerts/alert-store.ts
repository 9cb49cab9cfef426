// The SQL of alerts: they are added once for each decision, and found by case, account and id.

import { idOf, uuidOf, type AccountId, type Instant, type Uuid } from '#kernel';
import {
  float8Array,
  int8Array,
  textArray,
  timestamptzArray,
  uuidArray,
  type Queryable,
  type Transaction,
} from '#platform';
import type { DecisionMode } from '../../decision.ts';
import type { DecisionId, ScreeningBatchId } from '../../screening/item.ts';
import type { CaseId } from '../case.ts';
import type { Alert, AlertId } from './alert.ts';

interface AlertRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly decision: Uuid;
  readonly case_id: Uuid | null;
  readonly snooze_id: Uuid | null;
  readonly account_id: Uuid;
  readonly counterparty: string | null;
  readonly subject: Uuid | null;
  readonly channel: string | null;
  readonly currency: string | null;
  readonly amount: bigint;
  readonly mode: DecisionMode;
  readonly outcome: Alert['outcome'];
  readonly score: number | null;
  readonly rules: string[];
  readonly reasons: string[];
  readonly event_at_us: bigint;
  readonly decided_at_us: bigint;
  readonly raised_at_us: bigint;
}

const us = (column: string): string =>
  `(extract(epoch from a.${column}) * 1000000)::bigint as ${column}_us`;
const columns = `a.id, a.tenant, a.decision, a.case_id, a.snooze_id, a.account_id, a.counterparty,
  a.subject, a.channel, a.currency, a.amount, a.mode, a.outcome, a.score, a.rules, a.reasons,
  ${['event_at', 'decided_at', 'raised_at'].map(us).join(', ')}`;

const named = <Prefix extends string>(prefix: Prefix, uuid: Uuid | null) =>
  uuid === null ? undefined : idOf(prefix, uuid);

function alertOf(row: AlertRow): Alert {
  return {
    id: idOf('alr', row.id),
    tenant: row.tenant,
    decisionId: idOf('dec', row.decision),
    caseId: named('cse', row.case_id),
    snoozeId: named('snz', row.snooze_id),
    accountId: idOf('acc', row.account_id),
    counterparty: row.counterparty ?? undefined,
    paymentId: named('pay', row.subject),
    channel: row.channel ?? undefined,
    currency: row.currency ?? undefined,
    amount: Number(row.amount),
    mode: row.mode,
    outcome: row.outcome,
    score: row.score ?? undefined,
    rules: row.rules,
    reasons: row.reasons,
    eventAt: Number(row.event_at_us) as Instant,
    decidedAt: Number(row.decided_at_us) as Instant,
    raisedAt: Number(row.raised_at_us) as Instant,
  };
}

export async function insertAlerts(tx: Transaction, alerts: readonly Alert[]): Promise<void> {
  if (alerts.length === 0) return;
  // The tenant by a query of its own, which is run once; a default is run for every row.
  await tx.query({
    name: 'fraud.insert_alerts',
    text: `insert into fraud.alerts (tenant, id, decision, case_id, snooze_id, account_id,
        counterparty, subject, channel, currency, amount, mode, outcome, score, rules, reasons,
        event_at, decided_at, raised_at)
      select (select platform.tenant()), a.id, a.decision, a.case_id, a.snooze_id, a.account_id,
        a.counterparty, a.subject, a.channel, a.currency, a.amount, a.mode, a.outcome, a.score,
        a.rules::text[], a.reasons::text[], a.event_at, a.decided_at, a.raised_at
      from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[],
        $7::uuid[], $8::text[], $9::text[], $10::bigint[], $11::text[], $12::text[],
        $13::float8[], $14::text[], $15::text[], $16::timestamptz[], $17::timestamptz[],
        $18::timestamptz[]) as a (id, decision, case_id, snooze_id, account_id, counterparty,
        subject, channel, currency, amount, mode, outcome, score, rules, reasons, event_at,
        decided_at, raised_at)`,
    values: [
      uuidArray(alerts.map(({ id }) => uuidOf(id))),
      uuidArray(alerts.map(({ decisionId }) => uuidOf(decisionId))),
      uuidArray(alerts.map(({ caseId }) => caseId && uuidOf(caseId))),
      uuidArray(alerts.map(({ snoozeId }) => snoozeId && uuidOf(snoozeId))),
      uuidArray(alerts.map(({ accountId }) => uuidOf(accountId))),
      textArray(alerts.map(({ counterparty }) => counterparty)),
      uuidArray(alerts.map(({ paymentId }) => paymentId && uuidOf(paymentId))),
      textArray(alerts.map(({ channel }) => channel)),
      textArray(alerts.map(({ currency }) => currency)),
      int8Array(alerts.map(({ amount }) => BigInt(amount))),
      textArray(alerts.map(({ mode }) => mode)),
      textArray(alerts.map(({ outcome }) => outcome)),
      float8Array(alerts.map(({ score }) => score)),
      textArray(alerts.map(({ rules }) => listOf(rules))),
      textArray(alerts.map(({ reasons }) => listOf(reasons))),
      timestamptzArray(alerts.map(({ eventAt }) => eventAt)),
      timestamptzArray(alerts.map(({ decidedAt }) => decidedAt)),
      timestamptzArray(alerts.map(({ raisedAt }) => raisedAt)),
    ],
  });
}

/** As the text of an array: arrays of arrays would all have to be of one length. */
function listOf(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`;
}

/** The decisions of batches that were not to approve, in their order. */
export async function suspiciousOf(
  queryable: Queryable,
  batches: readonly ScreeningBatchId[],
): Promise<DecisionId[]> {
  if (batches.length === 0) return [];
  // The ids of a batch's decisions follow its own and differ in their last twenty bits alone.
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'fraud.suspicious_decisions',
    text: `select d.id from unnest($1::uuid[], $2::uuid[]) as asked (id, last)
      cross join lateral (
        select o.id from fraud.decisions o
        where o.id > asked.id and o.id <= asked.last and o.batch = asked.id
          and o.outcome <> 'approve'
        offset 0
      ) as d order by d.id`,
    values: [batches.map(uuidOf), batches.map((id) => `${uuidOf(id).slice(0, -5)}fffff`)],
  });
  return rows.map(({ id }) => idOf('dec', id));
}

/** Those of the decisions that have an alert already. */
export async function alertedDecisions(
  queryable: Queryable,
  ids: readonly DecisionId[],
): Promise<ReadonlySet<DecisionId>> {
  const rows = await queryable.query<{ decision: Uuid }>({
    name: 'fraud.alerted_decisions',
    text: 'select a.decision from fraud.alerts a where a.decision = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
  return new Set(rows.map(({ decision }) => idOf('dec', decision)));
}

export async function selectAlerts(
  queryable: Queryable,
  ids: readonly AlertId[],
): Promise<(Alert | undefined)[]> {
  if (ids.length === 0) return [];
  const rows = await queryable.query<AlertRow>({
    name: 'fraud.select_alerts',
    text: `select ${columns} from fraud.alerts a where a.id = any($1::uuid[])`,
    values: [ids.map(uuidOf)],
  });
  const byId = new Map(rows.map((row) => [row.id, alertOf(row)]));
  return ids.map((id) => byId.get(uuidOf(id)));
}

export interface AlertFilter {
  readonly caseId?: CaseId | undefined;
  readonly accountId?: AccountId | undefined;
  readonly outcome?: Alert['outcome'] | undefined;
  readonly isSnoozed?: boolean | undefined;
  readonly before?: AlertId | undefined;
  readonly limit: number;
}

/** The latest first. */
export async function listAlerts(queryable: Queryable, filter: AlertFilter): Promise<Alert[]> {
  const { caseId, accountId, outcome, isSnoozed, before, limit } = filter;
  const rows = await queryable.query<AlertRow>({
    text: `select ${columns} from fraud.alerts a
      where ($1::uuid is null or a.case_id = $1) and ($2::uuid is null or a.account_id = $2)
        and ($3::text is null or a.outcome = $3)
        and ($4::boolean is null or (a.snooze_id is not null) = $4)
        and ($5::uuid is null or a.id < $5)
      order by a.id desc limit $6`,
    values: [
      caseId === undefined ? null : uuidOf(caseId),
      accountId === undefined ? null : uuidOf(accountId),
      outcome ?? null,
      isSnoozed ?? null,
      before === undefined ? null : uuidOf(before),
      limit,
    ],
  });
  return rows.map(alertOf);
}

export interface Exposure {
  readonly currency: string | undefined;
  /** Hundredths of a unit. */
  readonly amount: bigint;
  readonly alerts: number;
}

/** What the alerts of cases are about, together, by currency. */
export async function exposureOf(
  queryable: Queryable,
  caseIds: readonly CaseId[],
): Promise<ReadonlyMap<CaseId, readonly Exposure[]>> {
  interface Row {
    readonly case_id: Uuid;
    readonly currency: string | null;
    /** Beyond eight bytes, where somebody has asked for all the money there is many times. */
    readonly amount: string;
    readonly alerts: number;
  }
  const rows = await queryable.query<Row>({
    name: 'fraud.exposure_of_cases',
    text: `select a.case_id, a.currency, sum(a.amount)::text as amount,
        count(*)::integer as alerts
      from fraud.alerts a where a.case_id = any($1::uuid[])
      group by a.case_id, a.currency order by a.case_id, a.currency`,
    values: [caseIds.map(uuidOf)],
  });
  const byCase = Map.groupBy(rows, ({ case_id: id }) => idOf('cse', id));
  return new Map(
    [...byCase].map(([id, own]) => [
      id,
      own.map(({ currency, amount, alerts }) => {
        return { currency: currency ?? undefined, amount: BigInt(amount), alerts };
      }),
    ]),
  );
}

export interface CaseWords {
  readonly rules: readonly string[];
  readonly reasons: readonly string[];
  readonly counterparties: readonly string[];
}

/** What the latest alerts of each case name, for finding the case by it; fewer name a payee. */
export async function wordsOfCases(
  queryable: Queryable,
  caseIds: readonly CaseId[],
  { alertsMax, payeesMax }: { readonly alertsMax: number; readonly payeesMax: number },
): Promise<ReadonlyMap<CaseId, CaseWords>> {
  interface Row extends CaseWords {
    readonly case_id: Uuid;
  }
  const rows = await queryable.query<Row>({
    name: 'fraud.words_of_cases',
    text: `select i.id as case_id,
        array_remove(array_agg(distinct r.rule), null) as rules,
        array_remove(array_agg(distinct s.reason), null) as reasons,
        coalesce(array_remove(
          array_agg(distinct l.counterparty) filter (where l.place <= $3), null), '{}')
          as counterparties
      from unnest($1::uuid[]) as i (id)
      cross join lateral (
        select o.rules, o.reasons, o.counterparty, row_number() over (order by o.id desc) as place
        from (
          select a.id, a.rules, a.reasons, a.counterparty from fraud.alerts a
          where a.case_id = i.id order by a.id desc limit $2
        ) o
      ) l
      left join lateral unnest(l.rules) as r (rule) on true
      left join lateral unnest(l.reasons) as s (reason) on true
      group by i.id`,
    values: [caseIds.map(uuidOf), alertsMax, payeesMax],
  });
  return new Map(rows.map(({ case_id: id, ...words }) => [idOf('cse', id), words]));
}

/** By id, for whoever walks over all of them. */
export async function alertsAfter(
  queryable: Queryable,
  after: AlertId | undefined,
  countMax: number,
): Promise<Alert[]> {
  const rows = await queryable.query<AlertRow>({
    name: 'fraud.alerts_after',
    text: `select ${columns} from fraud.alerts a
      where $1::uuid is null or a.id > $1 order by a.id limit $2`,
    values: [after === undefined ? null : uuidOf(after), countMax],
  });
  return rows.map(alertOf);
}
