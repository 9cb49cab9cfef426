// florin fraud models VERB: keeps models, lets one run beside the champion, compares the two, and
// gives and takes places.

import { limits } from '#config';
import {
  addModel,
  contestOf,
  driftReference,
  listModels,
  paymentFeatures,
  promoteModel,
  readInForce,
  readLakeHistory,
  readNewModel,
  retireModel,
  setChallenger,
  type Metrics,
} from '#fraud';
import { formatDate, formatInstant, isId, type Id } from '#kernel';
import { grouped } from '../../rules-report.ts';
import { EXIT_DONE, parseCount, parseStrictly, UsageError, type Environment } from '../../usage.ts';
import { readBytes, writeWhole } from '../files.ts';
import { keptFeatures, openKept } from '../kept.ts';
import { loadModel } from '../model.ts';
import { decimal, print, tableOf } from '../print.ts';
import { requireOne, requireOption } from '../words.ts';
import { done, refused, runVerb, tenantOption, type Asked, type AtBank } from './within.ts';

const SHOWN_MAX = 1_000;
const WEEKS = '4';

const parsers = {
  list: parseList,
  add: parseAdd,
  challenge: parseChallenge,
  contest: parseContest,
  promote: parsePromote,
  retire: parseRetire,
} as const;

export async function runModels(args: string[], env: Environment): Promise<number> {
  const [name, ...rest] = args;
  // It works on the lake, and asks nothing of the bank.
  if (name === 'reference') return await writeReference(rest, env);
  return await runVerb('models', parsers, args, env);
}

function parseList(args: string[]): Asked {
  const options = { ...tenantOption, first: { type: 'string', default: '50' } } as const;
  const { values } = parseStrictly({ args, options });
  const limit = parseCount(values.first, { name: 'first', min: 1, max: SHOWN_MAX });
  return {
    tenant: values.tenant,
    async act({ queryable, tenant }) {
      const { champion, challenger } = await readInForce(queryable, tenant);
      const places = new Map([
        [challenger?.id, '  challenger'],
        [champion?.id, '  champion'],
      ]);
      const found = await listModels(queryable, { tenant, limit });
      if (found.length === 0) return done('There is no model.');
      const lines = found.map(({ id, version, bytes, hasDriftReference, madeAt, madeBy }) => {
        const drift = hasDriftReference ? 'drift is watched' : 'drift is not watched';
        const what = `${id}  ${version}  ${grouped(bytes)} bytes  ${drift}`;
        return `${what}  ${formatInstant(madeAt)}  ${madeBy}${places.get(id) ?? ''}`;
      });
      return done(...lines);
    },
  };
}

function parseAdd(args: string[]): Asked {
  const options = { ...tenantOption, drift: { type: 'string' } } as const;
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const file = requireOne(positionals, 'fraud models add takes one FILE.');
  const content = readBytes(file);
  const drift = values.drift === undefined ? undefined : readBytes(values.drift).toString('utf8');
  const read = readNewModel(paymentFeatures, { content, drift });
  if (!read.ok) throw new UsageError(`${file}: ${read.refusal.message}`);
  return {
    tenant: values.tenant,
    async act({ change }) {
      const added = await change((tx) => addModel(tx, read.value));
      if (!added.ok) return refused(added.refusal);
      return done(`${added.value.id}  ${added.value.version} is kept.`);
    },
  };
}

interface OfOne {
  readonly id: Id<'mdl'>;
}

function modelIdOf(verb: string, positionals: readonly string[]): OfOne {
  const sentence = `fraud models ${verb} takes the ID of one model (mdl_…).`;
  const id = requireOne(positionals, sentence);
  if (isId('mdl', id)) return { id };
  throw new UsageError(sentence);
}

function parseChallenge(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: tenantOption,
    allowPositionals: true,
  });
  const { id } = modelIdOf('challenge', positionals);
  return {
    tenant: values.tenant,
    async act({ change }) {
      const placed = await change((tx) => setChallenger(tx, paymentFeatures, id));
      if (!placed.ok) return refused(placed.refusal);
      const { model, revision } = placed.value;
      return done(`${model.version} scores beside the champion, revision ${revision}.`);
    },
  };
}

const weeksOf = (text: string): number =>
  parseCount(text, { name: 'weeks', min: 1, max: limits.fraudContestWeeksMax.value });

