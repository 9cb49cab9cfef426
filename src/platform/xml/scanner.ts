// Owns the grammar of XML 1.0 with namespaces, without document type declarations: characters in
// any pieces go in, events come out. Nothing that is not well-formed passes; after the first fault
// nothing follows. Memory is bounded by the longest token allowed.
import {
  ATTRIBUTE,
  DECLARATION,
  END_TAG,
  hasForbiddenCharacter,
  INSTRUCTION,
  isBlank,
  resolveReferences,
  START_TAG,
} from './characters.ts';
import { NamespaceScopes, type RawAttribute, type ResolvedName } from './namespaces.ts';
import type { XmlEvent, XmlLimits } from './port.ts';

class NotWellFormed extends Error {
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(message);
    this.rule = rule;
  }
}

const noAttributes: readonly RawAttribute[] = [];

export class XmlScanner {
  readonly #limits: XmlLimits;
  readonly #scopes = new NamespaceScopes();
  readonly #open: (ResolvedName & { readonly written: string })[] = [];
  #buffer = '';
  #at = 0;
  #line = 1;
  #events: XmlEvent[] = [];
  #hasRoot = false;
  #isAtStart = true;
  #isAtEnd = false;
  #isFaulty = false;
  #hasCarriageReturn = false;
  /** Whether a tag was the last token, and whether it closed an element. */
  #isAfterTag = false;
  #isAfterClose = false;

  constructor(limits: XmlLimits) {
    this.#limits = limits;
  }

  write(text: string): XmlEvent[] {
    return this.#scan(text, false);
  }

  end(): XmlEvent[] {
    return this.#scan('', true);
  }

  /** Ends the events with a fault found by others, at the line reached. */
  fail(rule: string, message: string): XmlEvent[] {
    this.#events = [];
    this.#fault(rule, message);
    return this.#events;
  }

  #scan(text: string, isAtEnd: boolean): XmlEvent[] {
    this.#events = [];
    if (this.#isFaulty) return this.#events;
    this.#isAtEnd = isAtEnd;
    this.#buffer = this.#buffer.slice(this.#at) + this.#withLineFeeds(text);
    this.#at = 0;
    try {
      if (hasForbiddenCharacter(text)) refuse('xml_character', 'A character XML does not allow.');
      while (this.#step());
      if (isAtEnd) this.#requireComplete();
      else if (this.#buffer.length - this.#at > this.#limits.tokenCharactersMax) {
        refuse('xml_token_too_long', 'A tag or text is longer than is read here.');
      }
    } catch (error) {
      if (!(error instanceof NotWellFormed)) throw error;
      this.#fault(error.rule, error.message);
    }
    return this.#events;
  }

  #fault(rule: string, message: string): void {
    if (this.#isFaulty) return;
    this.#isFaulty = true;
    this.#events.push({ kind: 'fault', fault: { rule, message, line: this.#line } });
  }

  // Line ends become line feeds before anything else looks at them (XML 1.0 §2.11).
  #withLineFeeds(text: string): string {
    let pending = text;
    if (this.#hasCarriageReturn && !pending.startsWith('\n') && (pending !== '' || this.#isAtEnd)) {
      pending = `\n${pending}`;
      this.#hasCarriageReturn = false;
    }
    if (!pending.includes('\r')) {
      if (pending !== '') this.#hasCarriageReturn = false;
      return pending;
    }
    this.#hasCarriageReturn = pending.endsWith('\r');
    const whole = this.#hasCarriageReturn ? pending.slice(0, -1) : pending;
    return whole.replaceAll(/\r\n?/g, '\n');
  }

  /** Reads one token; false when it needs more than there is. */
  #step(): boolean {
    const next = this.#buffer.indexOf('<', this.#at);
    if (next === this.#at) return this.#markup();
    return this.#text(next);
  }

