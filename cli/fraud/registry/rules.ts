// florin fraud rules VERB: checks, keeps and shows rule sets, and puts one in force.

import {
  activateRuleSet,
  createRuleSet,
  findRuleSet,
  listRuleSets,
  paymentFeatures,
  parseRuleSet,
  readInForce,
  starterRules,
} from '#fraud';
import { formatInstant, isId, uuidOf, type Id } from '#kernel';
import { EXIT_DONE, parseCount, parseStrictly, UsageError, type Environment } from '../../usage.ts';
import { readBytes } from '../files.ts';
import { print } from '../print.ts';
import { requireOne } from '../words.ts';
import { done, refused, runVerb, tenantOption, type Asked } from './within.ts';

const SHOWN_MAX = 1_000;
const STARTER = 'starter';

const parsers = {
  list: parseList,
  show: parseShow,
  check: parseCheck,
  add: parseAdd,
  activate: parseActivate,
} as const;

export async function runRules(args: string[], env: Environment): Promise<number> {
  return await runVerb('rules', parsers, args, env);
}

function parseList(args: string[]): Asked {
  const options = { ...tenantOption, first: { type: 'string', default: '50' } } as const;
  const { values } = parseStrictly({ args, options });
  const limit = parseCount(values.first, { name: 'first', min: 1, max: SHOWN_MAX });
  return {
    tenant: values.tenant,
    async act({ queryable, tenant }) {
      const { ruleSet, revision } = await readInForce(queryable, tenant);
      const found = await listRuleSets(queryable, { tenant, limit });
      const lines = found.map(({ id, version, name, rules, madeAt, madeBy }) => {
        const mark = id === ruleSet?.id ? '  in force' : '';
        const what = `${id}  version ${version}  ${name}  ${rules} rules`;
        return `${what}  ${formatInstant(madeAt)}  ${madeBy}${mark}`;
      });
      const starter = `${STARTER}  version 0${ruleSet === undefined ? '  in force' : ''}`;
      return done(...lines, starter, `Revision ${revision}.`);
    },
  };
}

function parseShow(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: tenantOption,
    allowPositionals: true,
  });
  const asked = requireOne(positionals, `fraud rules show takes one ID, or "${STARTER}".`);
  if (asked === STARTER) {
    const act = (): Promise<number> =>
      Promise.resolve(done(JSON.stringify(starterRules, undefined, 2)));
    return { tenant: values.tenant, act };
  }
  const id = ruleSetIdOf(asked);
  return {
    tenant: values.tenant,
    async act({ queryable, tenant }) {
      const found = await findRuleSet(queryable, tenant, uuidOf(id));
      return found === undefined
        ? refused({ message: `There is no rule set ${id}.` })
        : done(found.source.trimEnd());
    },
  };
}

function ruleSetIdOf(text: string): Id<'rls'> {
  if (isId('rls', text)) return text;
  throw new UsageError(`${JSON.stringify(text)} is no id of a rule set (rls_…).`);
}

function parseCheck(args: string[]): Asked {
  const { positionals } = parseStrictly({ args, allowPositionals: true });
  const file = requireOne(positionals, 'fraud rules check takes one FILE.');
  const source = readBytes(file).toString('utf8');
  const names = paymentFeatures.features.map(({ name }) => name);
  return {
    tenant: undefined,
    act() {
      const parsed = parseRuleSet(source, names);
      if (parsed.ok) {
        const { name, version, rules } = parsed.value;
        const count = rules.length;
        return Promise.resolve(
          done(`${file}: ${name}, version ${version}, ${count} rules, sound.`),
        );
      }
      print(parsed.refusal.faults.map(({ path, code, message }) => `${path}  ${code}  ${message}`));
      return Promise.resolve(refused({ message: `${file} cannot be used.` }));
    },
  };
}

function parseAdd(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: tenantOption,
    allowPositionals: true,
  });
  const file = requireOne(positionals, 'fraud rules add takes one FILE.');
  const source = readBytes(file).toString('utf8');
  return {
    tenant: values.tenant,
    async act({ change }) {
      const created = await change((tx) => createRuleSet(tx, paymentFeatures, source));
      if (!created.ok) return refused(created.refusal);
      const { id, version } = created.value;
      return done(`${id}  version ${version} is kept; fraud rules activate puts it in force.`);
    },
  };
}

function parseActivate(args: string[]): Asked {
  const options = { ...tenantOption, note: { type: 'string' } } as const;
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const id = ruleSetIdOf(requireOne(positionals, 'fraud rules activate takes one ID.'));
  return {
    tenant: values.tenant,
    async act({ queryable, tenant, change }) {
      const before = (await readInForce(queryable, tenant)).ruleSet?.version ?? 0;
      const asked = { id, insteadOf: before, note: values.note };
      const activated = await change((tx) => activateRuleSet(tx, paymentFeatures, asked));
      if (!activated.ok) return refused(activated.refusal);
      const { ruleSet, revision } = activated.value;
      print([`Version ${ruleSet.version} is in force instead of ${before}, revision ${revision}.`]);
      return EXIT_DONE;
    },
  };
}
