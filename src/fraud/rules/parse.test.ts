import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { limits } from '#config';
import { parseRuleSet } from './parse.ts';
import { features, ruleSetOf, soundRule, textOfRules } from './testing.ts';

/** `path: code` of each fault of a set with this one rule, sound but for these members. */
function faultsOf(members: object): string[] {
  return faultsIn(textOfRules([{ ...soundRule, ...members }]));
}

function faultsIn(text: string): string[] {
  const parsed = parseRuleSet(text, features);
  return parsed.ok ? [] : parsed.refusal.faults.map(({ path, code }) => `${path}: ${code}`);
}

const first = { feature: 'first' };
const nested = (levels: number): unknown =>
  levels === 1 ? { gt: [first, 1] } : { not: nested(levels - 1) };

test('a sound rule set is read, with what its rules leave out', () => {
  const { name, version, rules, fingerprint } = ruleSetOf([soundRule]);
  assert.deepEqual({ name, version }, { name: 'test', version: 1 });
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
  const [rule] = rules;
  assert.equal(rule?.missing, 'review');
  assert.equal(rule.shadow, false);
  assert.equal(rule.absolute, false);
  assert.equal(rule.declineLimit, undefined);
});

test('the fingerprint tells sets apart that differ in any way, and only those', () => {
  const { fingerprint } = ruleSetOf([soundRule]);
  assert.equal(ruleSetOf([{ ...soundRule }]).fingerprint, fingerprint);
  assert.notEqual(ruleSetOf([soundRule], 2).fingerprint, fingerprint);
  assert.notEqual(ruleSetOf([{ ...soundRule, shadow: true }]).fingerprint, fingerprint);
});

const wrong: readonly [what: string, members: object, ...faults: string[]][] = [
  ['a member that is not known', { whne: true }, '.whne: member_unknown'],
  ['an id of other characters', { id: 'Large-Amount' }, '.id: name_malformed'],
  ['an outcome that does not exist', { outcome: 'deny' }, '.outcome: value_unknown'],
  ['a reason that does not exist', { reason: 'because' }, '.reason: reason_unknown'],
  ["the engine's own reason", { reason: 'feature_missing' }, '.reason: reason_unknown'],
  ['a meaning of missing that approves', { missing: 'approve' }, '.missing: value_unknown'],
  ['a switch that is not one', { shadow: 'yes' }, '.shadow: type_wrong'],
  ['an empty description', { description: '' }, '.description: out_of_range'],
  ['a condition that is a number', { when: first }, '.when: condition_not_boolean'],
  ['a condition that is null', { when: null }, '.when: type_wrong'],
  ['a condition of two operators', { when: { not: true, and: [] } }, '.when: type_wrong'],
  ['a condition of none', { when: {} }, '.when: type_wrong'],
  [
    'a feature there is not',
    { when: { gt: [{ feature: 'x' }, 1] } },
    '.when.gt[0].feature: feature_unknown',
  ],
  [
    'an operator there is not',
    { when: { matches: ['a', 'b'] } },
    '.when.matches: operator_unknown',
  ],
  [
    'an inherited name as operator',
    { when: { constructor: [1, 2] } },
    '.when.constructor: operator_unknown',
  ],
  ['one operand of two', { when: { gt: [first] } }, '.when.gt: operands_wrong'],
  [
    'a text compared with a number',
    { when: { gt: [first, '9'] } },
    '.when.gt[1]: operand_type_wrong',
  ],
  [
    'texts put in order',
    { when: { lt: ['a', 'b'] } },
    '.when.lt[0]: operand_type_wrong',
    '.when.lt[1]: operand_type_wrong',
  ],
  [
    'an instant compared with a number',
    { when: { eq: [{ event: 'at' }, 5] } },
    '.when.eq[1]: operand_type_wrong',
  ],
  ['numbers joined by "and"', { when: { and: [true, 1] } }, '.when.and[1]: operand_type_wrong'],
  [
    'a field there is not',
    { when: { eq: [{ event: 'color' }, 'a'] } },
    '.when.eq[0].event: value_unknown',
  ],
  [
    'a score there is not',
    { when: { gt: [{ score: 'other' }, 1] } },
    '.when.gt[0].score: value_unknown',
  ],
  [
    'a day that does not exist',
    { when: { gt: [{ event: 'at' }, { instant: '2026-02-30T00:00:00Z' }] } },
    '.when.gt[1].instant: instant_malformed',
  ],
  [
    'a list of no purpose',
    { when: { listed: ['grey', 'terminal'] } },
    '.when.listed[0]: value_unknown',
  ],
  ['a list of no kind', { when: { listed: ['block'] } }, '.when.listed: operands_wrong'],
  [
    'a choice of unlike values',
    { when: { in: [first, [1, 'a']] } },
    '.when.in[1][1]: operand_type_wrong',
  ],
  ['a choice of nothing', { when: { in: [first, []] } }, '.when.in: operands_wrong'],
  ['a choice of truths', { when: { in: [true, [1]] } }, '.when.in[0]: operand_type_wrong'],
  [
    'a rule that approves all',
    { outcome: 'approve', when: { not: false } },
    '.when: approves_blindly',
  ],
  [
    'a rule that approves by the clock',
    { outcome: 'approve', when: { gt: [{ hour_of: { clock: 'now' } }, 6] } },
    '.when: approves_blindly',
  ],
  ['an absolute approval', { outcome: 'approve', absolute: true }, '.absolute: absolute_idle'],
  ['a decline without a limit', { outcome: 'decline' }, '.decline_limit: decline_limit_missing'],
  [
    'a decline of the missing without a limit',
    { missing: 'decline' },
    '.decline_limit: decline_limit_missing',
  ],
  [
    'a limit where nothing is declined',
    { decline_limit: 'none' },
    '.decline_limit: decline_limit_idle',
  ],
  [
    'a limit of no declines',
    { outcome: 'decline', decline_limit: { max: 0, window_seconds: 60 } },
    '.decline_limit.max: out_of_range',
  ],
  [
    'a limit of half a second',
    { outcome: 'decline', decline_limit: { max: 1, window_seconds: 0.5 } },
    '.decline_limit.window_seconds: out_of_range',
  ],
  [
    'a limit without a window',
    { outcome: 'decline', decline_limit: { max: 5 } },
    '.decline_limit.window_seconds: member_missing',
  ],
  [
    'several faults at once',
    { id: 5, reason: 5, when: { gt: [first, true] } },
    '.id: name_malformed',
    '.when.gt[1]: operand_type_wrong',
    '.reason: reason_unknown',
  ],
];

