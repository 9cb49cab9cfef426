// What the tests of rules share: rule sets and events that are right but for what a test is about.

import assert from 'node:assert/strict';
import { type Instant, instantOfMs } from '#kernel';
import type { FraudEvent } from '../event.ts';
import { compile, type RuleDecision, type RuleEngine } from './engine.ts';
import { type ListEntry, type Lists, openLists } from './lists.ts';
import { parseRuleSet } from './parse.ts';
import type { RuleSet } from './rule-set.ts';

export const features = ['first', 'second', 'third'];

/** A rule that asks for a review where the first feature is above 10. */
export const soundRule = {
  id: 'sound',
  when: { gt: [{ feature: 'first' }, 10] },
  outcome: 'review',
  reason: 'amount_large',
};

export function textOfRules(rules: readonly unknown[], version = 1): string {
  return JSON.stringify({ format: 1, name: 'test', version, rules });
}

export function ruleSetOf(rules: readonly object[], version = 1): RuleSet {
  const numbered = rules.map((rule, place) => ({ ...soundRule, id: `rule_${place}`, ...rule }));
  const parsed = parseRuleSet(textOfRules(numbered, version), features);
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.refusal.faults));
  return parsed.value;
}

export function engineOf(...rules: readonly object[]): RuleEngine {
  return compile(ruleSetOf(rules));
}

/** Midnight of Thursday 2026-01-01. */
export const midnight = instantOfMs(1_767_225_600_000);

export function after(seconds: number): Instant {
  return instantOfMs(1_767_225_600_000 + seconds * 1_000);
}

export const soundEvent: FraudEvent = {
  id: 'event-1',
  at: midnight,
  amount: 2_500,
  keys: { customer: 'c1', terminal: 't1' },
};

export function listsOf(...entries: readonly ListEntry[]): Lists {
  const lists = openLists(entries);
  assert.ok(lists.ok);
  return lists.value;
}

export interface Given {
  readonly row?: readonly number[];
  readonly event?: Partial<FraudEvent>;
  readonly score?: number;
  readonly lists?: Lists;
  readonly now?: Instant;
}

export function decide(engine: RuleEngine, given: Given = {}): RuleDecision {
  const { row = [0, 0, 0], event, score = 0.5, lists = listsOf(), now = midnight } = given;
  return engine.evaluate(Float64Array.from(row), { ...soundEvent, ...event }, score, lists, now);
}
