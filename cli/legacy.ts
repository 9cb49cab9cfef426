// florin legacy VERB: points routes to the existing core, moves them over and back, and shows where
// the answers of the two cores differed. Every change is in force in all servers within about a
// second and is recorded; so is whoever looks at values of customers.

import { record } from '#audit';
import {
  addLegacyRule,
  changeLegacyRule,
  cores,
  gatewayActions,
  legacyModes,
  removeLegacyRule,
  ruleMethods,
  selectLegacyDifferences,
  selectLegacyRules,
  type LegacyDifferenceSample,
  type LegacyRule,
  type LegacyRuleId,
  type LegacyRuleTerms,
} from '#gateway';
import { formatInstant, isId } from '#kernel';
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

const POSITION_MAX = 1_000_000;
const SHOWN_MAX = 1_000;

export const legacyCommand: Command = {
  name: 'legacy',
  takes: 'list | add | move ID | remove ID | differences',
  summary: 'point routes to the existing core, move them over and back, compare the two',
  details: [
    'list',
    'add --position N --path PATH --mode MODE [TERMS]',
    'move ID [--mode MODE] [--position N] [--path PATH] [TERMS]',
    'remove ID',
    'differences [--last N] [--values]',
    '',
    `MODE is one of ${legacyModes.join(', ')}: who answers; in a shadow both answer reads.`,
    'TERMS: [--percent 1-100] [--method METHOD] [--tenant NAME] [--answered-by here|legacy]',
    '    [--ignore PLACE…]',
    'PATH is as /v1/cards/{id}, or /v1/cards/* for all that is under it. The first rule by',
    'position that a request meets decides. PLACE is a JSON pointer in which * is any name.',
    'FLORIN_LEGACY_URL says where the existing core is. --values shows what differed, and is',
    'recorded in the audit log.',
  ].join('\n'),
  run: async (args, env) => await runLegacy(args, env),
};

async function runLegacy(args: string[], env: Environment): Promise<number> {
  const [name, ...rest] = args;
  if (name === 'list') return await withLog(env, parseList(rest));
  if (name === 'add') return await withLog(env, parseAdd(rest));
  if (name === 'move') return await withLog(env, parseMove(rest));
  if (name === 'remove') return await withLog(env, parseRemove(rest));
  if (name === 'differences') return await withLog(env, parseDifferences(rest));
  throw new UsageError('legacy is followed by list, add, move, remove or differences.');
}

const termOptions = {
  position: { type: 'string' },
  path: { type: 'string' },
  mode: { type: 'string' },
  percent: { type: 'string' },
  method: { type: 'string' },
  tenant: { type: 'string' },
  'answered-by': { type: 'string' },
  ignore: { type: 'string', multiple: true },
} as const;

type GivenTerms = { -readonly [Name in keyof LegacyRuleTerms]?: LegacyRuleTerms[Name] };

function parseTerms(args: string[]): { terms: GivenTerms; positionals: string[] } {
  const { values, positionals } = parseStrictly({
    args,
    options: termOptions,
    allowPositionals: true,
  });
  const terms: GivenTerms = {};
  const { position, path, mode, percent, method, tenant, ignore } = values;
  if (position !== undefined) {
    terms.position = parseCount(position, { name: 'position', min: 1, max: POSITION_MAX });
  }
  if (path !== undefined) terms.path = path;
  if (mode !== undefined) terms.mode = oneOf('mode', mode, legacyModes);
  if (percent !== undefined) {
    terms.percent = parseCount(percent, { name: 'percent', min: 1, max: 100 });
  }
  if (method !== undefined) terms.method = oneOf('method', method, ruleMethods);
  if (tenant !== undefined) terms.tenant = tenant;
  if (ignore !== undefined) terms.ignored = ignore;
  const answeredBy = values['answered-by'];
  if (answeredBy !== undefined) terms.answeredBy = oneOf('answered-by', answeredBy, cores);
  return { terms, positionals };
}

function oneOf<const Value extends string>(
  option: string,
  text: string,
  values: readonly Value[],
): Value {
  const value = values.find((each) => each === text);
  if (value === undefined) throw new UsageError(`--${option} must be one of ${values.join(', ')}.`);
  return value;
}

