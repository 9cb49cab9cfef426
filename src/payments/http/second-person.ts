// Owns which requests about payments one person alone may not do: large ones, returns and
// reversals. Pure. Whoever has the machine needs nobody, as in the ledger.

import { limits } from '#config';
import { formatDecimal, minorUnitsOf } from '#kernel';
import type { ApprovalRule, EdgeRequest } from '#gateway';
import type { NewPaymentBody } from './payment-schemas.ts';

type Asked = Pick<EdgeRequest, 'principal'>;

function isWatched({ principal }: Asked): boolean {
  return principal !== undefined && principal.kind !== 'local';
}

function isLarge({ amount, currency }: NewPaymentBody): boolean {
  const most = BigInt(limits.approvalUnitsMin.value) * 10n ** BigInt(minorUnitsOf(currency));
  return BigInt(amount) > most;
}

const told = ({ amount, currency }: NewPaymentBody): string =>
  `${formatDecimal(BigInt(amount), currency)} ${currency}`;

export const largePayment: ApprovalRule<Asked & { readonly body: NewPaymentBody }> = {
  when: (request) => isWatched(request) && isLarge(request.body),
  what: ({ body }) => ({ summary: `A payment of ${told(body)}.` }),
};

export const largePayments: ApprovalRule<Asked & { readonly body: readonly NewPaymentBody[] }> = {
  when: (request) => isWatched(request) && request.body.some(isLarge),
  what({ body }) {
    const large = body.filter(isLarge).length;
    return { summary: `A list of ${body.length} payments with ${large} large ones.` };
  },
};

type OfPayment = Asked & { readonly params: { readonly id: string } };

export const undoing = (noun: string): ApprovalRule<OfPayment> => ({
  when: isWatched,
  what: ({ params }) => ({ summary: `${noun} of ${params.id}.` }),
});
