// Keeps the installation's keys in a folder that its owner alone may enter: one master key, and one
// signing key per name. A key is made once, whichever of several processes comes first; a file that
// is damaged, foreign or open to others stops its use, and is never replaced by a new key.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { assert, Fault } from '#kernel';
import { contentOf, createOnce, makeFolder, unlessAbsent } from '../files/durable.ts';
import type { Keys } from './port.ts';

export interface LocalKeysOptions {
  /** Made with mode 0700 if it is not there. */
  readonly folder: string;
}

/** Opens the folder, and makes the master key if the folder is new. */
export async function openLocalKeys(options: LocalKeysOptions): Promise<Keys> {
  const folder = path.resolve(options.folder);
  await makeFolder(folder, 0o700);
  await requireOwnFolder(folder);
  await removeDrafts(folder);
  return new LocalKeys(folder, await openMaster(folder));
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const NAME_CHARACTERS_MAX = 64;
const SECRET_BYTES_MAX = 4_096;
/** The first byte of what was wrapped; authenticated with the context. */
const WRAPPING_VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const MASTER_FILE = 'master.key';
const SIGNING_ENDING = '.pem';
const DRAFT = /^[.].*[.]draft$/;
/** Making a key takes milliseconds: an older draft is a crashed process's. */
const DRAFT_AGE_MAX_MS = 3_600_000;

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: Buffer;
}

class LocalKeys implements Keys {
  readonly #folder: string;
  readonly #master: KeyObject;
  readonly #signing = new Map<string, Promise<SigningKey>>();

  constructor(folder: string, master: KeyObject) {
    this.#folder = folder;
    this.#master = master;
  }

  async publicKey(name: string): Promise<Buffer> {
    const { publicKey } = await this.#signingKey(name);
    return Buffer.from(publicKey);
  }

  async sign(name: string, message: Buffer): Promise<Buffer> {
    const { privateKey } = await this.#signingKey(name);
    return sign(null, message, privateKey);
  }

  // Nonces are random, so one master key is good for 2^32 wrappings (NIST SP 800-38D §8.3).
  async wrap(secret: Buffer, context: string): Promise<Buffer> {
    assert(secret.length <= SECRET_BYTES_MAX, 'a wrapped secret has at most 4 KiB');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#master, nonce);
    cipher.setAAD(authenticated(context));
    const ciphertext = cipher.update(secret);
    cipher.final();
    return Buffer.concat([Buffer.of(WRAPPING_VERSION), nonce, ciphertext, cipher.getAuthTag()]);
  }

  async unwrap(wrapped: Buffer, context: string): Promise<Buffer> {
    const textStart = 1 + NONCE_BYTES;
    const textEnd = wrapped.length - TAG_BYTES;
    if (textEnd < textStart || wrapped[0] !== WRAPPING_VERSION) throw mismatch(context);
    const nonce = wrapped.subarray(1, textStart);
    const decipher = createDecipheriv('aes-256-gcm', this.#master, nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(authenticated(context));
    decipher.setAuthTag(wrapped.subarray(textEnd));
    const secret = decipher.update(wrapped.subarray(textStart, textEnd));
    try {
      decipher.final();
    } catch {
      throw mismatch(context);
    }
    return secret;
  }

  #signingKey(name: string): Promise<SigningKey> {
    assert(NAME.test(name) && name.length <= NAME_CHARACTERS_MAX, `${name} names no key`);
    const known = this.#signing.get(name);
    if (known !== undefined) return known;
    const opening = openSigningKey(this.#folder, name);
    this.#signing.set(name, opening);
    // What could not be read now may be readable after the operator has seen to it.
    opening.catch(() => this.#signing.delete(name));
    return opening;
  }
}

function authenticated(context: string): Buffer {
  return Buffer.concat([Buffer.of(WRAPPING_VERSION), Buffer.from(context)]);
}

function mismatch(context: string): Fault {
  return new Fault('key_mismatch', {
    retryable: false,
    message: `What was wrapped for "${context}" does not open with the master key of this folder.`,
  });
}

async function openMaster(folder: string): Promise<KeyObject> {
  const file = path.join(folder, MASTER_FILE);
  const found = (await readOwnFile(file)) ?? (await makeMaster(folder, file));
  return parseMaster(found, file);
}

// Without its master key everything sealed is lost, so a folder that has other keys is not given
// another one. The file is looked for again: another process may have made both in between.
async function makeMaster(folder: string, file: string): Promise<Buffer> {
  const names = await readdir(folder);
  if (names.some((name) => name.endsWith(SIGNING_ENDING))) {
    const made = await readOwnFile(file);
    if (made !== undefined) return made;
    throw new Fault('key_missing', {
      retryable: false,
      message: `${file} is missing although other keys are there; restore it from a backup.`,
    });
  }
  const key = randomBytes(KEY_BYTES);
  return await makeFile(file, `${MASTER_HEADER} ${key.toString('base64')} ${checkOf(key)}\n`);
}

const MASTER_HEADER = 'florin-master-key-1';
const MASTER = /^florin-master-key-1 ([A-Za-z0-9+/]{43}=) ([0-9a-f]{16})\n$/;

function parseMaster(content: Buffer, file: string): KeyObject {
  const [, text = '', check] = MASTER.exec(content.toString('latin1')) ?? [];
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || checkOf(key) !== check) throw damaged(file, 'a master key');
  return createSecretKey(key);
}

// So that a damaged file is not taken for another key.
function checkOf(key: Buffer): string {
  return createHash('sha256').update(MASTER_HEADER).update(key).digest('hex').slice(0, 16);
}

async function openSigningKey(folder: string, name: string): Promise<SigningKey> {
  const file = path.join(folder, `${name}${SIGNING_ENDING}`);
  const found = (await readOwnFile(file)) ?? (await makeFile(file, newSigningKey()));
  return parseSigningKey(found.toString('latin1'), file);
}

// PKCS#8 holds only the private half, where one altered character is another key. The public half
// beside it shows that.
function newSigningKey(): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return privateKey + publicKey;
}

