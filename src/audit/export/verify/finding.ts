// Owns the rules that a bundle file or receipt must obey to prove what it says, and what is
// reported of a file that breaks one.

/** Names are stable; each finding has one. */
export const fileRules = {
  file: 'the file can be read to its end',
  header: 'the first line says in a known way what the file holds',
  key: 'the checkpoint is signed by a key that is trusted',
  checkpoint: 'the checkpoint is the log’s own, of the size the file says',
  lines: 'there are as many lines as the file says, in order',
  leaf: 'a line has the bytes of the leaf that stands in its place',
  proof: 'a leaf and its proof lead to the signed root',
  root: 'all leaves together lead to the signed root',
  consistency: 'the log of the older checkpoint is the beginning of this one',
  record: 'a leaf is a record whose id, time and neighbours agree',
} as const;

export type FileRule = keyof typeof fileRules;

export interface FileFinding {
  readonly rule: FileRule;
  /** A warning leaves the proof as it is. */
  readonly severity: 'error' | 'warning';
  /** From 1; undefined where it concerns the file as a whole. */
  readonly line: number | undefined;
  readonly message: string;
}

const FINDINGS_MAX = 100;

/** Gathers findings, of which a badly damaged file has as many as lines. */
export class Findings {
  readonly #listed: FileFinding[] = [];
  readonly #counts = { error: 0, warning: 0 };

  error(rule: FileRule, message: string, line?: number): void {
    this.#add({ rule, severity: 'error', line, message });
  }

  warning(rule: FileRule, message: string, line?: number): void {
    this.#add({ rule, severity: 'warning', line, message });
  }

  #add(finding: FileFinding): void {
    this.#counts[finding.severity] += 1;
    if (this.#counts[finding.severity] <= FINDINGS_MAX) this.#listed.push(finding);
  }

  /** Errors first, each kind in the order of the lines. */
  get listed(): readonly FileFinding[] {
    const place = ({ severity, line = 0 }: FileFinding): number =>
      severity === 'error' ? line : Number.MAX_SAFE_INTEGER + line;
    return this.#listed.toSorted((left, right) => place(left) - place(right));
  }

  get errors(): number {
    return this.#counts.error;
  }

  get warnings(): number {
    return this.#counts.warning;
  }
}
