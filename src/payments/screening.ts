// Asks screening for fraud about payments that are new, before any money moves, and keeps its
// decisions with them. What it stops is kept as declined and moves nothing; what another bank has
// sent is told to it all the same and is never stopped.

import { assert, type AccountId } from '#kernel';
import {
  nothingToKeep,
  type Judged,
  type Keeping,
  type Screener,
  type ScreeningItem,
} from '#fraud';
import type { Caller, Queryable, Transaction, TransactionContext } from '#platform';
import type { NewPayment, PaymentId } from './payment.ts';
import { stopPlanned, type Planned } from './plan.ts';

/** Undefined where screening is switched off. */
export type PaymentScreener = Pick<Screener, 'judge' | 'keeping' | 'giveBack'> | undefined;

/** Planned payments of which screening has been asked. */
export interface Screened {
  readonly planned: readonly Planned[];
  /** What goes with the payments that were made, whose ids are by their place. */
  keeping(tx: Transaction, made: ReadonlyMap<number, PaymentId>): Keeping;
  /** Of a failure that rolled the transaction back: what was judged did not happen. */
  giveBack(): void;
}

interface Asking {
  readonly screener: PaymentScreener;
  /** Sees the rows of the tenant. */
  readonly reader: Queryable;
  readonly context: TransactionContext;
  /** Who asked for each, where it is not the context's caller. */
  readonly callers: readonly Caller[] | undefined;
}

export async function screenPlanned(
  planned: readonly Planned[],
  { screener, reader, context, callers }: Asking,
): Promise<Screened> {
  const places: number[] = [];
  const items: ScreeningItem[] = [];
  for (const [place, plan] of planned.entries()) {
    // One that is rejected by the rules of its rail has been decided, and moves nothing.
    if (plan.what !== 'new' || plan.status === 'rejected') continue;
    places.push(place);
    items.push(itemOf(plan.asked, callers?.[place] ?? context));
  }
  if (screener === undefined || items.length === 0) return { planned, ...unscreened };
  const judged = await screener.judge(reader, context, items);
  assert(judged.length === items.length, 'screening answers for each payment');
  return {
    planned: afterVerdicts(planned, places, judged),
    keeping(tx, made) {
      const subjects = places.map((place) => made.get(place));
      return screener.keeping(tx, judged, subjects);
    },
    giveBack: () => screener.giveBack(judged),
  };
}

const unscreened: Omit<Screened, 'planned'> = {
  keeping: () => nothingToKeep,
  giveBack: () => undefined,
};

function afterVerdicts(
  planned: readonly Planned[],
  places: readonly number[],
  judged: readonly Judged[],
): readonly Planned[] {
  if (!judged.some(({ verdict }) => verdict.isStopped)) return planned;
  const after = [...planned];
  for (const [index, place] of places.entries()) {
    const plan = planned[place];
    const verdict = judged[index]?.verdict;
    if (plan?.what !== 'new' || verdict?.isStopped !== true) continue;
    after[place] = stopPlanned(plan, verdict.outcome === 'challenge' ? 'challenge' : 'decline');
  }
  return after;
}

function itemOf(payment: NewPayment, { address }: Caller): ScreeningItem {
  const { kind, accountId, amount, currency } = payment;
  return {
    accountId,
    amount,
    currency,
    channel: kind,
    counterparty: counterpartyOf(payment),
    device: address,
    canStop: kind !== 'credit_in' && kind !== 'debit_in',
  };
}

// An account number that is no IBAN is unique within its bank only.
function counterpartyOf({ counterAccountId, party }: NewPayment): AccountId | string | undefined {
  if (counterAccountId !== undefined) return counterAccountId;
  const { iban, account, agent } = party ?? {};
  if (iban !== undefined || account === undefined) return iban;
  return agent === undefined ? account : `${agent} ${account}`;
}
