// The verbs on legacy rules. Each change is recorded with what the rule was and what it is, and is
// in force in every process within about a second, without a restart.
import { record } from '#audit';
import type { JsonObject } from '#audit';
import { accept, msOf, newId, refuse } from '#kernel';
import type { Refused, Result } from '#kernel';
import type { Transaction } from '#platform';
import { gatewayActions } from '../audit-actions.ts';
import type { LegacyRefusal } from './refusals.ts';
import { RULE_PATH } from './rule.ts';
import type { Core, LegacyRule, LegacyRuleId } from './rule.ts';
import { deleteRule, insertRule, lockRule, selectRules, updateRule } from './rule-store.ts';

/** What somebody says of a rule; the rest is known. */
export type RuleTerms = Pick<
  LegacyRule,
  'position' | 'method' | 'path' | 'tenant' | 'percent' | 'mode' | 'ignored'
> & {
  /** Needed in a shadow only. */
  readonly answeredBy?: Core | undefined;
};

type AddRefusal = LegacyRefusal<
  'legacy_rule_invalid' | 'legacy_position_taken' | 'legacy_rules_full'
>;
type ChangeRefusal = LegacyRefusal<
  'legacy_rule_unknown' | 'legacy_rule_invalid' | 'legacy_position_taken' | 'legacy_rule_changed'
>;

export async function addRule(
  tx: Transaction,
  terms: RuleTerms,
  { rulesMax }: { readonly rulesMax: number },
): Promise<Result<LegacyRule, AddRefusal>> {
  const invalid = invalidity(terms);
  if (invalid !== undefined) return invalid;
  const rules = await selectRules(tx);
  if (rules.length >= rulesMax) {
    const message = `There are ${rulesMax} rules, and no more may be made.`;
    return refuse({ code: 'legacy_rules_full', message });
  }
  const rule = ruleOf(tx, newId('lgr', msOf(tx.now)), terms, 1);
  if (!(await insertRule(tx, rule))) return taken(rule.position);
  const action = gatewayActions['gateway.legacy_rule.add'];
  await record(tx, [{ action, target: rule.id, after: described(rule) }]);
  return accept(rule);
}

/** Changes what is given; `revision` is the rule as it was last seen. */
export async function changeRule(
  tx: Transaction,
  id: LegacyRuleId,
  change: Partial<RuleTerms> & { readonly revision?: number | undefined },
): Promise<Result<LegacyRule, ChangeRefusal>> {
  const before = await lockRule(tx, id);
  if (before === undefined) return unknown(id);
  const { revision, ...changed } = change;
  if (revision !== undefined && revision !== before.revision) {
    const message = `The rule ${id} is at revision ${before.revision} by now.`;
    return refuse({ code: 'legacy_rule_changed', message, param: 'revision' });
  }
  const terms = { ...before, answeredBy: undefined, ...changed };
  // A shadow that stays one is heard from where it was.
  const answeredBy =
    terms.answeredBy ??
    (before.mode === 'shadow' && terms.mode === 'shadow' ? before.answeredBy : undefined);
  const invalid = invalidity({ ...terms, answeredBy });
  if (invalid !== undefined) return invalid;
  const after = ruleOf(tx, id, { ...terms, answeredBy }, before.revision + 1);
  if (!(await updateRule(tx, after))) return taken(after.position);
  const action = gatewayActions['gateway.legacy_rule.change'];
  await record(tx, [{ action, target: id, before: described(before), after: described(after) }]);
  return accept(after);
}

export async function removeRule(
  tx: Transaction,
  id: LegacyRuleId,
): Promise<Result<LegacyRule, LegacyRefusal<'legacy_rule_unknown'>>> {
  const before = await lockRule(tx, id);
  if (before === undefined) return unknown(id);
  await deleteRule(tx, id);
  const action = gatewayActions['gateway.legacy_rule.remove'];
  await record(tx, [{ action, target: id, before: described(before) }]);
  return accept(before);
}

function ruleOf(tx: Transaction, id: LegacyRuleId, terms: RuleTerms, revision: number): LegacyRule {
  const { position, method, path, tenant, percent, mode, ignored } = terms;
  const answeredBy = mode === 'shadow' ? (terms.answeredBy ?? 'legacy') : mode;
  const named = { position, method, path, tenant, percent, mode, answeredBy, ignored };
  return { id, ...named, revision, changedAt: tx.now };
}

const IGNORED = /^(?:status|body|header:[a-z-]{1,60}|(?:\/[^/]{1,100}){1,16})$/;

function invalidity(terms: RuleTerms): Refused<LegacyRefusal<'legacy_rule_invalid'>> | undefined {
  const { path, mode, answeredBy, percent, ignored } = terms;
  const no = (message: string, param: string) =>
    refuse({ code: 'legacy_rule_invalid' as const, message, param });
  if (!RULE_PATH.test(path) || path === '' || path.length > 300) {
    return no('path is like /v1/cards/{id}, or /v1/cards/* for all that is under it.', 'path');
  }
  if (!Number.isInteger(percent) || percent < 1 || percent > 100) {
    return no('percent is a whole number from 1 to 100.', 'percent');
  }
  if (mode !== 'shadow' && answeredBy !== undefined && answeredBy !== mode) {
    return no('Only of a shadow there are two answers to choose from.', 'answered_by');
  }
  const wrong = ignored.find((place) => !IGNORED.test(place));
  if (wrong !== undefined) {
    return no('ignored holds JSON pointers, status, body or header:NAME.', 'ignored');
  }
  return undefined;
}

function unknown(id: LegacyRuleId): Refused<LegacyRefusal<'legacy_rule_unknown'>> {
  return refuse({ code: 'legacy_rule_unknown', message: `There is no rule ${id}.`, param: 'id' });
}

function taken(position: number): Refused<LegacyRefusal<'legacy_position_taken'>> {
  const message = `Another rule has the position ${position}.`;
  return refuse({ code: 'legacy_position_taken', message, param: 'position' });
}

function described(rule: LegacyRule): JsonObject {
  const { position, method, path, tenant, percent, mode, answeredBy, ignored, revision } = rule;
  return {
    position,
    method: method ?? null,
    path,
    tenant: tenant ?? null,
    percent,
    mode,
    answered_by: answeredBy,
    ignored: [...ignored],
    revision,
  };
}
