// The SQL of contests: what was decided while two models ran side by side, and what became known
// of it.

import { msOf, type Instant, type Uuid } from '#kernel';
import type { Queryable } from '#platform';

export interface ContestRow {
  readonly id: Uuid;
  readonly accountId: Uuid;
  readonly at: Instant;
  readonly champion: number;
  readonly challenger: number;
  readonly isFraud: boolean;
}

export interface ContestSpan {
  readonly tenant: string;
  readonly champion: string;
  readonly challenger: string;
  readonly from: Instant;
  readonly until: Instant;
}

type Columns = readonly [Uuid, Uuid, bigint, number, number, boolean];

/** In pages, in the order of their ids, which is that of time. What has no label is genuine. */
export async function* contestRows(
  queryable: Queryable,
  { tenant, champion, challenger, from, until }: ContestSpan,
  pageMax: number,
): AsyncGenerator<readonly ContestRow[]> {
  let after = firstUuidOf(from);
  for (;;) {
    const rows = await queryable.query<Columns>({
      text: `select d.id, d.account_id, (extract(epoch from d.decided_at) * 1000000)::bigint,
          d.score, d.challenger_score, coalesce(l.is_fraud, false)
        from fraud.decisions d
        join fraud.batches b on b.id = d.batch
        left join lateral (select n.is_fraud from fraud.labels n where n.decision = d.id
          order by n.id desc limit 1) l on true
        where d.tenant = $1 and d.id > $2 and d.id < $3 and b.model = $4 and b.challenger = $5
          and d.score <> 'NaN' and d.challenger_score <> 'NaN'
        order by d.id limit $6`,
      values: [tenant, after, firstUuidOf(until), champion, challenger, pageMax],
      rowMode: 'array',
    });
    const last = rows.at(-1);
    if (last === undefined) return;
    [after] = last;
    yield rows.map(([id, accountId, at, score, other, isFraud]) => {
      const scores = { champion: score, challenger: other };
      return { id, accountId, at: Number(at) as Instant, ...scores, isFraud };
    });
  }
}

/** Less than every id that is made at the instant or later. */
function firstUuidOf(instant: Instant): Uuid {
  const time = msOf(instant).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}
