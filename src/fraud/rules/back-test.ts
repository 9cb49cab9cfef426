// Owns what a change of rules would have done: both sets screen the same events in the same order,
// each with limits of declines of its own, and every event is counted under both outcomes. What is
// counted follows from the events alone; only the times differ from run to run.

import { limits } from '#config';
import { assert, refuse, type Result, accept } from '#kernel';
import type { FraudEvent } from '../event.ts';
import { compile, type RuleDecision, type RuleEngine } from './engine.ts';
import type { Lists } from './lists.ts';
import { type Outcome, outcomes, type RuleSet } from './rule-set.ts';
import { openStopwatch, type Latency } from './back-test/stopwatch.ts';

/** Events, and the minor units of their amounts together. */
export interface Tally {
  readonly events: number;
  readonly value: number;
}

export interface RuleTally {
  readonly rule: string;
  readonly outcome: Outcome;
  readonly shadow: boolean;
  /** Its condition was true, and no approving rule set it aside. */
  readonly fraud: Tally;
  readonly genuine: Tally;
  /** Frauds that no other rule of the set, shadows left out, saw. */
  readonly alone: Tally;
  readonly missing: number;
  readonly setAside: number;
  readonly limited: number;
}

export interface SetReport {
  readonly name: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly byOutcome: Readonly<Record<Outcome, { readonly fraud: Tally; readonly genuine: Tally }>>;
  readonly alerts: Tally;
  readonly caught: Tally;
  readonly missed: Tally;
  readonly falseAlarms: Tally;
  readonly byRule: readonly RuleTally[];
  readonly latency: Latency;
}

export interface Change {
  readonly before: Outcome;
  readonly after: Outcome;
  readonly fraud: Tally;
  readonly genuine: Tally;
}

export interface BackTestReport {
  readonly events: Tally;
  readonly frauds: Tally;
  readonly before: SetReport;
  readonly after: SetReport;
  /** The pairs of unlike outcomes that occurred. */
  readonly changes: readonly Change[];
  readonly newlyCaught: Tally;
  readonly newlyMissed: Tally;
  readonly newFalseAlarms: Tally;
  readonly fewerFalseAlarms: Tally;
}

export interface BackTestRefusal {
  readonly code: 'rule_features_differ' | 'history_rows_differ' | 'history_features_differ';
  readonly message: string;
}

export interface BackTestSets {
  readonly before: RuleSet;
  readonly after: RuleSet;
  /** An entry counts from its own time on, in history as it did then. */
  readonly lists: Lists;
}

export interface BackTest {
  /** In the order of the events; the time of each is the time it is screened at. */
  observe(row: Float64Array, event: FraudEvent, score: number, isFraud: boolean): void;
  report(): BackTestReport;
}

export function openBackTest(sets: BackTestSets): Result<BackTest, BackTestRefusal> {
  const { before, after, lists } = sets;
  const fits = compile(before).swap(after);
  if (!fits.ok) return refuse(fits.refusal);
  const sides = [openSide(before), openSide(after)] as const;
  const pairs = openTallies(outcomes.length * outcomes.length * 2);
  let seen = 0;
  return accept({
    observe(row, event, score, isFraud) {
      const isTimed = seen % limits.backTestSampleEvery.value === 0;
      seen += 1;
      const screened = { row, event, score, isFraud, isTimed };
      const first = observe(sides[0], screened, lists);
      const second = observe(sides[1], screened, lists);
      pairs.add((first * outcomes.length + second) * 2 + (isFraud ? 1 : 0), event.amount);
    },
    report: () => reportOf(sides, pairs),
  });
}

interface Tallies {
  add(place: number, amount: number): void;
  at(place: number): Tally;
}

function openTallies(places: number): Tallies {
  const events = new Float64Array(places);
  const values = new Float64Array(places);
  return {
    add(place, amount) {
      events[place] = (events[place] ?? 0) + 1;
      values[place] = (values[place] ?? 0) + amount;
    },
    at(place) {
      const value = values[place] ?? 0;
      // Amounts are never negative: a sum that is still safe was safe all along.
      assert(Number.isSafeInteger(value), 'the amounts of a back-test add up exactly');
      return { events: events[place] ?? 0, value };
    },
  };
}

interface Side {
  readonly engine: RuleEngine;
  readonly places: ReadonlyMap<string, number>;
  /** By rule: genuine, fraud, fraud that it saw alone. */
  readonly held: Tallies;
  readonly missing: Float64Array;
  readonly setAside: Float64Array;
  readonly limited: Float64Array;
  readonly stopwatch: ReturnType<typeof openStopwatch>;
}

const HELD = 3;

function openSide(ruleSet: RuleSet): Side {
  const size = ruleSet.rules.length;
  return {
    engine: compile(ruleSet),
    places: new Map(ruleSet.rules.map(({ id }, place) => [id, place])),
    held: openTallies(size * HELD),
    missing: new Float64Array(size),
    setAside: new Float64Array(size),
    limited: new Float64Array(size),
    stopwatch: openStopwatch(),
  };
}

