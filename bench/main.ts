// The benchmarks' command line: `npm run bench -- AREA [--quick] [--json] [--only NAME,…]`.

import { parseArgs } from 'node:util';
import { benchAudit } from './audit/audit.ts';
import { benchFraud } from './fraud/fraud.ts';
import { benchGateway } from './gateway/gateway.ts';
import { benchLedger } from './ledger.ts';
import { benchPayments } from './payments/payments.ts';
import { print, type BenchOptions, type Report } from './report.ts';

const areas: Readonly<Record<string, (options: BenchOptions) => Promise<Report>>> = {
  ledger: benchLedger,
  audit: benchAudit,
  gateway: benchGateway,
  payments: benchPayments,
  fraud: benchFraud,
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
