// Owns how a rule set decides: which rules hold, which of them an approving rule sets aside, which
// declines are over their limit, and the strongest outcome of the rest. Rules in shadow are
// reported and change nothing. Whole sets are exchanged between two events, never within one.

import { accept, assert, type Instant, refuse, type Result } from '#kernel';
import type { FraudEvent } from '../event.ts';
import type { ReasonCode } from '../reasons.ts';
import { type DeclineCounter, openDeclineCounter } from './decline-limit.ts';
import type { Lists } from './lists.ts';
import { type Outcome, outcomes, type Rule, type RuleSet } from './rule-set.ts';
import type { Screened } from './screened.ts';
import { FALSE, MISSING, TRUE, type TruthFunction, truthOf } from './truth.ts';

export interface RuleReason {
  readonly code: ReasonCode;
  readonly rule: string;
  readonly shadow: boolean;
  /** What the rule asks for. */
  readonly outcome: Outcome;
  /** True where an approving rule holds and this one is not absolute, so that it does not count. */
  readonly setAside: boolean;
}

export interface RuleDecision {
  readonly outcome: Outcome;
  /** What it would be if the rules in shadow counted. */
  readonly shadowOutcome: Outcome;
  readonly version: number;
  readonly fingerprint: string;
  /** In the order of the rules. */
  readonly reasons: readonly RuleReason[];
}

export interface SwapRefusal {
  readonly code: 'rule_features_differ';
  readonly message: string;
}

export interface RestoreRefusal {
  readonly code: 'rule_state_malformed';
  readonly message: string;
}

export interface RuleEngine {
  readonly ruleSet: RuleSet;
  /**
   * The row holds the features in the order of the set; NaN is missing, also as a score. Events are
   * given in their order, because the limits of declines remember.
   */
  evaluate(
    row: Float64Array,
    event: FraudEvent,
    score: number,
    lists: Lists,
    now: Instant,
  ): RuleDecision;
  /** Takes back what an event of that instant counted for limits, where nothing came of it. */
  giveBack(reasons: readonly RuleReason[], now: Instant): void;
  /** From the next event on. Declines counted for a rule are kept under its id. */
  swap(ruleSet: RuleSet): Result<undefined, SwapRefusal>;
  /** The declines that the limits remember, as text; the same events give the same text. */
  snapshot(): string;
  restore(snapshot: string): Result<undefined, RestoreRefusal>;
}

interface CompiledRule {
  readonly rule: Rule;
  /** Strengths: places in the table of outcomes. */
  readonly asked: number;
  /** Undefined: what is missing is ignored. */
  readonly askedWhenMissing: number | undefined;
  readonly counter: DeclineCounter | undefined;
  readonly reasons: RuleReasons;
}

/** Made once, so that telling a reason allocates nothing. */
interface RuleReasons {
  readonly holds: RuleReason;
  readonly holdsSetAside: RuleReason;
  readonly missing: RuleReason;
  readonly missingSetAside: RuleReason;
  readonly limited: RuleReason;
}

interface Program {
  readonly ruleSet: RuleSet;
  readonly rules: readonly CompiledRule[];
  /** Of the rules, and apart from them, because most events need nothing else of them. */
  readonly conditions: readonly TruthFunction[];
  /** What each rule said of the event under way. */
  readonly truths: Uint8Array;
  /** The decision where no rule says anything. */
  readonly silent: RuleDecision;
}

type Counted = ReadonlyMap<string, readonly number[]>;

const APPROVE = outcomes.indexOf('approve');
const REVIEW = outcomes.indexOf('review');
const DECLINE = outcomes.indexOf('decline');
const FORMAT = 1;

