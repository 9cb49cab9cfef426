// Tells what was done to lines whose hashes are known: which were changed, added, taken out or
// moved. It is told for people; that something was done, the proof shows.

import type { Findings } from './finding.ts';

export interface Compared {
  /** The hashes that the lines should have. */
  readonly wanted: readonly Buffer[];
  /** The hashes that they have. */
  readonly found: readonly Buffer[];
  readonly firstLine: number;
}

export function nameDifferences(compared: Compared, findings: Findings): void {
  const { wanted, found, firstLine } = compared;
  const wantedAt = new Map(wanted.map((hash, index) => [textOf(hash), index]));
  const foundCount = new Map<string, number>();
  for (const hash of found) {
    foundCount.set(textOf(hash), (foundCount.get(textOf(hash)) ?? 0) + 1);
  }
  let [at, line] = [0, 0];
  while (at < wanted.length && line < found.length) {
    const here = textOf(found[line] as Buffer);
    const due = textOf(wanted[at] as Buffer);
    const number = firstLine + line;
    const hereAt = wantedAt.get(here);
    const isDueHere = foundCount.has(due);
    if (here === due) {
      at += 1;
      line += 1;
    } else if (isDueHere && (hereAt === undefined || foundCount.get(here) === 2)) {
      findings.error('leaf', 'The line was added.', number);
      foundCount.set(here, 1);
      line += 1;
    } else if (!isDueHere && hereAt !== undefined && hereAt > at) {
      findings.error('leaf', `A line is missing before this one: leaf ${at} of the file.`, number);
      at += 1;
    } else {
      const belongs = hereAt === undefined ? '' : ` It is that of line ${firstLine + hereAt}.`;
      findings.error('leaf', `The line is not the one that stood here.${belongs}`, number);
      at += 1;
      line += 1;
    }
  }
  for (; line < found.length; line += 1) {
    findings.error('leaf', 'The line was added.', firstLine + line);
  }
  if (at < wanted.length) {
    const message = `The lines from here on are missing, ${wanted.length - at} of them.`;
    findings.error('leaf', message, firstLine + line);
  }
}

function textOf(hash: Buffer): string {
  return hash.toString('latin1');
}
