// Verifies a selection: every leaf has a proof of its own to the signed root. That the selection is
// complete is not proven, and not said.

import type { TreeHead } from '../../tree/checkpoint.ts';
import { leafHash } from '../../tree/hash.ts';
import { verifyInclusion } from '../../tree/proof.ts';
import type { Findings } from './finding.ts';
import { parseEnd, parseLeafProof, type LeafProof } from '../header.ts';
import type { Line } from './lines.ts';
import { RecordForms } from './record-forms.ts';

interface Context {
  readonly head: TreeHead | undefined;
  readonly findings: Findings;
}

/** How many leaves there are. */
export async function verifySelectionLines(
  lines: AsyncIterable<Line>,
  context: Context,
): Promise<number> {
  const { findings } = context;
  const forms = new RecordForms(false);
  let leaves = 0;
  let last = -1;
  let open: Line | undefined;
  let end: number | undefined;
  for await (const line of lines) {
    const { number, bytes } = line;
    if (end !== undefined) {
      findings.error('lines', 'The line follows the last one.', number);
      continue;
    }
    end = parseEnd(bytes);
    if (end !== undefined) continue;
    const proof = parseLeafProof(bytes);
    if (proof === undefined) {
      if (open !== undefined) findings.error('lines', 'The leaf has no proof.', open.number);
      open = line;
      leaves += 1;
      const flaw = forms.flawOf(bytes);
      if (flaw !== undefined) findings.warning('record', flaw, number);
      continue;
    }
    if (open === undefined) {
      findings.error('lines', 'The proof has no leaf.', number);
      continue;
    }
    if (proof.index <= last) {
      const message = `The leaf has the index ${proof.index} and comes after ${last}.`;
      findings.error('lines', message, open.number);
    }
    last = Math.max(last, proof.index);
    judge(open, proof, context);
    open = undefined;
  }
  if (open !== undefined) findings.error('lines', 'The leaf has no proof.', open.number);
  if (end === undefined) findings.error('lines', 'The last line, which counts them, is missing.');
  else if (end !== leaves) {
    findings.error('lines', `The last line counts ${end} leaves; the file has ${leaves}.`);
  }
  return leaves;
}

function judge(line: Line, { index, proof }: LeafProof, { head, findings }: Context): void {
  if (head === undefined) return;
  const { size, root } = head;
  const why = verifyInclusion({ leafHash: leafHash(line.bytes), index, size, root, proof });
  if (why !== undefined) findings.error('proof', why, line.number);
}
