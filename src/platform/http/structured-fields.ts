// Structured field values (RFC 9651) for the fields that HTTP standards define by them. Reading is
// strict: what is malformed is undefined, never half of it. Wraps the package structured-headers.

import {
  parseDictionary,
  parseItem,
  parseList,
  serializeDictionary,
  serializeItem,
  serializeList,
  Token,
  type BareItem,
  type Dictionary,
  type InnerList,
  type Item,
  type List,
  type Parameters,
} from 'structured-headers';

export type FieldValue = BareItem;
export type FieldParameters = Parameters;
export type FieldItem = Item;
export type FieldInnerList = InnerList;
export type FieldList = List;
export type FieldDictionary = Dictionary;

/** A token, which is not a string: `sha-256` without quotes. */
export { Token as FieldToken };

export function readFieldItem(text: string): FieldItem | undefined {
  return read(parseItem, text);
}

export function readFieldList(text: string): FieldList | undefined {
  return read(parseList, text);
}

export function readFieldDictionary(text: string): FieldDictionary | undefined {
  return read(parseDictionary, text);
}

/** An item with its parameters. */
export function writeFieldItem(item: FieldItem): string {
  return serializeItem(item);
}

export function writeFieldList(list: FieldList): string {
  return serializeList(list);
}

export function writeFieldDictionary(dictionary: FieldDictionary): string {
  return serializeDictionary(dictionary);
}

/** Whether a member of a list or dictionary is itself a list. */
export function isInnerList(member: FieldItem | FieldInnerList): member is FieldInnerList {
  return Array.isArray(member[0]);
}

// The package throws for what is malformed, also where a value is out of the range of its type.
function read<Value>(parse: (text: string) => Value, text: string): Value | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