interface Observed {
  readonly row: Float64Array;
  readonly event: FraudEvent;
  readonly score: number;
  readonly isFraud: boolean;
  readonly isTimed: boolean;
}

/** Answers the place of the outcome in the table of outcomes. */
function observe(side: Side, observed: Observed, lists: Lists): number {
  const { row, event, score, isTimed } = observed;
  const startMs = isTimed ? performance.now() : 0;
  const decision = side.engine.evaluate(row, event, score, lists, event.at);
  if (isTimed) side.stopwatch.add(performance.now() - startMs);
  if (decision.reasons.length > 0) countReasons(side, decision, observed);
  return outcomes.indexOf(decision.outcome);
}

function countReasons(side: Side, { reasons }: RuleDecision, { event, isFraud }: Observed): void {
  let seers = 0;
  let last = 0;
  for (const { code, rule, shadow, outcome, setAside } of reasons) {
    const place = side.places.get(rule);
    assert(place !== undefined, 'a reason names a rule of its set');
    if (code === 'declines_limited') count(side.limited, place);
    else if (setAside) count(side.setAside, place);
    else if (code === 'feature_missing') count(side.missing, place);
    else side.held.add(place * HELD + (isFraud ? 1 : 0), event.amount);
    if (!shadow && !setAside && outcome !== 'approve' && code !== 'declines_limited') {
      seers += 1;
      last = place;
    }
  }
  if (isFraud && seers === 1) side.held.add(last * HELD + 2, event.amount);
}

function count(counts: Float64Array, place: number): void {
  counts[place] = (counts[place] ?? 0) + 1;
}

function reportOf([before, after]: readonly [Side, Side], pairs: Tallies): BackTestReport {
  const all = outcomes.flatMap((first, row) =>
    outcomes.map((second, column): Change => {
      const place = (row * outcomes.length + column) * 2;
      const [genuine, fraud] = [pairs.at(place), pairs.at(place + 1)];
      return { before: first, after: second, fraud, genuine };
    }),
  );
  const isAlert = (outcome: Outcome): boolean => outcome !== 'approve';
  const risen = all.filter((one) => !isAlert(one.before) && isAlert(one.after));
  const fallen = all.filter((one) => isAlert(one.before) && !isAlert(one.after));
  return {
    events: total(all.flatMap(({ fraud, genuine }) => [fraud, genuine])),
    frauds: total(all.map(({ fraud }) => fraud)),
    before: setReportOf(before, (outcome) => all.filter((one) => one.before === outcome)),
    after: setReportOf(after, (outcome) => all.filter((one) => one.after === outcome)),
    changes: all.filter(
      (one) => one.before !== one.after && one.fraud.events + one.genuine.events > 0,
    ),
    newlyCaught: total(risen.map(({ fraud }) => fraud)),
    newlyMissed: total(fallen.map(({ fraud }) => fraud)),
    newFalseAlarms: total(risen.map(({ genuine }) => genuine)),
    fewerFalseAlarms: total(fallen.map(({ genuine }) => genuine)),
  };
}

function setReportOf(side: Side, ending: (outcome: Outcome) => readonly Change[]): SetReport {
  const { name, version, fingerprint, rules } = side.engine.ruleSet;
  const tallied = (outcome: Outcome): { fraud: Tally; genuine: Tally } => ({
    fraud: total(ending(outcome).map(({ fraud }) => fraud)),
    genuine: total(ending(outcome).map(({ genuine }) => genuine)),
  });
  const byOutcome = {
    approve: tallied('approve'),
    review: tallied('review'),
    challenge: tallied('challenge'),
    decline: tallied('decline'),
  };
  const alerting = [byOutcome.review, byOutcome.challenge, byOutcome.decline];
  return {
    name,
    version,
    fingerprint,
    byOutcome,
    alerts: total(alerting.flatMap(({ fraud, genuine }) => [fraud, genuine])),
    caught: total(alerting.map(({ fraud }) => fraud)),
    missed: byOutcome.approve.fraud,
    falseAlarms: total(alerting.map(({ genuine }) => genuine)),
    byRule: rules.map(({ id, outcome, shadow }, place) => ({
      rule: id,
      outcome,
      shadow,
      genuine: side.held.at(place * HELD),
      fraud: side.held.at(place * HELD + 1),
      alone: side.held.at(place * HELD + 2),
      missing: side.missing[place] ?? 0,
      setAside: side.setAside[place] ?? 0,
      limited: side.limited[place] ?? 0,
    })),
    latency: side.stopwatch.latency(),
  };
}

function total(tallies: readonly Tally[]): Tally {
  const value = tallies.reduce((sum, one) => sum + one.value, 0);
  assert(Number.isSafeInteger(value), 'the amounts of a back-test add up exactly');
  return { events: tallies.reduce((sum, one) => sum + one.events, 0), value };
}
