// Owns what a holder of an account may do with it at the edge. Pure.

import type { ObjectUse } from '#gateway';
import type { HolderRole } from './account.ts';

// No one manages: who could would undo, in the ledger, what the bank blocked.
const granted: Readonly<Record<HolderRole, readonly ObjectUse['act'][]>> = {
  owner: ['read', 'credit', 'debit'],
  authorised: ['read', 'credit', 'debit'],
};

/** Who is authorised may act as an owner does, unless less was said. */
export function actsOf(role: HolderRole): readonly ObjectUse['act'][] {
  return granted[role];
}
