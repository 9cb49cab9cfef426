// The SQL that says what the audit records of accounts, closed periods and segments must hold.

import type { Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { Metadata, Side } from '../posting/instruction.ts';
import { instantText } from './transfer-sources-store.ts';

export interface AccountFacts {
  readonly id: Uuid;
  /** None where it is the first: records name only others. */
  readonly tenant: string | null;
  readonly path: string;
  readonly name: string;
  readonly currency: string;
  readonly normal_side: Side;
  readonly state: string;
  readonly floor: string | null;
  readonly ceiling: string | null;
  readonly credit_limit: string;
  readonly metadata: Metadata | null;
  readonly opened_at: string;
  readonly changed_at: string;
}

/** Accounts after an id, in order. */
export async function accountFacts(
  queryable: Queryable,
  after: Uuid,
  countMax: number,
): Promise<AccountFacts[]> {
  return await queryable.query<AccountFacts>({
    name: 'ledger.account_facts',
    text: `select a.id, nullif(a.tenant, 'main') as tenant, a.path, a.name, a.currency,
        a.normal_side, a.state, a.floor::text, a.ceiling::text, a.credit_limit::text,
        a.metadata, ${instantText('a.opened_at')} as opened_at,
        ${instantText('a.changed_at')} as changed_at
      from ledger.accounts a where a.id > $1::uuid order by a.id limit $2`,
    values: [after, countMax],
  });
}

export async function existingAccounts(
  queryable: Queryable,
  ids: readonly Uuid[],
): Promise<Uuid[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'ledger.existing_accounts',
    text: 'select a.id from ledger.accounts a where a.id = any($1::uuid[])',
    values: [ids],
  });
  return rows.map(({ id }) => id);
}

export interface CloseFacts {
  readonly closed_before: string;
  readonly closed_at: string;
  readonly actor: string;
  /** None where it is the first. */
  readonly tenant: string | null;
}

/** There are a few a year. */
export async function closeFacts(queryable: Queryable): Promise<CloseFacts[]> {
  return await queryable.query<CloseFacts>({
    text: `select ${instantText('c.closed_before')} as closed_before,
        ${instantText('c.closed_at')} as closed_at, c.actor,
        nullif(c.tenant, 'main') as tenant
      from ledger.period_closes c order by c.closed_before, c.tenant`,
  });
}

export interface SegmentFacts {
  readonly segment: number;
  readonly opened_at: string;
}

/** There is one for every two million entries. */
export async function segmentFacts(queryable: Queryable): Promise<SegmentFacts[]> {
  return await queryable.query<SegmentFacts>({
    text: `select s.segment, ${instantText('s.opened_at')} as opened_at
      from ledger.segments s order by s.segment`,
  });
}
