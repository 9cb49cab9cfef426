// Owns what the edge asks about every request before its handler runs, as ports: who asks, may they
// do this at all, may they do it to these objects. Each answer is yes, or a no with its reason.

import type { Presented, Principal } from '#identity';
import type { Currency } from '#kernel';
import type { Caller } from '#platform';

export type { Presented } from '#identity';

/** A no, by a stable code of the edge's table of problems. */
export interface Denied {
  readonly isAllowed: false;
  readonly code: 'forbidden' | 'second_factor_required' | 'object_forbidden' | 'scope_missing';
  /** One sentence for the caller. Says nothing of objects the caller may not know of. */
  readonly message: string;
  /** The rule that said no, for the audit log. */
  readonly rule: string;
}

export interface Allowed {
  readonly isAllowed: true;
  /** The rule that said yes, for the audit log. */
  readonly rule: string;
  /**
   * Where something was set aside for it (of the amount of a day): to be called once it is known
   * whether the request did what it asked. Until then, what was set aside counts as used.
   */
  settle?(isDone: boolean): Promise<void>;
}

export type Decision = Allowed | Denied;

/** What an operation does to one object, for rules about objects. */
export interface ObjectUse {
  readonly kind: 'account' | 'hold' | 'transfer' | 'payment';
  readonly id: string;
  readonly act: 'read' | 'credit' | 'debit' | 'manage';
  /** Minor units of what would move, where known. */
  readonly amount?: bigint | undefined;
  readonly currency?: Currency | undefined;
  /** Which of several transfers of the request it belongs to; all are one unless given. */
  readonly transfer?: number | undefined;
}

/** On which request objects are used. */
export interface UseContext {
  /** Of the table of routes. */
  readonly permission: string;
  /** For the audit log. */
  readonly caller: Caller;
}

export interface Access {
  /** Who asks. Throws the EdgeRefusal (401) of a request that proves nobody. */
  identify(presented: Presented): Promise<Principal>;
  /**
   * Whether the principal may use a permission of the table of routes at all. Pure.
   * `areObjectsJudged`: whether the operation names its objects, so that `permit` is asked next;
   * not unless given, and then whoever may act on granted objects only is refused.
   */
  authorise(principal: Principal, permission: string, areObjectsJudged?: boolean): Decision;
  /** Whether it may do this to these objects. Without a context nobody counts as staff. */
  permit(principal: Principal, uses: readonly ObjectUse[], context?: UseContext): Promise<Decision>;
}
