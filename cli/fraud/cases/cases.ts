// florin fraud cases VERB: what analysts do at a terminal: the list, claiming the next, writing
// down, closing, and the document that is filed. All of it is recorded under the person's name.

import { rmSync, writeFileSync } from 'node:fs';
import {
  assignCase,
  caseOutcomes,
  caseStates,
  claimNextCase,
  closeCase,
  findCases,
  findDocument,
  listAlerts,
  listCases,
  makeReport,
  noteOnCase,
  selectCases,
  selectEntries,
  textOfDocument,
  type Alert,
  type Case,
  type CaseEntry,
} from '#fraud';
import { limits } from '#config';
import { formatInstant, isId, type Id, type Result } from '#kernel';
import { selectPayments } from '#payments';
import type { Queryable, Transaction } from '#platform';
import { withLog, type OpenedLog } from '../../audit/open.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  parseCount,
  parseStrictly,
  UsageError,
  type Environment,
} from '../../usage.ts';
import { readBytes, requireFree } from '../files.ts';
import { tenantOf } from '../kept.ts';
import { print } from '../print.ts';
import { requireOne, requireOption } from '../words.ts';

type CaseId = Id<'cse'>;

/** A command that was understood, to be done where the bank is. */
interface Asked {
  readonly tenant: string;
  readonly act: (bank: AtBank) => Promise<number>;
}

interface AtBank {
  /** As the tenant sees it. */
  readonly queryable: Queryable;
  readonly within: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;
}

const SHOWN_MAX = 1_000;
const ENTRIES_SHOWN = 1_000;
const PATTERN_LENGTH_MAX = 100;

const parsers = {
  list: parseList,
  show: parseShow,
  claim: parseClaim,
  note: parseNote,
  close: parseClose,
  report: parseReport,
} as const satisfies Record<string, (args: string[]) => Asked>;

export async function runCases([name, ...rest]: string[], env: Environment): Promise<number> {
  if (name === undefined || !Object.hasOwn(parsers, name)) {
    const known = Object.keys(parsers).join(', ');
    throw new UsageError(`fraud cases is followed by one of ${known}.`);
  }
  const asked = parsers[name as keyof typeof parsers](rest);
  const tenant = tenantOf(asked.tenant);
  return await withLog(env, async (log) => await asked.act(bankOf(log, tenant)));
}

function bankOf(log: OpenedLog, tenant: string): AtBank {
  const { database } = log;
  return {
    queryable: database.within(tenant),
    within: async (work) => await database.transaction({ ...log.context(), tenant }, work),
  };
}

const tenantOption = { tenant: { type: 'string', default: 'main' } } as const;

function parseList(args: string[]): Asked {
  const { values } = parseStrictly({
    args,
    options: {
      ...tenantOption,
      queue: { type: 'string' },
      state: { type: 'string' },
      assignee: { type: 'string' },
      text: { type: 'string' },
      first: { type: 'string', default: '50' },
    },
  });
  const limit = parseCount(values.first, { name: 'first', min: 1, max: SHOWN_MAX });
  const { queue, assignee, text } = values;
  const state = values.state === undefined ? undefined : oneOf(caseStates, values.state, 'state');
  const filter = { queue, state, assignee };
  return {
    tenant: values.tenant,
    async act({ queryable }) {
      const found =
        text === undefined
          ? await listCases(queryable, { ...filter, limit })
          : (await findCases(queryable, { text, after: undefined, limit }, filter)).items;
      print(found.length === 0 ? ['There is no such case.'] : found.map(lineOf));
      return EXIT_DONE;
    },
  };
}

function lineOf(given: Case): string {
  const { id, state, priority, queue, dueAt, isOverdue, alerts, accountId, assignee } = given;
  const due =
    state === 'closed' ? '' : `  due ${formatInstant(dueAt)}${isOverdue ? ' (over)' : ''}`;
  const whose = assignee === undefined ? '' : `  ${assignee}`;
  const ended = given.outcome === undefined ? state : `${state} ${given.outcome}`;
  return `${id}  ${ended}  ${priority}  ${queue}${due}  ${accountId}  ${alerts} alerts${whose}`;
}

function parseShow(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: tenantOption,
    allowPositionals: true,
  });
  const id = caseIdOf(positionals, 'fraud cases show takes the ID of one case.');
  return {
    tenant: values.tenant,
    async act({ queryable }) {
      const [found] = await selectCases(queryable, [id]);
      if (found === undefined) return refused(`There is no case ${id}.`);
      const alerts = await listAlerts(queryable, { caseId: id, limit: SHOWN_MAX });
      const entries = await selectEntries(queryable, id, { limit: ENTRIES_SHOWN });
      print([lineOf(found), '', ...alerts.map(alertLine), '', ...entries.flatMap(entryLines)]);
      return EXIT_DONE;
    },
  };
}

function alertLine({ id, outcome, mode, score, rules, reasons, ...alert }: Alert): string {
  const scored = score === undefined ? '' : `  score ${score}`;
  const money = `${alert.amount} hundredths ${alert.currency ?? ''}`.trimEnd();
  const why = [...rules, ...reasons].join(', ');
  const paid = alert.paymentId === undefined ? '' : `  ${alert.paymentId}`;
  const at = formatInstant(alert.eventAt);
  return `${id}  ${at}  ${outcome} (${mode})  ${money}${scored}  ${why}${paid}`;
}

