// Owns the statement as JSON: one object, written as it is read, amounts as texts of minor units.

import { formatInstant } from '#kernel';
import type { AccountStatement, StatementEntry } from './statement.ts';

export async function* jsonOf(statement: AccountStatement): AsyncGenerator<string> {
  const { id, account, bankAccount, from, to, madeAt } = statement;
  const head = {
    id,
    account_id: account.id,
    iban: bankAccount?.iban ?? null,
    routing_number: bankAccount?.routingNumber ?? null,
    account_number: bankAccount?.accountNumber ?? null,
    currency: account.currency,
    from: formatInstant(from),
    to: formatInstant(to),
    made_at: formatInstant(madeAt),
    opening_balance: String(statement.opening),
    closing_balance: String(statement.closing),
    debits: String(statement.debits),
    credits: String(statement.credits),
    entry_count: statement.entryCount,
  };
  yield `${JSON.stringify(head).slice(0, -1)},"entries":[`;
  let separator = '';
  for await (const entries of statement.pages()) {
    if (entries.length === 0) continue;
    yield separator + entries.map((entry) => JSON.stringify(presentEntry(entry))).join(',');
    separator = ',';
  }
  yield ']}';
}

function presentEntry(entry: StatementEntry): object {
  return {
    number: entry.number,
    transfer_id: entry.transferId,
    kind: entry.kind,
    side: entry.side,
    amount: String(entry.posted),
    balance: String(entry.balance),
    effective_at: formatInstant(entry.effectiveAt),
    recorded_at: formatInstant(entry.recordedAt),
    external_id: entry.externalId ?? null,
    description: entry.description ?? null,
  };
}
