// Owns how a rule set is read from JSON: either every member of it is sound, or the answer names
// the faults, each by its path. Nothing is guessed, ignored or put right.

import { createHash } from 'node:crypto';
import { limits } from '#config';
import { accept, refuse, type Result } from '#kernel';
import { isRuleReason, reasonCodes, type ReasonCode } from '../reasons.ts';
import { type Reader, readExpression, readText } from './expression.ts';
import { at, openFaults, type RuleFault, shown } from './faults.ts';
import {
  type DeclineLimit,
  type Expression,
  missingMeanings,
  outcomes,
  type Rule,
  type RuleSet,
} from './rule-set.ts';

export interface RuleSetRefusal {
  readonly code: 'rule_set_malformed';
  /** The first fault, and how many there are. */
  readonly message: string;
  readonly param: string;
  readonly faults: readonly RuleFault[];
}

/** The language's own version; a set written for another is refused. */
const FORMAT = 1;
const NAME = /^[a-z][a-z0-9_]{0,63}$/;

type Members = Readonly<Record<string, unknown>>;

/** The features are those of the rows that the rules will be evaluated on, in their order. */
export function parseRuleSet(
  text: string,
  features: readonly string[],
): Result<RuleSet, RuleSetRefusal> {
  const bytesMax = limits.ruleSetBytesMax.value;
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) {
    const message = `expected at most ${bytesMax} bytes, found ${bytes}`;
    return refused([{ path: '', code: 'too_large', message }]);
  }
  try {
    const json: unknown = JSON.parse(text);
    return readRuleSet(json, features);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refused([
      { path: '', code: 'json_malformed', message: `expected JSON: ${error.message}` },
    ]);
  }
}