  #text(next: number): boolean {
    // What the text is depends on what follows it.
    const isFollowed = next !== -1 && next + 1 < this.#buffer.length;
    if (!isFollowed && !this.#isAtEnd) return false;
    const end = next === -1 ? this.#buffer.length : next;
    if (end === this.#at) return false;
    const raw = this.#buffer.slice(this.#at, end);
    if (this.#open.length === 0) {
      if (!isBlank(raw)) refuse('xml_text_outside', 'There is text outside of the root element.');
    } else {
      if (raw.includes(']]>')) refuse('xml_text', 'The characters ]]> may not stand in text.');
      if (!this.#isLayout(raw, end)) this.#emitText(resolved(raw));
    }
    this.#isAfterTag = false;
    this.#isAtStart = false;
    this.#advance(end);
    return true;
  }

  /** Blanks between two tags, unless they are all that an element holds. */
  #isLayout(raw: string, end: number): boolean {
    if (!this.#isAfterTag || !isBlank(raw)) return false;
    const next = this.#buffer[end + 1];
    if (next === '!' || next === '?' || next === undefined) return false;
    return next !== '/' || this.#isAfterClose;
  }

  #emitText(text: string): void {
    if (text !== '') this.#events.push({ kind: 'text', text, line: this.#line });
  }

  #markup(): boolean {
    const second = this.#buffer[this.#at + 1];
    if (second === undefined) return this.#awaitMore('xml_tag_unclosed');
    if (second === '!') return this.#declarationOrComment();
    if (second === '?') return this.#instruction();
    return second === '/' ? this.#endTag() : this.#startTag();
  }

