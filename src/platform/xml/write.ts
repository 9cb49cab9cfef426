// Owns writing XML: elements from the outside in, text escaped, UTF-8, no blank between tags, so
// that the same content always gives the same bytes. What is written is well-formed.
import { assert } from '#kernel';
import { escapeAttribute, escapeText, hasForbiddenCharacter } from './characters.ts';

export type XmlAttributes = Readonly<Record<string, string>>;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

export class XmlWriter {
  readonly #pieces: string[] = [DECLARATION];
  readonly #open: string[] = [];

  open(name: string, attributes: XmlAttributes = {}): this {
    this.#pieces.push(tagOf(name, attributes));
    this.#open.push(name);
    return this;
  }

  close(): this {
    const name = this.#open.pop();
    assert(name !== undefined, 'an element is closed that was never opened');
    this.#pieces.push(`</${name}>`);
    return this;
  }

  /** An element with text; nothing where there is no text to write. */
  leaf(name: string, text: string | undefined, attributes: XmlAttributes = {}): this {
    if (text === undefined) return this;
    assert(!hasForbiddenCharacter(text), 'a character is written that XML does not allow');
    this.#pieces.push(`${tagOf(name, attributes)}${escapeText(text)}</${name}>`);
    return this;
  }

  /** What was written since this was last called, so that a long document can be sent on. */
  take(): string {
    return this.#pieces.splice(0).join('');
  }

  /** The rest of the document; all its elements must be closed. */
  end(): string {
    assert(this.#open.length === 0, 'a document ends with an element open');
    return this.take();
  }
}

function tagOf(name: string, attributes: XmlAttributes): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeAttribute(value)}"`,
  );
  return `<${name}${written.join('')}>`;
}