function refused(faults: readonly RuleFault[]): Result<RuleSet, RuleSetRefusal> {
  const [first] = faults;
  const where = first === undefined || first.path === '' ? 'the rule set' : first.path;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more faults)` : '';
  const message = `${where}: ${first?.message ?? ''}${more}`;
  return refuse({ code: 'rule_set_malformed', message, param: first?.path ?? '', faults });
}

function readRuleSet(json: unknown, features: readonly string[]): Result<RuleSet, RuleSetRefusal> {
  const faults = openFaults();
  const places = new Map(features.map((name, place) => [name, place]));
  const reader: Reader = { faults, places, ruleNodes: 0, setNodes: 0 };
  const members = readMembers(reader, json, '', ['format', 'name', 'version', 'rules']);
  if (members === undefined) return refused(faults.found);
  if (members['format'] !== FORMAT) {
    const message = `expected ${FORMAT}, the version of the language, found `;
    faults.add('format', 'format_unknown', message + shown(members['format']));
    return refused(faults.found);
  }
  const name = readName(reader, members['name'], 'name');
  const version = readCount(reader, members['version'], 'version', Number.MAX_SAFE_INTEGER);
  const rules = readRules(reader, members['rules']);
  if (faults.found.length > 0 || name === undefined || version === undefined) {
    return refused(faults.found);
  }
  const set = { name, version, features, rules };
  const fingerprint = createHash('sha256').update(JSON.stringify(set)).digest('hex');
  return accept({ ...set, fingerprint });
}

function readRules(reader: Reader, json: unknown): Rule[] {
  const { faults } = reader;
  const max = limits.ruleSetRulesMax.value;
  if (!Array.isArray(json)) {
    faults.add('rules', 'type_wrong', `expected a list of rules, found ${shown(json)}`);
    return [];
  }
  if (json.length > max) {
    faults.add('rules', 'too_many', `expected at most ${max} rules, found ${json.length}`);
    return [];
  }
  const rules: Rule[] = [];
  const ids = new Map<string, number>();
  for (const [place, item] of json.entries()) {
    if (faults.isFull()) break;
    const rule = readRule(reader, item, at('rules', place));
    if (rule === undefined) continue;
    const earlier = ids.get(rule.id);
    if (earlier !== undefined) {
      const message = `expected an id of its own, found ${shown(rule.id)} of rules[${earlier}]`;
      faults.add(`rules[${place}].id`, 'name_repeated', message);
    }
    ids.set(rule.id, place);
    rules.push(rule);
  }
  return rules;
}

const ruleMembers = ['id', 'when', 'outcome', 'reason'];
const ruleOptions = ['description', 'missing', 'shadow', 'absolute', 'decline_limit'];

function readRule(reader: Reader, json: unknown, path: string): Rule | undefined {
  const members = readMembers(reader, json, path, ruleMembers, ruleOptions);
  if (members === undefined) return undefined;
  reader.ruleNodes = 0;
  const parts = {
    id: readName(reader, members['id'], at(path, 'id')),
    condition: readCondition(reader, members['when'], at(path, 'when')),
    outcome: readOneOf(reader, members['outcome'], at(path, 'outcome'), outcomes),
    reason: readReason(reader, members['reason'], at(path, 'reason')),
    missing: readOneOf(
      reader,
      members['missing'] ?? 'review',
      at(path, 'missing'),
      missingMeanings,
    ),
    shadow: readSwitch(reader, members['shadow'], at(path, 'shadow')),
    absolute: readSwitch(reader, members['absolute'], at(path, 'absolute')),
  };
  const description =
    members['description'] === undefined
      ? ''
      : readText(reader, members['description'], at(path, 'description'));
  const { id, condition, outcome, reason, missing, shadow, absolute } = parts;
  if (outcome === undefined || missing === undefined) return undefined;
  const canDecline = outcome === 'decline' || missing === 'decline';
  const declineLimit = readDeclineLimit(reader, members['decline_limit'], path, canDecline);
  if (id === undefined || condition === undefined || reason === undefined) return undefined;
  if (shadow === undefined || absolute === undefined || description === undefined) return undefined;
  const rule = { id, description, condition, outcome, reason, missing, shadow, absolute };
  if (outcome === 'approve') checkApproval(reader, rule, path);
  return declineLimit === undefined ? rule : { ...rule, declineLimit };
}

function checkApproval({ faults }: Reader, { condition, absolute }: Rule, path: string): void {
  if (!readsEvent(condition)) {
    const message = 'expected a condition that reads the event, because the rule approves';
    faults.add(at(path, 'when'), 'approves_blindly', message);
  }
  if (absolute) {
    const message = 'expected no "absolute", because a rule that approves is never set aside';
    faults.add(at(path, 'absolute'), 'absolute_idle', message);
  }
}

function readCondition(reader: Reader, json: unknown, path: string): Expression | undefined {
  const condition = readExpression(reader, json, path);
  if (condition === undefined || condition.type === 'boolean') return condition;
  const message = `expected a condition that is true or false, found a ${condition.type}`;
  return reader.faults.add(path, 'condition_not_boolean', message);
}

/** A condition of literals and of the clock alone says the same of every event. */
function readsEvent(expression: Expression): boolean {
  if ('operands' in expression) return expression.operands.some(readsEvent);
  if (expression.op === 'in') return readsEvent(expression.operand);
  return !['number', 'instant', 'text', 'boolean', 'now'].includes(expression.op);
}

function readReason({ faults }: Reader, json: unknown, path: string): ReasonCode | undefined {
  if (typeof json === 'string' && isRuleReason(json)) return json;
  const known = reasonCodes.filter(isRuleReason).join(', ');
  return faults.add(path, 'reason_unknown', `expected one of ${known}; found ${shown(json)}`);
}

/** A rule that can decline says how often, or "none": an unlimited one is never an oversight. */
function readDeclineLimit(
  reader: Reader,
  json: unknown,
  rulePath: string,
  canDecline: boolean,
): DeclineLimit | undefined {
  const { faults } = reader;
  const path = at(rulePath, 'decline_limit');
  if (json === undefined) {
    if (!canDecline) return undefined;
    const message = 'expected a limit of declines, or "none", because the rule can decline';
    return faults.add(path, 'decline_limit_missing', message);
  }
  if (!canDecline) {
    const message = 'expected no limit of declines, because the rule never declines';
    return faults.add(path, 'decline_limit_idle', message);
  }
  if (json === 'none') return undefined;
  const members = readMembers(reader, json, path, ['max', 'window_seconds']);
  if (members === undefined) return undefined;
  const { ruleDeclinesMax, ruleWindowSecondsMax } = limits;
  const max = readCount(reader, members['max'], at(path, 'max'), ruleDeclinesMax.value);
  const windowPath = at(path, 'window_seconds');
  const windowMax = ruleWindowSecondsMax.value;
  const windowSeconds = readCount(reader, members['window_seconds'], windowPath, windowMax);
  if (max === undefined || windowSeconds === undefined) return undefined;
  return { max, windowSeconds };
}

function readMembers(
  { faults }: Reader,
  json: unknown,
  path: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Members | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return faults.add(path, 'type_wrong', `expected an object, found ${shown(json)}`);
  }
  const known = [...required, ...optional];
  for (const name of Object.keys(json).filter((one) => !known.includes(one))) {
    const message = `expected only ${known.join(', ')}; found ${shown(name)}`;
    faults.add(at(path, name), 'member_unknown', message);
  }
  const absent = required.filter((name) => !Object.hasOwn(json, name));
  for (const name of absent) {
    faults.add(at(path, name), 'member_missing', `expected a member "${name}", found none`);
  }
  return absent.length > 0 ? undefined : Object.fromEntries(Object.entries(json));
}

function readName({ faults }: Reader, json: unknown, path: string): string | undefined {
  if (typeof json === 'string' && NAME.test(json)) return json;
  const expected = '1 to 64 lower-case letters, digits and underscores, a letter first';
  return faults.add(path, 'name_malformed', `expected ${expected}; found ${shown(json)}`);
}

function readCount(
  { faults }: Reader,
  json: unknown,
  path: string,
  max: number,
): number | undefined {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= 1 && json <= max) {
    return json;
  }
  const message = `expected a whole number from 1 to ${max}, found ${shown(json)}`;
  return faults.add(path, 'out_of_range', message);
}

function readOneOf<Word extends string>(
  { faults }: Reader,
  json: unknown,
  path: string,
  words: readonly Word[],
): Word | undefined {
  const word = words.find((one) => one === json);
  if (word !== undefined) return word;
  const message = `expected one of ${words.join(', ')}; found ${shown(json)}`;
  return faults.add(path, 'value_unknown', message);
}

function readSwitch({ faults }: Reader, json: unknown, path: string): boolean | undefined {
  if (json === undefined) return false;
  if (typeof json === 'boolean') return json;
  return faults.add(path, 'type_wrong', `expected true or false, found ${shown(json)}`);
}
