// The verb that brings payments into other states: a list in, one result for each, in the caller's
// transaction, with the movement of money that the table of states has for the change. Done twice
// it is done once.

import { record } from '#audit';
import { accept, assert, idOf, MILLISECOND_US, uuidOf, type Instant } from '#kernel';
import { limits } from '#config';
import { post, type Answer, type Instruction } from '#ledger';
import { emit, send, type Caller, type NewMessage, type Transaction } from '#platform';
import { errandOf, eventOf, queueOf, recordOfChange, type RailErrand } from './facts.ts';
import {
  movementOf,
  type Movement,
  type Payment,
  type PaymentId,
  type PaymentStatus,
} from './payment.ts';
import { bookOf, no } from './plan.ts';
import { booksKey, railBooks, type RailBooks } from './rails/books.ts';
import { railsOf, type PaymentResult } from './send.ts';
import { lockPayments, updatePayments, type StoredChange } from './store/payment-store.ts';

export interface PaymentChange {
  readonly paymentId: PaymentId;
  readonly to: PaymentStatus;
  /** The code of the rail's own list. */
  readonly reason?: string | undefined;
  /** Minor units, where the asker says how much: it must be the payment's. */
  readonly amount?: bigint | undefined;
  /** As the rail calls it from now on. */
  readonly transactionId?: string | undefined;
  /** States in which it happens; in others it is refused. Any that the table allows if absent. */
  readonly from?: readonly PaymentStatus[] | undefined;
  /** What the rail is told of it. */
  readonly errand?: RailErrand | undefined;
  readonly caller?: Caller | undefined;
}

/**
 * Changes each payment, in order; a refused change leaves nothing behind, and one that had been
 * made before is accepted and makes nothing. Call it within `withLedger`.
 */
export async function changePayments(
  tx: Transaction,
  changes: readonly PaymentChange[],
): Promise<PaymentResult[]> {
  const results: PaymentResult[] = changes.map(({ paymentId }) => unknown(paymentId));
  const locked = await lockPayments(tx, [...new Set(changes.map(({ paymentId }) => paymentId))]);
  const current = new Map(locked.map((payment) => [payment.id, payment]));
  const books = await booksOf(tx, locked);
  // Of several changes of one payment each begins where the one before it ended.
  let rest = [...changes.entries()];
  while (rest.length > 0) {
    const round = new Map<PaymentId, readonly [number, PaymentChange]>();
    const later: typeof rest = [];
    for (const entry of rest) {
      const { paymentId } = entry[1];
      if (round.has(paymentId)) later.push(entry);
      else round.set(paymentId, entry);
    }
    await changeEach(tx, [...round.values()], { current, books, results });
    rest = later;
  }
  return results;
}

const unknown = (id: PaymentId): PaymentResult =>
  no('payment_unknown', `There is no payment ${id}.`, 'id');

async function booksOf(
  tx: Transaction,
  payments: readonly Payment[],
): Promise<ReadonlyMap<string, RailBooks>> {
  const books = new Map<string, RailBooks>();
  for (const { rail, currency } of railsOf(payments)) {
    books.set(booksKey(rail, currency), await railBooks(tx, rail, currency));
  }
  return books;
}

interface Desk {
  readonly current: Map<PaymentId, Payment>;
  readonly books: ReadonlyMap<string, RailBooks>;
  readonly results: PaymentResult[];
}

interface Decided {
  readonly index: number;
  readonly change: PaymentChange;
  readonly before: Payment;
  readonly movement: Movement | null;
}

async function changeEach(
  tx: Transaction,
  round: readonly (readonly [number, PaymentChange])[],
  desk: Desk,
): Promise<void> {
  const decided: Decided[] = [];
  for (const [index, change] of round) {
    const before = desk.current.get(change.paymentId);
    if (before === undefined) continue;
    const outcome = decideChange(before, change);
    if (outcome === 'done before') desk.results[index] = accept(before);
    else if (outcome !== null && 'ok' in outcome) desk.results[index] = outcome;
    else decided.push({ index, change, before, movement: outcome });
  }
  const posted = await postAll(tx, decided, desk.books);
  const stored: (StoredChange & { readonly change: PaymentChange })[] = [];
  for (const [at, { index, change, before }] of decided.entries()) {
    const answer = posted[at];
    if (answer?.ok === false) {
      desk.results[index] = no(answer.refusal.code, answer.refusal.message);
      continue;
    }
    const after = changed(tx, before, change);
    const transferId = answer?.value.transfer.id;
    stored.push({ before, after, transferId, enquireAt: enquireAt(tx, after), change });
    desk.current.set(after.id, after);
    desk.results[index] = accept(after);
  }
  await store(tx, stored);
}

