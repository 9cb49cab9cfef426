// florin queue VERB: shows how queues stand and what died in them, and sends dead letters again or
// throws them away. Whatever is done about a letter, and who reads what it holds, is recorded.

import { record } from '#audit';
import { discardLetters, gatewayActions, redriveLetters, requireLetter } from '#gateway';
import { formatInstant, isId } from '#kernel';
import {
  deadLetters,
  queueStates,
  type DeadLetter,
  type DeadLetterChoice,
  type MessageId,
  type Transaction,
} from '#platform';
import { withLog, type OpenedLog } from './audit/open.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  parseCount,
  parseStrictly,
  UsageError,
  type Command,
  type Environment,
} from './usage.ts';

type Action = (log: OpenedLog) => Promise<number>;

const SHOWN_MAX = 1_000;

export const queueCommand: Command = {
  name: 'queue',
  takes: 'list | dead QUEUE | show QUEUE ID | redrive QUEUE … | discard QUEUE …',
  summary: 'how queues stand; what failed for good, and what is done about it',
  details: [
    'list',
    'dead QUEUE [--first N]',
    'show QUEUE ID',
    'redrive QUEUE ID… | --all [--rate N]',
    'discard QUEUE ID… | --all --reason TEXT',
    '',
    'A dead letter is what failed too often. show tells what it holds and each time why it failed.',
    'redrive sends letters again, each once, whoever else does so at the same time; with --rate',
    'so many a second. discard throws them away; the reason is kept in clear. All but list and',
    'dead is recorded in the audit log.',
  ].join('\n'),
  run: async (args, env) => await runQueue(args, env),
};

async function runQueue(args: string[], env: Environment): Promise<number> {
  const [name, ...rest] = args;
  if (name === 'list') return await withLog(env, parseList(rest));
  if (name === 'dead') return await withLog(env, parseDead(rest));
  if (name === 'show') return await withLog(env, parseShow(rest));
  if (name === 'redrive') return await withLog(env, parseRedrive(rest));
  if (name === 'discard') return await withLog(env, parseDiscard(rest));
  throw new UsageError('queue is followed by list, dead, show, redrive or discard.');
}

function parseList(args: string[]): Action {
  parseStrictly({ args });
  return async ({ database, clock }) => {
    const states = await queueStates(database, clock.now());
    if (states.length === 0) return print('No queue has messages or dead letters.');
    for (const { queue, depth, inFlight, ageMs, dead } of states) {
      const age = ageMs === undefined ? '' : `, the oldest for ${Math.round(ageMs / 1_000)} s`;
      print(`${queue}  ${depth} waiting${age}, ${inFlight} being done, ${dead} dead`);
    }
    return EXIT_DONE;
  };
}

function parseDead(args: string[]): Action {
  const { values, positionals } = parseStrictly({
    args,
    options: { first: { type: 'string', default: '20' } },
    allowPositionals: true,
  });
  const [queue] = requireCount(positionals, 1, 'queue dead takes one QUEUE.');
  const countMax = parseCount(values.first, { name: 'first', min: 1, max: SHOWN_MAX });
  return async ({ database }) => {
    const letters = await deadLetters(database, { queue, countMax });
    if (letters.length === 0) return print(`The queue ${queue} has no dead letters.`);
    return print(letters.map(lineOf).join('\n'));
  };
}

function lineOf({ id, diedAt, attempts, code, reason }: DeadLetter): string {
  return `${id}  ${formatInstant(diedAt)}  ${attempts} attempts  ${code}  ${reason}`;
}

function parseShow(args: string[]): Action {
  const { positionals } = parseStrictly({ args, allowPositionals: true });
  const asked = 'queue show takes a QUEUE and one ID.';
  const [queue, text] = requireCount(positionals, 2, asked);
  const [id] = idsOf([text]);
  if (id === undefined) throw new UsageError(asked);
  return async (log) => {
    const found = await requireLetter(log.database, queue, id);
    if (!found.ok) return refused(found.refusal.message);
    const action = gatewayActions['gateway.dead_letter.read'];
    const item = { action, target: id, after: { queue } };
    await log.database.transaction(log.context(), (tx) => record(tx, [item]));
    return print(wholeOf(found.value));
  };
}

