// The verbs by which people work on cases: one is claimed, given to somebody, given back, moved to
// another queue, written about, left waiting. Whoever has taken a case on decides on it; somebody
// else takes it over first.

import type { JsonObject } from '#audit';
import { accept, formatInstant, type Instant, type Result } from '#kernel';
import type { Transaction } from '#platform';
import type { Case, CaseId, CasePriority } from './case.ts';
import { lockCase, lockNextCase } from './case-store.ts';
import { changeCases, type NewEntry } from './change.ts';
import { dueFrom, earlier, resumed, stopped, waitUntilMax } from './clock.ts';
import { no, type FraudCaseRefusal } from './refusals.ts';
import { indexCases } from './search/documents.ts';

export type Worked = Result<Case, FraudCaseRefusal>;

/**
 * Takes on what is due first of what nobody works on; undefined where there is nothing. Two who
 * claim at once get two cases, and neither waits for the other.
 */
export async function claimNextCase(
  tx: Transaction,
  queue: string | undefined,
): Promise<Case | undefined> {
  const found = await lockNextCase(tx, queue);
  if (found === undefined) return undefined;
  const after: Case = { ...found, state: 'assigned', assignee: tx.actor };
  return await changed(tx, found, after, { kind: 'assigned', details: { assignee: tx.actor } });
}

/** To oneself, too: so a case is taken over. */
export async function assignCase(tx: Transaction, id: CaseId, assignee: string): Promise<Worked> {
  const locked = await lockOpen(tx, id);
  if (!locked.ok) return locked;
  const { value: found } = locked;
  const state = found.state === 'waiting' ? 'waiting' : 'assigned';
  const details = { assignee, before: found.assignee };
  return accept(
    await changed(tx, found, { ...found, state, assignee }, { kind: 'assigned', details }),
  );
}

/** Back to its queue, for the next who claims. */
export async function releaseCase(tx: Transaction, id: CaseId): Promise<Worked> {
  const locked = await lockOwn(tx, id);
  if (!locked.ok) return locked;
  const { value: found } = locked;
  const running = { ...found, ...resumed(found, tx.now) };
  const after: Case = { ...running, state: 'open', assignee: undefined };
  return accept(await changed(tx, found, after, { kind: 'released' }));
}

/** A higher priority makes it due earlier; a lower one leaves it due when it was. */
export async function moveCase(
  tx: Transaction,
  id: CaseId,
  to: { readonly queue?: string | undefined; readonly priority?: CasePriority | undefined },
): Promise<Worked> {
  const locked = await lockOpen(tx, id);
  if (!locked.ok) return locked;
  const { value: found } = locked;
  const { queue = found.queue, priority = found.priority } = to;
  const from = found.waitUntil ?? tx.now;
  const isSame = priority === found.priority;
  const dueAt = isSame ? found.dueAt : earlier(found.dueAt, dueFrom(from, priority));
  const details = { queue, priority, due_at: formatInstant(dueAt) };
  const after = { ...found, queue, priority, dueAt };
  return accept(await changed(tx, found, after, { kind: 'moved', details }));
}

/** On a closed case too: something may become known later. */
export async function noteOnCase(tx: Transaction, id: CaseId, text: string): Promise<Worked> {
  const found = await lockCase(tx, id);
  if (found === undefined) return unknown(id);
  return accept(await changed(tx, found, found, { kind: 'noted', text }));
}

export async function letCaseWait(
  tx: Transaction,
  id: CaseId,
  { until, text }: { readonly until: Instant; readonly text: string },
): Promise<Worked> {
  const locked = await lockOwn(tx, id);
  if (!locked.ok) return locked;
  const { value: found } = locked;
  const last = waitUntilMax(tx.now);
  if (until <= tx.now || until > last) {
    const message = `A case waits until after now, and at most until ${formatInstant(last)}.`;
    return no('case_wait_unfit', message, 'until');
  }
  const running = { ...found, ...resumed(found, tx.now) };
  const after: Case = { ...running, ...stopped(running, tx.now, until), state: 'waiting' };
  const details = { until: formatInstant(until), due_at: formatInstant(after.dueAt) };
  return accept(await changed(tx, found, after, { kind: 'waiting', text, details }));
}

/** The answer has come before the day. */
export async function resumeCase(tx: Transaction, id: CaseId): Promise<Worked> {
  const locked = await lockOwn(tx, id);
  if (!locked.ok) return locked;
  const { value: found } = locked;
  if (found.state !== 'waiting') return no('case_wait_missing', `The case ${id} does not wait.`);
  const after: Case = { ...found, ...resumed(found, tx.now), state: 'assigned' };
  const details = { due_at: formatInstant(after.dueAt) };
  return accept(await changed(tx, found, after, { kind: 'resumed', details }));
}

/** One change of one case, and what it is found by. */
export async function changed(
  tx: Transaction,
  before: Case,
  after: Case,
  entry: NewEntry & { readonly details?: JsonObject },
): Promise<Case> {
  const [stored = after] = await changeCases(tx, [{ before, after, entries: [entry] }]);
  await indexCases(tx, [stored]);
  return stored;
}

export function unknown(id: CaseId) {
  return no('case_unknown', `There is no case ${id}.`, 'id');
}

async function lockOpen(tx: Transaction, id: CaseId): Promise<Worked> {
  const found = await lockCase(tx, id);
  if (found === undefined) return unknown(id);
  if (found.state !== 'closed') return accept(found);
  return no('case_closed', `The case ${id} is closed; it can be reopened.`);
}

/** For what only whoever has taken the case on may do. */
export async function lockOwn(tx: Transaction, id: CaseId): Promise<Worked> {
  const locked = await lockOpen(tx, id);
  if (!locked.ok) return locked;
  const { assignee } = locked.value;
  if (assignee === tx.actor) return locked;
  if (assignee === undefined) {
    return no('case_not_assigned', `Nobody has taken the case ${id} on: assign it first.`);
  }
  return no('case_assigned_elsewhere', `The case ${id} is ${assignee}'s: take it over first.`);
}
