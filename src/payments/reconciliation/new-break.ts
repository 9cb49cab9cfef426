// Owns how a break begins: what it is about, of which day, and by how much. Pure.

import { idOf, msOf, newUuid, startOfDay } from '#kernel';
import type { TransactionContext } from '#platform';
import type { BookEntry } from './books.ts';
import type { Break, Nostro, StatementId, TakenEntry } from './nostro.ts';

export type BreakCause =
  | { readonly kind: 'statement_only'; readonly entry: TakenEntry }
  | { readonly kind: 'books_only'; readonly book: BookEntry }
  | { readonly kind: 'amount_differs'; readonly entry: TakenEntry; readonly book: BookEntry }
  | { readonly kind: 'statement_gap'; readonly amount: bigint; readonly statementId: StatementId };

export function newBreak(
  { now }: Pick<TransactionContext, 'now'>,
  nostro: Pick<Nostro, 'id' | 'accountId'>,
  cause: BreakCause,
): Break {
  const entry = 'entry' in cause ? cause.entry : undefined;
  const book = 'book' in cause ? cause.book : undefined;
  return {
    id: idOf('brk', newUuid(msOf(now))),
    nostroId: nostro.id,
    kind: cause.kind,
    amount: amountOf(cause),
    statementId: cause.kind === 'statement_gap' ? cause.statementId : entry?.statementId,
    place: entry?.place,
    accountId: book && nostro.accountId,
    version: book?.version,
    state: 'open',
    assignee: undefined,
    resolution: undefined,
    note: undefined,
    matchId: undefined,
    transferId: undefined,
    waitUntil: undefined,
    sinceOn: entry?.bookedOn ?? startOfDay(book?.on ?? now),
    createdAt: now,
    changedAt: now,
  };
}

function amountOf(cause: BreakCause): bigint {
  switch (cause.kind) {
    case 'statement_only':
      return cause.entry.amount;
    case 'books_only':
      return cause.book.amount;
    case 'amount_differs':
      return cause.entry.amount - cause.book.amount;
    case 'statement_gap':
      return cause.amount;
  }
}
