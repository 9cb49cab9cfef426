// The SQL of what the provider keeps between two requests. Whatever belongs to a session that was
// ended is not found from that moment on, whoever ended it and however.

import { formatInstant, type Instant } from '#kernel';
import type { ArtifactModel, Queryable } from '#platform';

export interface StoredArtifact {
  readonly id: Buffer;
  readonly model: ArtifactModel;
  readonly payload: Buffer;
  /** Of a login session, by which other artifacts name it. */
  readonly uid: Buffer | undefined;
  /** The grants it belongs to. */
  readonly grants: readonly string[];
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

/** Keeps it; of one that is kept already, what it holds now. True when it is new. */
export async function upsertArtifact(
  queryable: Queryable,
  artifact: StoredArtifact,
): Promise<boolean> {
  const { id, model, payload, uid, grants, subject, clientId } = artifact;
  const [row] = await queryable.query<{ is_new: boolean }>({
    name: 'identity.upsert_artifact',
    text: `insert into identity.artifacts as a
        (id, model, payload, uid, grants, subject, client_id, issued_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      on conflict (id) do update set payload = excluded.payload, uid = excluded.uid,
        grants = excluded.grants, subject = excluded.subject, client_id = excluded.client_id,
        expires_at = excluded.expires_at
      returning a.xmax = 0 as is_new`,
    values: [
      id,
      model,
      payload,
      uid ?? null,
      grants,
      subject ?? null,
      clientId ?? null,
      formatInstant(artifact.issuedAt),
      formatInstant(artifact.expiresAt),
    ],
  });
  return row?.is_new === true;
}

export interface FoundArtifact {
  readonly id: Buffer;
  readonly payload: Buffer;
  readonly consumedAtS: number | undefined;
}

interface FoundRow {
  readonly id: Buffer;
  readonly payload: Buffer;
  readonly consumed_s: bigint | null;
}

// A person whose tokens were all ended signs in anew; what they let clients do goes on, unless it
// was ended as well.
const COLUMNS = `a.id, a.payload, extract(epoch from a.consumed_at)::bigint as consumed_s
  from identity.artifacts a`;
const LIVES = `not exists (
    select from identity.revoked_sessions r where r.session = any (a.grants)
  ) and (a.model <> 'Session' or not exists (
    select from identity.revoked_subjects s where s.subject = a.subject and s.before > a.issued_at
  ))`;

export async function selectArtifact(
  queryable: Queryable,
  id: Buffer,
): Promise<FoundArtifact | undefined> {
  const rows = await queryable.query<FoundRow>({
    name: 'identity.select_artifact',
    text: `select ${COLUMNS} where a.id = $1 and ${LIVES}`,
    values: [id],
  });
  return foundOf(rows[0]);
}

export async function selectSessionByUid(
  queryable: Queryable,
  uid: Buffer,
): Promise<FoundArtifact | undefined> {
  const rows = await queryable.query<FoundRow>({
    name: 'identity.select_session_by_uid',
    text: `select ${COLUMNS} where a.uid = $1 and ${LIVES} order by a.issued_at desc limit 1`,
    values: [uid],
  });
  return foundOf(rows[0]);
}

function foundOf(row: FoundRow | undefined): FoundArtifact | undefined {
  if (row === undefined) return undefined;
  const { id, payload, consumed_s: consumedS } = row;
  return { id, payload, consumedAtS: consumedS === null ? undefined : Number(consumedS) };
}

export interface Consumption {
  /** Whether this was the first. */
  readonly isFirst: boolean;
  readonly grants: readonly string[];
}

/** Undefined where there is no such artifact. */
export async function consumeArtifact(
  queryable: Queryable,
  id: Buffer,
  now: Instant,
): Promise<Consumption | undefined> {
  const [first] = await queryable.query<{ grants: string[] }>({
    name: 'identity.consume_artifact',
    text: `update identity.artifacts set consumed_at = $2
      where id = $1 and consumed_at is null returning grants`,
    values: [id, formatInstant(now)],
  });
  if (first !== undefined) return { isFirst: true, grants: first.grants };
  const [later] = await queryable.query<{ grants: string[] }>({
    name: 'identity.select_artifact_grants',
    text: 'select a.grants from identity.artifacts a where a.id = $1',
    values: [id],
  });
  return later && { isFirst: false, grants: later.grants };
}

export async function deleteArtifact(queryable: Queryable, id: Buffer): Promise<void> {
  await queryable.query({
    name: 'identity.delete_artifact',
    text: 'delete from identity.artifacts where id = $1',
    values: [id],
  });
}

export async function deleteArtifactsOfGrant(
  queryable: Queryable,
  model: ArtifactModel,
  grant: string,
): Promise<void> {
  await queryable.query({
    name: 'identity.delete_artifacts_of_grant',
    text: 'delete from identity.artifacts where model = $1 and grants @> array[$2]',
    values: [model, grant],
  });
}

export interface EndedGrant {
  readonly grant: string;
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
}

/** Ends grants for good: their tokens are refused and what they led to is removed. */
export async function endGrants(
  queryable: Queryable,
  grants: readonly string[],
  { now, keptUntil }: { readonly now: Instant; readonly keptUntil: Instant },
): Promise<void> {
  await queryable.query({
    name: 'identity.revoke_grants',
    text: `insert into identity.revoked_sessions (session, revoked_at, expires_at)
      select g, $2, $3 from unnest($1::text[]) as g
      on conflict (session) do nothing`,
    values: [grants, formatInstant(now), formatInstant(keptUntil)],
  });
  await queryable.query({
    name: 'identity.delete_artifacts_of_grants',
    // In one order, because several may end the same grant at once.
    text: `delete from identity.artifacts where id in (
        select a.id from identity.artifacts a where a.grants && $1::text[] order by a.id
        for update)`,
    values: [grants],
  });
}

/** The grants a client has, or the one of an id. */
export async function selectGrants(
  queryable: Queryable,
  of: { readonly clientId: string } | { readonly grant: string },
): Promise<EndedGrant[]> {
  const byClient = 'clientId' in of;
  const rows = await queryable.query<{
    grants: string[];
    subject: string | null;
    client_id: string | null;
  }>({
    name: byClient ? 'identity.select_grants_of_client' : 'identity.select_grant',
    text: `select a.grants, a.subject, a.client_id from identity.artifacts a
      where a.model = 'Grant' and ${byClient ? 'a.client_id = $1' : 'a.grants @> array[$1]'}`,
    values: [byClient ? of.clientId : of.grant],
  });
  return rows.map(({ grants, subject, client_id: clientId }) => ({
    grant: grants[0] ?? '',
    subject: subject ?? undefined,
    clientId: clientId ?? undefined,
  }));
}

/** Whether every token of this session is refused. */
export async function isEnded(queryable: Queryable, session: string): Promise<boolean> {
  const [row] = await queryable.query<{ is_ended: boolean }>({
    name: 'identity.is_session_ended',
    text: `select exists (
        select from identity.revoked_sessions r where r.session = $1) as is_ended`,
    values: [session],
  });
  return row?.is_ended === true;
}

/** Whether the tokens of a subject were ended after this second had begun. */
export async function isIssuedBeforeEnd(
  queryable: Queryable,
  subject: string,
  issuedAtS: number,
): Promise<boolean> {
  const [row] = await queryable.query<{ is_ended: boolean }>({
    name: 'identity.is_issued_before_end',
    text: `select exists (
        select from identity.revoked_subjects s
        where s.subject = $1 and s.before > pg_catalog.to_timestamp($2::bigint)) as is_ended`,
    values: [subject, BigInt(issuedAtS)],
  });
  return row?.is_ended === true;
}

/** Ends the tokens of a subject that were issued until now. */
export async function revokeTokensUntilNow(
  queryable: Queryable,
  subject: string,
  now: Instant,
): Promise<void> {
  await queryable.query({
    name: 'identity.revoke_tokens_until_now',
    text: `insert into identity.revoked_subjects as s (subject, before) values ($1, $2)
      on conflict (subject) do update set before = greatest(s.before, excluded.before)`,
    values: [subject, formatInstant(now)],
  });
}

/** True for the first. */
export async function insertUsedProof(
  queryable: Queryable,
  proof: Buffer,
  expiresAt: Instant,
): Promise<boolean> {
  const rows = await queryable.query({
    name: 'identity.insert_used_proof',
    text: `insert into identity.used_proofs (proof, expires_at) values ($1, $2)
      on conflict do nothing returning 1`,
    values: [proof, formatInstant(expiresAt)],
  });
  return rows.length > 0;
}

/** Removes what is over or was ended, at most so many rows of each; answers how many it removed. */
export async function deleteExpired(
  queryable: Queryable,
  now: Instant,
  rowsMax: number,
): Promise<number> {
  const [row] = await queryable.query<{ removed: bigint }>({
    name: 'identity.delete_expired_artifacts',
    text: `with expired as (
        delete from identity.artifacts a where a.id = any (array(
          select x.id from identity.artifacts x
          where x.expires_at <= $1 limit $2 for update skip locked
        )) returning 1
      ), ended as (
        delete from identity.artifacts a where a.expires_at > $1 and a.id = any (array(
          select x.id from identity.revoked_sessions r
          join identity.artifacts x on x.grants @> array[r.session]
          limit $2 for update of x skip locked
        )) returning 1
      )
      select (select count(*) from expired) + (select count(*) from ended) as removed`,
    values: [formatInstant(now), rowsMax],
  });
  return Number(row?.removed ?? 0);
}
