// What the routes of payments stand on, and what they share.

import type { Clock } from '#kernel';
import type { ObjectUse } from '#gateway';
import { rowsFor, type Database, type Queryable } from '#platform';
import { no } from '../plan.ts';
import type { PaymentPoster } from './gathered.ts';

export interface PaymentsEdge {
  readonly database: Database;
  readonly clock: Clock;
  readonly payments: PaymentPoster;
}

/** Names of permissions. */
export const permissions = {
  make: 'payments.make',
  read: 'payments.read',
  list: 'payments.list',
  undo: 'payments.undo',
} as const;

/** What is read for a request: the rows of its caller's tenant. */
export function rowsOf({ database }: PaymentsEdge, tenant: string | undefined): Queryable {
  return rowsFor(database, tenant);
}

export const noPayment = (id: string) => no('payment_unknown', `There is no payment ${id}.`, 'id');

/** To read it, one side must be the caller's; to stop it, all of what it moves. */
export function paymentUse(act: 'read' | 'debit') {
  return ({ params }: { readonly params: { readonly id: string } }): readonly ObjectUse[] => [
    act === 'read'
      ? { kind: 'payment', id: params.id, act }
      : { kind: 'payment', id: params.id, act, amount: 0n },
  ];
}
