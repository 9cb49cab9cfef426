// florin audit collected: finds events among the collected logs, newest first, a page at a time; or
// prints what a collection keeps besides its events. Whoever reads them is in the log.

import { pipeline } from 'node:stream/promises';
import {
  auditActions,
  findCollected,
  logFormats,
  readCollectedInput,
  readCollectedRejects,
  type CollectedEvent,
  type CollectedFilter,
  type CollectionId,
} from '#audit';
import { formatInstant, isId } from '#kernel';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseCount,
  parseStrictly,
  UsageError,
  type Environment,
} from '../../usage.ts';
import { parseFilter } from '../filters.ts';
import { withLog, type OpenedLog } from '../open.ts';
import { recordRead } from '../reads.ts';

const TARGET = 'collected-logs';
const PAGE_MAX = 1_000;

const options = {
  from: { type: 'string' },
  to: { type: 'string' },
  source: { type: 'string' },
  format: { type: 'string' },
  address: { type: 'string' },
  account: { type: 'string' },
  actor: { type: 'string' },
  action: { type: 'string' },
  name: { type: 'string' },
  text: { type: 'string' },
  'known-bad': { type: 'boolean', default: false },
  limit: { type: 'string', default: '20' },
  cursor: { type: 'string' },
  input: { type: 'string' },
  rejects: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseStrictly<{ readonly options: typeof options }>>['values'];
type Action = (log: OpenedLog) => Promise<number>;

export async function runCollected(args: string[], env: Environment): Promise<number> {
  const { values } = parseStrictly({ args, options });
  const action = actionOf(values);
  return await withLog(env, action);
}

function actionOf(values: Values): Action {
  const { input, rejects } = values;
  if (input !== undefined || rejects !== undefined) {
    const id = input ?? rejects ?? '';
    if (!isId('col', id)) throw new UsageError(`"${id}" is no id of a collection.`);
    const kind = input === undefined ? 'rejects' : 'input';
    return (log) => printKept(log, id, kind);
  }
  const filter = filterOf(values);
  const limit = parseCount(values.limit, { name: 'limit', min: 1, max: PAGE_MAX });
  return (log) => find(log, filter, { limit, cursor: values.cursor, isJson: values.json });
}

function filterOf(values: Values): CollectedFilter {
  const { source, address, account, actor, action, name, text } = values;
  const format = logFormats.find((one) => one === values.format);
  if (values.format !== undefined && format === undefined) {
    throw new UsageError(`--format must be one of ${logFormats.join(', ')}.`);
  }
  const { from, to } = parseFilter({ from: values.from, to: values.to });
  const isKnownBad = values['known-bad'] ? true : undefined;
  return { source, format, address, account, actor, action, name, text, isKnownBad, from, to };
}

async function find(
  log: OpenedLog,
  filter: CollectedFilter,
  given: {
    readonly limit: number;
    readonly cursor: string | undefined;
    readonly isJson: boolean;
  },
): Promise<number> {
  const { database, objects } = log;
  const page = await findCollected(database, objects, filter, given);
  if (!page.ok) {
    process.stderr.write(`florin: ${page.refusal.message}\n`);
    return EXIT_UNUSABLE;
  }
  const { events, next, missing } = page.value;
  const { from, to, isKnownBad, ...rest } = filter;
  const asked = {
    ...rest,
    from: from === undefined ? undefined : formatInstant(from),
    to: to === undefined ? undefined : formatInstant(to),
    known_bad: isKnownBad,
  };
  await recordRead(log, {
    action: auditActions['audit.records.read'],
    target: TARGET,
    after: { filter: asked, found: events.length },
  });
  const lines = events.map((event) => (given.isJson ? event.line : lineOf(event)));
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  for (const key of missing) {
    process.stderr.write(`Some events are gone, with their retention or without: ${key}\n`);
  }
  if (next !== undefined) {
    process.stderr.write(`There may be more: --cursor ${next}\n`);
  }
  return EXIT_DONE;
}

async function printKept(
  log: OpenedLog,
  id: CollectionId,
  kind: 'input' | 'rejects',
): Promise<number> {
  const read = kind === 'input' ? readCollectedInput : readCollectedRejects;
  const kept = await read(log.database, log.objects, id);
  if (!kept.ok) {
    process.stderr.write(`florin: ${kept.refusal.message}\n`);
    return EXIT_FAILED;
  }
  await recordRead(log, {
    action: auditActions['audit.records.exported'],
    target: id,
    after: { what: kind },
  });
  await pipeline(kept.value, process.stdout, { end: false });
  return EXIT_DONE;
}

interface Shown {
  readonly activity_name?: string;
  readonly message?: string;
  readonly status_code?: string;
  readonly is_alert?: boolean;
  readonly api?: { readonly operation?: string; readonly service?: { readonly name?: string } };
  readonly actor?: { readonly user?: { readonly name?: string; readonly uid?: string } };
  readonly src_endpoint?: Endpoint;
  readonly dst_endpoint?: Endpoint;
  readonly action?: string;
  readonly metadata: { readonly log_name: string; readonly product: { readonly name: string } };
}

interface Endpoint {
  readonly ip?: string;
  readonly domain?: string;
  readonly port?: number;
}

/** What a person wants at a glance; --json has all of it. */
function lineOf({ at, line }: CollectedEvent): string {
  const event = JSON.parse(line) as Shown;
  const { api, actor, src_endpoint: source, dst_endpoint: destination } = event;
  const said = [
    event.metadata.product.name,
    event.action ?? api?.operation ?? event.activity_name,
    api?.service?.name,
    actor?.user?.name ?? actor?.user?.uid,
    placeOf(source),
    destination === undefined ? undefined : `to ${placeOf(destination) ?? '-'}`,
    event.status_code,
    event.message,
    event.is_alert === true ? 'KNOWN BAD' : undefined,
  ];
  const words = said.filter((word) => word !== undefined && word !== '').join('  ');
  return `${formatInstant(at)}  ${event.metadata.log_name}  ${words.replaceAll(/\s*\n\s*/g, ' ')}`;
}

function placeOf(endpoint: Endpoint | undefined): string | undefined {
  const name = endpoint?.ip ?? endpoint?.domain;
  if (name === undefined || endpoint?.port === undefined) return name;
  return name.includes(':') ? `[${name}]:${endpoint.port}` : `${name}:${endpoint.port}`;
}
