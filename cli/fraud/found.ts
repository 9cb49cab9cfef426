// Owns how many frauds of each pattern a model finds, at a share of false alarms that a bank could
// live with. What training never saw is counted apart from what it did.

import { fraudPatternNames, fraudPatterns, patternOf, type Transactions } from '#fraud';
import { grouped } from '../rules-report.ts';
import { shareOf, tableOf } from './print.ts';

/** One genuine transaction in a thousand. */
const FALSE_ALARMS = 0.001;

export interface Scored {
  readonly transactions: Transactions;
  readonly rows: Uint32Array;
  readonly scores: Float64Array;
  readonly heldOut: ReadonlySet<number>;
}

export function linesOfFound({ transactions, rows, scores, heldOut }: Scored): string[] {
  const codes = Uint8Array.from(rows, (row) => transactions.patterns[row] ?? 0);
  const genuine = scores.filter((_, at) => codes[at] === 0).sort();
  const alarms = Math.floor(genuine.length * FALSE_ALARMS);
  const bound = genuine[genuine.length - 1 - alarms] ?? 0;
  const tallies = new Map(
    fraudPatternNames.map((name) => [
      name,
      { all: 0, found: 0, isHeld: heldOut.has(fraudPatterns[name].code) },
    ]),
  );
  codes.forEach((code, at) => {
    const name = patternOf(code);
    const tally = name === 'genuine' ? undefined : tallies.get(name);
    if (tally === undefined) return;
    tally.all += 1;
    if ((scores[at] ?? 0) > bound) tally.found += 1;
  });
  const lines = [...tallies]
    .filter(([, { all, isHeld }]) => all > 0 || isHeld)
    .map(([name, { all, found, isHeld }]) => [
      name,
      grouped(all),
      grouped(found),
      shareOf(found, all),
      isHeld ? 'no' : 'yes',
    ]);
  return [
    `Frauds found with ${grouped(alarms)} false alarms among ${grouped(genuine.length)} genuine:`,
    ...tableOf(['pattern', 'frauds', 'found', 'share', 'in training'], lines),
  ];
}
