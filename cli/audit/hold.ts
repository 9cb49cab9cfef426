// florin audit hold: places, releases and lists legal holds. While one covers a month, nothing of
// that month's records is given up.

import {
  formatMonth,
  listHolds,
  placeHold,
  releaseHold,
  retentionClasses,
  type HoldRequest,
  type LegalHold,
} from '#audit';
import { formatInstant } from '#kernel';
import { EXIT_DONE, EXIT_FAILED, parseStrictly, UsageError, type Environment } from '../usage.ts';
import { requireMonth } from './archive.ts';
import { withLog, type OpenedLog } from './open.ts';

const REASON_CHARACTERS_MAX = 1_000;

type Action = (log: OpenedLog) => Promise<number>;

export async function runHold(args: string[], env: Environment): Promise<number> {
  const action = parseAction(args);
  return await withLog(env, action);
}

function parseAction(args: string[]): Action {
  const [name, ...rest] = args;
  if (name === 'place') {
    const request = parseRequest(rest);
    return (log) => place(log, request);
  }
  if (name === 'release') {
    const { positionals } = parseStrictly({ args: rest, allowPositionals: true });
    const [id, ...others] = positionals;
    if (id === undefined || others.length > 0) {
      throw new UsageError('audit hold release takes one ID.');
    }
    return (log) => release(log, id);
  }
  if (name === 'list') {
    parseStrictly({ args: rest });
    return list;
  }
  throw new UsageError('audit hold is followed by place, release or list.');
}

function parseRequest(args: string[]): HoldRequest {
  const { values } = parseStrictly({
    args,
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      class: { type: 'string' },
      reason: { type: 'string' },
    },
  });
  if (values.from === undefined || values.to === undefined) {
    throw new UsageError('audit hold place needs --from MONTH and --to MONTH.');
  }
  const retention = retentionClasses.find((each) => each === values.class);
  if (values.class !== undefined && retention === undefined) {
    throw new UsageError(`--class must be one of ${retentionClasses.join(', ')}.`);
  }
  const reason = values.reason?.trim() ?? '';
  if (reason === '' || reason.length > REASON_CHARACTERS_MAX) {
    throw new UsageError(
      `--reason must be 1 to ${REASON_CHARACTERS_MAX} characters that name the case and not a ` +
        'person: they are recorded in clear and for ever.',
    );
  }
  return {
    fromMonth: requireMonth(values.from, 'from'),
    toMonth: requireMonth(values.to, 'to'),
    retention,
    reason,
  };
}

async function place(log: OpenedLog, request: HoldRequest): Promise<number> {
  const placed = await placeHold(log.database, log.objects, log.context(), request);
  if (!placed.ok) return refused(placed.refusal.message);
  process.stdout.write(`${placed.value}\n`);
  return EXIT_DONE;
}

async function release(log: OpenedLog, id: string): Promise<number> {
  const released = await releaseHold(log.database, log.objects, log.context(), id);
  if (!released.ok) return refused(released.refusal.message);
  process.stdout.write(`${id} is released.\n`);
  return EXIT_DONE;
}

async function list({ database }: OpenedLog): Promise<number> {
  const holds = await listHolds(database);
  for (const hold of holds) process.stdout.write(`${lineOf(hold)}\n`);
  if (holds.length === 0) process.stdout.write('No legal hold was ever placed.\n');
  return EXIT_DONE;
}

function lineOf(hold: LegalHold): string {
  const { id, fromMonth, toMonth, retention, placedAt, actor, reason } = hold;
  const months = `${formatMonth(fromMonth)} to ${formatMonth(toMonth)}`;
  const state =
    hold.releasedAt === undefined
      ? 'in force'
      : `released ${formatInstant(hold.releasedAt)} by ${hold.releasedBy ?? 'unknown'}`;
  const placed = `placed ${formatInstant(placedAt)} by ${actor}`;
  return `${id}  ${months}  ${retention ?? 'all'}  ${placed}  ${state}  ${reason}`;
}

function refused(message: string): number {
  process.stderr.write(`florin: ${message}\n`);
  return EXIT_FAILED;
}
