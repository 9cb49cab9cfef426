// Owns which prefix stands for which namespace while a document is read (Namespaces in XML 1.0).
// Declarations of an element are in force within it and nowhere else.
import type { XmlAttribute } from './port.ts';

const XML = 'http://www.w3.org/XML/1998/namespace';
const XMLNS = 'http://www.w3.org/2000/xmlns/';

export interface RawAttribute {
  readonly name: string;
  readonly value: string;
}

export interface ResolvedName {
  readonly name: string;
  readonly namespace: string;
}

export interface ResolvedTag extends ResolvedName {
  readonly attributes: readonly XmlAttribute[];
}

const none: readonly XmlAttribute[] = [];

export class NamespaceScopes {
  readonly #scopes: ReadonlyMap<string, string>[] = [new Map([['xml', XML]])];

  /** Resolves a start tag and opens its scope; undefined where it breaks a rule of namespaces. */
  open(name: string, attributes: readonly RawAttribute[]): ResolvedTag | undefined {
    const scope = declare(this.#top(), attributes);
    if (scope === undefined) return undefined;
    this.#scopes.push(scope);
    const tag = resolveName(scope, name, true);
    if (tag === undefined) return undefined;
    const resolved = attributes.length === 0 ? none : resolveAttributes(scope, attributes);
    if (resolved === undefined) return undefined;
    return { name: tag.name, namespace: tag.namespace, attributes: resolved };
  }

  /** Leaves the scope of the element opened last. */
  close(): void {
    this.#scopes.pop();
  }

  #top(): ReadonlyMap<string, string> {
    return this.#scopes.at(-1) ?? new Map();
  }
}

function isDeclaration(name: string): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:');
}

function declare(
  outer: ReadonlyMap<string, string>,
  attributes: readonly RawAttribute[],
): ReadonlyMap<string, string> | undefined {
  let scope: Map<string, string> | undefined;
  for (const { name, value } of attributes) {
    if (!isDeclaration(name)) continue;
    const prefix = name.slice('xmlns:'.length);
    if (!mayDeclare(prefix, value)) return undefined;
    scope ??= new Map(outer);
    scope.set(prefix, value);
  }
  return scope ?? outer;
}

// The default namespace may be taken back by an empty name, a prefix may not (§2.2).
function mayDeclare(prefix: string, value: string): boolean {
  if (prefix === 'xmlns' || value === XMLNS) return false;
  if ((prefix === 'xml') !== (value === XML)) return false;
  return prefix === '' || value !== '';
}

function resolveName(
  scope: ReadonlyMap<string, string>,
  name: string,
  hasDefault: boolean,
): ResolvedName | undefined {
  const colon = name.indexOf(':');
  if (colon === -1) return { name, namespace: hasDefault ? (scope.get('') ?? '') : '' };
  const namespace = scope.get(name.slice(0, colon));
  return namespace === undefined ? undefined : { name: name.slice(colon + 1), namespace };
}

function resolveAttributes(
  scope: ReadonlyMap<string, string>,
  attributes: readonly RawAttribute[],
): readonly XmlAttribute[] | undefined {
  const names = new Set<string>();
  const resolved: XmlAttribute[] = [];
  for (const { name, value } of attributes) {
    if (isDeclaration(name)) {
      if (names.has(name)) return undefined;
      names.add(name);
      continue;
    }
    const found = resolveName(scope, name, false);
    if (found === undefined) return undefined;
    const key = `${found.namespace}}${found.name}`;
    if (names.has(key)) return undefined;
    names.add(key);
    resolved.push({ ...found, value });
  }
  return resolved;
}
