// The SQL of sessions: where people are signed in, and what ends a token before its time.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { PersonId } from '../people/person.ts';

export interface SessionRow {
  readonly session: string;
  readonly person: PersonId;
  readonly clientId: string;
  readonly authentication: string;
  readonly factors: number;
  /** Under the person's key. */
  readonly origin: Buffer | undefined;
  readonly startedAt: Instant;
  readonly expiresAt: Instant;
  readonly revokedAt: Instant | undefined;
}

/** A grant has one session, however often it is told. */
export async function insertSession(
  tx: Transaction,
  row: Omit<SessionRow, 'startedAt' | 'revokedAt'>,
): Promise<void> {
  const { session, person, clientId, authentication, factors, origin, expiresAt } = row;
  await tx.query({
    name: 'identity.insert_session',
    text: `insert into identity.sessions
        (session, person_id, client_id, authentication, factors, origin, started_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (session) do nothing`,
    values: [
      session,
      uuidOf(person),
      clientId,
      authentication,
      factors,
      origin ?? null,
      formatInstant(tx.now),
      formatInstant(expiresAt),
    ],
  });
}

/** Newest first. */
export async function selectSessions(
  queryable: Queryable,
  person: PersonId,
  limit: number,
): Promise<SessionRow[]> {
  const rows = await queryable.query<{
    session: string;
    person_id: Uuid;
    client_id: string;
    authentication: string;
    factors: number;
    origin: Buffer | null;
    started_at: bigint;
    expires_at: bigint;
    revoked_at: bigint | null;
  }>({
    name: 'identity.select_sessions',
    text: `select s.session, s.person_id, s.client_id, s.authentication, s.factors, s.origin,
        (extract(epoch from s.started_at) * 1000000)::bigint as started_at,
        (extract(epoch from s.expires_at) * 1000000)::bigint as expires_at,
        (extract(epoch from coalesce(s.revoked_at, r.revoked_at)) * 1000000)::bigint as revoked_at
      from identity.sessions s left join identity.revoked_sessions r on r.session = s.session
      where s.person_id = $1
      order by s.started_at desc, s.session limit $2`,
    values: [uuidOf(person), limit],
  });
  return rows.map((row) => ({
    session: row.session,
    person: idOf('usr', row.person_id),
    clientId: row.client_id,
    authentication: row.authentication,
    factors: row.factors,
    origin: row.origin ?? undefined,
    startedAt: Number(row.started_at) as Instant,
    expiresAt: Number(row.expires_at) as Instant,
    revokedAt: row.revoked_at === null ? undefined : (Number(row.revoked_at) as Instant),
  }));
}

/**
 * Ends one session, known here or not (a client's own is not), and answers whose it was. The row
 * that refuses its tokens is kept until the last of them is over.
 */
export async function insertRevokedSession(
  tx: Transaction,
  session: string,
  keptUntil: Instant,
): Promise<{ readonly isNew: boolean; readonly person: PersonId | undefined }> {
  const [row] = await tx.query<{ is_new: boolean; person_id: Uuid | null }>({
    name: 'identity.revoke_session',
    text: `with ended as (
        update identity.sessions set revoked_at = $2 where session = $1 and revoked_at is null),
      added as (
        insert into identity.revoked_sessions (session, revoked_at, expires_at)
        values ($1, $2, $3) on conflict (session) do nothing returning session)
      select exists (select from added) as is_new,
        (select s.person_id from identity.sessions s where s.session = $1) as person_id`,
    values: [session, formatInstant(tx.now), formatInstant(keptUntil)],
  });
  const { is_new: isNew = false, person_id: person = null } = row ?? {};
  return { isNew, person: person === null ? undefined : idOf('usr', person) };
}

/** Ends all sessions of a person; answers which were under way. */
export async function insertRevokedSessionsOf(
  tx: Transaction,
  person: PersonId,
  keptUntil: Instant,
): Promise<string[]> {
  const rows = await tx.query<{ session: string }>({
    name: 'identity.revoke_sessions_of',
    text: `with ended as (
        update identity.sessions set revoked_at = $2
        where person_id = $1 and revoked_at is null and expires_at > $2 returning session)
      insert into identity.revoked_sessions (session, revoked_at, expires_at)
      select e.session, $2, $3 from ended e on conflict (session) do nothing returning session`,
    values: [uuidOf(person), formatInstant(tx.now), formatInstant(keptUntil)],
  });
  return rows.map(({ session }) => session);
}

/** Tokens of the subject that were issued before now are refused. */
export async function upsertRevokedSubject(tx: Transaction, subject: string): Promise<void> {
  await tx.query({
    name: 'identity.revoke_subject',
    text: `insert into identity.revoked_subjects as r (subject, before) values ($1, $2)
      on conflict (subject) do update set before = greatest(r.before, excluded.before)`,
    values: [subject, formatInstant(tx.now)],
  });
}

export async function deleteSessionsBefore(tx: Transaction, before: Instant): Promise<void> {
  await tx.query({
    name: 'identity.delete_old_sessions',
    text: 'delete from identity.sessions where expires_at < $1',
    values: [formatInstant(before)],
  });
}
