// Owns the noun action: what can be recorded, how long its records are kept, and which clause of
// PCI DSS v4.0.1 they answer. Each context brings a table of its own actions.

/**
 * How long records are kept, by what asks for it: security 12 months (PCI DSS 10.5.1), books 7
 * years (17 CFR 210.2-06), aml 10 years (money laundering, Directive (EU) 2015/849 Art. 40 as
 * extended).
 */
export type RetentionClass = 'security' | 'books' | 'aml';

/** Requirement 10.2.1 of PCI DSS v4.0.1, by its last part. */
export type PciClause =
  '10.2.1.1' | '10.2.1.2' | '10.2.1.3' | '10.2.1.4' | '10.2.1.5' | '10.2.1.6' | '10.2.1.7';

export interface Action {
  /** Lower case, dotted, stable for ever: context.noun.verb. */
  readonly name: string;
  readonly retention: RetentionClass;
  /** One phrase: what happened. */
  readonly meaning: string;
  readonly clauses: readonly PciClause[];
}

type Given = Readonly<Record<string, readonly [RetentionClass, string, ...PciClause[]]>>;

/** Builds a table of actions: the key is the name. */
export function defineActions<const Table extends Given>(
  table: Table,
): { readonly [Name in keyof Table]: Action } {
  const rows = Object.entries(table).map(([name, [retention, meaning, ...clauses]]) => [
    name,
    { name, retention, meaning, clauses },
  ]);
  return Object.fromEntries(rows) as { readonly [Name in keyof Table]: Action };
}
