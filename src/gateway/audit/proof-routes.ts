// The HTTP operations that let a stranger check the log: its keys, its checkpoints, and that one
// checkpoint continues another. They say nothing of any record, so reading them is not recorded.
import { createPublicKey } from 'node:crypto';
import {
  checkpointPage,
  consistencyFile,
  consistencyReceiptOf,
  latestCheckpoint,
  publishedKeys,
  selectVerifierKeys,
  type Checkpoint,
} from '#audit';
import { formatInstant, refuse } from '#kernel';
import type { Refused } from '#kernel';
import { Type } from 'typebox';
import { answer, defineOperation } from '../routes.ts';
import type { Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { joined, permissions, refusedAs } from './edge.ts';
import type { AuditEdge } from './edge.ts';
import { leafCount, pageEnd, placeIn } from './query.ts';
import * as shapes from './shapes.ts';

const tags = ['audit proofs'];
const at = '/v1/audit';

export function proofRoutes(edge: AuditEdge): Route[] {
  const { readProofs: permission } = permissions;
  const row = (path: string, operation: Operation): Route => ({
    method: 'GET',
    path: `${at}/${path}`,
    permission,
    operation,
  });
  return [
    row('checkpoints', listCheckpoints(edge)),
    row('checkpoints/latest', readLatest(edge)),
    row('consistency', proveConsistency(edge)),
    row('keys', listKeys(edge)),
  ];
}

function presentCheckpoint({ size, root, note, createdAt }: Checkpoint): object {
  return { size, root: root.toString('base64'), note, created_at: formatInstant(createdAt) };
}

export function noCheckpoint(): Refused {
  const message = 'The log is empty: it has no checkpoint yet.';
  return refuse({ code: 'checkpoint_unknown', message });
}

const LIST = 'audit.checkpoints';

function listCheckpoints(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'listAuditCheckpoints',
    summary: 'List the checkpoints of the audit log',
    description: 'Newest first.',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: {
        200: { description: 'A page of checkpoints.', body: schema.pageOf(shapes.checkpoint) },
      },
    },
    async handler({ query }) {
      const { limit, cursor } = query;
      const below = placeIn(LIST, cursor);
      const found = await checkpointPage(edge.database, { below, limit: limit + 1 });
      const data = found.slice(0, limit);
      const next = found.length > limit ? data.at(-1)?.size : undefined;
      return answer(200, { data: data.map(presentCheckpoint), ...pageEnd(LIST, next) });
    },
  });
}

function readLatest(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'readAuditCheckpoint',
    summary: 'Read the latest checkpoint of the audit log',
    tags,
    refusals: ['checkpoint_unknown'],
    schema: { response: { 200: { description: 'The checkpoint.', body: shapes.checkpoint } } },
    async handler() {
      const found = await latestCheckpoint(edge.database);
      return found === undefined ? noCheckpoint() : answer(200, presentCheckpoint(found));
    },
  });
}

const consistencyQuery = schema.object({
  from: leafCount('the size of the older checkpoint'),
  to: Type.Optional(leafCount('the size of the newer checkpoint; the latest unless given')),
});

function proveConsistency(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'proveAuditConsistency',
    summary: 'Prove that one checkpoint continues another',
    description:
      'Whoever kept the older checkpoint can check that nothing in it was changed or removed ' +
      'since. Kept as a file, the answer is what "florin audit verify" reads.',
    tags,
    refusals: ['checkpoint_unknown', 'checkpoint_order'],
    schema: {
      query: consistencyQuery,
      response: { 200: { description: 'The proof.', body: shapes.consistency } },
    },
    async handler({ query }) {
      const size1 = query.from;
      const size2 = query.to ?? (await latestCheckpoint(edge.database))?.size;
      if (size2 === undefined) return noCheckpoint();
      const proven = await consistencyReceiptOf(edge.database, { size1, size2 });
      if (!proven.ok) return refusedAs(proven, { size1: 'from', size2: 'to' });
      const { older, newer } = proven.value;
      const file = consistencyFile(proven.value, await selectVerifierKeys(edge.database));
      const more = {
        older_size: older.size,
        older_root: older.root.toString('base64'),
        newer_size: newer.size,
        newer_root: newer.root.toString('base64'),
      };
      return answer(200, joined(more, file));
    },
  });
}

function listKeys(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'listAuditKeys',
    summary: 'List the keys that sign the audit log',
    description:
      'Oldest first, those of the past too. Compare them once with what you were given in ' +
      'another way: a key that comes with what it signed proves nothing.',
    tags,
    schema: {
      response: { 200: { description: 'The keys.', body: shapes.wholeList(shapes.key) } },
    },
    async handler() {
      const keys = await publishedKeys(edge.database);
      const data = keys.map((key) => ({
        verifier_key: key.verifierKey,
        name: key.name,
        public_key: key.publicKey.toString('base64'),
        public_key_pem: pemOf(key.publicKey),
        since_size: key.sinceSize,
        added_at: formatInstant(key.addedAt),
      }));
      return answer(200, { data, ...shapes.wholeListEnd });
    },
  });
}

function pemOf(publicKey: Buffer): string {
  const key = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') };
  return String(createPublicKey({ format: 'jwk', key }).export({ type: 'spki', format: 'pem' }));
}