function entryLines({ ordinal, madeAt, madeBy, kind, text }: CaseEntry): string[] {
  const lines = text === undefined ? [] : text.split('\n').map((line) => `    ${line}`);
  return [`${ordinal}. ${formatInstant(madeAt)}  ${kind}  ${madeBy}`, ...lines];
}

function parseClaim(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: { ...tenantOption, queue: { type: 'string' } },
    allowPositionals: true,
  });
  const { queue, tenant } = values;
  if (positionals.length === 0) {
    return {
      tenant,
      async act({ within }) {
        const claimed = await within((tx) => claimNextCase(tx, queue));
        if (claimed === undefined) return refused('No case waits to be taken on.');
        print([lineOf(claimed)]);
        return EXIT_DONE;
      },
    };
  }
  const wrong = 'fraud cases claim takes one ID, or --queue, or neither.';
  if (queue !== undefined) throw new UsageError(wrong);
  const id = caseIdOf(positionals, wrong);
  return { tenant, act: ({ within }) => changed(within((tx) => assignCase(tx, id, tx.actor))) };
}

function parseNote(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: { ...tenantOption, note: { type: 'string' } },
    allowPositionals: true,
  });
  const id = caseIdOf(positionals, 'fraud cases note takes the ID of one case.');
  const text = noteOf(values.note, 'fraud cases note needs a --note TEXT.');
  return {
    tenant: values.tenant,
    act: ({ within }) => changed(within((tx) => noteOnCase(tx, id, text))),
  };
}

function parseClose(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: {
      ...tenantOption,
      outcome: { type: 'string' },
      pattern: { type: 'string' },
      note: { type: 'string' },
    },
    allowPositionals: true,
  });
  const id = caseIdOf(positionals, 'fraud cases close takes the ID of one case.');
  const sentence = `fraud cases close needs an --outcome: ${caseOutcomes.join(', ')}.`;
  const outcome = oneOf(caseOutcomes, requireOption(values.outcome, sentence), 'outcome');
  const text = noteOf(values.note, 'fraud cases close needs a --note TEXT that says why.');
  const { pattern, tenant } = values;
  if (pattern !== undefined) requireShort(pattern, 'pattern', PATTERN_LENGTH_MAX);
  return {
    tenant,
    act: ({ within }) => changed(within((tx) => closeCase(tx, id, { outcome, pattern, text }))),
  };
}

function parseReport(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: {
      ...tenantOption,
      narrative: { type: 'string' },
      kind: { type: 'string', multiple: true, default: [] },
      out: { type: 'string' },
      force: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const { tenant, kind: kinds, force: replaces } = values;
  const caseId = caseIdOf(positionals, 'fraud cases report takes the ID of one case.');
  const needed = (name: string): string => `fraud cases report needs a --${name} FILE.`;
  const file = requireOption(values.out, needed('out'));
  const narrative = readBytes(requireOption(values.narrative, needed('narrative')))
    .toString()
    .trim();
  if (narrative === '') throw new UsageError('The narrative is empty.');
  requireShort(narrative, 'narrative', limits.fraudReportNarrativeLengthMax.value);
  const text = `${file}.txt`;
  for (const each of [file, text]) requireFree({ file: each, replaces });
  return {
    tenant,
    async act({ within, queryable }) {
      const asked = { caseId, narrative, kinds };
      const made = await within((tx) => makeReport(tx, asked, selectPayments));
      if (!made.ok) return refused(made.refusal.message);
      const { id, version, sha256 } = made.value;
      const stored = await findDocument(queryable, id);
      if (stored === undefined) return refused(`The document ${id} is not there.`);
      writeSecret(file, stored.document);
      writeSecret(text, textOfDocument(stored.document));
      print([
        `${id}  version ${version} of ${caseId}`,
        `sha256 ${sha256.toString('hex')}`,
        `written to ${file}, and as text to ${text}`,
      ]);
      return EXIT_DONE;
    },
  };
}

/** For the person's own eyes: whom it is about must not learn of it. */
function writeSecret(file: string, content: Buffer | string): void {
  rmSync(file, { force: true });
  writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
}

async function changed(
  working: Promise<Result<Case, { readonly code: string; readonly message: string }>>,
): Promise<number> {
  const result = await working;
  if (!result.ok) return refused(result.refusal.message);
  print([lineOf(result.value)]);
  return EXIT_DONE;
}

function caseIdOf(positionals: readonly string[], sentence: string): CaseId {
  const text = requireOne(positionals, sentence);
  if (isId('cse', text)) return text;
  throw new UsageError(`${text} is no ID of a case, as "florin fraud cases list" shows them.`);
}

function noteOf(text: string | undefined, sentence: string): string {
  const note = requireOption(text, sentence);
  requireShort(note, 'note', limits.fraudCaseNoteLengthMax.value);
  return note;
}

function requireShort(text: string, name: string, lengthMax: number): void {
  if (text.length <= lengthMax) return;
  throw new UsageError(`The ${name} has ${text.length} characters; at most ${lengthMax}.`);
}

function oneOf<Value extends string>(values: readonly Value[], text: string, name: string): Value {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${name} is "${text}" but must be one of ${values.join(', ')}.`);
}

function refused(message: string): number {
  process.stderr.write(`florin: ${message}\n`);
  return EXIT_FAILED;
}
