// Owns which requests to the ledger one person alone may not do: reversals, limits of accounts, the
// close of a period, and large payments. Pure. A dry run needs nobody, and neither does whoever has
// the machine: who runs imports there could change the tables as well.

import { limits } from '#config';
import {
  formatDecimal,
  minorUnitsOf,
  type AccountId,
  type BatchId,
  type TransferId,
} from '#kernel';
import type { ApprovalRule, EdgeRequest, ObjectUse } from '#gateway';
import { batchOf, increaseOf, reverseBatchOf, reverseOf, transferOf } from '../parse.ts';
import type {
  BatchItem,
  ChangeAccountBody,
  IncreaseBody,
  ReverseBatchBody,
  ReverseBody,
  TransferBody,
} from '../request-schemas.ts';
import { itemUses, movingUses, portionUses } from './object-uses.ts';

type Asked = Pick<EdgeRequest, 'principal'>;

/** Whether the rules are for this caller at all. */
function isWatched({ principal }: Asked): boolean {
  return principal !== undefined && principal.kind !== 'local';
}

type AskedFor = Asked & { readonly query: { readonly dry_run: boolean } };

function isMeant(request: AskedFor): boolean {
  return isWatched(request) && !request.query.dry_run;
}

/** The amounts, as text, that are above the limit for one person; an open amount is. */
export function largeAmounts(uses: readonly ObjectUse[], unitsMin: number): string[] {
  const totals = new Map<ObjectUse['currency'], bigint | undefined>();
  for (const { act, amount, currency } of uses) {
    if (act !== 'debit') continue;
    const before = totals.has(currency) ? totals.get(currency) : 0n;
    const isKnown = before !== undefined && amount !== undefined;
    totals.set(currency, isKnown ? before + amount : undefined);
  }
  const large: string[] = [];
  for (const [currency, total] of totals) {
    if (total === undefined || currency === undefined) {
      large.push('an open amount');
    } else if (total > BigInt(unitsMin) * 10n ** BigInt(minorUnitsOf(currency))) {
      large.push(`${formatDecimal(total, currency)} ${currency}`);
    }
  }
  return large;
}

const largest = (uses: readonly ObjectUse[]): string[] =>
  largeAmounts(uses, limits.approvalUnitsMin.value);

/** A transfer or a hold. */
export const payment: ApprovalRule<AskedFor & { readonly body: TransferBody }> = {
  when(request) {
    if (!isMeant(request)) return false;
    return largest(movingUses(transferOf(request.body, ''))).length > 0;
  },
  what({ body }) {
    const name = body.kind === 'hold' ? 'A hold' : 'A transfer';
    const amounts = largest(movingUses(transferOf(body, '')));
    return { summary: `${name} of ${amounts.join(' and ')}.` };
  },
};

type OfTransfer<Body> = AskedFor & {
  readonly params: { readonly id: TransferId };
  readonly body: Body;
};

export const increase: ApprovalRule<OfTransfer<IncreaseBody>> = {
  when(request) {
    const { params, body } = request;
    if (!isMeant(request)) return false;
    increaseOf(params.id, body, '');
    return largest(portionUses({ kind: 'hold', id: params.id }, body)).length > 0;
  },
  what({ params: { id }, body }) {
    const amounts = largest(portionUses({ kind: 'hold', id }, body));
    return { summary: `An increase of ${id} by ${amounts.join(' and ')}.` };
  },
};

export const reversal: ApprovalRule<OfTransfer<ReverseBody>> = {
  when(request) {
    if (!isMeant(request)) return false;
    reverseOf(request.params.id, request.body, '');
    return true;
  },
  what: ({ params }) => ({ summary: `A reversal of ${params.id}.` }),
};

type OfBatch = AskedFor & {
  readonly params: { readonly id: BatchId };
  readonly body: ReverseBatchBody;
};

export const batchReversal: ApprovalRule<OfBatch> = {
  when(request) {
    if (!isMeant(request)) return false;
    reverseBatchOf(request.params.id, request.body);
    return true;
  },
  what: ({ params }) => ({ summary: `A reversal of the whole batch ${params.id}.` }),
};

export const batch: ApprovalRule<AskedFor & { readonly body: readonly BatchItem[] }> = {
  when(request) {
    if (!isMeant(request)) return false;
    batchOf(request.body);
    const { reversals, payments } = countOf(request.body);
    return reversals + payments > 0;
  },
  what({ body }) {
    const { reversals, payments } = countOf(body);
    const found = `${reversals} reversals and ${payments} large payments`;
    return { summary: `A batch of ${body.length} with ${found}.` };
  },
};

/** How many items alone would need a second person. */
function countOf(items: readonly BatchItem[]): { reversals: number; payments: number } {
  const reversals = items.filter(({ kind }) => kind === 'reverse').length;
  // What was held was approved when it was held.
  const payments = items.filter((item, index) => {
    if (item.kind === 'capture' || item.kind === 'void' || item.kind === 'reverse') return false;
    return largest(itemUses(item, index)).length > 0;
  });
  return { reversals, payments: payments.length };
}

const limitsOfAccount = ['floor', 'ceiling', 'credit_limit'] as const;

function namedLimits(body: ChangeAccountBody): readonly string[] {
  return limitsOfAccount.filter((name) => body[name] !== undefined);
}

type OfAccount = Asked & {
  readonly params: { readonly id: AccountId };
  readonly body: ChangeAccountBody;
};

export const accountLimits: ApprovalRule<OfAccount> = {
  when: (request) => isWatched(request) && namedLimits(request.body).length > 0,
  what: ({ params, body }) => ({
    summary: `${params.id} would have another ${namedLimits(body).join(', ')}.`,
  }),
};

export const periodClose: ApprovalRule<
  Asked & { readonly body: { readonly closed_before: string } }
> = {
  when: isWatched,
  what: ({ body }) => ({ summary: `The books would be closed before ${body.closed_before}.` }),
};
