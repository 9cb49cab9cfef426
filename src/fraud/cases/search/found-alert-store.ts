// The SQL that finds alerts by words in the table where they are kept: nothing is written for it,
// because alerts come in waves. The latest are looked at first, and so many for one page.

import { limits } from '#config';
import { idOf, madeAtMs, uuidFloor, uuidOf, type AccountId, type Id, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { DecisionId } from '../../screening/item.ts';
import type { AlertId } from '../alerts/alert.ts';
import type { CaseId } from '../case.ts';

const MS_PER_SECOND = 1_000;

/** What an index finds, whenever it was: each that is given must fit. */
export interface AlertKeys {
  readonly ids?: readonly AlertId[] | undefined;
  readonly decisionId?: DecisionId | undefined;
  readonly accountId?: AccountId | undefined;
  readonly caseId?: CaseId | undefined;
}

export interface WantedAlerts extends AlertKeys {
  readonly outcome?: string | readonly string[] | undefined;
  readonly isSnoozed?: boolean | undefined;
  /** Must begin a word. */
  readonly beginnings: readonly string[];
  /** Must be somewhere. */
  readonly parts: readonly string[];
  readonly before: AlertId | undefined;
  /** How many are looked through. */
  readonly window: number;
  readonly limit: number;
}

/** Of alerts as a: everything that one is found by, a word after another. */
const body = `lower(concat_ws(e'\\n', 'alr_' || a.id, 'dec_' || a.decision, 'acc_' || a.account_id,
  'pay_' || a.subject, 'cse_' || a.case_id, 'snz_' || a.snooze_id, a.counterparty, a.outcome,
  a.channel, a.currency, array_to_string(a.rules, e'\\n'), array_to_string(a.reasons, e'\\n'))
  collate "C")`;

// The window is of what the indexes find in its order, so that it has an end whatever is looked
// for within it.
const looked = `select * from fraud.alerts o
  where ($1::uuid[] is null or o.id = any($1)) and ($2::uuid is null or o.decision = $2)
    and ($3::uuid is null or o.account_id = $3) and ($4::uuid is null or o.case_id = $4)
    and ($5::uuid is null or o.id < $5)
  order by o.id desc`;

/** The latest first. Without a name, because its plan depends on what is asked. */
export async function selectAlertsHolding(
  queryable: Queryable,
  wanted: WantedAlerts,
): Promise<AlertId[]> {
  const { outcome, isSnoozed, beginnings, parts, window, limit } = wanted;
  const rows = await queryable.query<{ id: Uuid }>({
    text: `select a.id from (${looked} limit $6) as a
      where ($7::text[] is null or a.outcome = any($7))
        and ($8::boolean is null or (a.snooze_id is not null) = $8)
        and ${body} like all($9::text[])
        and not exists (
          select from unnest($10::text[]) as w (pattern) where ${body} !~ w.pattern
        )
      order by a.id desc limit $11`,
    values: [
      ...keysOf(wanted),
      window,
      typeof outcome === 'string' ? [outcome] : (outcome ?? null),
      isSnoozed ?? null,
      parts.map((part) => `%${part.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`),
      beginnings.map((word) => `(^|[^a-z0-9])${word.replaceAll(/[^\p{L}\p{N}]/gu, '\\$&')}`),
      limit,
    ],
  });
  return rows.map(({ id }) => idOf('alr', id));
}

/** The last that a window holds; undefined where nothing is left after it. */
export async function selectEndOfWindow(
  queryable: Queryable,
  wanted: WantedAlerts,
): Promise<AlertId | undefined> {
  const [last, next] = await queryable.query<{ id: Uuid }>({
    text: `select a.id from (${looked} offset $6 limit 2) as a order by a.id desc`,
    values: [...keysOf(wanted), wanted.window - 1],
  });
  return last && next && idOf('alr', last.id);
}

function keysOf({ ids, decisionId, accountId, caseId, before }: WantedAlerts): unknown[] {
  return [
    ids?.map(uuidOf) ?? null,
    decisionId === undefined ? null : uuidOf(decisionId),
    accountId === undefined ? null : uuidOf(accountId),
    caseId === undefined ? null : uuidOf(caseId),
    before === undefined ? null : uuidOf(before),
  ];
}

/** Decisions are made just before their payment, and the ids of both begin with their time. */
export async function selectAlertsOfPayment(
  queryable: Queryable,
  payment: Id<'pay'>,
): Promise<AlertId[]> {
  const madeMs = madeAtMs(uuidOf(payment));
  const marginMs = limits.fraudSubjectAroundS.value * MS_PER_SECOND;
  const rows = await queryable.query<{ id: Uuid }>({
    text: `select a.id from fraud.alerts a
      where a.decision >= $1::uuid and a.decision < $2::uuid and a.subject = $3::uuid`,
    values: [uuidFloor(madeMs - marginMs), uuidFloor(madeMs + marginMs), uuidOf(payment)],
  });
  return rows.map(({ id }) => idOf('alr', id));
}
