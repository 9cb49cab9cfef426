// florin fraud generate: writes card transactions with planted fraud, for trying out and measuring
// whatever is to find it. The same options write the same file.

import { limits } from '#config';
import {
  allPatterns,
  columnsStart,
  fraudPatternNames,
  generateTransactions,
  patternOf,
  writeColumns,
  type PatternStarts,
  type Transactions,
} from '#fraud';
import { createProgress } from '../progress.ts';
import { grouped } from '../rules-report.ts';
import { EXIT_DONE, parseCount, parseStrictly, UsageError } from '../usage.ts';
import { requireFree, writeWhole } from './files.ts';
import { generateLake } from './generate-lake.ts';
import { decimal, print, shareOf, tableOf } from './print.ts';
import { requireOne, seedOf } from './words.ts';

const DRIFT_MAX = 100;

export async function runGenerate(args: string[]): Promise<number> {
  const { values, positionals } = parseStrictly({
    args,
    allowPositionals: true,
    options: {
      customers: { type: 'string', default: '5000' },
      terminals: { type: 'string', default: '10000' },
      days: { type: 'string', default: '183' },
      seed: { type: 'string', default: '1' },
      patterns: { type: 'string' },
      drift: { type: 'string', default: '5' },
      lake: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
    },
  });
  const file = requireOne(positionals, 'fraud generate takes one FILE, or one FOLDER with --lake.');
  const target = { file, replaces: values.force };
  const days = countOf(values.days, 'days', limits.fraudGeneratedDaysMax.value);
  const keysMax = values.lake
    ? limits.fraudGeneratedKeysMax.value
    : limits.fraudColumnsKeysMax.value;
  const options = {
    seed: seedOf(values.seed),
    customers: countOf(values.customers, 'customers', keysMax),
    terminals: countOf(values.terminals, 'terminals', keysMax),
    days,
    start: columnsStart,
    patterns: values.patterns === undefined ? allPatterns : startsOf(values.patterns, days),
    driftPerMonth: parseCount(values.drift, { name: 'drift', min: 0, max: DRIFT_MAX }) / 100,
  };
  if (values.lake) {
    print(await generateLake(file, options));
    return EXIT_DONE;
  }
  requireFree(target);
  const progress = createProgress(process.stderr);
  progress.start('generating', { total: days, unit: 'days' });
  const transactions = generateTransactions(options, () => progress.advance(1));
  progress.finish();
  const written = writeColumns(transactions);
  if (!written.ok) throw new UsageError(`${written.refusal.message}.`);
  writeWhole(target, [written.value]);
  print([...linesOf(transactions), '', `${file}: ${grouped(written.value.length)} bytes`]);
  return EXIT_DONE;
}

function countOf(text: string, name: string, max: number): number {
  return parseCount(text, { name, min: 1, max });
}

/** "stolen_card,card_testing@60": the second begins on the day with that number. */
function startsOf(text: string, days: number): PatternStarts {
  if (text === 'none') return {};
  const starts = text.split(',').map((word) => {
    const [given = '', day = '0', ...rest] = word.split('@');
    const name = fraudPatternNames.find((known) => known === given);
    if (name === undefined || rest.length > 0) {
      const known = fraudPatternNames.join(', ');
      throw new UsageError(`There is no pattern "${word}"; the patterns are ${known}.`);
    }
    return [name, parseCount(day, { name: `patterns ${name}@`, min: 0, max: days - 1 })];
  });
  return Object.fromEntries(starts) as PatternStarts;
}

function linesOf({ count, patterns, amounts }: Transactions): string[] {
  const rows = ['genuine', ...fraudPatternNames].map((name) => ({ name, count: 0, amount: 0 }));
  patterns.forEach((code, at) => {
    const row = rows.find(({ name }) => name === patternOf(code));
    if (row === undefined) return;
    row.count += 1;
    row.amount += amounts[at] ?? 0;
  });
  return tableOf(
    ['pattern', 'transactions', 'share', 'mean amount'],
    rows.map((row) => [
      row.name,
      grouped(row.count),
      shareOf(row.count, count),
      row.count === 0 ? '' : decimal(row.amount / row.count / 100, 2),
    ]),
  );
}
