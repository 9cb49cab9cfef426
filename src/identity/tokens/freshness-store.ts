// The SQL of what may have changed since a token was issued: sessions and subjects that were
// revoked, proofs that were used. Many requests share one statement.

import { formatInstant } from '#kernel';
import type { Instant } from '#kernel';
import { bytesArray, timestamptzArray } from '#platform';
import type { Queryable, Transaction } from '#platform';

export interface TokenFacts {
  readonly subject: string;
  readonly session: string | undefined;
  readonly issuedAt: Instant;
}

export interface NewProof {
  readonly proof: Buffer;
  readonly expiresAt: Instant;
}

export interface Changes {
  /** Places of the tokens that were revoked, from 0. */
  readonly revoked: ReadonlySet<number>;
  /** Proofs that nobody had used before, hexadecimal. */
  readonly firstUsed: ReadonlySet<string>;
}

/** Which of the tokens are revoked; marks the proofs as used. No proof may be given twice. */
export async function selectChanges(
  queryable: Queryable,
  tokens: readonly TokenFacts[],
  proofs: readonly NewProof[],
): Promise<Changes> {
  // In one order everywhere, so that two processes never wait for each other crosswise.
  const sorted = proofs.toSorted((a, b) => a.proof.compare(b.proof));
  const rows = await queryable.query<{ place: bigint | null; proof: Buffer | null }>({
    name: 'identity.select_changes',
    text: `with used as (
        insert into identity.used_proofs (proof, expires_at)
        select p.proof, p.expires_at
        from unnest($4::bytea[], $5::timestamptz[]) with ordinality
          as p (proof, expires_at, place)
        order by p.place
        on conflict (proof) do nothing returning proof)
      select a.place, null as proof
      from unnest($1::text[], $2::text[], $3::timestamptz[]) with ordinality
        as a (session, subject, issued_at, place)
      where exists (select from identity.revoked_sessions s where s.session = a.session)
        or exists (select from identity.revoked_subjects r
          where r.subject = a.subject and r.before > a.issued_at)
      union all
      select null, u.proof from used u`,
    values: [
      tokens.map(({ session }) => session ?? null),
      tokens.map(({ subject }) => subject),
      timestamptzArray(tokens.map(({ issuedAt }) => issuedAt)),
      bytesArray(sorted.map(({ proof }) => proof)),
      timestamptzArray(sorted.map(({ expiresAt }) => expiresAt)),
    ],
  });
  const revoked = new Set<number>();
  const firstUsed = new Set<string>();
  for (const { place, proof } of rows) {
    if (place !== null) revoked.add(Number(place) - 1);
    if (proof !== null) firstUsed.add(proof.toString('hex'));
  }
  return { revoked, firstUsed };
}

/** Forgets what no token and no proof can be presented against any more; answers how many rows. */
export async function deleteOutdated(tx: Transaction, countMax: number): Promise<number> {
  const [row] = await tx.query<{ gone: bigint }>({
    name: 'identity.delete_outdated',
    text: `with proofs as (
        delete from identity.used_proofs p where p.proof in (
          select o.proof from identity.used_proofs o where o.expires_at < $1
          order by o.expires_at limit $2 for update skip locked) returning 1),
      sessions as (
        delete from identity.revoked_sessions s where s.session in (
          select o.session from identity.revoked_sessions o where o.expires_at < $1
          order by o.expires_at limit $2 for update skip locked) returning 1)
      select (select count(*) from proofs) + (select count(*) from sessions) as gone`,
    values: [formatInstant(tx.now), countMax],
  });
  return Number(row?.gone ?? 0);
}
