// Owns the demand that everything a client may send has an end: how long a text is and of which
// characters, how many items and members there are, how large a number is. A schema that leaves one
// open does not start.
import { assert } from '#kernel';

type SchemaNode = Readonly<Record<string, unknown>>;

export function assertBounded(node: unknown, where: string): void {
  if (typeof node !== 'object' || node === null) return;
  const flaw = flawOf(node as SchemaNode);
  assert(flaw === undefined, `the schema of ${where} has no end: ${flaw}`);
  const { properties, patternProperties, items, anyOf } = node as SchemaNode;
  assertBounded(items, `${where}[]`);
  for (const children of [properties, patternProperties, anyOf]) {
    for (const [name, child] of Object.entries(children ?? {})) {
      assertBounded(child, `${where}.${name}`);
    }
  }
}

function flawOf(node: SchemaNode): string | undefined {
  if (node['enum'] !== undefined || node['const'] !== undefined) return undefined;
  switch (node['type']) {
    case 'string':
      return flawOfText(node);
    case 'array':
      return node['maxItems'] === undefined ? 'any number of items' : undefined;
    case 'object': {
      const isOpen = Object.keys(node['patternProperties'] ?? {}).length > 0;
      return isOpen && node['maxProperties'] === undefined ? 'any number of members' : undefined;
    }
    case 'integer':
    case 'number': {
      const isOpen = node['minimum'] === undefined || node['maximum'] === undefined;
      return isOpen ? 'any number' : undefined;
    }
    default:
      return undefined;
  }
}

const CHARACTER_CLASS = /\[(?:[^\]\\]|\\.)*\]/g;
const WITHOUT_END = /[*+]|\{\d+,\}/;

function flawOfText({ maxLength, pattern, format }: SchemaNode): string | undefined {
  // Our formats are functions that read the whole text.
  if (format !== undefined) return undefined;
  if (typeof pattern !== 'string') return 'any characters';
  if (!pattern.startsWith('^') || !pattern.endsWith('$'))
    return 'any characters around its pattern';
  const quantifiers = pattern.replaceAll(CHARACTER_CLASS, 'x').replaceAll(/\\./g, 'x');
  const isShort = maxLength !== undefined || !WITHOUT_END.test(quantifiers);
  return isShort ? undefined : 'a text of any length';
}
