// Owns the status projection: what became of each payment and whose it is, kept behind the
// key-value port by a consumer of the payments' events. Asking it costs the posting path nothing;
// it follows the payments within a moment, and can be made again from the events.

import { isId, type AccountId, type Instant } from '#kernel';
import type { AccountsBehind } from '#gateway';
import {
  openKeyValues,
  type Database,
  type EventValue,
  type Queryable,
  type StreamEvent,
  type Subscription,
} from '#platform';
import type { StatusFacts } from '../http/present.ts';
import { paymentStatuses, type PaymentId } from '../payment.ts';
import { selectAccountsBehind } from '../store/list-store.ts';

const statuses = openKeyValues('payment_statuses');

/** A row of the table of subscriptions. */
export const statusSubscription: Subscription = {
  name: 'payment-statuses',
  types: paymentStatuses.map((status) => `payment.${status}`),
  async handle(events, tx) {
    const latest = new Map<string, StreamEvent>();
    for (const event of events) latest.set(event.subject, event);
    const items = [...latest.values()].map(({ subject, data }) => {
      const { account_id, counter_account_id = null, status = null, reason = null } = data;
      const { version, changed_at = null } = data;
      const value = { account_id: account_id ?? null, counter_account_id, status, reason };
      // Events that come again, or late, change nothing.
      return {
        key: subject,
        value: { ...value, version: version ?? 1, changed_at },
        version: versionOf(version),
      };
    });
    await statuses.putBatch(tx, items, tx.now);
  },
};

function versionOf(version: EventValue | undefined): bigint {
  return typeof version === 'number' ? BigInt(version) : 1n;
}

/** One for each id, in order; undefined where there is none, or not yet. */
export async function readStatuses(
  q: Queryable,
  ids: readonly PaymentId[],
  now: Instant,
): Promise<(StatusFacts | undefined)[]> {
  const items = await statuses.getBatch(q, ids, now);
  return items.map((item) => factsOf(item?.value));
}

function factsOf(value: unknown): StatusFacts | undefined {
  const { status, reason, version, changed_at: changedAt } = membersOf(value);
  const known = paymentStatuses.find((name) => name === status);
  if (known === undefined || typeof changedAt !== 'string') return undefined;
  return {
    status: known,
    reason: typeof reason === 'string' ? reason : null,
    version: Number(version),
    changed_at: changedAt,
  };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null;
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The accounts that payments are about, for the rules about objects. */
export function openPaymentsBehind(database: Database, clock: { now(): Instant }): AccountsBehind {
  return async (uses, tenant) => {
    const named = uses.flatMap(({ kind, id }) =>
      kind === 'payment' && isId('pay', id) ? [id] : [],
    );
    const ids = [...new Set(named)];
    if (ids.length === 0) return new Map();
    const rows = database.within(tenant);
    const found = new Map<string, readonly AccountId[]>();
    const items = await statuses.getBatch(rows, ids, clock.now());
    for (const item of items) if (item !== undefined) found.set(item.key, accountsOf(item.value));
    const missing = ids.filter((id) => !found.has(id));
    for (const [id, accounts] of await selectAccountsBehind(rows, missing)) found.set(id, accounts);
    return found;
  };
}

function accountsOf(value: unknown): readonly AccountId[] {
  const { account_id: account, counter_account_id: counter } = membersOf(value);
  return [account, counter].flatMap((id) => {
    return typeof id === 'string' && isId('acc', id) ? [id] : [];
  });
}
