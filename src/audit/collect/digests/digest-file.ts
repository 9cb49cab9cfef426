// Owns one digest file of CloudTrail as read: its members, the hash of its uncompressed content,
// and the text that its signature is over. A file that is no digest gives the reason.

import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { arrayOf, isObject, objectOf, readJson, textOf } from '../input/json-value.ts';
import type { Json, JsonObject } from '../../canonical.ts';

/** A digest lists an hour's log files; this is what a hostile one may become. */
const DIGEST_BYTES_MAX = 268_435_456;
const GZIP_MAGIC = 0x1f8b;

export interface LoggedFile {
  readonly object: string;
  readonly hash: string;
  readonly algorithm: string;
}

export interface Digest {
  /** Where the file is among those given. */
  readonly path: string;
  /** Where CloudTrail delivered it: the key in the bucket. */
  readonly object: string;
  readonly bucket: string;
  readonly endTime: string;
  readonly fingerprint: string;
  readonly algorithm: string;
  /** SHA-256 of the uncompressed content, in hexadecimal. */
  readonly sha256: string;
  /** Of the digest before; all undefined where a chain begins. */
  readonly previousObject: string | undefined;
  readonly previousHash: string | undefined;
  readonly previousSignature: string | undefined;
  readonly files: readonly LoggedFile[];
}

export function digestOf(path: string, content: Buffer): Digest | string {
  const bytes = inflated(content);
  if (bytes === undefined) return 'its gzip content is damaged';
  const parsed = readJson(bytes.toString('utf8'));
  if (!isObject(parsed)) return 'it is no JSON object';
  const wanted = {
    object: textOf(parsed['digestS3Object']),
    bucket: textOf(parsed['digestS3Bucket']),
    endTime: textOf(parsed['digestEndTime']),
    fingerprint: textOf(parsed['digestPublicKeyFingerprint']),
  };
  const missing = Object.entries(wanted).find(([, value]) => value === undefined)?.[0];
  if (missing !== undefined) return `it has no digest ${missing}`;
  const files = arrayOf(parsed['logFiles']).map(loggedFileOf);
  if (files.some((file) => file === undefined)) return 'it lists a log file without its hash';
  return {
    path,
    ...(wanted as { [Name in keyof typeof wanted]: string }),
    algorithm: textOf(parsed['digestSignatureAlgorithm']) ?? '',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    previousObject: textOf(parsed['previousDigestS3Object']),
    previousHash: textOf(parsed['previousDigestHashValue']),
    previousSignature: textOf(parsed['previousDigestSignature']),
    files: files as readonly LoggedFile[],
  };
}

/** What CloudTrail signs. Where there is no digest before, it signs the word "null". */
export function signedText({ endTime, bucket, object, sha256, previousSignature }: Digest): string {
  return `${endTime}\n${bucket}/${object}\n${sha256}\n${previousSignature ?? 'null'}`;
}

/**
 * The signature that stands in the metadata of a digest's object, from a file beside it: the digits
 * alone, or what "aws s3api head-object" prints.
 */
export function signatureOf(text: string): string | undefined {
  const bare = text.trim();
  if (/^([0-9a-f]{2})+$/i.test(bare)) return bare;
  const parsed = readJson(text);
  const metadata = objectOf(objectOf(parsed)['Metadata']);
  const signature = textOf(metadata['signature']) ?? textOf(metadata['x-amz-meta-signature']);
  return signature !== undefined && /^([0-9a-f]{2})+$/i.test(signature) ? signature : undefined;
}

function loggedFileOf(value: Json): LoggedFile | undefined {
  const file: JsonObject = objectOf(value);
  const object = textOf(file['s3Object']);
  const hash = textOf(file['hashValue']);
  if (object === undefined || hash === undefined) return undefined;
  return { object, hash, algorithm: textOf(file['hashAlgorithm']) ?? '' };
}

function inflated(content: Buffer): Buffer | undefined {
  if (content.length < 2 || content.readUInt16BE(0) !== GZIP_MAGIC) return content;
  try {
    return gunzipSync(content, { maxOutputLength: DIGEST_BYTES_MAX });
  } catch {
    return undefined;
  }
}