const PAIR = new RegExp(`^(${block('PRIVATE KEY')})(${block('PUBLIC KEY')})$`);

function block(label: string): string {
  return `-----BEGIN ${label}-----\\n[^-]+-----END ${label}-----\\n`;
}

function parseSigningKey(text: string, file: string): SigningKey {
  const [, privateText = '', publicText = ''] = PAIR.exec(text) ?? [];
  try {
    const privateKey = createPrivateKey(privateText);
    const publicKey = rawPublicKey(createPublicKey(publicText));
    if (rawPublicKey(createPublicKey(privateKey)).equals(publicKey))
      return { privateKey, publicKey };
  } catch {
    // Said below, without what the file holds.
  }
  throw damaged(file, 'an Ed25519 key and its public half in PEM');
}

function rawPublicKey(key: KeyObject): Buffer {
  const { crv, x = '' } = key.export({ format: 'jwk' });
  assert(crv === 'Ed25519', 'a signing key is Ed25519');
  return Buffer.from(x, 'base64url');
}

function damaged(file: string, what: string): Fault {
  return new Fault('key_damaged', {
    retryable: false,
    message: `${file} is damaged or not ${what} of Florin; restore it from a backup.`,
  });
}

/** Makes a file of ours, or reads what another process has made first. */
async function makeFile(file: string, text: string): Promise<Buffer> {
  const unique = randomBytes(8).toString('hex');
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${unique}.draft`);
  await createOnce(file, { file: draft, content: Buffer.from(text, 'latin1'), mode: 0o600 });
  const content = await readOwnFile(file);
  if (content !== undefined) return content;
  throw damaged(file, 'a key');
}

async function readOwnFile(file: string): Promise<Buffer | undefined> {
  const found = await unlessAbsent(lstat(file));
  if (found === undefined) return undefined;
  if (!found.isFile()) throw unsafe(file, 'is not a plain file');
  requireOwn(file, found);
  return await contentOf(file);
}

async function requireOwnFolder(folder: string): Promise<void> {
  const found = await stat(folder);
  if (!found.isDirectory()) throw unsafe(folder, 'is not a folder');
  requireOwn(folder, found);
}

function requireOwn(name: string, found: Stats): void {
  if (found.uid !== process.geteuid?.()) throw unsafe(name, 'belongs to another user');
  if ((found.mode & 0o077) === 0) return;
  const mode = found.isDirectory() ? '700' : '600';
  throw unsafe(name, `is open to other users (chmod ${mode} closes it)`);
}

function unsafe(name: string, why: string): Fault {
  return new Fault('keys_unsafe', {
    retryable: false,
    message: `The keys cannot be used because ${name} ${why}.`,
  });
}

// A process that was killed while it made a key left a draft: a key that nothing was ever signed
// or wrapped with.
async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!DRAFT.test(name)) continue;
    const file = path.join(folder, name);
    const found = await unlessAbsent(stat(file));
    if (found === undefined || Date.now() - found.mtimeMs < DRAFT_AGE_MAX_MS) continue;
    await rm(file, { force: true });
  }
}
