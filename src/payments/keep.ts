// Keeps what became of planned payments: rows, audit records, events, errands for rails and the
// decisions of screening, in the transaction whose postings they tell of.

import { record } from '#audit';
import type { Keeping } from '#fraud';
import { accept, assert, Fault, idOf, msOf, newUuid, uuidOf, type Uuid } from '#kernel';
import type { Answer, PostRefusal } from '#ledger';
import {
  emit,
  FIRST_TENANT,
  send,
  violatedConstraint,
  type Caller,
  type Transaction,
} from '#platform';
import { errandOf, eventOf, queueOf, recordOfNew } from './facts.ts';
import type { Payment } from './payment.ts';
import { differenceOf, no, type Planned, type PlannedNew } from './plan.ts';
import type { PaymentResult } from './refusals.ts';
import type { Screened } from './screening.ts';
import { insertPayments, selectByExternalIds } from './store/payment-store.ts';

/** `answers` are the ledger's, in the order of the planned ones that have an instruction. */
export async function keepPayments(
  tx: Transaction,
  screened: Screened,
  answers: readonly Answer[],
  callers: readonly Caller[] | undefined,
): Promise<PaymentResult[]> {
  const { planned } = screened;
  const results: PaymentResult[] = [];
  const fresh: Made[] = [];
  const raced: { readonly index: number; readonly plan: PlannedNew }[] = [];
  let next = 0;
  for (const [index, plan] of planned.entries()) {
    if (plan.what !== 'new') {
      results.push(settledBefore(plan, results));
      continue;
    }
    const answer = plan.instruction === undefined ? undefined : answers[next++];
    if (answer?.ok === false) {
      results.push(refusedByLedger(answer.refusal, plan));
      continue;
    }
    if (answer?.value.isReplay === true) raced.push({ index, plan });
    const uuid = answer === undefined ? newUuid(msOf(tx.now)) : uuidOf(answer.value.transfer.id);
    const payment = paymentOf(tx, plan, uuid, callers?.[index]);
    results.push(accept(payment));
    if (answer?.value.isReplay === true) continue;
    fresh.push({ index, plan, payment, caller: callers?.[index] });
  }
  if (raced.length > 0) await answerRaced(tx, raced, results);
  const made = await withoutKnown(tx, fresh, results);
  if (raced.length > 0 || made.length < fresh.length) answerRepeats(planned, results);
  // What came of no payment here was judged too: refused by the ledger, or made meanwhile.
  const ids = new Map(made.map(({ index, payment }) => [index, payment.id]));
  await store(tx, made, screened.keeping(tx, ids));
  return results;
}

// A repeat had the answer of its first before that was found to be made already.
function answerRepeats(planned: readonly Planned[], results: PaymentResult[]): void {
  for (const [index, plan] of planned.entries()) {
    if (plan.what === 'repeat') results[index] = settledBefore(plan, results);
  }
}

interface Made {
  /** Its place among the planned. */
  readonly index: number;
  readonly plan: PlannedNew;
  readonly payment: Payment;
  readonly caller: Caller | undefined;
}

function settledBefore(
  plan: Exclude<Planned, PlannedNew>,
  results: readonly PaymentResult[],
): PaymentResult {
  if (plan.what === 'refused') return plan.refused;
  if (plan.what === 'known') return accept(plan.payment);
  const earlier = results[plan.of];
  assert(earlier !== undefined, 'a repeated payment comes after the first');
  return earlier;
}

// Whatever the ledger says of the payee's account is not for the payer to know.
function refusedByLedger(refusal: PostRefusal, { asked }: PlannedNew): PaymentResult {
  const { code, message, leg } = refusal;
  const isOther = asked.kind === 'book' && leg === 1;
  return no(code, isOther ? 'The account of the payee cannot take the payment.' : message);
}

function paymentOf(
  tx: Transaction,
  { asked, status, reason }: PlannedNew,
  uuid: Uuid,
  caller: Caller | undefined,
): Payment {
  const { rejection: _, ...content } = asked;
  const { kind, rail } = asked;
  const isOurs = kind === 'credit_out' || kind === 'debit_out';
  const own = isOurs && rail === 'sct_inst' ? uuid.replaceAll('-', '') : undefined;
  return {
    ...content,
    id: idOf('pay', uuid),
    tenant: caller?.tenant ?? tx.tenant ?? FIRST_TENANT,
    transactionId: asked.transactionId ?? own,
    status,
    reason,
    version: 1,
    acceptedAt: tx.now,
    changedAt: tx.now,
  };
}

// Another transaction made the payment after this one had looked for it. Where that one has not
// committed, this one begins again.
async function answerRaced(
  tx: Transaction,
  raced: readonly { readonly index: number; readonly plan: PlannedNew }[],
  results: PaymentResult[],
): Promise<void> {
  const names = raced.flatMap(({ plan }) => plan.asked.externalId ?? []);
  const found = await selectByExternalIds(tx, names);
  for (const { index, plan } of raced) {
    const known = found.find(({ externalId }) => externalId === plan.asked.externalId);
    if (known === undefined) throw underWay();
    results[index] = replayOf(plan, known);
  }
}

function replayOf({ asked }: PlannedNew, known: Payment): PaymentResult {
  const difference = differenceOf(asked, known);
  if (difference === undefined) return accept(known);
  return no('payment_exists_with_different_content', `the ${difference} differs`);
}

function underWay(cause?: unknown): Fault {
  return new Fault('payment_under_way', { retryable: true, cause });
}

// Where no money moves the ledger cannot tell that another transaction made the payment meanwhile.
async function withoutKnown(
  tx: Transaction,
  made: readonly Made[],
  results: PaymentResult[],
): Promise<Made[]> {
  const names = made.flatMap(({ plan: { instruction, asked } }) => {
    return instruction === undefined ? (asked.externalId ?? []) : [];
  });
  if (names.length === 0) return [...made];
  const found = await selectByExternalIds(tx, names);
  const known = new Map(found.map((payment) => [payment.externalId, payment]));
  return made.filter(({ index, plan }) => {
    const earlier = known.get(plan.asked.externalId);
    if (plan.instruction !== undefined || earlier === undefined) return true;
    results[index] = replayOf(plan, earlier);
    return false;
  });
}

async function store(tx: Transaction, made: readonly Made[], keeping: Keeping): Promise<void> {
  const payments = made.map(({ payment }) => payment);
  const records = made.map(({ payment, caller }) => recordOfNew(payment, caller));
  const events = made.map(({ payment, caller }) => eventOf(payment, caller));
  const errands = payments
    .filter(({ rail, status }) => rail === 'sct_inst' && status === 'accepted')
    .map((payment) => errandOf(payment, 'transfer'));
  // Sent together: none of them needs the answer of another. The first that fails says why.
  const stored = await Promise.allSettled([
    insertPayments(tx, payments, tx.now).catch(toldApart),
    keeping.store(),
    record(tx, [...records, ...keeping.records]),
    emit(tx, [...events, ...keeping.events]),
    errands.length === 0 ? undefined : send(tx, queueOf.sct_inst, errands),
  ]);
  const failed = stored.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

function toldApart(error: unknown): never {
  if (violatedConstraint(error) === 'payments_external_id') throw underWay(error);
  throw error;
}
