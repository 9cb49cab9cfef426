// Owns from the text of a schema to the schema. It is compiled once, and each of its types when a
// message first needs it; what the standard's schemas do not use is refused rather than ignored.
import { assert } from '#kernel';
import { readXmlText, type XmlOpen } from '#platform';
import { automatonOf, type Particle } from './content.ts';
import { restrict } from './facets.ts';
import type { ComplexType, Schema, SchemaAttribute, SchemaType, SimpleType } from './model.ts';

const XML_SCHEMA = 'http://www.w3.org/2001/XMLSchema';

/** A schema is our own text: these bounds are only for the reader to have some. */
const schemaLimits = { depthMax: 32, attributesMax: 32, tokenCharactersMax: 1_048_576 };

interface Declaration {
  readonly kind: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly parts: Declaration[];
}

export function compileSchema(text: string): Schema {
  const whole = declarationsOf(text);
  const namespace = whole.attributes.get('targetNamespace');
  const root = whole.parts.find(({ kind }) => kind === 'element');
  assert(namespace !== undefined && root !== undefined, 'a schema declares its namespace and root');
  const named = new Map(
    whole.parts
      .filter(({ kind }) => kind === 'simpleType' || kind === 'complexType')
      .map((part) => [nameOf(part), part]),
  );
  const compiled = new Map<string, SchemaType>();
  const type = (name: string): SchemaType => {
    const known = compiled.get(name);
    if (known !== undefined) return known;
    const declaration = named.get(name);
    assert(declaration !== undefined, `the schema does not define its type ${name}`);
    const made =
      declaration.kind === 'simpleType' ? simpleOf(declaration) : complexOf(declaration, simple);
    compiled.set(name, made);
    return made;
  };
  const simple = (name: string): SimpleType => {
    const found = type(name);
    assert(found.kind === 'simple', `the type ${name} is no type of text`);
    return found;
  };
  return { namespace, root: nameOf(root), rootType: typeNameOf(root), type };
}

function declarationsOf(text: string): Declaration {
  const stack: Declaration[] = [];
  let root: Declaration | undefined;
  for (const event of readXmlText(text, schemaLimits)) {
    assert(event.kind !== 'fault', 'a schema is well-formed');
    if (event.kind === 'close') stack.pop();
    if (event.kind !== 'open') continue;
    const declaration = declarationOf(event);
    stack.at(-1)?.parts.push(declaration);
    root ??= declaration;
    stack.push(declaration);
  }
  assert(root !== undefined, 'a schema has a root');
  return root;
}

function declarationOf({ name, namespace, attributes }: XmlOpen): Declaration {
  assert(namespace === XML_SCHEMA, `${name} is no part of XML Schema`);
  const values = attributes.map((attribute) => [attribute.name, attribute.value] as const);
  return { kind: name, attributes: new Map(values), parts: [] };
}

function nameOf({ kind, attributes }: Declaration): string {
  const name = attributes.get('name');
  assert(name !== undefined, `a declaration of ${kind} has a name`);
  return name;
}

/** Types of the schema itself are written without a prefix, or with one that we drop. */
function typeNameOf({ attributes }: Declaration): string {
  return localOf(attributes.get('type'));
}

function localOf(name: string | undefined): string {
  assert(name !== undefined, 'a declaration names its type');
  return name.slice(name.indexOf(':') + 1);
}

function only(parent: Declaration): Declaration {
  const parts = parent.parts.filter(({ kind }) => kind !== 'annotation');
  const part = parts[0];
  assert(part !== undefined && parts.length === 1, `${parent.kind} has one part`);
  return part;
}

function simpleOf(declaration: Declaration): SimpleType {
  const restriction = only(declaration);
  assert(restriction.kind === 'restriction', 'a type of text restricts another');
  const facets = restriction.parts.map(({ kind, attributes }) => ({
    name: kind,
    value: attributes.get('value') ?? '',
  }));
  const base = localOf(restriction.attributes.get('base'));
  return restrict({ name: nameOf(declaration), base, facets });
}

function complexOf(declaration: Declaration, simple: (name: string) => SimpleType): ComplexType {
  const name = nameOf(declaration);
  const parts = declaration.parts.filter(({ kind }) => kind !== 'annotation');
  const content = parts[0];
  if (content?.kind === 'simpleContent') {
    const extension = only(content);
    assert(extension.kind === 'extension', 'an element of text extends a type of text');
    const text = simple(localOf(extension.attributes.get('base')));
    const attributes = attributesOf(extension, simple);
    return { kind: 'complex', name, text, states: automatonOf(undefined), attributes };
  }
  const attributes = attributesOf(declaration, simple);
  const isEmpty = content === undefined || content.kind === 'attribute';
  const model = isEmpty ? undefined : particleOf(content);
  return { kind: 'complex', name, states: automatonOf(model), attributes };
}

function attributesOf(
  parent: Declaration,
  simple: (name: string) => SimpleType,
): ReadonlyMap<string, SchemaAttribute> {
  const declared = parent.parts.filter(({ kind }) => kind === 'attribute');
  return new Map(
    declared.map((part) => [
      nameOf(part),
      { type: simple(typeNameOf(part)), isRequired: part.attributes.get('use') === 'required' },
    ]),
  );
}

function particleOf(declaration: Declaration): Particle {
  const { kind, attributes } = declaration;
  const min = Number(attributes.get('minOccurs') ?? '1');
  const most = attributes.get('maxOccurs') ?? '1';
  const max = most === 'unbounded' ? Infinity : Number(most);
  switch (kind) {
    case 'element':
      return { kind, name: nameOf(declaration), type: typeNameOf(declaration), min, max };
    case 'any':
      return { kind, min, max };
    case 'sequence':
    case 'choice': {
      const parts = declaration.parts.filter((part) => part.kind !== 'annotation');
      return { kind, parts: parts.map(particleOf), min, max };
    }
    default:
      assert(false, `${kind} is not read here`);
  }
}
