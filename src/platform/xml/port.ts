// What an XML document is read as: a stream of events with namespaces resolved. There are no
// document type declarations, no entities but the five of XML 1.0, and a limit on everything.

export interface XmlAttribute {
  /** Without its prefix. */
  readonly name: string;
  /** Empty for an attribute without prefix. */
  readonly namespace: string;
  readonly value: string;
}

/** Why a document is not well-formed, or is more than we read. */
export interface XmlFault {
  /** A stable code, such as `xml_tag_unclosed`. */
  readonly rule: string;
  readonly message: string;
  /** From 1. */
  readonly line: number;
}

export interface XmlOpen {
  readonly kind: 'open';
  /** Without its prefix. */
  readonly name: string;
  /** Empty where none is in force. */
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly line: number;
}

export interface XmlClose {
  readonly kind: 'close';
  readonly name: string;
  readonly namespace: string;
  readonly line: number;
}

/**
 * Text may come in several events, divided by a comment. Blanks between two tags are not told, but
 * where they are all that an element holds.
 */
export interface XmlText {
  readonly kind: 'text';
  readonly text: string;
  readonly line: number;
}

/** A fault is always the last event. */
export type XmlEvent =
  XmlOpen | XmlText | XmlClose | { readonly kind: 'fault'; readonly fault: XmlFault };

export interface XmlLimits {
  readonly depthMax: number;
  readonly attributesMax: number;
  /** The longest tag, comment, or run of text between two tags. */
  readonly tokenCharactersMax: number;
}