export function compile(ruleSet: RuleSet): RuleEngine {
  let program = programOf(ruleSet, new Map());
  let screened: Screened | undefined;
  return {
    get ruleSet() {
      return program.ruleSet;
    },
    evaluate(row, event, score, lists, now) {
      const current = program;
      const width = current.ruleSet.features.length;
      assert(row.length === width, 'a row has a value for each feature of the rule set');
      if (screened === undefined) {
        screened = { row, event, score, lists, now };
      } else {
        screened.row = row;
        screened.event = event;
        screened.score = score;
        screened.lists = lists;
        screened.now = now;
      }
      return evaluate(current, screened);
    },
    giveBack(reasons, now) {
      for (const { rule, counter } of program.rules) {
        if (counter !== undefined && hasCounted(reasons, rule.id)) counter.giveBack(now);
      }
    },
    swap(next) {
      const refusal = differenceOf(program.ruleSet, next);
      if (refusal !== undefined) return refuse(refusal);
      program = programOf(next, countedBy(program));
      return accept(undefined);
    },
    snapshot: () => {
      const declines = [...countedBy(program)].map(([rule, times]) => ({ rule, times }));
      return JSON.stringify({ format: FORMAT, declines });
    },
    restore(snapshot) {
      const counted = readSnapshot(snapshot);
      if (!counted.ok) return counted;
      program = programOf(program.ruleSet, counted.value);
      return accept(undefined);
    },
  };
}

function programOf(ruleSet: RuleSet, counted: Counted): Program {
  const { version, fingerprint } = ruleSet;
  const silent: RuleDecision = {
    outcome: 'approve',
    shadowOutcome: 'approve',
    version,
    fingerprint,
    reasons: Object.freeze([]),
  };
  return {
    ruleSet,
    rules: ruleSet.rules.map((rule) => compiledRule(rule, counted.get(rule.id))),
    conditions: ruleSet.rules.map(({ condition }) => truthOf(condition)),
    truths: new Uint8Array(ruleSet.rules.length),
    silent: Object.freeze(silent),
  };
}

function compiledRule(rule: Rule, counted: readonly number[] | undefined): CompiledRule {
  const { declineLimit, missing, outcome } = rule;
  return {
    rule,
    asked: outcomes.indexOf(outcome),
    askedWhenMissing: missing === 'ignore' ? undefined : outcomes.indexOf(missing),
    counter: declineLimit && openDeclineCounter(declineLimit, counted),
    reasons: reasonsOf(rule),
  };
}

function reasonsOf({ id, reason, shadow, outcome, missing }: Rule): RuleReasons {
  const holds = { code: reason, rule: id, shadow, outcome, setAside: false };
  const asked = missing === 'ignore' ? 'review' : missing;
  const absent: RuleReason = { ...holds, code: 'feature_missing', outcome: asked };
  const limited: RuleReason = { ...holds, code: 'declines_limited', outcome: 'review' };
  return {
    holds: Object.freeze(holds),
    holdsSetAside: Object.freeze({ ...holds, setAside: true }),
    missing: Object.freeze(absent),
    missingSetAside: Object.freeze({ ...absent, setAside: true }),
    limited: Object.freeze(limited),
  };
}

function evaluate(program: Program, screened: Screened): RuleDecision {
  const { conditions, truths } = program;
  let isFalse = true;
  for (let place = 0; place < conditions.length; place += 1) {
    const truth = conditions[place]?.(screened) ?? FALSE;
    truths[place] = truth;
    if (truth !== FALSE) isFalse = false;
  }
  return isFalse ? program.silent : weigh(program, screened.now);
}

function weigh(program: Program, now: Instant): RuleDecision {
  const { rules, truths } = program;
  let isSilent = true;
  let isAllowed = false;
  let isAllowedInShadow = false;
  for (const [place, { rule, asked, askedWhenMissing }] of rules.entries()) {
    const truth = truths[place];
    if (truth === MISSING && askedWhenMissing === undefined) truths[place] = FALSE;
    if (truths[place] === FALSE) continue;
    isSilent = false;
    if (truth === TRUE && asked === APPROVE) {
      isAllowedInShadow = true;
      if (!rule.shadow) isAllowed = true;
    }
  }
  return isSilent ? program.silent : decide(program, now, isAllowed, isAllowedInShadow);
}

