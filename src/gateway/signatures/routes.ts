// The HTTP operations on the keys with which partners sign, and the key by which our own signatures
// are verified.
import { Type } from 'typebox';
import { formatInstant } from '#kernel';
import type { Clock } from '#kernel';
import type { Database } from '#platform';
import { contextOf } from '../intake/caller.ts';
import { answer, defineOperation } from '../routes.ts';
import type { Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { signatureAlgorithms } from './algorithms.ts';
import { addSignatureKey, removeSignatureKey } from './keys.ts';
import { selectKeys } from './key-store.ts';
import type { StoredKey } from './key-store.ts';
import type { Signatures } from './signatures.ts';

export interface SignaturesEdge {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: { readonly signatureKeysMax: number };
  readonly signatures: Signatures;
}

/** Names of permissions. */
export const signaturePermissions = {
  read: 'access.signatures.read',
  write: 'access.signatures.write',
} as const;

const tags = ['signatures'];
const path = '/v1/access/signature-keys';
const DIRECTORY = '/.well-known/http-message-signatures-directory';
const DIRECTORY_TYPE = 'application/http-message-signatures-directory+json';

const keyId = Type.String({
  pattern: '^[A-Za-z0-9._:/#-]{1,200}$',
  description: 'as it stands in keyid of a signature',
});
const described = {
  key_id: keyId,
  owner: schema.text(300, { description: 'the subject whose requests it signs' }),
  algorithm: schema.choice(signatureAlgorithms),
  is_required: Type.Boolean({ description: 'whether all requests of the owner must be signed' }),
};
const newKey = schema.object(
  {
    ...described,
    key: schema.text(4_000, {
      description: 'a public key in PEM, made by the partner; for hmac-sha256 a secret in base64',
    }),
  },
  { title: 'NewSignatureKey' },
);
const key = schema.object(
  { ...described, added_at: schema.instantText() },
  { title: 'SignatureKey' },
);

/** RFC 7517 §5. */
const keySet = schema.object({
  keys: Type.Array(
    schema.object({
      kty: Type.String(),
      crv: Type.String(),
      x: Type.String(),
      kid: Type.String(),
      alg: Type.String(),
      use: Type.Literal('sig'),
    }),
  ),
});

export function signatureRoutes(edge: SignaturesEdge): Route[] {
  const { read, write } = signaturePermissions;
  return [
    { method: 'GET', path: DIRECTORY, permission: 'public', operation: directory(edge) },
    { method: 'GET', path, permission: read, operation: list(edge) },
    { method: 'POST', path, permission: write, operation: add(edge) },
    { method: 'DELETE', path: `${path}/{key_id*}`, permission: write, operation: remove(edge) },
  ];
}

function directory({ signatures }: SignaturesEdge): Operation {
  return defineOperation({
    operationId: 'readSignatureDirectory',
    summary: 'Read the key by which signed answers are verified',
    description: 'A JSON Web Key Set; keyid of a signature is the thumbprint of its key.',
    tags,
    schema: {
      response: {
        200: { description: 'The key set.', mediaType: DIRECTORY_TYPE, body: keySet },
      },
    },
    handler() {
      const content = { mediaType: DIRECTORY_TYPE, body: signatures.directory };
      return Promise.resolve({ status: 200, content });
    },
  });
}

function list({ database }: SignaturesEdge): Operation {
  return defineOperation({
    operationId: 'listSignatureKeys',
    summary: 'List the keys with which partners sign their requests',
    description: 'All there are, without the keys themselves.',
    tags,
    schema: { response: { 200: { description: 'The keys.', body: schema.pageOf(key) } } },
    async handler() {
      const keys = await selectKeys(database);
      return answer(200, { data: keys.map(present), has_more: false, next_cursor: null });
    },
  });
}

function add({ database, clock, limits, signatures }: SignaturesEdge): Operation {
  return defineOperation({
    operationId: 'addSignatureKey',
    summary: 'Let a partner sign its requests (RFC 9421)',
    description: 'In force in every process within about a second.',
    tags,
    refusals: ['signature_key_invalid', 'signature_key_taken', 'signature_keys_full'],
    schema: { body: newKey, response: { 201: { description: 'The key.', body: key } } },
    async handler(request) {
      const { key_id, owner, algorithm, is_required: isRequired, key: given } = request.body;
      const wanted = { keyId: key_id, owner, algorithm, isRequired, key: given };
      const keysMax = limits.signatureKeysMax;
      const context = contextOf(clock, request);
      const added = await database.transaction(context, (tx) =>
        addSignatureKey(tx, wanted, { keysMax }),
      );
      if (!added.ok) return added;
      await signatures.refresh();
      return answer(201, present(added.value));
    },
  });
}

function remove({ database, clock, signatures }: SignaturesEdge): Operation {
  return defineOperation({
    operationId: 'removeSignatureKey',
    summary: 'Take a key of a partner back',
    tags,
    refusals: ['signature_key_unknown'],
    schema: {
      params: schema.object({ key_id: keyId }),
      response: { 204: { description: 'It is taken back.' } },
    },
    async handler(request) {
      const context = contextOf(clock, request);
      const removed = await database.transaction(context, (tx) =>
        removeSignatureKey(tx, request.params.key_id),
      );
      if (!removed.ok) return removed;
      await signatures.refresh();
      return { status: 204 };
    },
  });
}

function present({ keyId: key_id, owner, algorithm, isRequired, addedAt }: StoredKey): object {
  return { key_id, owner, algorithm, is_required: isRequired, added_at: formatInstant(addedAt) };
}
