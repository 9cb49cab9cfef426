// Owns which requests about the registry one person alone may not do: whatever decides differently
// from then on, and whatever lets pass what would not. Pure. Whoever has the machine needs nobody,
// as elsewhere.

import type { ApprovalRule, EdgeRequest } from '#gateway';
import type { PolicyBody } from './registry-schemas.ts';

type Asked = Pick<EdgeRequest, 'principal'>;

function isWatched({ principal }: Asked): boolean {
  return principal !== undefined && principal.kind !== 'local';
}

type OfOne = Asked & { readonly params: { readonly id: string } };

export const activating: ApprovalRule<OfOne & { readonly body: { readonly instead_of: number } }> =
  {
    when: isWatched,
    what: ({ params, body }) => ({
      summary: `Rule set ${params.id} would take the place of version ${body.instead_of}.`,
    }),
  };

export const promoting: ApprovalRule<OfOne & { readonly body: { readonly despite?: boolean } }> = {
  when: isWatched,
  what({ params, body }) {
    const how = body.despite === true ? ' though it has not been better' : '';
    return { summary: `Model ${params.id} would become champion${how}.` };
  },
};

export const retiring: ApprovalRule<OfOne> = {
  when: isWatched,
  what: ({ params }) => ({ summary: `Model ${params.id} would leave its place.` }),
};

export const puttingPolicy: ApprovalRule<Asked & { readonly body: PolicyBody }> = {
  when: isWatched,
  what({ body }) {
    const whose = body.product === null ? 'all other products' : `product ${body.product}`;
    const what = body.is_screened ? `fail ${body.on_failure}` : 'not be screened';
    return { summary: `Payments of ${whose} would ${what}.` };
  },
};

type OfList = Asked & {
  readonly params: { readonly purpose: string };
  readonly body: { readonly entries: readonly unknown[] };
};

/** Whom the rules let pass is for two to say; to block or to watch is for one. */
export const allowing: ApprovalRule<OfList> = {
  when: (request) => isWatched(request) && request.params.purpose === 'allow',
  what: ({ body }) => ({ summary: `${body.entries.length} entries would be allowed.` }),
};

/** To let go whom somebody had blocked is to allow. */
export const unblocking: ApprovalRule<OfList> = {
  when: (request) => isWatched(request) && request.params.purpose === 'block',
  what: ({ body }) => ({ summary: `${body.entries.length} entries would be blocked no longer.` }),
};
