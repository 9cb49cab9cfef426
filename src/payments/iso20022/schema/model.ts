// What a schema of ISO 20022 is compiled to: types of text with their check, and types of elements
// with an automaton over the names of their children. The subset of XML Schema that the standard's
// message definitions use, and nothing else of it.

/** Why a text is no value of the type, as the end of a sentence; undefined where it is one. */
export type TextCheck = (text: string) => string | undefined;

export interface SimpleType {
  readonly kind: 'simple';
  readonly name: string;
  readonly check: TextCheck;
}

/** What a child may be: of a type of this schema, or anything at all. */
export type ChildRule =
  { readonly kind: 'element'; readonly type: string } | { readonly kind: 'any' };

/** A state of the automaton: where each child leads. */
export interface ContentState {
  readonly next: ReadonlyMap<string, Step>;
  /** Where an element of any name leads, if it may stand here. */
  readonly any?: Step | undefined;
  readonly mayEnd: boolean;
}

export interface Step {
  readonly rule: ChildRule;
  readonly state: number;
}

export interface ComplexType {
  readonly kind: 'complex';
  readonly name: string;
  /** The first state is that before any child. */
  readonly states: readonly ContentState[];
  /** The type of its text, where it has text and no children. */
  readonly text?: SimpleType | undefined;
  readonly attributes: ReadonlyMap<string, SchemaAttribute>;
}

export interface SchemaAttribute {
  readonly type: SimpleType;
  readonly isRequired: boolean;
}

export type SchemaType = SimpleType | ComplexType;

export interface Schema {
  readonly namespace: string;
  /** The name of the root element: `Document`, or `AppHdr`. */
  readonly root: string;
  readonly rootType: string;
  /** Compiled when first asked for. */
  type(name: string): SchemaType;
}
