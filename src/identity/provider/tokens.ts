// What a token says beyond its standard claims, and whether it may be issued at all: asked in the
// transaction that records the issue.

import { record } from '#audit';
import type {
  Caller,
  ProviderRefusal,
  Queryable,
  TokenIdentity,
  TokenRequest,
  Transaction,
} from '#platform';
import type { Account, Accounts } from '../account.ts';
import { providerActions } from '../audit-actions.ts';
import { selectClient } from '../clients/client-store.ts';
import { isClientId } from '../clients/client.ts';
import { clientAccounts } from '../clients/register.ts';
import { isEnded, isIssuedBeforeEnd, revokeTokensUntilNow } from './artifact-store.ts';
import { endGrant } from './grants.ts';

/** What tokens of a client that acts for itself call their session. */
export function sessionOfClient(clientId: string): string {
  return `cc:${clientId}`;
}

type Claims = Readonly<Record<string, unknown>>;

export async function issueClaims(
  tx: Transaction,
  people: Accounts,
  request: TokenRequest,
): Promise<Claims | undefined> {
  const { subject, clientId, clientAuthentication, scope, binding } = request;
  const account = await accountFor(tx, people, request);
  const session = request.grant ?? sessionOfClient(clientId);
  if (account === undefined || (await isEnded(tx, session))) return undefined;
  await record(tx, [
    {
      action: providerActions['identity.token.issue'],
      target: subject ?? clientId,
      after: { binding, client_id: clientId, scope, session },
      caller: { ...originOf(tx), actor: clientId, authentication: clientAuthentication },
    },
  ]);
  const { tenant, roles, customer } = account;
  return {
    tenant,
    roles,
    ...(customer === undefined ? {} : { customer }),
    sid: session,
    ...(subject === undefined ? { amr: [clientAuthentication] } : proofOf(request)),
  };
}

function originOf(tx: Transaction): Omit<Caller, 'actor'> {
  const { correlationId, address, userAgent, traceId } = tx;
  return { correlationId, address, userAgent, traceId };
}

function proofOf({ authTime, acr, amr }: TokenRequest): Claims {
  return {
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
  };
}

// Somebody of one tenant has no business with a client of another.
async function accountFor(
  tx: Transaction,
  people: Accounts,
  { subject, clientId }: TokenRequest,
): Promise<Account | undefined> {
  const client = isClientId(clientId) ? await selectClient(tx, clientId) : undefined;
  if (client?.state !== 'active') return undefined;
  const account =
    subject === undefined
      ? await clientAccounts.find(tx, clientId)
      : await people.find(tx, subject);
  return account?.isActive === true && account.tenant === client.tenant ? account : undefined;
}

/** Whether a token whose signature and life are good was ended before its time. */
export async function isTokenAlive(
  queryable: Queryable,
  { subject, session, issuedAtS }: TokenIdentity,
): Promise<boolean> {
  if (await isEnded(queryable, session)) return false;
  return !(await isIssuedBeforeEnd(queryable, subject, issuedAtS));
}

/**
 * Ends a token before its time, by its session: a token that is checked without being looked up has
 * no end of its own. Of a client that acts for itself all tokens until now.
 */
export async function revokeToken(
  tx: Transaction,
  { subject, session }: TokenIdentity,
): Promise<void> {
  if (session !== sessionOfClient(subject)) return await endGrant(tx, session);
  await revokeTokensUntilNow(tx, subject, tx.now);
  const action = providerActions['identity.grant.end'];
  await record(tx, [{ action, target: subject, after: { client_id: subject, session } }]);
}

const DETAIL_CHARACTERS_MAX = 200;

export async function recordRefusal(tx: Transaction, refusal: ProviderRefusal): Promise<void> {
  const { clientId, error, endpoint, detail } = refusal;
  // What is not an id of a client may be anything, a name too.
  const isKnown = clientId !== undefined && isClientId(clientId);
  await record(tx, [
    {
      action: providerActions['identity.token.refuse'],
      target: isKnown ? clientId : 'identity.clients',
      outcome: 'denied',
      reason: error,
      after: { detail: detail?.slice(0, DETAIL_CHARACTERS_MAX), endpoint },
    },
  ]);
}
