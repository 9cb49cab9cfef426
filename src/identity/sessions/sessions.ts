// The verbs of sessions: begun when the provider grants a client something, listed, and ended at
// once. A session is a grant of the provider; every token names it, and is refused from the moment
// its end is committed.

import { record } from '#audit';
import { DAY_US, SECOND_US, type Instant } from '#kernel';
import type { Keys, NewGrant, Queryable, Transaction } from '#platform';
import { peopleActions } from '../people/audit-actions.ts';
import { isPersonId, type PersonId } from '../people/person.ts';
import { personKey } from '../people/profile.ts';
import { openFor, sealFor } from '../people/secrets.ts';
import {
  insertRevokedSession,
  insertRevokedSessionsOf,
  insertSession,
  selectSessions,
  upsertRevokedSubject,
  type SessionRow,
} from './session-store.ts';

/** Where somebody signed in from. Says something of a person, so it is kept sealed. */
export interface SessionOrigin {
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

export interface Session extends Omit<SessionRow, 'origin'> {
  /** Undefined when it was not known, or the person was erased. */
  readonly origin: SessionOrigin | undefined;
}

/** No token of a session lives longer after its end than its longest refresh token would have. */
const REVOCATION_KEPT_US = 400 * DAY_US;
const SESSIONS_LISTED_MAX = 200;

function whatOf(session: string): string {
  return `session:${session}`;
}

/** Begins the session of a grant, from where the transaction's caller is. */
export async function startSession(tx: Transaction, grant: NewGrant): Promise<void> {
  const { grant: session, subject: person, clientId, factors, amr } = grant;
  if (!isPersonId(person)) return;
  const key = await personKey(tx, tx.keys, person);
  const from = { address: clipped(tx.address), userAgent: clipped(tx.userAgent) };
  const authentication = amr.join('+');
  await insertSession(tx, {
    session,
    person,
    clientId,
    authentication,
    factors,
    origin: key && sealFor(key, whatOf(session), JSON.stringify(from)),
    expiresAt: (tx.now + grant.lifetimeS * SECOND_US) as Instant,
  });
  await record(tx, [
    {
      action: peopleActions['identity.session.start'],
      target: person,
      after: { authentication, client_id: clientId, factors: String(factors), session },
    },
  ]);
}

const CHARACTERS_MAX = 300;

function clipped(text: string | undefined): string | undefined {
  return text?.slice(0, CHARACTERS_MAX);
}

/** The newest sessions of a person, those that are over too. */
export async function listSessions(
  queryable: Queryable,
  keys: Keys,
  person: PersonId,
): Promise<Session[]> {
  const key = await personKey(queryable, keys, person);
  const rows = await selectSessions(queryable, person, SESSIONS_LISTED_MAX);
  return rows.map(({ origin, ...row }) => {
    if (origin === undefined || key === undefined) return { ...row, origin: undefined };
    const opened = JSON.parse(openFor(key, whatOf(row.session), origin)) as SessionOrigin;
    return { ...row, origin: opened };
  });
}

/** Ends a session at once, whoever's it is. Ending it again is no change. */
export async function revokeSession(tx: Transaction, session: string): Promise<void> {
  const keptUntil = (tx.now + REVOCATION_KEPT_US) as Instant;
  const { isNew, person } = await insertRevokedSession(tx, session, keptUntil);
  if (!isNew) return;
  const action = peopleActions['identity.session.revoke'];
  await record(tx, [{ action, target: person ?? session, after: { session } }]);
}

/** Ends everything that was issued to a subject until now: sessions, and tokens outside of them. */
export async function revokeAllOf(tx: Transaction, subject: PersonId): Promise<void> {
  const keptUntil = (tx.now + REVOCATION_KEPT_US) as Instant;
  const sessions = await insertRevokedSessionsOf(tx, subject, keptUntil);
  await revokeTokensOf(tx, subject);
  const action = peopleActions['identity.session.revoke'];
  await record(
    tx,
    sessions.map((session) => ({ action, target: subject, after: { session } })),
  );
}

/** Ends the tokens, but lets sessions fetch new ones: what they say of the subject has changed. */
export async function revokeTokensOf(tx: Transaction, subject: PersonId): Promise<void> {
  await upsertRevokedSubject(tx, subject);
  await record(tx, [{ action: peopleActions['identity.tokens.revoke'], target: subject }]);
}
