// Owns which requests about the registry one person alone may not do: whatever decides differently
// from then on, and whatever lets pass what would not; and that a number outside the bank is kept
// nowhere while it waits. Whoever has the machine needs nobody, as elsewhere.

import type { ApprovalRule, EdgeRequest } from '#gateway';
import { tenantOf } from '../facts.ts';
import type { RegistryEdge } from './edge.ts';
import { openListNames, type ListKind } from './list-names.ts';
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

interface Entry {
  readonly kind: ListKind;
  readonly value: string;
}

type OfList = EdgeRequest & {
  readonly params: { readonly purpose: string };
  readonly body: { readonly entries: readonly Entry[] };
};

type Edge = Pick<RegistryEdge, 'database'>;

/** Whom the rules let pass is for two to say; to block or to watch is for one. */
export const allowing = (edge: Edge): ApprovalRule<OfList> => ({
  when: (request) => isWatched(request) && request.params.purpose === 'allow',
  what: ({ body }) => ({ summary: `${entriesOf(body)} would be allowed.` }),
  kept: (request) => namedOnly(edge, request),
});

/** To let go whom somebody had blocked is to allow. */
export const unblocking = (edge: Edge): ApprovalRule<OfList> => ({
  when: (request) => isWatched(request) && request.params.purpose === 'block',
  what: ({ body }) => ({ summary: `${entriesOf(body)} would be blocked no longer.` }),
  kept: (request) => namedOnly(edge, request),
});

const SHOWN_MAX = 3;
const SHOWN_DIGITS = 4;

/** As much of a number as its owner would know it by, and a stranger would not. */
function entriesOf({ entries }: OfList['body']): string {
  const shown = entries.slice(0, SHOWN_MAX).map(({ kind, value }) => {
    if (kind === 'account' || kind === 'customer') return value;
    const same = value.replaceAll(/\s/g, '');
    return same.length > 2 * SHOWN_DIGITS ? `${kind} …${same.slice(-SHOWN_DIGITS)}` : kind;
  });
  const more = entries.length > SHOWN_MAX ? ` and ${entries.length - SHOWN_MAX} more` : '';
  const count = entries.length === 1 ? '1 entry' : `${entries.length} entries`;
  return `${count} (${shown.join(', ')}${more})`;
}

/** Numbers outside the bank and devices are kept by their names alone, also while they wait. */
async function namedOnly({ database }: Edge, request: OfList): Promise<unknown> {
  const nameOf = await openListNames(database.keys, tenantOf(request));
  const { entries, ...rest } = request.body;
  const named = entries.map((entry) => ({ ...entry, value: nameOf(entry.kind, entry.value) }));
  return { ...rest, entries: named };
}
