// Keeps what became of planned payments: rows, audit records, events and errands for rails, in the
// transaction whose postings they tell of.

import { record } from '#audit';
import { accept, assert, Fault, idOf, msOf, newUuid, uuidOf, type Uuid } from '#kernel';
import type { Answer, PostRefusal } from '#ledger';
import { emit, send, type Caller, type Transaction } from '#platform';
import { errandOf, eventOf, FIRST_TENANT, queueOf, recordOfNew } from './facts.ts';
import type { Payment } from './payment.ts';
import { differenceOf, no, type Planned, type PlannedNew } from './plan.ts';
import type { PaymentResult } from './refusals.ts';
import { insertPayments, selectByExternalIds } from './store/payment-store.ts';

/** `answers` are the ledger's, in the order of the planned ones that have an instruction. */
export async function keepPayments(
  tx: Transaction,
  planned: readonly Planned[],
  answers: readonly Answer[],
  callers: readonly Caller[] | undefined,
): Promise<PaymentResult[]> {
  const results: PaymentResult[] = [];
  const made: { readonly payment: Payment; readonly caller: Caller | undefined }[] = [];
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
    if (answer?.value.isReplay !== true) made.push({ payment, caller: callers?.[index] });
  }
  if (raced.length > 0) await answerRaced(tx, raced, results);
  await store(tx, made);
  return results;
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
    if (known === undefined) throw new Fault('payment_under_way', { retryable: true });
    const difference = differenceOf(plan.asked, known);
    results[index] =
      difference === undefined
        ? accept(known)
        : no('payment_exists_with_different_content', `the ${difference} differs`);
  }
}

async function store(
  tx: Transaction,
  made: readonly { readonly payment: Payment; readonly caller: Caller | undefined }[],
): Promise<void> {
  if (made.length === 0) return;
  const payments = made.map(({ payment }) => payment);
  await insertPayments(tx, payments, tx.now);
  await record(
    tx,
    made.map(({ payment, caller }) => recordOfNew(payment, caller)),
  );
  await emit(
    tx,
    made.map(({ payment, caller }) => eventOf(payment, caller)),
  );
  const errands = payments
    .filter(({ rail, status }) => rail === 'sct_inst' && status === 'accepted')
    .map((payment) => errandOf(payment, 'transfer'));
  if (errands.length > 0) await send(tx, queueOf.sct_inst, errands);
}
