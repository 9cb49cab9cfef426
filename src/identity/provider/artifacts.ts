// Keeps what the provider must remember between two requests. The id of an artifact is what its
// holder proves it with, so only its hash is stored; what it holds is encrypted; and what may be
// used once is used by the first who asks, on whichever process.

import { createHash } from 'node:crypto';
import { record } from '#audit';
import { limits } from '#config';
import { assert, SECOND_US, type Instant } from '#kernel';
import type {
  ArtifactContent,
  ArtifactModel,
  Artifacts,
  Database,
  Transaction,
  TransactionContext,
} from '#platform';
import { providerActions } from '../audit-actions.ts';
import {
  consumeArtifact,
  deleteArtifact,
  deleteArtifactsOfGrant,
  selectArtifact,
  selectSessionByUid,
  upsertArtifact,
  type FoundArtifact,
  type StoredArtifact,
} from './artifact-store.ts';
import { endGrant } from './grants.ts';
import { openArtifact, sealArtifact } from './secrets.ts';

const BYTES_MAX = limits.identityArtifactBytesMax.value;

export interface ArtifactsOptions {
  readonly database: Database;
  /** 32 bytes. */
  readonly key: Buffer;
  /** Of the request that is being answered. */
  readonly context: () => TransactionContext;
}

export function openArtifacts({ database, key, context }: ArtifactsOptions): Artifacts {
  const contentOf = (
    found: FoundArtifact | undefined,
    jti: string | undefined,
  ): ArtifactContent | undefined => {
    if (found === undefined) return undefined;
    const content = JSON.parse(openArtifact(key, found.id, found.payload)) as ArtifactContent;
    const consumed = found.consumedAtS;
    return { ...content, jti, ...(consumed === undefined ? {} : { consumed }) };
  };
  return {
    async save(model, id, { content, expiresInS }) {
      const now = context();
      const stored = storedOf({ model, id, content, expiresInS, now: now.now, key });
      if (model !== 'Grant') return void (await upsertArtifact(database, stored));
      await database.transaction(now, (tx) => saveGrant(tx, stored));
    },
    async find(model, id) {
      return contentOf(await selectArtifact(database, hashOf(model, id)), id);
    },
    // Only its holder knows a session's id, so what is found by its name can be read and no more.
    async findSession(uid) {
      return contentOf(await selectSessionByUid(database, uidOf(uid)), undefined);
    },
    async consume(model, id) {
      const now = context();
      return await database.transaction(now, (tx) => consume(tx, hashOf(model, id)));
    },
    async remove(model, id) {
      if (model !== 'Grant') return await deleteArtifact(database, hashOf(model, id));
      await database.transaction(context(), (tx) => endGrant(tx, id));
    },
    async removeOfGrant(model, grant) {
      await deleteArtifactsOfGrant(database, model, grant);
    },
  };
}

function storedOf(given: {
  readonly model: ArtifactModel;
  readonly id: string;
  readonly content: ArtifactContent;
  readonly expiresInS: number;
  readonly now: Instant;
  readonly key: Buffer;
}): StoredArtifact {
  const { model, id, content, expiresInS, now, key } = given;
  // The id is told again by whoever asks for it.
  const { jti: _, ...rest } = content;
  const text = JSON.stringify(rest);
  assert(Buffer.byteLength(text) <= BYTES_MAX, 'an artifact of the provider is over its limit');
  const hash = hashOf(model, id);
  const { uid, accountId, clientId } = content;
  const provenS = content.loginTs ?? content.authTime;
  return {
    id: hash,
    model,
    payload: sealArtifact(key, hash, text),
    uid: model === 'Session' && uid !== undefined ? uidOf(uid) : undefined,
    grants: grantsOf(model, id, content),
    subject: accountId,
    clientId,
    issuedAt: provenS === undefined ? now : provenAt(provenS, now),
    expiresAt: (now + Math.max(expiresInS, 0) * SECOND_US) as Instant,
  };
}

// The provider counts whole seconds, and somebody may sign in within the second in which all they
// had was ended: the latest moment that it can have been.
function provenAt(provenS: number, now: Instant): Instant {
  return Math.min(now, (provenS + 1) * SECOND_US - 1) as Instant;
}

function grantsOf(model: ArtifactModel, id: string, content: ArtifactContent): string[] {
  if (model === 'Grant') return [id];
  if (content.grantId !== undefined) return [content.grantId];
  const led = Object.values(content.authorizations ?? {}).map(({ grantId }) => grantId);
  return led.filter((grant) => grant !== undefined);
}

function hashOf(model: ArtifactModel, id: string): Buffer {
  return createHash('sha256').update(`${model}\0${id}`).digest();
}

function uidOf(uid: string): Buffer {
  return hashOf('Session', `uid\0${uid}`);
}

async function saveGrant(tx: Transaction, stored: StoredArtifact): Promise<void> {
  if (!(await upsertArtifact(tx, stored))) return;
  const { subject, clientId, grants } = stored;
  const action = providerActions['identity.grant.give'];
  const after = { client_id: clientId, session: grants[0] };
  await record(tx, [{ action, target: subject ?? clientId ?? 'identity.grants', after }]);
}

// Whoever comes second may be a thief, or the first was: neither keeps anything (RFC 6749 §4.1.2,
// RFC 9700 §4.14.2).
async function consume(tx: Transaction, id: Buffer): Promise<boolean> {
  const consumption = await consumeArtifact(tx, id, tx.now);
  if (consumption === undefined) return false;
  if (consumption.isFirst) return true;
  for (const grant of consumption.grants) await endGrant(tx, grant);
  return false;
}
