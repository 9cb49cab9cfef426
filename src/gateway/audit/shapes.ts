// Owns the shapes of the answers of the audit log's operations. Hashes and keys are base64, as in
// checkpoints; a record is what was hashed, and what is said of it stands beside it.
import { Type } from 'typebox';
import * as schema from '../schema.ts';

const base64 = (description: string) => Type.String({ contentEncoding: 'base64', description });
const instant = schema.instantText();
const index = Type.Integer({ description: 'the index of its leaf in the log, from 0' });
const note = Type.String({ description: 'the signed checkpoint (c2sp.org/tlog-checkpoint)' });
const proof = (description: string) =>
  Type.Array(Type.String({ contentEncoding: 'base64' }), { description });

const anyObject = Type.Record(Type.String(), Type.Unknown());

export const record = schema.object(
  {
    action: Type.String(),
    actor: schema.object({
      authentication: Type.String(),
      id: Type.String(),
      roles: Type.Array(Type.String()),
    }),
    after: Type.Optional(anyObject),
    at: instant,
    before: Type.Optional(anyObject),
    clock_offset_us: Type.Optional(
      Type.Integer({ description: 'how far the clock was ahead of its reference' }),
    ),
    id: schema.idText('aud'),
    origin: schema.object({
      address: Type.Optional(Type.String()),
      request_id: Type.String(),
      trace_id: Type.Optional(Type.String()),
      user_agent: Type.Optional(Type.String()),
    }),
    outcome: schema.choice(['success', 'refused', 'denied', 'failed'] as const),
    reason: Type.Optional(Type.String({ description: 'the code of the refusal or fault' })),
    retention: schema.choice(['security', 'books', 'aml'] as const),
    sealed: Type.Optional(
      Type.Array(
        schema.object({
          ciphertext: base64('nonce, ciphertext and tag of AES-256-GCM'),
          commitment: base64('SHA-256 of the salt and the canonical fields'),
          subject: Type.String(),
        }),
        { description: 'what only the key of its subject opens, until the subject is erased' },
      ),
    ),
    target: Type.String(),
    version: Type.Integer(),
  },
  {
    title: 'AuditRecord',
    description: 'What was hashed: its canonical JSON (RFC 8785) is the leaf.',
  },
);

export const placedRecord = schema.object({
  leaf_index: schema.orNull(index),
  record,
});

export const recordPage = schema.object({
  data: Type.Array(schema.object({ leaf_index: index, record })),
  unreadable_leaves: Type.Array(Type.Integer(), {
    description: 'first leaves of bundles that are gone or damaged and may have held an answer',
  }),
  has_more: Type.Boolean(),
  next_cursor: schema.orNull(Type.String()),
});

const verifierKeys = Type.Array(Type.String(), {
  description: 'for comparison with the keys that the verifier knows from elsewhere',
});

export const receipt = schema.object(
  {
    format: Type.Literal('florin-audit-receipt'),
    version: Type.Integer(),
    leaf: Type.String({ description: 'the record, byte for byte as it was hashed' }),
    index,
    leaf_hash: base64('SHA-256 of a zero byte and the leaf (RFC 6962 2.1)'),
    proof: proof("from the leaf's sibling to the root's child (RFC 6962 2.1.1)"),
    size: Type.Integer({ description: 'how many leaves the log had at the checkpoint' }),
    root: base64('the root of the tree of that size'),
    origin: Type.String({ description: 'the name of the log' }),
    checkpoint: note,
    verifier_keys: verifierKeys,
  },
  { title: 'AuditReceipt' },
);

export const checkpoint = schema.object(
  {
    size: Type.Integer({ description: 'how many leaves the log had' }),
    root: base64('the root of the tree of that size'),
    note,
    created_at: instant,
  },
  { title: 'AuditCheckpoint' },
);

export const consistency = schema.object(
  {
    format: Type.Literal('florin-audit-consistency'),
    version: Type.Integer(),
    older: note,
    older_size: Type.Integer(),
    older_root: base64('the root of the older tree'),
    newer: note,
    newer_size: Type.Integer(),
    newer_root: base64('the root of the newer tree'),
    proof: proof('that the newer log begins with the whole older one (RFC 6962 2.1.2)'),
    verifier_keys: verifierKeys,
  },
  { title: 'AuditConsistency' },
);

export const key = schema.object(
  {
    verifier_key: Type.String({ description: 'name+hash+key (c2sp.org/signed-note)' }),
    name: Type.String({ description: 'the name of the log' }),
    public_key: base64('the 32 bytes of the Ed25519 key'),
    public_key_pem: Type.String({ description: 'the same as SubjectPublicKeyInfo (RFC 8410)' }),
    since_size: Type.Integer({ description: 'the size of the log when the key began to sign' }),
    added_at: instant,
  },
  { title: 'AuditKey' },
);

export const alarm = schema.object(
  {
    alarm: Type.String(),
    meaning: Type.String(),
    instance: schema.orNull(Type.String({ description: 'null where it is of the installation' })),
    is_raised: Type.Boolean(),
    since: schema.orNull(instant),
    changed_at: schema.orNull(instant),
    figures: anyObject,
  },
  { title: 'AuditAlarm' },
);

/** A list that is always whole. */
export function wholeList<Item extends Parameters<typeof Type.Array>[0]>(item: Item) {
  return schema.object({
    data: Type.Array(item),
    has_more: Type.Literal(false),
    next_cursor: Type.Null(),
  });
}

/** The members beside the items of such a list, which has no further page. */
export const wholeListEnd = { has_more: false, next_cursor: null } as const;
