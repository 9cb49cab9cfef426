// What the ledger's verbs say to the audit log, in the transaction of what they do. Ids, amounts
// and limits are in clear, so that the log proves the books; a name and metadata are sealed, and
// texts of transfers stay out of it.

import { record, type AuditRecord, type JsonObject, type Sensitive } from '#audit';
import { formatInstant, type AccountId, type Refused } from '#kernel';
import { FIRST_TENANT, type Caller, type Transaction } from '#platform';
import type { Account, AccountRefusal } from './account.ts';
import { ledgerActions } from './audit-actions.ts';
import type { Answer } from './posting/decide.ts';
import type { Instruction } from './posting/instruction.ts';
import type { Entry, Transfer, TransferKind } from './posting/transfer.ts';

const ACTION_OF = {
  transfer: ledgerActions['ledger.transfer.post'],
  reversal: ledgerActions['ledger.transfer.reverse'],
  hold: ledgerActions['ledger.hold.place'],
  increase: ledgerActions['ledger.hold.increase'],
  capture: ledgerActions['ledger.hold.capture'],
  void: ledgerActions['ledger.hold.void'],
  expiry: ledgerActions['ledger.hold.expire'],
} as const satisfies Record<TransferKind, unknown>;

const KIND_OF = {
  transfer: 'transfer',
  hold: 'hold',
  capture: 'capture',
  increase: 'increase',
  void: 'void',
  reverse: 'reversal',
} as const satisfies Record<Instruction['kind'], TransferKind>;

/** Records what a list of instructions did, and each refusal. A replay did nothing. */
export async function recordAnswers(
  tx: Transaction,
  instructions: readonly Instruction[],
  answers: readonly Answer[],
  callers: readonly Caller[] | undefined,
): Promise<void> {
  const records: AuditRecord[] = [];
  for (const [index, answer] of answers.entries()) {
    const caller = callers?.[index];
    if (!answer.ok) {
      const instruction = instructions[index] as Instruction;
      const action = ACTION_OF[KIND_OF[instruction.kind]];
      const reason = answer.refusal.code;
      records.push({ action, target: subjectOf(instruction), outcome: 'refused', reason, caller });
    } else if (!answer.value.isReplay) {
      records.push(recordOf(answer.value.transfer, caller));
    }
  }
  await record(tx, records);
}

/** Records transfers that nobody asked for: holds that ended at their deadline. */
export async function recordExpiries(
  tx: Transaction,
  transfers: readonly Transfer[],
): Promise<void> {
  await record(
    tx,
    transfers.map((transfer) => recordOf(transfer, undefined)),
  );
}

// What a refused instruction was about: it has no transfer of its own.
function subjectOf(instruction: Instruction): string {
  if (instruction.kind === 'reverse') return instruction.transferId;
  if (instruction.kind === 'transfer' || instruction.kind === 'hold') {
    return instruction.legs[0]?.accountId ?? 'ledger.transfers';
  }
  return instruction.holdId;
}

function recordOf(transfer: Transfer, caller: Caller | undefined): AuditRecord {
  const { id, kind } = transfer;
  return { action: ACTION_OF[kind], target: id, after: factsOfTransfer(transfer), caller };
}

/** A transfer as its record has it. Members stand in canonical order, which saves sorting them. */
export function factsOfTransfer(transfer: Transfer): JsonObject {
  const { kind, effectiveAt, exchange, expiresAt, holdId, reversesId, entries } = transfer;
  return {
    effective_at: formatInstant(effectiveAt),
    exchange: exchange && { from: exchange.from, rate: exchange.rate, to: exchange.to },
    expires_at: expiresAt === undefined ? undefined : formatInstant(expiresAt),
    hold_id: holdId,
    kind,
    legs: entries.map(factsOfEntry),
    reverses_id: reversesId,
  };
}

function factsOfEntry({ accountId, posted, leg, pending, side, version }: Entry): JsonObject {
  return {
    account_id: accountId,
    amount: String(posted),
    leg,
    pending: pending === 0n ? undefined : String(pending),
    side,
    version: String(version),
  };
}

/** An account's attributes as its records have them. */
export function factsOfAccount(account: Account): JsonObject {
  const { ceiling, creditLimit, currency, floor, normalSide, path, state, tenant } = account;
  return {
    ceiling: ceiling === null ? null : String(ceiling),
    credit_limit: String(creditLimit),
    currency,
    floor: floor === null ? null : String(floor),
    normal_side: normalSide,
    path,
    state,
    tenant: namedTenant(tenant),
  };
}

/** A record names a tenant unless it is the first: those of before there were tenants name none. */
export function namedTenant(tenant: string | undefined): string | undefined {
  return tenant === FIRST_TENANT ? undefined : tenant;
}

function sensitiveOf({ id, name, metadata }: Account): readonly Sensitive[] | undefined {
  const fields: Record<string, string> = {};
  if (name !== '') fields['name'] = name;
  if (metadata !== undefined) fields['metadata'] = JSON.stringify(metadata);
  return Object.keys(fields).length === 0 ? undefined : [{ subject: id, fields }];
}

export function openingOf(account: Account): AuditRecord {
  const action = ledgerActions['ledger.account.open'];
  const sensitive = sensitiveOf(account);
  return { action, target: account.id, after: factsOfAccount(account), sensitive };
}

/** A refused opening has no account; a refused change names the one it was about. */
export function refusalOf(
  action: 'ledger.account.open' | 'ledger.account.change',
  { refusal }: Refused<AccountRefusal>,
  accountId?: AccountId,
): AuditRecord {
  const target = accountId ?? 'ledger.accounts';
  return { action: ledgerActions[action], target, outcome: 'refused', reason: refusal.code };
}

export function changeOf(before: Account, after: Account): AuditRecord {
  const action = ledgerActions['ledger.account.change'];
  return {
    action,
    target: after.id,
    before: factsOfAccount(before),
    after: factsOfAccount(after),
    sensitive: sensitiveOf(after),
  };
}
