// Owns a piece of a message in memory: an element with what is in it, and the ways to ask it. The
// size of a piece is bounded by whoever builds it.

export interface MessageElement {
  readonly name: string;
  /** Line of the document, from 1. */
  readonly line: number;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
  readonly children: readonly MessageElement[];
  readonly text: string;
}

/** The first element at a path of names below another: `PmtId/EndToEndId`. */
export function elementAt(
  from: MessageElement | undefined,
  path: string,
): MessageElement | undefined {
  let found = from;
  for (const name of namesOf(path)) {
    if (found === undefined) return undefined;
    found = childOf(found, name);
  }
  return found;
}

/** Paths are written in the code, and few: each is taken apart once. */
const knownPaths = new Map<string, readonly string[]>();

function namesOf(path: string): readonly string[] {
  const known = knownPaths.get(path);
  if (known !== undefined) return known;
  const names = path.split('/');
  knownPaths.set(path, names);
  return names;
}

function childOf(element: MessageElement, name: string): MessageElement | undefined {
  for (const child of element.children) if (child.name === name) return child;
  return undefined;
}

/** Its text without blanks around it; undefined where there is none. */
export function textAt(from: MessageElement | undefined, path: string): string | undefined {
  const text = elementAt(from, path)?.text.trim();
  return text === '' ? undefined : text;
}

export function elementsAt(from: MessageElement | undefined, name: string): MessageElement[] {
  return (from?.children ?? []).filter((one) => one.name === name);
}

/** The first text found at one of several paths: the versions of a message differ in names. */
export function firstTextAt(
  from: MessageElement | undefined,
  paths: readonly string[],
): string | undefined {
  for (const path of paths) {
    const text = textAt(from, path);
    if (text !== undefined) return text;
  }
  return undefined;
}

export function attributeOf(element: MessageElement | undefined, name: string): string | undefined {
  return element?.attributes.find((one) => one.name === name)?.value;
}