function parseContest(args: string[]): Asked {
  const options = { ...tenantOption, weeks: { type: 'string', default: WEEKS } } as const;
  const { values } = parseStrictly({ args, options });
  const weeks = weeksOf(values.weeks);
  return {
    tenant: values.tenant,
    async act(bank) {
      const found = await contest(bank, weeks);
      if (!found.ok) return refused(found.refusal);
      const { champion, challenger, verdict } = found.value;
      const rows = found.value.weeks.map((week) => [
        formatDate(week.from),
        grouped(week.decisions),
        grouped(week.frauds),
        ...figuresOf(week.champion),
        ...figuresOf(week.challenger),
      ]);
      const heads = [
        'week of',
        'decisions',
        'frauds',
        'AUC',
        'AP',
        'CP@100',
        'AUC',
        'AP',
        'CP@100',
      ];
      print([
        `Champion ${champion}, challenger ${challenger}: figures of the first, then the second.`,
        ...tableOf(heads, rows),
        '',
        verdict.isPromoted ? 'The challenger was better.' : 'The challenger was not better.',
        ...verdict.reasons.map(({ code, message }) => `${code}: ${message}`),
      ]);
      return EXIT_DONE;
    },
  };
}

function contest({ queryable, tenant, clock }: AtBank, weeks: number) {
  return contestOf(queryable, { tenant, weeks, now: clock.now() });
}

function figuresOf({ aucRoc, averagePrecision, cardPrecision }: Metrics): string[] {
  return [aucRoc, averagePrecision, cardPrecision].map((value) => decimal(value, 3));
}

function parsePromote(args: string[]): Asked {
  const options = {
    ...tenantOption,
    weeks: { type: 'string', default: WEEKS },
    despite: { type: 'boolean', default: false },
    note: { type: 'string' },
  } as const;
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const { id } = modelIdOf('promote', positionals);
  const { despite: isDespite, note } = values;
  const weeks = weeksOf(values.weeks);
  if (isDespite && note === undefined)
    throw new UsageError('--despite needs a --note that says why.');
  return {
    tenant: values.tenant,
    async act(bank) {
      const { champion } = await readInForce(bank.queryable, bank.tenant);
      const found = champion === undefined || isDespite ? undefined : await contest(bank, weeks);
      const asked = {
        id,
        insteadOf: champion?.version,
        contest: found?.ok === true ? found.value : undefined,
        isDespite,
        note,
      };
      const placed = await bank.change((tx) => promoteModel(tx, paymentFeatures, asked));
      if (!placed.ok) return refused(placed.refusal);
      const { model, revision } = placed.value;
      return done(`${model.version} is the champion, revision ${revision}.`);
    },
  };
}

function parseRetire(args: string[]): Asked {
  const options = { ...tenantOption, note: { type: 'string' } } as const;
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const { id } = modelIdOf('retire', positionals);
  return {
    tenant: values.tenant,
    async act({ change }) {
      const placed = await change((tx) => retireModel(tx, id, values.note));
      if (!placed.ok) return refused(placed.refusal);
      const { model, revision } = placed.value;
      return done(`${model.version} has left its place, revision ${revision}.`);
    },
  };
}

/** What kept decisions look like, and what the model says of them: what drift is measured from. */
async function writeReference(args: string[], env: Environment): Promise<number> {
  const options = {
    ...tenantOption,
    from: { type: 'string' },
    until: { type: 'string' },
    out: { type: 'string' },
    force: { type: 'boolean', default: false },
  } as const;
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const sentence = 'fraud models reference takes a MODEL, at most one COPY, and --out FILE.';
  const [file, folder, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError(sentence);
  const target = { file: requireOption(values.out, sentence), replaces: values.force };
  const { model, features } = loadModel(file);
  if (features !== 'payments') throw new UsageError(`${file} is not made for payments.`);
  const { lake, range } = await openKept(
    { folder, tenant: values.tenant, from: values.from, until: values.until },
    env,
  );
  const read = await readLakeHistory(lake, range, keptFeatures);
  if (!read.ok) throw new UsageError(read.refusal.message);
  const { matrix } = read.value;
  if (matrix.rows === 0) throw new UsageError('There are no decisions in those days.');
  const reference = driftReference(matrix, model.trees.scoreAll(matrix));
  writeWhole(target, [`${JSON.stringify(reference)}\n`]);
  return done(`${target.file}: of ${grouped(matrix.rows)} decisions.`);
}