for (const [what, members, ...faults] of wrong) {
  test(`parseRuleSet refuses ${what}, and says where`, () => {
    assert.deepEqual(
      faultsOf(members),
      faults.map((fault) => `rules[0]${fault}`),
    );
  });
}

test('the refusal says what was expected and what is there', () => {
  const parsed = parseRuleSet(
    textOfRules([{ ...soundRule, when: { gt: [first, '9'] } }]),
    features,
  );
  assert.ok(!parsed.ok);
  assert.equal(
    parsed.refusal.message,
    'rules[0].when.gt[1]: expected number, found text (of "text")',
  );
  assert.equal(parsed.refusal.param, 'rules[0].when.gt[1]');
});

test('what is no rule set at all is refused as such', () => {
  assert.deepEqual(faultsIn('{"format": 1,'), [': json_malformed']);
  assert.deepEqual(faultsIn('[]'), [': type_wrong']);
  assert.deepEqual(faultsIn(JSON.stringify({ format: 1, name: 'a', version: 1 })), [
    'rules: member_missing',
  ]);
  const other = JSON.stringify({ format: 2, name: 'a', version: 1, rules: [] });
  assert.deepEqual(faultsIn(other), ['format: format_unknown']);
  const half = JSON.stringify({ format: 1, name: 'a', version: 1.5, rules: {} });
  assert.deepEqual(faultsIn(half), ['version: out_of_range', 'rules: type_wrong']);
});

test('two rules of one id are refused', () => {
  const text = textOfRules([soundRule, { ...soundRule, id: 'other' }, soundRule]);
  assert.deepEqual(faultsIn(text), ['rules[2].id: name_repeated']);
});

test('a number that no double holds is refused', () => {
  const text = textOfRules([{ ...soundRule, when: { gt: [first, 5] } }]).replace('5]', '1e999]');
  assert.deepEqual(faultsIn(text), ['rules[0].when.gt[1]: out_of_range']);
});

test('depth, size and count are limited, each at its limit and not before', () => {
  // A comparison has a level of its own and one for its operands.
  const deepest = limits.ruleDepthMax.value - 1;
  assert.deepEqual(faultsOf({ when: nested(deepest) }), []);
  assert.match(faultsOf({ when: nested(deepest + 1) }).join(), /: too_deep/);
  const wide = (count: number): object => ({ when: { and: Array(count).fill(true) } });
  assert.deepEqual(faultsOf(wide(limits.ruleOperandsMax.value)), []);
  assert.match(faultsOf(wide(limits.ruleOperandsMax.value + 1)).join(), /when.and: operands_wrong/);
  const broad = { and: Array(60).fill({ and: Array(10).fill(true) }) };
  assert.deepEqual(faultsOf({ when: broad }), ['rules[0].when.and[45].and[3]: too_many']);
  const choices = Array.from({ length: limits.ruleChoicesMax.value + 1 }, (_, value) => value);
  assert.deepEqual(faultsOf({ when: { in: [first, choices] } }), ['rules[0].when.in[1]: too_many']);
  const many = Array.from({ length: limits.ruleSetRulesMax.value + 1 }, () => soundRule);
  assert.deepEqual(faultsIn(textOfRules(many)), ['rules: too_many']);
  const long = ' '.repeat(limits.ruleSetBytesMax.value + 1);
  assert.deepEqual(faultsIn(long), [': too_large']);
  const rules = Array.from({ length: 100 }, (_, place) => ({ ...soundRule, id: place }));
  assert.equal(faultsIn(textOfRules(rules)).length, limits.ruleSetFaultsMax.value);
});

test('a set of many large rules is limited as a whole', () => {
  const when = { and: Array(49).fill({ and: Array(8).fill(true) }) };
  const rules = Array.from({ length: 60 }, (_, place) => ({ ...soundRule, id: `r${place}`, when }));
  assert.match(faultsIn(textOfRules(rules)).join(), /rules\[45\].*: too_many/);
});

test('whatever JSON is given, it is read or refused with faults that have a path', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (when) => {
      const parsed = parseRuleSet(textOfRules([{ ...soundRule, when }]), features);
      if (parsed.ok) return;
      assert.ok(parsed.refusal.faults.length > 0);
      for (const { path } of parsed.refusal.faults) assert.match(path, /^rules\[0\]\.when/);
    }),
  );
});
