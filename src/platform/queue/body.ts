// Owns the text of a message's body and its size: JSON whose characters every queue can carry, and
// of no more bytes than the smallest of them takes.

import { assert } from '#kernel';
import { MESSAGE_BYTES_MAX, type MessageBody } from './port.ts';

// JSON escapes control characters and lone surrogates by itself. SQS takes no other character that
// XML 1.0 does not have, which leaves these two.
const NOT_OF_XML = /[\ufffe\uffff]/g;

export function writeBody(body: MessageBody): string {
  const text = JSON.stringify(body);
  // The types do not keep a program from it.
  assert(typeof text === 'string', 'a message has a body that JSON can write');
  return text.replaceAll(NOT_OF_XML, (each) => `\\u${each.charCodeAt(0).toString(16)}`);
}

export function readBody(text: string): MessageBody {
  return JSON.parse(text) as MessageBody;
}

/** As SQS counts: the body, and of each attribute its name, its type and its value. */
export function messageBytes(text: string, attributes: Readonly<Record<string, string>>): number {
  let bytes = Buffer.byteLength(text);
  for (const [name, value] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + 'String'.length + Buffer.byteLength(value);
  }
  return bytes;
}

export function requireFits(text: string, traceId: string | undefined): void {
  const attributes: Record<string, string> = traceId === undefined ? {} : { trace_id: traceId };
  assert(messageBytes(text, attributes) <= MESSAGE_BYTES_MAX, 'a message has at most 1 MiB');
}