/** The movement, 'done before', or the refusal. Pure. */
export function decideChange(
  before: Payment,
  { to, amount, from }: PaymentChange,
): Movement | null | 'done before' | Extract<PaymentResult, { readonly ok: false }> {
  if (before.status === to) return 'done before';
  const movement = movementOf(before.kind, before.status, to);
  if (movement === undefined || from?.includes(before.status) === false) {
    const message = `The payment ${before.id} is ${before.status} and cannot become ${to}.`;
    return no('payment_change_not_legal', message);
  }
  if (amount !== undefined && amount !== before.amount) {
    return no('payment_amount_differs', `The payment ${before.id} is of another amount.`);
  }
  return movement;
}

/** The ledger's answer to each, undefined where no money moves. */
async function postAll(
  tx: Transaction,
  decided: readonly Decided[],
  books: ReadonlyMap<string, RailBooks>,
): Promise<readonly (Answer | undefined)[]> {
  const toPost = decided.filter(({ movement }) => movement !== null);
  const answers = await postEach(tx, toPost, (each) => instructionOf(each, books));
  // What has moved at the rail is booked, if not on the customer's account then beside it.
  const failed = toPost.filter(
    (each, at) => answers[at]?.ok === false && each.movement?.isForced === true,
  );
  const instead = await postEach(tx, failed, (each) => besideOf(each, books));
  const answerTo = new Map<Decided, Answer | undefined>();
  for (const [at, each] of toPost.entries()) answerTo.set(each, answers[at]);
  for (const [at, each] of failed.entries()) answerTo.set(each, instead[at]);
  return decided.map((each) => answerTo.get(each));
}

async function postEach(
  tx: Transaction,
  decided: readonly Decided[],
  instructionFor: (each: Decided) => Instruction,
): Promise<readonly Answer[]> {
  const callers = decided.map(({ change }) => change.caller ?? tx);
  return await post(tx, decided.map(instructionFor), { callers });
}

function instructionOf(
  { before, change, movement }: Decided,
  books: ReadonlyMap<string, RailBooks>,
): Instruction {
  assert(movement !== null, 'a change that moves nothing is not posted');
  // Of a payment within the bank the ledger itself knows that it is undone.
  if (change.to === 'reversed') {
    return { kind: 'reverse', transferId: idOf('trf', uuidOf(before.id)) };
  }
  return moving(
    before,
    bookOf(before, movement.debit, books),
    bookOf(before, movement.credit, books),
  );
}

function besideOf(
  { before, movement }: Decided,
  books: ReadonlyMap<string, RailBooks>,
): Instruction {
  const own = before.rail && books.get(booksKey(before.rail, before.currency));
  assert(movement !== null && own !== undefined, 'only rails force a movement');
  const { debit, credit } = movement;
  return moving(
    before,
    debit === 'account' ? own.claims : bookOf(before, debit, books),
    credit === 'account' ? own.incoming : bookOf(before, credit, books),
  );
}

function moving(
  { amount, currency, remittance }: Payment,
  debited: Payment['accountId'],
  credited: Payment['accountId'],
): Instruction {
  return {
    kind: 'transfer',
    description: remittance,
    legs: [
      { accountId: debited, side: 'debit', amount, currency },
      { accountId: credited, side: 'credit', amount, currency },
    ],
  };
}

function changed(tx: Transaction, before: Payment, change: PaymentChange): Payment {
  return {
    ...before,
    status: change.to,
    reason: change.reason,
    version: before.version + 1,
    transactionId: change.transactionId ?? before.transactionId,
    changedAt: tx.now,
  };
}

/** Rails that answer each payment are asked when they do not; ACH answers with returns only. */
function enquireAt(tx: Transaction, { rail, status }: Payment): Instant | undefined {
  if (rail !== 'sct_inst' || (status !== 'submitted' && status !== 'unknown')) return undefined;
  return (tx.now + limits.railAnswerMs.value * MILLISECOND_US) as Instant;
}

async function store(
  tx: Transaction,
  stored: readonly (StoredChange & { readonly change: PaymentChange })[],
): Promise<void> {
  if (stored.length === 0) return;
  await updatePayments(tx, stored, tx.now);
  await record(
    tx,
    stored.map((each) => recordOfChange(each, each.change.caller)),
  );
  await emit(
    tx,
    stored.map(({ after, change }) => eventOf(after, change.caller)),
  );
  const errands: NewMessage[] = [];
  for (const { after, change } of stored) {
    const { errand } = change;
    if (errand !== undefined && after.rail === 'sct_inst') errands.push(errandOf(after, errand));
  }
  if (errands.length > 0) await send(tx, queueOf.sct_inst, errands);
}
