// Owns reading a document: bytes in chunks of any size become lists of events. Never throws for
// what a document holds: the fault that ends it is an event.
import { XmlDecoder, type Decoding } from './decode.ts';
import type { XmlEvent, XmlLimits } from './port.ts';
import { XmlScanner } from './scanner.ts';

/** Events of so many bytes are in memory at once: few enough to be forgotten before they age. */
const PIECE_BYTES = 8_192;

/** The events of a document that comes in pieces, in lists of any length. */
export async function* readXml(
  source: AsyncIterable<Uint8Array>,
  limits: XmlLimits,
): AsyncGenerator<readonly XmlEvent[]> {
  const decoder = new XmlDecoder();
  const scanner = new XmlScanner(limits);
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      const events = eventsOf(scanner, decoder.write(piece));
      yield events;
      if (events.at(-1)?.kind === 'fault') return;
    }
  }
  yield lastEvents(scanner, decoder.end());
}

/** The events of a document that is in memory; a byte order mark is no part of it. */
export function readXmlText(text: string, limits: XmlLimits): readonly XmlEvent[] {
  const scanner = new XmlScanner(limits);
  const events = scanner.write(text.startsWith('\uFEFF') ? text.slice(1) : text);
  return events.at(-1)?.kind === 'fault' ? events : [...events, ...scanner.end()];
}

function eventsOf(scanner: XmlScanner, decoded: Decoding): XmlEvent[] {
  switch (decoded.kind) {
    case 'more':
      return [];
    case 'text':
      return scanner.write(decoded.text);
    case 'malformed':
      return scanner.fail('xml_encoding', 'There are bytes that are no text of the encoding.');
    case 'unknown_encoding':
      return scanner.fail('xml_encoding_unknown', `The encoding ${decoded.name} is not read here.`);
  }
}

function lastEvents(scanner: XmlScanner, decoded: Decoding): XmlEvent[] {
  const events = eventsOf(scanner, decoded);
  return events.at(-1)?.kind === 'fault' ? events : [...events, ...scanner.end()];
}
