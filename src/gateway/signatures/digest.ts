// Owns Content-Digest (RFC 9530): a signature covers the body through it. A digest that is given is
// checked whether it is signed or not; algorithms that are broken say nothing.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isInnerList, readFieldDictionary, writeFieldDictionary } from '#platform';
import { EdgeRefusal } from '../problems.ts';

const ALGORITHMS = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
]);

export function contentDigest(body: Buffer | string): string {
  const hash = createHash('sha256').update(body).digest();
  return writeFieldDictionary(new Map([['sha-256', [hash, new Map()]]]));
}

/** Throws the refusal of a body that is not the one its digest is of. */
export function assertContentDigest(field: string, body: Buffer | string): void {
  const digests = readFieldDictionary(field);
  if (digests === undefined) throw refusal('Content-Digest is not a dictionary of digests.');
  let count = 0;
  for (const [name, member] of digests) {
    const algorithm = ALGORITHMS.get(name);
    if (algorithm === undefined) continue;
    count += 1;
    const hash = createHash(algorithm).update(body).digest();
    const given = bytesOf(isInnerList(member) ? undefined : member[0]);
    if (given?.length !== hash.length || !timingSafeEqual(given, hash)) {
      throw refusal(`The body is not the one that Content-Digest (${name}) is of.`);
    }
  }
  if (count === 0) throw refusal('Content-Digest holds neither sha-256 nor sha-512.');
}

/** The bytes of a byte sequence, as the reader of structured fields gives them. */
export function bytesOf(value: unknown): Buffer | undefined {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function refusal(detail: string): EdgeRefusal {
  return new EdgeRefusal('digest_mismatch', detail, { param: 'content-digest' });
}
