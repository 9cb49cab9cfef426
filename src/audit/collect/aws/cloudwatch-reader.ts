// Reads records of CloudWatch Logs subscriptions, one a line in base64 or as JSON. What a message
// is decides itself, unless it is given: a JSON object with the members of a CloudTrail record is
// one; any other JSON object is a line of an application; a text that has the fields of a flow
// format and passes as a flow is a flow; all else is a line of text.

import type { JsonObject } from '../../canonical.ts';
import type { LogEvents } from '../application/log-event.ts';
import { eventKey } from '../event-key.ts';
import type { FlowEvents } from '../flow/flow-event.ts';
import { FlowLine } from '../flow/flow-line.ts';
import type { FlowFormats } from '../flow/flow-reader.ts';
import { JsonItems, type ItemHandler } from '../input/json-items.ts';
import { isObject, objectOf, readJson, textOf } from '../input/json-value.ts';
import { ItemCount, type Reader } from '../reader.ts';
import type { Place, Sink } from '../sink.ts';
import { isCloudTrail, type CloudTrailEvents } from './cloudtrail-event.ts';
import {
  unpackObject,
  unpackText,
  type SubscriptionRecord,
  type Unpacked,
} from './cloudwatch-record.ts';

const ITEM_BYTES_MAX = 8_388_608;
const PROVIDER = 'AWS CloudWatch Logs';

/** What messages are; auto: each decides. */
export type InnerFormat = 'auto' | 'cloudtrail' | 'jsonl' | 'text' | 'vpc-flow';

export interface CloudWatchParts {
  readonly sink: Sink;
  readonly cloudTrail: CloudTrailEvents;
  readonly flows: FlowEvents;
  readonly flowFormats: FlowFormats;
  readonly logs: LogEvents;
  readonly inner: InnerFormat;
  readonly itemsDone: number;
}

interface Message {
  readonly text: string;
  readonly id: string;
  readonly timeMs: number;
  readonly index: number;
  readonly place: Place;
  readonly record: SubscriptionRecord;
}

export class CloudWatchReader implements Reader, ItemHandler {
  readonly #parts: CloudWatchParts;
  readonly #count: ItemCount;
  readonly #line = new FlowLine();
  readonly #items = new JsonItems(this, { itemBytesMax: ITEM_BYTES_MAX, arrayName: undefined });

  constructor(parts: CloudWatchParts) {
    this.#parts = parts;
    this.#count = new ItemCount(parts.itemsDone);
  }

  get items(): number {
    return this.#count.items;
  }

  push(piece: Buffer): void {
    this.#items.push(piece);
  }

  end(): void {
    this.#items.end();
  }

  item(bytes: Buffer, offset: number): void {
    const place = this.#count.next(offset);
    if (place === undefined) return;
    const object = readJson(bytes.toString('utf8'));
    const unpacked = isObject(object) ? unpackObject(object) : ['it is no JSON that can be read'];
    this.#take(unpacked, bytes, place);
  }

  other(bytes: Buffer, offset: number): void {
    const place = this.#count.next(offset);
    if (place !== undefined)
      this.#take([unpackText(bytes.toString('latin1').trim())], bytes, place);
  }

  broken(head: Buffer, offset: number, reason: string): void {
    const place = this.#count.next(offset);
    if (place !== undefined) this.#take([`it ${reason}`], head, place);
  }

  #take(unpacked: readonly Unpacked[], bytes: Buffer, place: Place): void {
    const { sink } = this.#parts;
    let index = 0;
    for (const record of unpacked) {
      if (typeof record === 'string') {
        sink.counts.read += 1;
        sink.reject(record, bytes, place);
        continue;
      }
      if (record.isControl) sink.counts.skipped += 1;
      for (const event of record.isControl ? [] : record.events) {
        index += 1;
        sink.counts.read += 1;
        const problem = this.#event(objectOf(event), { place, index, record });
        const raw = Buffer.from(JSON.stringify(event));
        if (problem !== undefined) sink.reject(problem, raw, place);
      }
    }
  }

  #event(
    event: JsonObject,
    at: { readonly place: Place; readonly index: number; readonly record: SubscriptionRecord },
  ): string | undefined {
    const id = textOf(event['id']);
    const { timestamp, message } = event;
    if (id === undefined) return 'a log event has no id';
    if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp * 1_000)) {
      return 'a log event has no timestamp';
    }
    if (typeof message !== 'string') return 'a log event has no message';
    return this.#message({ ...at, id, timeMs: timestamp, text: message });
  }

  #message(message: Message): string | undefined {
    const { inner } = this.#parts;
    const isJson = inner === 'auto' && /^\s*\{/.test(message.text);
    const object =
      isJson || inner === 'cloudtrail' || inner === 'jsonl' ? readJson(message.text) : undefined;
    if (inner === 'cloudtrail' || (inner === 'auto' && isCloudTrail(object))) {
      return isObject(object) ? this.#cloudTrail(object, message) : 'a message is no JSON object';
    }
    if (inner === 'jsonl' && !isObject(object)) return 'a message is no JSON object';
    if (isObject(object)) return this.#log(object, message);
    if (inner === 'vpc-flow') return this.#flow(message);
    if (inner === 'auto' && !isJson && this.#flow(message) === undefined) return undefined;
    return this.#log({ message: message.text.trimEnd() }, message);
  }

  #cloudTrail(object: JsonObject, { place, index, record }: Message): string | undefined {
    const around = aroundOf(record);
    return this.#parts.cloudTrail.write(object, { place, index, provider: PROVIDER, around });
  }

  #log(object: JsonObject, message: Message): string | undefined {
    const { place, index, timeMs, id, record } = message;
    const given = {
      place,
      index,
      timeMs,
      provider: PROVIDER,
      key: keyOf(message),
      originalUid: id,
      account: record.owner === '' ? undefined : record.owner,
      around: aroundOf(record),
    };
    return this.#parts.logs.write(object, given);
  }

  /** Undefined when it is a flow. */
  #flow(message: Message): string | undefined {
    const { flowFormats, flows } = this.#parts;
    const bytes = Buffer.from(message.text.trim());
    this.#line.begin(bytes);
    this.#line.split(0, bytes.length);
    const format = flowFormats.of(this.#line);
    if (format === undefined) return flowFormats.whyNone(this.#line);
    const inner = { index: message.index, key: keyOf(message), originalUid: message.id };
    return flows.write(this.#line, flowFormats.layoutOf(format), message.place, inner);
  }
}

function keyOf({ record, id }: Message): bigint {
  const { owner, logGroup, logStream } = record;
  return eventKey('cloudwatch', owner, logGroup, logStream, id);
}

function aroundOf({ owner, logGroup, logStream }: SubscriptionRecord): JsonObject {
  return { cloudwatch: { log_group: logGroup, log_stream: logStream, owner } };
}
