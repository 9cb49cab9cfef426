// Owns from bytes to characters: the encoding of a document is told by its byte order mark, or by
// its declaration, and is UTF-8 otherwise. A byte that is no character of it refuses the document.
import { DECLARATION } from './characters.ts';

/** More than any declaration: it must lie within the first bytes of a document. */
const DECLARATION_BYTES_MAX = 256;

/** `undefined` where the bytes are no text of the encoding. */
interface TextDecoding {
  write(bytes: Uint8Array): string | undefined;
  end(): string | undefined;
}

/** The encodings we read; a declaration that names another refuses the document. */
const decoders: ReadonlyMap<string, () => TextDecoding> = new Map([
  ['utf-8', () => decoderOf('utf-8')],
  ['us-ascii', () => singleByte(0x80)],
  ['ascii', () => singleByte(0x80)],
  ['iso-8859-1', () => singleByte(0x1_00)],
  ['windows-1252', () => decoderOf('windows-1252')],
  ['iso-8859-2', () => decoderOf('iso-8859-2')],
  ['iso-8859-15', () => decoderOf('iso-8859-15')],
  ['windows-1250', () => decoderOf('windows-1250')],
]);

export type Decoding =
  | { readonly kind: 'more' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unknown_encoding'; readonly name: string }
  | { readonly kind: 'malformed' };

/** Decodes a document that comes in pieces. */
export class XmlDecoder {
  #decoding: TextDecoding | undefined;
  #head: Buffer = Buffer.alloc(0);

  write(bytes: Uint8Array): Decoding {
    if (this.#decoding !== undefined) return told(this.#decoding.write(bytes));
    this.#head = Buffer.concat([this.#head, bytes]);
    return this.#start(false);
  }

  end(): Decoding {
    if (this.#decoding !== undefined) return told(this.#decoding.end());
    const start = this.#start(true);
    if (start.kind !== 'text') return start;
    const rest = told(this.#endOfStarted());
    return rest.kind === 'text' ? { kind: 'text', text: start.text + rest.text } : rest;
  }

  #endOfStarted(): string | undefined {
    return this.#decoding === undefined ? '' : this.#decoding.end();
  }

  #start(isAll: boolean): Decoding {
    const head = this.#head;
    const wide = wideEncodingOf(head);
    if (wide !== undefined) return this.#begin(decoderOf(wide), head);
    const isMarked = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
    const text = head.toString('latin1', isMarked ? 3 : 0, DECLARATION_BYTES_MAX);
    const mayBeDeclared = text.startsWith('<?xml') || '<?xml'.startsWith(text);
    const isShort = head.length < DECLARATION_BYTES_MAX && !text.includes('?>');
    if (!isAll && (head.length < 4 || (mayBeDeclared && isShort))) return { kind: 'more' };
    const declaration = DECLARATION.exec(text);
    const name = declaration?.[1] ?? declaration?.[2];
    if (name === undefined) return this.#begin(decoderOf('utf-8'), head);
    const open = decoders.get(name.toLowerCase());
    if (open === undefined || (isMarked && name.toLowerCase() !== 'utf-8')) {
      return { kind: 'unknown_encoding', name };
    }
    return this.#begin(open(), head);
  }

  #begin(decoding: TextDecoding, head: Buffer): Decoding {
    this.#decoding = decoding;
    this.#head = Buffer.alloc(0);
    return told(decoding.write(head));
  }
}

function wideEncodingOf(head: Buffer): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return undefined;
}

function told(text: string | undefined): Decoding {
  return text === undefined ? { kind: 'malformed' } : { kind: 'text', text };
}

function decoderOf(encoding: string): TextDecoding {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      return undefined;
    }
  };
  return { write: decode, end: () => decode() };
}

/** Bytes that are their characters' numbers: ASCII and ISO 8859-1. */
function singleByte(limit: number): TextDecoding {
  return {
    write: (bytes) => {
      if (limit < 0x1_00 && bytes.some((byte) => byte >= limit)) return undefined;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    },
    end: () => '',
  };
}
