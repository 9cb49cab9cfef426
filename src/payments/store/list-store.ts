// Owns the SQL of lists of payments, newest first, and of which accounts payments are about.

import { idOf, uuidOf, type AccountId, type Instant, type Uuid } from '#kernel';
import { uuidArray, type Queryable } from '#platform';
import type { Payment, PaymentId, PaymentKind, PaymentStatus, RailName } from '../payment.ts';
import { paymentColumns, paymentOf, type PaymentRow } from './payment-store.ts';

export interface PaymentFilter {
  readonly limit: number;
  readonly before?: PaymentId | undefined;
  readonly accountId?: AccountId | undefined;
  readonly status?: PaymentStatus | undefined;
  readonly kind?: PaymentKind | undefined;
  readonly endToEndId?: string | undefined;
  readonly externalId?: string | undefined;
  readonly origin?: string | undefined;
}

export interface PaymentPage {
  readonly payments: readonly Payment[];
  readonly hasMore: boolean;
}

export async function listPayments(q: Queryable, filter: PaymentFilter): Promise<PaymentPage> {
  const values: unknown[] = [filter.limit + 1];
  const where: string[] = [];
  const add = (value: unknown, condition: (place: string) => string): void => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  add(filter.before && uuidOf(filter.before), (place) => `p.id < ${place}::uuid`);
  add(filter.status, (place) => `p.status = ${place}::payments.payment_status`);
  add(filter.kind, (place) => `p.kind = ${place}::payments.payment_kind`);
  add(filter.endToEndId, (place) => `p.end_to_end_id = ${place}`);
  add(filter.externalId, (place) => `p.external_id = ${place}`);
  add(filter.origin, (place) => `p.origin = ${place}`);
  const conditions = where.map((condition) => ` and ${condition}`).join('');
  const page = (side: string): string => `select ${paymentColumns} from payments.payments p
    where ${side}${conditions} order by p.id desc limit $1`;
  let text = page('true');
  if (filter.accountId !== undefined) {
    values.push(uuidOf(filter.accountId));
    const account = `$${values.length}::uuid`;
    // Each side has its index; both are read as far as the page goes, and joined.
    text = `(${page(`p.account_id = ${account}`)}) union all
      (${page(`p.counter_account_id = ${account}`)}) order by id desc limit $1`;
  }
  const rows = await q.query<PaymentRow>({ text, values });
  const hasMore = rows.length > filter.limit;
  return { payments: rows.slice(0, filter.limit).map(paymentOf), hasMore };
}

/** The accounts of the bank that payments are about. */
export async function selectAccountsBehind(
  q: Queryable,
  ids: readonly PaymentId[],
): Promise<ReadonlyMap<PaymentId, readonly AccountId[]>> {
  if (ids.length === 0) return new Map();
  const rows = await q.query<{ id: Uuid; account_id: Uuid; counter_account_id: Uuid | null }>({
    name: 'payments.accounts_behind',
    text: `select p.id, p.account_id, p.counter_account_id from payments.payments p
      where p.id = any($1)`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return new Map(
    rows.map(({ id, account_id: account, counter_account_id: counter }) => [
      idOf('pay', id),
      counter === null ? [idOf('acc', account)] : [idOf('acc', account), idOf('acc', counter)],
    ]),
  );
}

export interface OpenFilter {
  readonly rail: RailName;
  readonly status: 'accepted' | 'submitted' | 'unknown';
  /** Any where it is absent. */
  readonly currency?: string | undefined;
  readonly countMax: number;
}

/** What a rail is still to be given, or to answer, oldest first. */
export async function selectOpen(q: Queryable, filter: OpenFilter): Promise<Payment[]> {
  const { rail, status, currency, countMax } = filter;
  const rows = await q.query<PaymentRow>({
    name: 'payments.select_open',
    text: `select ${paymentColumns} from payments.payments p
      where p.rail = $1 and p.status = $2::payments.payment_status
        and p.status in ('accepted', 'submitted', 'unknown') 
        and ($3::text is null or p.currency = $3)
      order by p.id limit $4`,
    values: [rail, status, currency ?? null, countMax],
  });
  return rows.map(paymentOf);
}

export interface SubmittedPayment {
  readonly id: PaymentId;
  readonly tenant: string;
  readonly submittedAt: Instant;
}

/** What a rail has been given and has not answered, in the order of ids, of every tenant. */
export async function selectSubmitted(
  q: Queryable,
  options: {
    readonly rail: RailName;
    readonly after: PaymentId | undefined;
    readonly countMax: number;
  },
): Promise<SubmittedPayment[]> {
  const { rail, after, countMax } = options;
  const rows = await q.query<{ id: Uuid; tenant: string; changed_at_us: bigint }>({
    name: 'payments.select_submitted',
    text: `select p.id, p.tenant, (extract(epoch from p.changed_at) * 1000000)::bigint
        as changed_at_us
      from payments.payments p
      where p.rail = $1 and p.status in ('accepted', 'submitted', 'unknown')
        and p.status = 'submitted' and ($2::uuid is null or p.id > $2::uuid)
      order by p.id limit $3`,
    values: [rail, after === undefined ? null : uuidOf(after), countMax],
  });
  return rows.map(({ id, tenant, changed_at_us: us }) => {
    return { id: idOf('pay', id), tenant, submittedAt: Number(us) as Instant };
  });
}
