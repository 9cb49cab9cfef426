// Verifies what CloudTrail delivered by its own digest files: every hour's digest names the log
// files of that hour with their hashes, and the digest before with its hash and signature, and is
// signed by CloudTrail. Whatever was changed, removed or added since is named. It reads files, and
// asks nobody.

import { createHash, verify } from 'node:crypto';
import { Content } from '../input/content.ts';
import { digestOf, signatureOf, signedText, type Digest, type LoggedFile } from './digest-file.ts';
import type { TrailKeys } from './public-keys.ts';
import { chainOf, deliveredAt, FoundFiles, isSame, type TrailFiles } from './trail-files.ts';

/** What is wrong: all but the last two make the logs unsound. */
export type DigestFindingKind =
  | 'digest_unreadable'
  | 'digest_moved'
  | 'digest_altered'
  | 'digest_missing'
  | 'key_unknown'
  | 'signature_missing'
  | 'signature_wrong'
  | 'log_missing'
  | 'log_altered'
  | 'log_extra'
  | 'chain_begins'
  | 'log_not_yet_digested';

export interface DigestFinding {
  readonly kind: DigestFindingKind;
  /** The file, or the object that is missing. */
  readonly path: string;
  /** A sentence. */
  readonly message: string;
}

export interface DigestReport {
  readonly isSound: boolean;
  readonly digests: number;
  readonly logs: number;
  readonly findings: readonly DigestFinding[];
}

const remarks = new Set<DigestFindingKind>(['chain_begins', 'log_not_yet_digested']);
const ALGORITHM = 'SHA256withRSA';
const HASH_ALGORITHM = 'SHA-256';

/** All problems come out of one run, those of one file beside each other. */
export async function verifyDigests({
  files,
  publicKeys,
  onFile,
}: {
  readonly files: TrailFiles;
  readonly publicKeys: TrailKeys;
  /** Told when a file is dealt with. */
  readonly onFile?: (() => void) | undefined;
}): Promise<DigestReport> {
  const verification = new Verification(files, publicKeys, onFile ?? (() => undefined));
  await verification.readDigests();
  await verification.verifyChains();
  await verification.verifyLogs();
  return verification.report();
}

class Verification {
  readonly #files: TrailFiles;
  readonly #found: FoundFiles;
  readonly #keys: TrailKeys;
  readonly #onFile: () => void;
  readonly #findings: DigestFinding[] = [];
  readonly #digests: Digest[] = [];
  readonly #byPath = new Map<string, Digest>();
  /** The digest that names the one at this path as the one before. */
  readonly #nextOf = new Map<string, Digest>();
  readonly #logs = new Set<string>();

  constructor(files: TrailFiles, keys: TrailKeys, onFile: () => void) {
    this.#files = files;
    this.#found = new FoundFiles(files);
    this.#keys = keys;
    this.#onFile = onFile;
  }

  report(): DigestReport {
    const findings = this.#findings;
    return {
      isSound: findings.every(({ kind }) => remarks.has(kind)),
      digests: this.#found.digests.length,
      logs: this.#logs.size,
      findings,
    };
  }