  #declarationOrComment(): boolean {
    const rest = this.#buffer.slice(this.#at, this.#at + 9);
    if (rest.startsWith('<!--')) return this.#comment();
    if (rest === '<![CDATA[') return this.#characterData();
    if (rest === '<!DOCTYPE') {
      refuse('xml_doctype', 'A document type declaration is not accepted.');
    }
    const isBeginning = ['<!--', '<![CDATA[', '<!DOCTYPE'].some((word) => word.startsWith(rest));
    if (isBeginning) return this.#awaitMore('xml_tag_unclosed');
    return refuse('xml_markup', 'There is markup that is no XML.');
  }

  #comment(): boolean {
    const end = this.#buffer.indexOf('--', this.#at + 4);
    if (end === -1 || end + 2 >= this.#buffer.length) return this.#awaitMore('xml_comment');
    if (this.#buffer[end + 2] !== '>') refuse('xml_comment', 'A comment holds two hyphens.');
    this.#isAfterTag = false;
    this.#isAtStart = false;
    this.#advance(end + 3);
    return true;
  }

  #characterData(): boolean {
    const end = this.#buffer.indexOf(']]>', this.#at + 9);
    if (end === -1) return this.#awaitMore('xml_cdata');
    if (this.#open.length === 0) refuse('xml_text_outside', 'There is text outside of the root.');
    this.#emitText(this.#buffer.slice(this.#at + 9, end));
    this.#isAfterTag = false;
    this.#advance(end + 3);
    return true;
  }

  #instruction(): boolean {
    const end = this.#buffer.indexOf('?>', this.#at + 2);
    if (end === -1) return this.#awaitMore('xml_instruction');
    const whole = this.#buffer.slice(this.#at, end + 2);
    const target = INSTRUCTION.exec(whole)?.[1];
    if (target === undefined) {
      refuse('xml_instruction', 'A processing instruction is malformed.');
    }
    if (target.toLowerCase() === 'xml' && !(this.#isAtStart && DECLARATION.test(whole))) {
      refuse('xml_declaration', 'The XML declaration is malformed or not at the beginning.');
    }
    this.#isAfterTag = false;
    this.#isAtStart = false;
    this.#advance(end + 2);
    return true;
  }

  #endTag(): boolean {
    END_TAG.lastIndex = this.#at;
    const match = END_TAG.exec(this.#buffer);
    if (match === null) {
      const end = this.#buffer.indexOf('>', this.#at);
      if (end === -1) return this.#awaitMore('xml_tag_unclosed');
      return refuse('xml_tag', 'An end tag is malformed.');
    }
    const element = this.#open.pop();
    if (element === undefined || element.written !== match[1]) {
      refuse('xml_tags_crossed', `The end tag ${match[1] ?? ''} closes another element.`);
    }
    this.#close(element);
    this.#advance(END_TAG.lastIndex);
    return true;
  }

  #close({ name, namespace }: ResolvedName): void {
    this.#scopes.close();
    this.#isAfterTag = true;
    this.#isAfterClose = true;
    this.#events.push({ kind: 'close', name, namespace, line: this.#line });
  }

  #startTag(): boolean {
    START_TAG.lastIndex = this.#at;
    const match = START_TAG.exec(this.#buffer);
    if (match === null) {
      if (!hasTagEnd(this.#buffer, this.#at)) return this.#awaitMore('xml_tag_unclosed');
      return refuse('xml_tag', 'A tag is malformed.');
    }
    const end = START_TAG.lastIndex;
    if (this.#open.length === 0 && this.#hasRoot) {
      refuse('xml_second_root', 'There is a second root element.');
    }
    if (this.#open.length >= this.#limits.depthMax) {
      refuse('xml_too_deep', 'Elements are nested deeper than is read here.');
    }
    const written = match[1] ?? '';
    const text = match[2] ?? '';
    const attributes = text === '' ? noAttributes : this.#attributesOf(text);
    const tag = this.#scopes.open(written, attributes);
    if (tag === undefined) {
      refuse('xml_namespace', `The tag ${written} repeats an attribute or has an unbound prefix.`);
    }
    this.#hasRoot = true;
    this.#isAtStart = false;
    const { name, namespace } = tag;
    this.#isAfterTag = true;
    this.#isAfterClose = false;
    const line = this.#line;
    this.#events.push({ kind: 'open', name, namespace, attributes: tag.attributes, line });
    const element = { name, namespace, written };
    if (match[3] === '/') this.#close(element);
    else this.#open.push(element);
    this.#advance(end);
    return true;
  }

  #attributesOf(text: string): RawAttribute[] {
    const attributes: RawAttribute[] = [];
    for (const [, name = '', quoted = ''] of text.matchAll(ATTRIBUTE)) {
      const value = resolved(quoted.slice(1, -1).replaceAll(/[\t\n]/g, ' '));
      attributes.push({ name, value });
    }
    if (attributes.length > this.#limits.attributesMax) {
      refuse('xml_attributes_too_many', 'An element has more attributes than are read here.');
    }
    return attributes;
  }

  #awaitMore(rule: string): false {
    if (this.#isAtEnd) refuse(rule, 'The document ends within markup.');
    return false;
  }

  #requireComplete(): void {
    const element = this.#open.at(-1);
    if (element !== undefined) {
      refuse('xml_incomplete', `The document ends before the element ${element.written} does.`);
    }
    if (!this.#hasRoot) refuse('xml_empty', 'The document has no root element.');
  }

  #advance(end: number): void {
    let lineFeed = this.#buffer.indexOf('\n', this.#at);
    while (lineFeed !== -1 && lineFeed < end) {
      this.#line += 1;
      lineFeed = this.#buffer.indexOf('\n', lineFeed + 1);
    }
    this.#at = end;
  }
}

function refuse(rule: string, message: string): never {
  throw new NotWellFormed(rule, message);
}

function resolved(raw: string): string {
  const text = resolveReferences(raw);
  if (text === undefined) {
    refuse('xml_reference', 'A reference is malformed or of an entity that XML does not define.');
  }
  return text;
}

/** Whether the tag that begins here ends, so that waiting for more cannot mend it. */
function hasTagEnd(buffer: string, from: number): boolean {
  let quote = '';
  for (let at = from; at < buffer.length; at += 1) {
    const character = buffer[at];
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '>') return true;
    else if (character === '"' || character === "'") quote = character;
  }
  return false;
}
