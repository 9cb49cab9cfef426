// Checks checkpoints against the tree as it was computed: each is a note that names this log, this
// size and this root, signed by a key that the log had by then. Signatures are verified beside
// everything else, in the process's own pool of threads.

import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { formatInstant, SECOND_US, type Instant } from '#kernel';
import { checkpointText, parseCheckpoint } from '../../tree/checkpoint.ts';
import { parseBase64 } from '../../tree/judged.ts';
import { noteKeyHash, openNote } from '../../tree/note.ts';
import type { Findings, RuleName } from '../finding.ts';
import type { StoredCheckpoint, StoredKey } from './tree-store.ts';

/** Who may sign for the log. */
export interface LogKeys {
  readonly origin: string;
  /** As the database has them. */
  readonly stored: readonly StoredKey[];
  /** Known from elsewhere; undefined when nobody outside the database vouches for any. */
  readonly trusted: readonly Buffer[] | undefined;
}

interface KnownKey {
  readonly publicKey: Buffer;
  readonly key: KeyObject;
  readonly isTrusted: boolean;
  /** It signs only larger checkpoints. */
  readonly sinceSize: number;
}

const SIGNATURE_BYTES = 64;
const KEY_HASH_BYTES = 4;
/** Machines that take turns at the log may differ by this much. */
const CLOCKS_APART_US = 60 * SECOND_US;

export class CheckpointCheck {
  readonly #findings: Findings;
  readonly #keys: LogKeys;
  readonly #known: ReadonlyMap<string, KnownKey>;
  #latest: { readonly size: number; readonly isTrusted: boolean } | undefined;
  #createdAt: Instant | undefined;

  constructor(findings: Findings, keys: LogKeys) {
    this.#findings = findings;
    this.#keys = keys;
    this.#known = new Map(knownKeys(keys).map((each) => [hashOf(keys.origin, each), each]));
  }

  /** The checkpoints in the order of size, each with the root that the leaves give. */
  async check(
    checkpoints: readonly { readonly stored: StoredCheckpoint; readonly root: Buffer }[],
  ): Promise<void> {
    this.#findings.checked('checkpoints', checkpoints.length);
    for (const { stored } of checkpoints) this.#checkTime(stored);
    const signers = await Promise.all(
      checkpoints.map(({ stored, root }) => this.#signerOf(stored, root)),
    );
    for (const [index, { stored, root }] of checkpoints.entries()) {
      if (!stored.root.equals(root)) {
        const found = `${stored.root.toString('base64')} in its row`;
        this.#breach('checkpoint_root_wrong', stored.size, rootText(root), found);
      }
      const signer = signers[index] ?? this.#explain(stored, root);
      this.#latest = { size: stored.size, isTrusted: signer?.isTrusted === true };
    }
  }

  /** After the last of them. */
  finish(): void {
    const { trusted, stored, origin } = this.#keys;
    this.#findings.checked('keys', stored.length);
    if (trusted === undefined) {
      this.#findings.breach({
        rule: 'keys_unvouched',
        place: `log ${origin}`,
        expected: 'public keys from outside the database',
        found: 'only those that the database itself names',
      });
    } else if (this.#latest?.isTrusted === false) {
      const place = `checkpoint ${this.#latest.size}`;
      const found = 'none of a trusted key';
      const expected = 'a signature of a trusted key';
      this.#findings.breach({ rule: 'key_unknown', place, expected, found });
    }
  }

  #checkTime({ size, createdAt }: StoredCheckpoint): void {
    const before = this.#createdAt;
    this.#createdAt = createdAt;
    if (before === undefined || createdAt >= before - CLOCKS_APART_US) return;
    const expected = `not before ${formatInstant(before)}`;
    this.#breach('checkpoint_order', size, expected, formatInstant(createdAt));
  }

  /** The key that signed exactly this tree head of the log; undefined when none did. */
  async #signerOf(stored: StoredCheckpoint, root: Buffer): Promise<KnownKey | undefined> {
    const { origin } = this.#keys;
    const text = checkpointText({ origin, size: stored.size, root });
    const head = `${text}\n\u2014 ${origin} `;
    if (!stored.note.startsWith(head) || !stored.note.endsWith('\n')) return undefined;
    const bytes = parseBase64(stored.note.slice(head.length, -1));
    if (bytes === undefined) return undefined;
    const known = this.#known.get(bytes.toString('hex', 0, KEY_HASH_BYTES));
    const signature = bytes.subarray(KEY_HASH_BYTES);
    if (known === undefined || known.sinceSize >= stored.size) return undefined;
    if (signature.length !== SIGNATURE_BYTES) return undefined;
    const isSigned = await isSignature(known.key, Buffer.from(text), signature);
    return isSigned ? known : undefined;
  }

  // What is wrong with a note that is not just what the log signs: nothing, if witnesses signed
  // too.
  #explain({ size, note }: StoredCheckpoint, root: Buffer): KnownKey | undefined {
    const { origin } = this.#keys;
    const head = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
    if (!head.ok) {
      this.#breach('checkpoint_form_wrong', size, 'a signed tree head', head.why);
      return undefined;
    }
    const noted = head.value;
    if (noted.origin !== origin) {
      this.#breach('checkpoint_origin_wrong', size, origin, noted.origin);
    }
    if (noted.size !== size) {
      this.#breach('checkpoint_order', size, `size ${size}`, `size ${noted.size} in its note`);
    }
    if (!noted.root.equals(root)) {
      const found = `${noted.root.toString('base64')} in its note`;
      this.#breach('checkpoint_root_wrong', size, rootText(root), found);
    }
    const known = [...this.#known.values()].filter(({ sinceSize }) => sinceSize < size);
    const opened = openNote(
      note,
      known.map(({ publicKey }) => ({ name: origin, publicKey })),
    );
    if (!opened.ok) {
      this.#breach('checkpoint_signature_wrong', size, 'a signature of the log', opened.why);
      return undefined;
    }
    const signers = opened.value.signers.map(({ publicKey }) => publicKey);
    return known.find(({ publicKey }) => signers.some((signer) => signer.equals(publicKey)));
  }

  #breach(rule: RuleName, size: number, expected: string, found: string): void {
    this.#findings.breach({ rule, place: `checkpoint ${size}`, expected, found });
  }
}

function knownKeys({ stored, trusted = [] }: LogKeys): KnownKey[] {
  const known = stored.map(({ publicKey, sinceSize }): KnownKey => {
    const isTrusted = trusted.some((one) => one.equals(publicKey));
    return { publicKey, key: keyOf(publicKey), isTrusted, sinceSize };
  });
  const others = trusted.filter((one) => !stored.some(({ publicKey }) => publicKey.equals(one)));
  return [
    ...known,
    ...others.map((publicKey): KnownKey => {
      return { publicKey, key: keyOf(publicKey), isTrusted: true, sinceSize: -1 };
    }),
  ];
}

function rootText(root: Buffer): string {
  return `the root ${root.toString('base64')}`;
}

function hashOf(origin: string, { publicKey }: KnownKey): string {
  return noteKeyHash(origin, publicKey).toString('hex');
}

function keyOf(publicKey: Buffer): KeyObject {
  const x = publicKey.toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
}

function isSignature(key: KeyObject, message: Buffer, signature: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(null, message, key, signature, (error, isValid) => {
      if (error === null) resolve(isValid);
      else reject(error);
    });
  });
}
