// What a list of instructions names: the accounts, holds, transfers and external ids that must be
// known before it can be decided. The accounts of a hold or of a reversal only those know.

import type { AccountId, TransferId } from '#kernel';
import type { Instruction } from './instruction.ts';

export interface Named {
  readonly accountIds: Set<AccountId>;
  readonly holdIds: Set<TransferId>;
  readonly reversedIds: Set<TransferId>;
  readonly externalIds: Set<string>;
}

export function namedBy(instructions: readonly Instruction[]): Named {
  const accountIds = new Set<AccountId>();
  const holdIds = new Set<TransferId>();
  const reversedIds = new Set<TransferId>();
  const externalIds = new Set<string>();
  for (const instruction of instructions) {
    if (instruction.externalId !== undefined) externalIds.add(instruction.externalId);
    if ('holdId' in instruction) holdIds.add(instruction.holdId);
    else if (instruction.kind === 'reverse') reversedIds.add(instruction.transferId);
    else for (const { accountId } of instruction.legs) accountIds.add(accountId);
  }
  return { accountIds, holdIds, reversedIds, externalIds };
}
