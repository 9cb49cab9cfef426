// Owns the judgement of a message by its schema while it streams past: the memory needed is that
// of one path from the root. After a fault it goes on behind the element at fault, so that a report
// can name several; how many is bounded by whoever asks.
import { assert } from '#kernel';
import type { XmlEvent, XmlOpen } from '#platform';
import type { ChildRule, ComplexType, Schema, SchemaType, SimpleType } from './model.ts';

const INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';

export interface SchemaFault {
  readonly rule: string;
  readonly message: string;
  readonly line: number;
  /** The elements from the root: `Document/FIToFICstmrCdtTrf/GrpHdr`. */
  readonly path: string;
}

interface Level {
  readonly name: string;
  /** Absent where any content is allowed. */
  readonly type: SchemaType | undefined;
  state: number;
  text: string;
}

export class SchemaValidator {
  readonly #schema: Schema;
  readonly #levels: Level[] = [];
  #faults: SchemaFault[] = [];

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** The next event of the document, from the opening of its root to its closing. */
  read(event: XmlEvent): readonly SchemaFault[] {
    this.#faults = [];
    if (event.kind === 'open') this.#open(event);
    else if (event.kind === 'close') this.#close(event.line);
    else if (event.kind === 'text') this.#text(event.text);
    return this.#faults;
  }

  #open(event: XmlOpen): void {
    const parent = this.#levels.at(-1);
    const type = parent === undefined ? this.#rootType(event) : this.#childType(parent, event);
    this.#levels.push({ name: event.name, type, state: 0, text: '' });
    if (type !== undefined) this.#checkAttributes(type, event);
  }

  #rootType(event: XmlOpen): SchemaType | undefined {
    if (this.#isRoot(event)) return this.#schema.type(this.#schema.rootType);
    this.#fault('iso_element_unknown', `The element ${event.name} is no root.`, event.line);
    return undefined;
  }

  #isRoot({ name, namespace }: XmlOpen): boolean {
    return name === this.#schema.root && namespace === this.#schema.namespace;
  }

  #childType(parent: Level, event: XmlOpen): SchemaType | undefined {
    const { type } = parent;
    // Where any content is allowed, an element that the schema knows is still judged by it.
    if (type === undefined) return this.#freeType(event);
    if (type.kind === 'simple' || type.text !== undefined) {
      this.#unexpected(event, 'which holds text only');
      return undefined;
    }
    const state = type.states[parent.state];
    assert(state !== undefined, 'an automaton has all its states');
    const isOurs = event.namespace === this.#schema.namespace;
    const step = (isOurs ? state.next.get(event.name) : undefined) ?? state.any;
    if (step === undefined) {
      this.#unexpected(event, expectation(type, parent.state));
      this.#resume(parent, type, event);
      return undefined;
    }
    parent.state = step.state;
    return this.#typeOf(step.rule, event);
  }

  #freeType(event: XmlOpen): SchemaType | undefined {
    return this.#isRoot(event) ? this.#schema.type(this.#schema.rootType) : undefined;
  }

  #typeOf(rule: ChildRule, event: XmlOpen): SchemaType | undefined {
    return rule.kind === 'any' ? this.#freeType(event) : this.#schema.type(rule.type);
  }

  /** Goes on as if what is missing had been there, where the model knows the element at all. */
  #resume(parent: Level, type: ComplexType, event: XmlOpen): void {
    for (const { next } of type.states) {
      const step = next.get(event.name);
      if (step !== undefined) {
        parent.state = step.state;
        return;
      }
    }
  }

  #checkAttributes(type: SchemaType, { name, attributes, line }: XmlOpen): void {
    const declared = type.kind === 'complex' ? type.attributes : undefined;
    for (const attribute of attributes) {
      if (attribute.namespace === INSTANCE) {
        this.#checkInstance(type, attribute, line);
        continue;
      }
      const rule = attribute.namespace === '' ? declared?.get(attribute.name) : undefined;
      if (rule === undefined) {
        this.#fault('iso_attribute_unknown', `${name} has no attribute ${attribute.name}.`, line);
        continue;
      }
      this.#checkText(rule.type, attribute.value, attribute.name, line);
    }
    if (declared === undefined || declared.size === 0) return;
    for (const [required, { isRequired }] of declared) {
      const isThere = attributes.some((one) => one.name === required && one.namespace === '');
      if (isRequired && !isThere) {
        this.#fault('iso_attribute_missing', `${name} needs the attribute ${required}.`, line);
      }
    }
  }

  // No type of the standard is derived from another and no element may be nil, so that only the
  // hints where a schema lies, and the type that it has anyhow, may be said in a document.
  #checkInstance(type: SchemaType, attribute: { name: string; value: string }, line: number): void {
    if (attribute.name === 'schemaLocation') return;
    if (attribute.name === 'noNamespaceSchemaLocation') return;
    const local = attribute.value.slice(attribute.value.indexOf(':') + 1);
    if (attribute.name === 'type' && local === type.name) return;
    this.#fault('iso_attribute_unknown', `xsi:${attribute.name} is not allowed here.`, line);
  }

  #text(text: string): void {
    const level = this.#levels.at(-1);
    if (level?.type !== undefined) level.text = level.text === '' ? text : level.text + text;
  }

  #close(line: number): void {
    const level = this.#levels.at(-1);
    assert(level !== undefined, 'an element closes that was opened');
    if (level.type !== undefined) this.#checkContent(level, level.type, line);
    this.#levels.pop();
  }

  #checkContent(level: Level, type: SchemaType, line: number): void {
    const text = type.kind === 'simple' ? type : type.text;
    if (text !== undefined) {
      this.#checkText(text, level.text, level.name, line);
      return;
    }
    if (type.kind !== 'complex') return;
    if (/[^ \t\n\r]/.test(level.text)) {
      this.#fault('iso_text_unexpected', `${level.name} may not hold text.`, line);
    }
    if (type.states[level.state]?.mayEnd === false) {
      const expected = expectation(type, level.state);
      this.#fault('iso_element_missing', `${level.name} is incomplete: ${expected}.`, line);
    }
  }

  // The value itself is not repeated: it may be a name or an account number.
  #checkText(type: SimpleType, text: string, name: string, line: number): void {
    const fault = type.check(text);
    if (fault !== undefined) this.#fault('iso_value_invalid', `${name} ${fault}.`, line);
  }

  #unexpected({ name, line }: XmlOpen, expected: string): void {
    this.#fault(
      'iso_element_unexpected',
      `The element ${name} may not stand here: ${expected}.`,
      line,
    );
  }

  #fault(rule: string, message: string, line: number): void {
    const path = this.#levels.map(({ name }) => name).join('/');
    this.#faults.push({ rule, message, line, path });
  }
}

function expectation(type: ComplexType, index: number): string {
  const state = type.states[index];
  const names = [...(state?.next.keys() ?? [])];
  if (state?.any !== undefined) names.push('any element');
  return names.length === 0 ? 'nothing more is expected' : `expected ${names.join(' or ')}`;
}