function parseAdd(args: string[]): Action {
  const { terms, positionals } = parseTerms(args);
  const { position, path, mode } = terms;
  if (position === undefined || path === undefined || mode === undefined || positionals[0]) {
    throw new UsageError('legacy add needs --position N, --path PATH and --mode MODE.');
  }
  const { method, tenant, percent = 100, ignored = [], answeredBy } = terms;
  const wanted = { position, path, mode, method, tenant, percent, ignored, answeredBy };
  return async (log) => {
    const rulesMax = log.config.limits.legacyRulesMax;
    const added = await log.database.transaction(log.context(), (tx) =>
      addLegacyRule(tx, wanted, { rulesMax }),
    );
    return added.ok ? print(lineOf(added.value)) : refused(added.refusal.message);
  };
}

function parseMove(args: string[]): Action {
  const { terms, positionals } = parseTerms(args);
  const id = requireId(positionals, 'move');
  if (Object.keys(terms).length === 0) {
    throw new UsageError('legacy move needs what is to change, such as --mode here.');
  }
  return async (log) => {
    const changed = await log.database.transaction(log.context(), (tx) =>
      changeLegacyRule(tx, id, terms),
    );
    return changed.ok ? print(lineOf(changed.value)) : refused(changed.refusal.message);
  };
}

function parseRemove(args: string[]): Action {
  const { positionals } = parseStrictly({ args, allowPositionals: true });
  const id = requireId(positionals, 'remove');
  return async (log) => {
    const removed = await log.database.transaction(log.context(), (tx) => removeLegacyRule(tx, id));
    return removed.ok ? print(`${id} is removed.`) : refused(removed.refusal.message);
  };
}

function requireId([id, ...others]: readonly string[], verb: string): LegacyRuleId {
  if (id === undefined || !isId('lgr', id) || others.length > 0) {
    throw new UsageError(`legacy ${verb} takes one ID, as "florin legacy list" shows them.`);
  }
  return id;
}

function parseList(args: string[]): Action {
  parseStrictly({ args });
  return async ({ database }) => {
    const rules = await selectLegacyRules(database);
    if (rules.length === 0) return print('There is no rule: Florin answers everything.');
    return print(rules.map(lineOf).join('\n'));
  };
}

function lineOf(rule: LegacyRule): string {
  const { id, position, method = 'any method', path, tenant = 'any tenant', percent } = rule;
  const heard = rule.mode === 'shadow' ? `shadow, answered by ${rule.answeredBy}` : rule.mode;
  const parts = [id, position, method, path, tenant, `${percent} %`, heard];
  if (rule.ignored.length > 0) parts.push(`ignoring ${rule.ignored.join(' ')}`);
  return parts.join('  ');
}

function parseDifferences(args: string[]): Action {
  const { values } = parseStrictly({
    args,
    options: { last: { type: 'string', default: '20' }, values: { type: 'boolean' } },
  });
  const limit = parseCount(values.last, { name: 'last', min: 1, max: SHOWN_MAX });
  return async (log) => {
    const samples = await selectLegacyDifferences(log.database, { limit });
    if (samples.length === 0) return print('No answers of the two cores differed.');
    if (values.values === true) await recordValuesRead(log, samples);
    for (const sample of samples) {
      print(`${formatInstant(sample.at)}  ${sample.method} ${sample.path}  ${sample.requestId}`);
      if (values.values === true) print(`    ${await valuesOf(log, sample)}`);
      else for (const { place, kind } of sample.findings) print(`    ${place}  ${kind}`);
    }
    return EXIT_DONE;
  };
}

async function recordValuesRead(
  log: OpenedLog,
  samples: readonly LegacyDifferenceSample[],
): Promise<void> {
  const action = gatewayActions['gateway.legacy_values.read'];
  const item = { action, target: 'legacy-differences', after: { samples: samples.length } };
  await log.database.transaction(log.context(), (tx) => record(tx, [item]));
}

async function valuesOf(
  { database }: OpenedLog,
  { id, wrappedValues }: LegacyDifferenceSample,
): Promise<string> {
  const bytes = await database.keys.unwrap(wrappedValues, `legacy-difference:${id}`);
  return bytes.toString('utf8');
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT_DONE;
}

function refused(message: string): number {
  process.stderr.write(`florin: ${message}\n`);
  return EXIT_FAILED;
}
