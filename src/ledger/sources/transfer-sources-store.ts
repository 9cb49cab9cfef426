// The SQL that says what the audit records of transfers must hold, built from the rows themselves:
// nothing here is shared with what writes records or reads transfers for anybody else.

import type { Uuid } from '#kernel';
import type { Queryable } from '#platform';
import { holds } from '../verify/holds-store.ts';
import { limited } from '../verify/structure-store.ts';
import type { TransferKind } from '../posting/transfer.ts';

/** RFC 3339 in UTC with three digits of a second, or six where they say more. */
export const instantText = (column: string): string =>
  `regexp_replace(to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    '000Z$', 'Z')`;

// One text of a transfer, because thousands of values cost far more to bring over. Members stand in
// canonical order; ids, numbers and times need no escapes.
const TRANSFERS = `
with page as materialized (
  select t.id, t.kind, t.exchange, t.hold_id, t.reverses_id, t.expires_at, t.effective_at,
    t.recorded_at
  from ledger.transfers t where t.id > $1::uuid order by t.id limit $2
),
legs as (
  select e.transfer_id, string_agg('{"account_id":"acc_' || e.account_id || '","amount":"'
    || e.posted || '","leg":' || e.leg
    || case when e.pending = 0 then '' else ',"pending":"' || e.pending || '"' end
    || case when e.is_debit then ',"side":"debit' else ',"side":"credit' end
    || '","version":"' || e.version || '"}', ',' order by e.leg, e.version) as text
  from ledger.entries e
  where e.transfer_id > $1::uuid
    and e.transfer_id <= (select p.id from page p order by p.id desc limit 1)
  group by e.transfer_id
)
select p.id, p.kind::text, '{"effective_at":"' || ${instantText('p.effective_at')} || '"'
  || case when p.exchange is null then ''
    when jsonb_typeof(p.exchange) <> 'object' then ',"exchange":' || p.exchange::text
    when (select count(*) from jsonb_object_keys(p.exchange)) <> 3
      or not p.exchange ?& array['from', 'rate', 'to'] then ',"exchange":' || p.exchange::text
    else ',"exchange":{"from":' || (p.exchange -> 'from')::text
      || ',"rate":' || (p.exchange -> 'rate')::text
      || ',"to":' || (p.exchange -> 'to')::text || '}' end
  || coalesce(',"expires_at":"' || ${instantText('p.expires_at')} || '"', '')
  || coalesce(',"hold_id":"trf_' || p.hold_id || '"', '')
  || ',"kind":"' || p.kind || '","legs":[' || coalesce(l.text, '') || ']'
  || coalesce(',"reverses_id":"trf_' || p.reverses_id || '"', '') || '}',
  ${instantText('p.recorded_at')}
from page p left join legs l on l.transfer_id = p.id order by p.id`;

export type TransferText = [id: Uuid, kind: TransferKind, text: string, recordedAt: string];

/** Transfers after an id, in order, each with its facts as canonical JSON. */
export async function transferTexts(
  queryable: Queryable,
  after: Uuid,
  countMax: number,
): Promise<TransferText[]> {
  return await queryable.query<TransferText>({
    name: 'ledger.transfer_texts',
    text: TRANSFERS,
    values: [after, countMax],
    rowMode: 'array',
  });
}

export async function existingTransfers(
  queryable: Queryable,
  ids: readonly Uuid[],
): Promise<Uuid[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'ledger.existing_transfers',
    text: 'select t.id from ledger.transfers t where t.id = any($1::uuid[])',
    values: [ids],
  });
  return rows.map(({ id }) => id);
}

export interface UnfoundedHold {
  readonly transfer_id: Uuid | null;
  readonly expected: string | null;
  readonly found: string | null;
}

/** Holds whose progress is not what their transfers make of it. */
export async function unfoundedHolds(
  queryable: Queryable,
  countMax: number,
): Promise<UnfoundedHold[]> {
  return await queryable.query<UnfoundedHold>({ text: limited(holds), values: [countMax] });
}
