// florin fraud replay: makes the decisions that were kept again, from the log, and tells those that
// do not come out the same. It reads only, and the bank may be running meanwhile.

import { replayDecisions, type ReplayDifference, type ReplayReport } from '#fraud';
import { parseDate, parseInstant, type Instant } from '#kernel';
import { openLogger } from '#platform';
import { withLog } from '../../audit/open.ts';
import { createProgress } from '../../progress.ts';
import { grouped } from '../../rules-report.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  parseStrictly,
  UsageError,
  type Environment,
} from '../../usage.ts';
import { tenantOf } from '../kept.ts';
import { print } from '../print.ts';

export async function runReplay(args: string[], env: Environment): Promise<number> {
  const { values } = parseStrictly({
    args,
    options: {
      since: { type: 'string' },
      tenant: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const tenant = tenantOf(values.tenant);
  const from = values.since === undefined ? undefined : timeOf(values.since);
  const logger = openLogger({ level: 'warn', write: (line) => process.stderr.write(line) });
  const bar = createProgress(process.stderr);
  return await withLog(env, async ({ database, objects }) => {
    const report = await replayDecisions(
      { database, objects, logger },
      {
        tenant,
        from,
        progress: {
          start: (total) => bar.start('deciding again', { total, unit: 'decisions' }),
          advance: (count) => bar.advance(count),
        },
      },
    );
    bar.finish();
    print(values.json ? [JSON.stringify(report, textOfCounts)] : linesOf(report));
    return report.different === 0 ? EXIT_DONE : EXIT_FAILED;
  });
}

function timeOf(text: string): Instant {
  const time = parseInstant(text) ?? parseDate(text);
  if (time !== undefined) return time;
  const form = 'a date such as 2026-11-21, or a time such as 2026-11-21T20:00:00Z';
  throw new UsageError(`--since is ${JSON.stringify(text)} but must be ${form}.`);
}

function textOfCounts(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function linesOf({ runs, decisions, different, besideLost, differences }: ReplayReport): string[] {
  const all = `${grouped(decisions)} decisions of ${grouped(runs)} runs of a server`;
  const told = different === 0 ? 'all come out the same' : `${grouped(different)} differ`;
  const lost = `${grouped(besideLost)} of them beside a batch that was never kept.`;
  return [
    `${all}: ${told}${besideLost === 0 ? '.' : `, ${lost}`}`,
    ...differences.map(lineOf),
    ...(differences.length < different + besideLost ? ['… and more.'] : []),
  ];
}

function lineOf({ decision, members, batchesLost }: ReplayDifference): string {
  const beside = batchesLost === 0 ? '' : ` (beside ${batchesLost} that were never kept)`;
  return `${decision}  ${members.join(', ')}${beside}`;
}