function decide(
  { rules, truths, ruleSet }: Program,
  now: Instant,
  isAllowed: boolean,
  isAllowedInShadow: boolean,
): RuleDecision {
  const reasons: RuleReason[] = [];
  let strongest = APPROVE;
  let strongestInShadow = APPROVE;
  for (let place = 0; place < rules.length; place += 1) {
    const truth = truths[place];
    const compiled = rules[place];
    if (compiled === undefined || truth === FALSE) continue;
    const { rule, reasons: own } = compiled;
    const holds = truth === TRUE;
    let asked = holds ? compiled.asked : (compiled.askedWhenMissing ?? REVIEW);
    const canBeSetAside = asked !== APPROVE && !rule.absolute;
    const isSetAside = canBeSetAside && (rule.shadow ? isAllowedInShadow : isAllowed);
    reasons.push(reasonOf(own, holds, isSetAside));
    if (isSetAside) continue;
    if (asked === DECLINE && compiled.counter?.admit(now) === false) {
      asked = REVIEW;
      reasons.push(own.limited);
    }
    if (!rule.shadow && asked > strongest) strongest = asked;
    const countsInShadow = !(canBeSetAside && isAllowedInShadow);
    if (countsInShadow && asked > strongestInShadow) strongestInShadow = asked;
  }
  return {
    outcome: outcomes[strongest] ?? 'review',
    shadowOutcome: outcomes[strongestInShadow] ?? 'review',
    version: ruleSet.version,
    fingerprint: ruleSet.fingerprint,
    reasons,
  };
}

/** Whether a decision with these reasons took one of the declines that the rule may cause. */
export function hasCounted(reasons: readonly RuleReason[], rule: string): boolean {
  const own = reasons.filter((reason) => reason.rule === rule);
  const isAsked = own.some(({ outcome, setAside }) => outcome === 'decline' && !setAside);
  return isAsked && own.every(({ code }) => code !== 'declines_limited');
}

function reasonOf(own: RuleReasons, holds: boolean, isSetAside: boolean): RuleReason {
  if (holds) return isSetAside ? own.holdsSetAside : own.holds;
  return isSetAside ? own.missingSetAside : own.missing;
}

/** Rules name features by their place in the row, so sets over other rows cannot be exchanged. */
function differenceOf(before: RuleSet, after: RuleSet): SwapRefusal | undefined {
  const width = Math.max(before.features.length, after.features.length);
  for (let place = 0; place < width; place += 1) {
    const expected = before.features[place];
    const found = after.features[place];
    if (expected !== found) {
      const names = `expected ${expected ?? 'none'}, found ${found ?? 'none'}`;
      const message = `version ${after.version} reads other rows: feature ${place} ${names}`;
      return { code: 'rule_features_differ', message };
    }
  }
  return undefined;
}

function countedBy({ rules }: Program): Map<string, readonly number[]> {
  const counted = new Map<string, readonly number[]>();
  for (const { rule, counter } of rules) {
    const times = counter?.times() ?? [];
    if (times.length > 0) counted.set(rule.id, times);
  }
  return counted;
}

function readSnapshot(text: string): Result<Counted, RestoreRefusal> {
  const counted = new Map<string, readonly number[]>();
  const parsed = parsedObject(text);
  const declines: unknown = parsed?.['declines'];
  if (parsed?.['format'] !== FORMAT || !Array.isArray(declines)) {
    return malformed(`expected an object of format ${FORMAT} with a list of declines`);
  }
  for (const [place, item] of declines.entries()) {
    const { rule, times } = membersOf(item);
    const isSound = Array.isArray(times) && times.every(Number.isSafeInteger);
    if (typeof rule !== 'string' || !isSound) {
      return malformed(`expected a rule and its instants at declines[${place}]`);
    }
    counted.set(rule, times.map(Number));
  }
  return accept(counted);
}

function malformed(message: string): Result<never, RestoreRefusal> {
  return refuse({ code: 'rule_state_malformed', message: `the state of the rules: ${message}` });
}

function parsedObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return membersOf(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function membersOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? { ...json } : {};
}
