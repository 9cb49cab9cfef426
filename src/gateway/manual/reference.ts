// Owns the reading of the reference page of refusals, so that each context's test can hold its own
// section against its own table: every code is on the page, and nothing else is.
import type { ProblemKind } from '../problems.ts';

export type DocumentedProblem = Pick<ProblemKind, 'status' | 'retryable'>;

const ROW = /^\|\s*`([a-z0-9_]+)`\s*\|\s*(\d{3})\s*\|\s*(yes|no)\s*\|\s*\S.*\|\s*$/;

/**
 * The codes in the tables below the heading `## <section>`: a row is the code in backticks, its
 * status, whether a retry may help (yes or no), and its meaning.
 */
export function documentedProblems(
  markdown: string,
  section: string,
): ReadonlyMap<string, DocumentedProblem> {
  const found = new Map<string, DocumentedProblem>();
  let isInside = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) isInside = line.slice(3).trim() === section;
    const row = isInside ? ROW.exec(line) : null;
    if (row?.[1] === undefined) continue;
    found.set(row[1], { status: Number(row[2]), retryable: row[3] === 'yes' });
  }
  return found;
}

/** The table of a context in the same form, to compare the page with. */
export function expectedProblems(
  table: Readonly<Record<string, ProblemKind>>,
): ReadonlyMap<string, DocumentedProblem> {
  return new Map(
    Object.entries(table).map(([code, { status, retryable }]) => [code, { status, retryable }]),
  );
}