  async readDigests(): Promise<void> {
    for (const path of this.#found.digests) {
      const digest = digestOf(path, await this.#bytesOf(path));
      this.#onFile();
      if (typeof digest === 'string') this.#find('digest_unreadable', path, `${digest}.`);
      else this.#digests.push(digest);
    }
    this.#digests.sort((a, b) => (a.endTime < b.endTime ? -1 : 1));
    for (const digest of this.#digests) {
      this.#byPath.set(digest.path, digest);
      const before = this.#before(digest);
      if (before !== undefined) this.#nextOf.set(before, digest);
    }
  }

  async verifyChains(): Promise<void> {
    for (const chain of Map.groupBy(this.#digests, ({ path }) => chainOf(path)).values()) {
      for (const [index, digest] of chain.entries()) {
        await this.#verifyDigest(digest, index === 0);
      }
    }
  }

  /** Every log a digest names, and then whether there are others. */
  async verifyLogs(): Promise<void> {
    for (const digest of this.#digests) {
      for (const file of digest.files) await this.#verifyLog(digest, file);
    }
    const latest = this.#digests.at(-1)?.endTime.replaceAll(/[-:]/g, '') ?? '';
    for (const path of this.#found.logs) {
      if (this.#logs.has(path)) continue;
      this.#logs.add(path);
      this.#onFile();
      const isNew = (deliveredAt(path) ?? '') >= latest.slice(0, -3);
      if (isNew) {
        const text = 'No digest names it: it may be newer than the latest digest that is here.';
        this.#find('log_not_yet_digested', path, text);
      } else {
        this.#find('log_extra', path, 'No digest names it, though there are later ones.');
      }
    }
  }

  async #verifyDigest(digest: Digest, isOldest: boolean): Promise<void> {
    const { path, object } = digest;
    if (!isSame(path, object)) {
      this.#find('digest_moved', path, `It was delivered as ${object}.`);
    }
    await this.#verifySignature(digest);
    if (digest.previousObject === undefined) {
      if (isOldest) return;
      const text = 'No digest is before it: the trail, or its validation, was off until then.';
      return this.#find('chain_begins', path, text);
    }
    const before = this.#before(digest);
    const previous = before === undefined ? undefined : this.#byPath.get(before);
    if (previous !== undefined && previous.sha256 !== digest.previousHash) {
      const text = `Its content is not what the next digest, ${path}, says of it.`;
      this.#find('digest_altered', previous.path, text);
    }
    // One that is there and cannot be read has a finding of its own.
    if (before !== undefined) return;
    if (isOldest) {
      const text = `What came before it, ${digest.previousObject}, is not among the files.`;
      return this.#find('chain_begins', path, text);
    }
    const text = `It is gone: ${path} names it as the digest before.`;
    this.#find('digest_missing', digest.previousObject, text);
  }

  async #verifySignature(digest: Digest): Promise<void> {
    const { path, fingerprint, algorithm } = digest;
    const key = this.#keys.get(fingerprint);
    if (key === undefined) {
      this.#find('key_unknown', path, `There is no public key with fingerprint ${fingerprint}.`);
      return;
    }
    const next = this.#nextOf.get(path);
    const beside = await this.#signatureBeside(path);
    const signature = beside ?? next?.previousSignature;
    if (signature === undefined) {
      const text = `No file beside it (${path}.signature) has its signature, and no later digest.`;
      this.#find('signature_missing', path, text);
      return;
    }
    if (algorithm !== ALGORITHM) {
      this.#find('signature_wrong', path, `It is signed with "${algorithm}", not ${ALGORITHM}.`);
      return;
    }
    const text = Buffer.from(signedText(digest));
    if (!verify('sha256', text, key, Buffer.from(signature, 'hex'))) {
      this.#find('signature_wrong', path, 'The signature is not that of its content and place.');
      return;
    }
    const copy = next?.previousSignature;
    if (copy === undefined || copy.toLowerCase() === signature.toLowerCase()) return;
    const message = `It names another signature of the digest before, ${path}, than that has.`;
    this.#find('signature_wrong', next?.path ?? path, message);
  }

  /** The path of the digest before, if it is among the files. */
  #before({ previousObject }: Digest): string | undefined {
    return previousObject === undefined ? undefined : this.#found.find(previousObject);
  }

  async #signatureBeside(path: string): Promise<string | undefined> {
    const beside = this.#found.signatureOf(path);
    if (beside === undefined) return undefined;
    return signatureOf((await this.#bytesOf(beside)).toString('utf8'));
  }

  async #verifyLog(digest: Digest, { object, hash, algorithm }: LoggedFile): Promise<void> {
    const path = this.#found.find(object);
    if (path === undefined) {
      this.#find('log_missing', object, `It is gone: ${digest.path} names it.`);
      return;
    }
    this.#logs.add(path);
    this.#onFile();
    const content = new Content(this.#files.read(path));
    const sha256 = createHash('sha256');
    for await (const piece of content.pieces()) sha256.update(piece);
    if (content.problem !== undefined) {
      this.#find('log_altered', path, `It cannot be read whole: ${content.problem}.`);
    } else if (algorithm !== HASH_ALGORITHM || sha256.digest('hex') !== hash.toLowerCase()) {
      this.#find('log_altered', path, `Its content is not what ${digest.path} says of it.`);
    }
  }

  async #bytesOf(path: string): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.#files.read(path)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  #find(kind: DigestFindingKind, path: string, message: string): void {
    this.#findings.push({ kind, path, message });
  }
}
