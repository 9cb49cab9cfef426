// Owns the keys by which events with an id of their own are stored once for ever: 64 bits of a hash
// of the id. Of a billion events, the chance that any two share a key is about one in forty.

import { createHash } from 'node:crypto';

/** Signed, as PostgreSQL's int8. The parts are told apart whatever they hold. */
export function eventKey(kind: 'cloudtrail' | 'cloudwatch' | 'jsonl', ...parts: string[]): bigint {
  const hash = createHash('sha256').update(kind);
  for (const part of parts) hash.update('\0').update(part);
  return hash.digest().readBigInt64BE(0);
}