function wholeOf(letter: DeadLetter): string {
  const { failures, group, sentAt, traceId, body } = letter;
  const lines = [lineOf(letter), `sent ${formatInstant(sentAt)}`];
  if (group !== undefined) lines.push(`group ${group}`);
  if (traceId !== undefined) lines.push(`trace ${traceId}`);
  for (const { attempt, at, code, message } of failures) {
    lines.push(`attempt ${attempt}  ${at}  ${code}  ${message}`);
  }
  return [...lines, body].join('\n');
}

function parseRedrive(args: string[]): Action {
  const { values, positionals } = parseStrictly({
    args,
    options: { all: { type: 'boolean', default: false }, rate: { type: 'string' } },
    allowPositionals: true,
  });
  const { queue, ids } = chosenOf('redrive', positionals, values.all);
  const rate = values.rate;
  return async (log) => {
    const rateMax = log.config.limits.queueRedriveRateMax;
    const perSecond =
      rate === undefined ? undefined : parseCount(rate, { name: 'rate', min: 1, max: rateMax });
    const redriven = await inTurn(log, ids, (tx, choice, startingAfter) =>
      redriveLetters(tx, { queue, choice, perSecond, startingAfter }),
    );
    return settled(redriven, ids, 'sent again');
  };
}

function parseDiscard(args: string[]): Action {
  const { values, positionals } = parseStrictly({
    args,
    options: { all: { type: 'boolean', default: false }, reason: { type: 'string' } },
    allowPositionals: true,
  });
  const { queue, ids } = chosenOf('discard', positionals, values.all);
  const reason = values.reason ?? '';
  if (reason === '') throw new UsageError('queue discard needs a --reason TEXT.');
  return async (log) => {
    const discarded = await inTurn(log, ids, (tx, choice) =>
      discardLetters(tx, { queue, choice, reason }),
    );
    return settled(discarded, ids, 'thrown away');
  };
}

/** Ids, or all letters: those that are there when this is asked, so many in one transaction. */
async function inTurn(
  log: OpenedLog,
  ids: readonly MessageId[] | undefined,
  act: (tx: Transaction, choice: DeadLetterChoice, before: number) => Promise<MessageId[]>,
): Promise<number> {
  const { queueLettersMax: oldest } = log.config.limits;
  const { database } = log;
  let done = 0;
  if (ids !== undefined) {
    for (let first = 0; first < ids.length; first += oldest) {
      const choice = { ids: ids.slice(first, first + oldest) };
      done += (await database.transaction(log.context(), (tx) => act(tx, choice, done))).length;
    }
    return done;
  }
  for (;;) {
    const some = await database.transaction(log.context(), (tx) => act(tx, { oldest }, done));
    done += some.length;
    if (some.length < oldest) return done;
  }
}

function settled(done: number, ids: readonly MessageId[] | undefined, what: string): number {
  print(`${done} dead letters are ${what}.`);
  if (ids === undefined || done === ids.length) return EXIT_DONE;
  return refused(`${ids.length - done} were not there: they were settled, or never were letters.`);
}

interface Chosen {
  readonly queue: string;
  /** Undefined for all. */
  readonly ids: readonly MessageId[] | undefined;
}

function chosenOf(verb: string, positionals: readonly string[], isAll: boolean): Chosen {
  const [queue, ...rest] = positionals;
  if (queue === undefined || rest.length > 0 === isAll) {
    throw new UsageError(`queue ${verb} takes a QUEUE, and either IDs or --all.`);
  }
  return { queue, ids: isAll ? undefined : [...new Set(idsOf(rest))] };
}

function idsOf(texts: readonly string[]): MessageId[] {
  return texts.map((text) => {
    if (isId('msg', text)) return text;
    throw new UsageError(`${text} is no ID of a message, as "florin queue dead" shows them.`);
  });
}

function requireCount<const Count extends 1 | 2>(
  positionals: readonly string[],
  count: Count,
  sentence: string,
): Count extends 1 ? [string] : [string, string] {
  if (positionals.length !== count) throw new UsageError(sentence);
  return positionals as unknown as Count extends 1 ? [string] : [string, string];
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT_DONE;
}

function refused(message: string): number {
  process.stderr.write(`florin: ${message}\n`);
  return EXIT_FAILED;
}
