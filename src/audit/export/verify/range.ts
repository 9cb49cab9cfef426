// Verifies a range: all its lines together, with the hashes to their left and right, must lead to
// the signed root; then each line is the leaf it was, none is missing, and none was added.

import { Frontier, peakCount } from '../../tree/frontier.ts';
import { leafHash } from '../../tree/hash.ts';
import { subtreesOf } from '../../tree/shape.ts';
import type { TreeHead } from '../../tree/checkpoint.ts';
import type { Findings } from './finding.ts';
import { markHeight, markSpan, type RangeHeader } from '../header.ts';
import type { Line } from './lines.ts';
import { nameDifferences } from './differences.ts';
import { RecordForms } from './record-forms.ts';

interface RangeOutcome {
  readonly leaves: number;
  /** Of the tree of `watchedSize` leaves, if the lines lead through it. */
  readonly rootAtWatched: Buffer | undefined;
}

const HEADER_LINES = 1;
/** Lines beyond the count that are still looked at, to name them. */
const SURPLUS_MAX = 1_000;

export async function verifyRangeLines(
  header: RangeHeader,
  lines: AsyncIterable<Line>,
  context: {
    readonly head: TreeHead | undefined;
    readonly findings: Findings;
    readonly watchedSize: number | undefined;
  },
): Promise<RangeOutcome> {
  const { findings, watchedSize } = context;
  const fold = isPossible(header, findings) ? new RangeFold(header, watchedSize) : undefined;
  const forms = new RecordForms(true);
  let leaves = 0;
  for await (const { number, bytes } of lines) {
    leaves += 1;
    const flaw = forms.flawOf(bytes);
    if (flaw !== undefined) findings.warning('record', flaw, number);
    fold?.add(bytes);
  }
  if (leaves !== header.count) {
    const message = `The header says ${header.count} leaves; the file has ${leaves}.`;
    findings.error('lines', message, HEADER_LINES + Math.min(leaves, header.count) + 1);
  }
  fold?.judge(context.head, findings);
  return { leaves, rootAtWatched: fold?.rootAtWatched };
}

function isPossible(header: RangeHeader, findings: Findings): boolean {
  const { first, count, size, left, right, marks } = header;
  const end = first + count;
  const before = findings.errors;
  if (end > size) {
    findings.error('header', `A tree of ${size} leaves has no leaves ${first} to ${end - 1}.`, 1);
    return false;
  }
  const wanted = [
    ['left', left.length, peakCount(first)],
    ['right', right.length, subtreesOf({ start: end, end: size }).length],
  ] as const;
  for (const [name, given, needed] of wanted) {
    if (given === needed) continue;
    findings.error('header', `It has ${given} hashes on the ${name}, not ${needed}.`, 1);
  }
  const span = markSpan(header, marks.height);
  const isMarked =
    marks.height === markHeight(count) && marks.hashes.length === span.below - span.from;
  if (!isMarked) findings.error('header', 'Its marks are not those of such a range.', 1);
  return findings.errors === before;
}

class RangeFold {
  readonly #header: RangeHeader;
  readonly #watchedSize: number | undefined;
  readonly #frontier: Frontier;
  readonly #firstMark: number;
  /** What the lines make of each mark. */
  readonly #marked: Buffer[] = [];
  #leaves = 0;
  #rootAtWatched: Buffer | undefined;

  constructor(header: RangeHeader, watchedSize: number | undefined) {
    this.#header = header;
    this.#watchedSize = watchedSize;
    this.#frontier = Frontier.of(header.first, header.left);
    this.#firstMark = markSpan(header, header.marks.height).from;
    this.#watch();
  }

  get rootAtWatched(): Buffer | undefined {
    return this.#rootAtWatched;
  }

  add(leaf: Buffer): void {
    const { count, marks } = this.#header;
    this.#leaves += 1;
    if (this.#leaves > count) {
      const isNamed = marks.height === 0 && this.#leaves <= count + SURPLUS_MAX;
      if (isNamed) this.#marked.push(leafHash(leaf));
      return;
    }
    this.#frontier.append(leafHash(leaf), (height, index, hash) => {
      if (height === marks.height && index >= this.#firstMark) this.#marked.push(hash);
    });
    this.#watch();
  }

  #watch(): void {
    if (this.#frontier.size === this.#watchedSize) this.#rootAtWatched = this.#frontier.root();
  }

  judge(head: TreeHead | undefined, findings: Findings): void {
    const { marks, count } = this.#header;
    const isMarked =
      marks.hashes.length === this.#marked.length &&
      marks.hashes.every((hash, index) => hash.equals(this.#marked[index] as Buffer));
    if (!isMarked) this.#nameMarks(findings);
    if (this.#leaves !== count) {
      findings.error('root', 'Without all the lines nothing leads to the signed root.');
      return;
    }
    const isRoot = head !== undefined && this.#root()?.equals(head.root) === true;
    if (isRoot && !isMarked) {
      findings.error('header', 'The lines are proven; the marks of the header were changed.', 1);
    }
    if (isRoot || head === undefined) return;
    findings.error('root', `The lines lead to another root than the signed one.`);
    if (!isMarked) return;
    const message =
      'The lines agree with the marks of the header and not with the signed root: the header ' +
      'was changed, or the checkpoint is of another log.';
    findings.error('header', message, 1);
  }

  #root(): Buffer | undefined {
    const { first, count, size, right } = this.#header;
    const subtrees = subtreesOf({ start: first + count, end: size });
    for (const [index, { height }] of subtrees.entries()) {
      this.#frontier.appendSubtree(height, right[index] as Buffer);
    }
    return this.#frontier.root();
  }

  #nameMarks(findings: Findings): void {
    const { marks, first } = this.#header;
    const firstLine = HEADER_LINES + 1;
    if (marks.height === 0) {
      nameDifferences({ wanted: marks.hashes, found: this.#marked, firstLine }, findings);
      return;
    }
    const leaves = 2 ** marks.height;
    for (const [index, hash] of marks.hashes.entries()) {
      if (this.#marked[index]?.equals(hash) === true) continue;
      const line = (this.#firstMark + index) * leaves - first + firstLine;
      const message = `One of the lines ${line} to ${line + leaves - 1} is not as it was.`;
      findings.error('leaf', message, line);
    }
  }
}
