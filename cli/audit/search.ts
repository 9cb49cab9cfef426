// florin audit search: records that have a place in the log, newest first, a page at a time. What
// was committed within the last second may not have its place yet.

import {
  archivedLeaves,
  auditActions,
  describeForLog,
  searchRecords,
  type FoundRecord,
  type RecordFilter,
  type RecordPage,
} from '#audit';
import { EXIT_DONE, EXIT_FAILED, parseCount, parseStrictly, type Environment } from '../usage.ts';
import { filterOptions, parseFilter, parseLeafIndex } from './filters.ts';
import { withLog, type OpenedLog } from './open.ts';
import { LOG_TARGET, recordRead } from './reads.ts';

interface Request {
  readonly filter: RecordFilter;
  readonly limit: number;
  readonly after: number | undefined;
  readonly isJson: boolean;
}

export async function runSearch(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  return await withLog(env, (log) => search(log, request));
}

function parseRequest(args: string[]): Request {
  const { values } = parseStrictly({
    args,
    options: {
      ...filterOptions,
      limit: { type: 'string', default: '20' },
      after: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    filter: parseFilter(values),
    limit: parseCount(values.limit, { name: 'limit', min: 1, max: 100 }),
    after: values.after === undefined ? undefined : parseLeafIndex(values.after, 'after'),
    isJson: values.json,
  };
}

async function search(log: OpenedLog, request: Request): Promise<number> {
  const { filter, limit, after, isJson } = request;
  const { database, objects } = log;
  const page = await searchRecords(
    database,
    filter,
    { limit, after },
    archivedLeaves(database, objects),
  );
  await recordRead(log, {
    action: auditActions['audit.records.read'],
    target: LOG_TARGET,
    after: { filter: describeForLog(filter), found: page.records.map(({ index }) => index) },
  });
  const lines = page.records.map((found) => (isJson ? jsonOf(found) : lineOf(found)));
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return remark(page);
}

function jsonOf({ index, leaf }: FoundRecord): string {
  return `{"leaf_index":${index},"record":${leaf}}`;
}

function lineOf({ index, record }: FoundRecord): string {
  const { at, outcome, action, target, actor, reason, id } = record;
  const why = reason === undefined ? '' : ` (${reason})`;
  return `${at}  ${index}  ${action}  ${outcome}${why}  ${target}  by ${actor.id}  ${id}`;
}

function remark({ records, next, unreadable }: RecordPage): number {
  const remarks: string[] = [];
  if (records.length === 0) remarks.push(next === undefined ? 'No record was found.' : 'None yet.');
  if (next !== undefined) remarks.push(`More may follow: --after ${next}`);
  if (unreadable.length > 0) {
    remarks.push(
      'Bundles that may hold more are gone or damaged, beginning with these leaves: ' +
        `${unreadable.join(', ')}. "florin audit verify" says what is wrong.`,
    );
  }
  process.stderr.write(remarks.map((line) => `${line}\n`).join(''));
  return unreadable.length > 0 ? EXIT_FAILED : EXIT_DONE;
}
