// The benchmarks' command line: `npm run bench -- AREA [--quick] [--json] [--only NAME,…]`.

import { parseArgs } from 'node:util';
import { benchLedger } from './ledger.ts';
import { print, type Report } from './report.ts';

export interface BenchOptions {
  /** Ends within 40 seconds: smaller, shorter, one run of each. */
  readonly isQuick: boolean;
  /** Run only these results; empty for all. */
  readonly only: readonly string[];
  /** Told of what is under way. */
  readonly log: (line: string) => void;
}

const areas: Readonly<Record<string, (options: BenchOptions) => Promise<Report>>> = {
  ledger: benchLedger,
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
    },
  });
  const names = positionals.length === 0 ? Object.keys(areas) : positionals;
  for (const name of names) {
    const area = areas[name];
    if (area === undefined) {
      console.error(`There is no benchmark ${name}; there are: ${Object.keys(areas).join(', ')}.`);
      return 2;
    }
    const report = await area({
      isQuick: values.quick,
      only: values.only.split(',').filter((part) => part !== ''),
      log: (line) => console.error(line),
    });
    if (values.json) console.log(JSON.stringify(report));
    else print(report);
  }
  return 0;
}

process.exitCode = await main();
