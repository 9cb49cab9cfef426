// Owns the envelopes in which CloudWatch Logs delivers to a subscription: a record as JSON,
// gzipped, in base64, and inside of the events that Lambda, Kinesis and Firehose hand on. Taken
// apart, each is one or more records.

import { gunzipSync } from 'node:zlib';
import type { Json, JsonObject } from '../../canonical.ts';
import { arrayOf, isObject, objectOf, readJson, textOf } from '../input/json-value.ts';

/** A record is 1 MiB at most; this is what a hostile one may become. */
const RECORD_BYTES_MAX = 67_108_864;
const GZIP_MAGIC = 0x1f8b;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const OPEN_BRACE = 0x7b;

/** Data of CloudWatch, or a message of its own about the subscription. */
export interface SubscriptionRecord {
  readonly isControl: boolean;
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly events: readonly Json[];
}

/** A record, or why it is none. */
export type Unpacked = SubscriptionRecord | string;

/** What a JSON object holds: a record itself, or the envelope of some. */
export function unpackObject(object: JsonObject): readonly Unpacked[] {
  if (object['messageType'] !== undefined) return [recordOf(object)];
  const lambda = textOf(objectOf(object['awslogs'])['data']);
  if (lambda !== undefined) return [unpackText(lambda)];
  // Kinesis writes Records, Firehose records.
  const records = [...arrayOf(object['Records']), ...arrayOf(object['records'])].map(objectOf);
  if (records.length === 0) return ['it is no subscription record and holds none'];
  return records.map((record) => {
    const data =
      textOf(objectOf(record['kinesis'])['data']) ??
      textOf(record['data']) ??
      textOf(record['Data']);
    return data === undefined ? 'it holds a record without data' : unpackText(data);
  });
}

/** Base64 of a record, which is gzipped or plain. */
export function unpackText(text: string): Unpacked {
  if (!BASE64.test(text)) return 'it is neither base64 nor JSON';
  return unpackBytes(Buffer.from(text, 'base64'));
}

function unpackBytes(bytes: Buffer): Unpacked {
  let content = bytes;
  if (bytes.length > 1 && bytes.readUInt16BE(0) === GZIP_MAGIC) {
    try {
      content = gunzipSync(bytes, { maxOutputLength: RECORD_BYTES_MAX });
    } catch {
      return 'its gzip content is damaged';
    }
  }
  if (content[0] !== OPEN_BRACE) return 'its data are no JSON object';
  const record = readJson(content.toString('utf8'));
  return isObject(record) ? recordOf(record) : 'its data are no JSON that can be read';
}

function recordOf(record: JsonObject): Unpacked {
  const type = textOf(record['messageType']);
  if (type !== 'DATA_MESSAGE' && type !== 'CONTROL_MESSAGE') {
    return 'its messageType is none that is known';
  }
  if (type === 'DATA_MESSAGE' && !Array.isArray(record['logEvents'])) {
    return 'it has no logEvents';
  }
  return {
    isControl: type === 'CONTROL_MESSAGE',
    owner: textOf(record['owner']) ?? '',
    logGroup: textOf(record['logGroup']) ?? '',
    logStream: textOf(record['logStream']) ?? '',
    events: arrayOf(record['logEvents']),
  };
}
