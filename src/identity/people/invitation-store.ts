// The SQL of invitations: who is let in by which code, until when, and how it ended.

import { formatInstant, idOf, uuidOf, type Id, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { PersonId } from './person.ts';

export type InvitationId = Id<'inv'>;
export type InvitationKind = 'first' | 'person' | 'reset';

export interface InvitationRow {
  readonly id: InvitationId;
  readonly person: PersonId;
  readonly kind: InvitationKind;
  readonly expiresAt: Instant;
}

interface SelectedRow {
  readonly id: Uuid;
  readonly person_id: Uuid;
  readonly kind: InvitationKind;
  readonly expires_at: bigint;
}

const columns = `i.id, i.person_id, i.kind,
  (extract(epoch from i.expires_at) * 1000000)::bigint as expires_at`;

function invitationOf(row: SelectedRow): InvitationRow {
  return {
    id: idOf('inv', row.id),
    person: idOf('usr', row.person_id),
    kind: row.kind,
    expiresAt: Number(row.expires_at) as Instant,
  };
}

export async function insertInvitation(
  tx: Transaction,
  { id, person, kind, expiresAt }: InvitationRow,
  hash: Buffer,
): Promise<void> {
  await tx.query({
    name: 'identity.insert_invitation',
    text: `insert into identity.invitations
        (id, person_id, code_hash, kind, created_at, expires_at)
      values ($1, $2, $3, $4, $5, $6)`,
    values: [
      uuidOf(id),
      uuidOf(person),
      hash,
      kind,
      formatInstant(tx.now),
      formatInstant(expiresAt),
    ],
  });
}

/** One that can still be accepted, by the hash of its code or by its id. */
export async function selectOpenInvitation(
  queryable: Queryable,
  by: { readonly codeHash?: Buffer; readonly id?: InvitationId },
  now: Instant,
): Promise<InvitationRow | undefined> {
  const [row] = await queryable.query<SelectedRow>({
    name: 'identity.select_invitation',
    text: `select ${columns} from identity.invitations i
      where (i.code_hash = $1 or i.id = $2) and i.ended_at is null and i.expires_at > $3`,
    values: [by.codeHash ?? null, by.id === undefined ? null : uuidOf(by.id), formatInstant(now)],
  });
  return row && invitationOf(row);
}

/** The same by its id, and nobody else accepts or withdraws it until the transaction ends. */
export async function lockOpenInvitation(
  tx: Transaction,
  id: InvitationId,
): Promise<InvitationRow | undefined> {
  const [row] = await tx.query<SelectedRow>({
    name: 'identity.lock_invitation',
    text: `select ${columns} from identity.invitations i
      where i.id = $1 and i.ended_at is null and i.expires_at > $2 for update`,
    values: [uuidOf(id), formatInstant(tx.now)],
  });
  return row && invitationOf(row);
}

export async function updateAccepted(tx: Transaction, id: InvitationId): Promise<void> {
  await tx.query({
    name: 'identity.accept_invitation',
    text: `update identity.invitations set ended_at = $2, ending = 'accepted' where id = $1`,
    values: [uuidOf(id), formatInstant(tx.now)],
  });
}

/** What was open for a person, expired or not, and whatever was begun with it; answers its ids. */
export async function updateWithdrawn(tx: Transaction, person: PersonId): Promise<InvitationRow[]> {
  const rows = await tx.query<SelectedRow>({
    name: 'identity.withdraw_invitations',
    text: `with begun as (
        delete from identity.sign_ins where person_id = $1 and purpose = 'invitation')
      update identity.invitations i set ended_at = $2, ending = 'withdrawn'
      where i.person_id = $1 and i.ended_at is null returning ${columns}`,
    values: [uuidOf(person), formatInstant(tx.now)],
  });
  return rows.map(invitationOf);
}

/** The person whom the open first invitation of a tenant is for. */
export async function selectFirstInvited(
  tx: Transaction,
  tenant: string,
): Promise<PersonId | undefined> {
  const [row] = await tx.query<{ id: Uuid }>({
    name: 'identity.select_first_invited',
    text: `select p.id from identity.people p
      join identity.invitations i on i.person_id = p.id and i.kind = 'first'
        and i.ended_at is null
      where p.tenant = $1 and p.status = 'invited' order by p.id limit 1`,
    values: [tenant],
  });
  return row && idOf('usr', row.id);
}
