// The SQL of requests that may be repeated: claims them, keeps their answers, forgets them. Large
// answers, whose parts repeat each other, are kept as a zstd frame a tenth as long.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { limits } from '#config';
import { assert } from '#kernel';
import type { Uuid } from '#kernel';
import { byteaArray, bytesArray, int2Array, uuidArray } from '#platform';
import type { Queryable, Transaction } from '#platform';
import type { KeptAnswer } from '../routes.ts';
import { KEY_BYTES } from './key.ts';

/** A request by name and content, both hexadecimal. */
export interface Asked {
  readonly key: string;
  readonly fingerprint: string;
}

/** What a key stands for. */
export interface Held extends Asked {
  readonly owner: Uuid;
  /** Absent while the request is under way. */
  readonly answer: KeptAnswer | undefined;
}

interface Row {
  readonly key: Buffer;
  readonly fingerprint: Buffer;
  readonly owner: Uuid;
  readonly status: number | null;
  readonly headers: string;
  readonly encoding: number;
  readonly body: Buffer;
}

const PLAIN = 0;
const ZSTD = 1;
/** Below this a frame is not worth its time. */
const COMPRESSED_BYTES_MIN = 4_096;
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Claims each request that nobody has; answers what every key stands for then. */
export async function claimRequests(
  queryable: Queryable,
  asked: readonly Asked[],
  { owner, leaseMs, keptMs }: { readonly owner: Uuid; leaseMs: number; keptMs: number },
): Promise<Map<string, Held>> {
  const rows = await queryable.query<Row>({
    name: 'gateway.claim_requests',
    text: `select r.key, r.fingerprint, r.owner, r.status, r.headers, r.encoding, r.body
      from gateway.claim_requests($1, $2, $3, $4 * interval '1 millisecond',
        $5 * interval '1 millisecond') r`,
    values: [
      byteaArray(
        asked.map(({ key }) => key),
        KEY_BYTES,
      ),
      byteaArray(
        asked.map(({ fingerprint }) => fingerprint),
        32,
      ),
      owner,
      leaseMs,
      keptMs,
    ],
  });
  return new Map(rows.map((row) => [row.key.toString('hex'), heldOf(row)]));
}

function heldOf({ key, fingerprint, owner, status, headers, encoding, body }: Row): Held {
  const asked = { key: key.toString('hex'), fingerprint: fingerprint.toString('hex') };
  if (status === null) return { ...asked, owner, answer: undefined };
  const bytes = encoding === ZSTD ? zstdDecompressSync(body) : body;
  const answer = { status, headers: JSON.parse(headers) as KeptAnswer['headers'], body: bytes };
  return { ...asked, owner, answer };
}

/** An answer with the claim that it ends. */
export interface Finish {
  readonly key: string;
  readonly owner: Uuid;
  readonly answer: KeptAnswer;
}

/** Keeps the answers; how many of the claims still stood. */
export async function finishRequests(
  queryable: Queryable,
  finishes: readonly Finish[],
): Promise<number> {
  // In the order in which claims are taken, so that neither waits for the other in a circle.
  const ordered = finishes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const bodies = ordered.map(({ answer }) => encode(answer.body));
  const [row] = await queryable.query<{ finished: number }>({
    name: 'gateway.finish_requests',
    text: 'select gateway.finish_requests($1, $2, $3, $4, $5, $6) as finished',
    values: [
      byteaArray(
        ordered.map(({ key }) => key),
        KEY_BYTES,
      ),
      uuidArray(ordered.map(({ owner }) => owner)),
      int2Array(ordered.map(({ answer }) => answer.status)),
      ordered.map(({ answer }) => JSON.stringify(answer.headers)),
      int2Array(bodies.map(({ encoding }) => encoding)),
      bytesArray(bodies.map(({ bytes }) => bytes)),
    ],
  });
  assert(row !== undefined, 'a function without a set answers one row');
  return row.finished;
}

function encode(body: Buffer): { readonly encoding: number; readonly bytes: Buffer } {
  if (body.length < COMPRESSED_BYTES_MIN) return { encoding: PLAIN, bytes: body };
  return { encoding: ZSTD, bytes: zstdCompressSync(body, fast) };
}

/** Gives up a claim without an effect; what its key stands for then, if anything. */
export async function releaseRequest(
  queryable: Queryable,
  { key, owner }: { readonly key: string; readonly owner: Uuid },
): Promise<Held | undefined> {
  const [row] = await queryable.query<Row>({
    name: 'gateway.release_request',
    text: `select r.key, r.fingerprint, r.owner, r.status, r.headers, r.encoding, r.body
      from gateway.release_request($1, $2) r`,
    values: [Buffer.from(key, 'hex'), owner],
  });
  return row === undefined ? undefined : heldOf(row);
}

/**
 * Forgets requests whose time is over, the oldest first; how many. While an approved request waits
 * to be run, all are kept for longer: it may have run just before a crash, and its key says so.
 */
export async function deleteExpired(tx: Transaction, countMax: number): Promise<number> {
  const [row] = await tx.query<{ deleted: number }>({
    name: 'gateway.delete_expired_requests',
    text: `with late as (
        select case when gateway.is_approval_waiting()
          then $2::integer else 0 end * interval '1 millisecond' as by
      ), expired as (
        select r.key from gateway.idempotent_requests r, late
        where r.expires_at <= clock_timestamp() - late.by
        order by r.expires_at limit $1 for update of r skip locked
      ), gone as (
        delete from gateway.idempotent_requests r using expired e where r.key = e.key
        returning r.key
      )
      select count(*)::integer as deleted from gone`,
    values: [countMax, limits.idempotencyKeptWhileApprovedMs.value],
  });
  return row?.deleted ?? 0;
}
