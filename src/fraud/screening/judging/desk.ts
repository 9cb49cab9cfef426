// Owns how the items of one tenant are judged: folded into the features, scored and put to the
// rules, one after another and without a pause, so that each sees those before it. Whatever goes
// wrong with one leaves an outcome that its product has chosen, and never an approval.

import { limits } from '#config';
import {
  idOf,
  instantOf,
  msOf,
  SECOND_US,
  uuidBatch,
  type AccountId,
  type Clock,
  type Instant,
  type Uuid,
} from '#kernel';
import type { Logger } from '#platform';
import type { FraudDecision } from '../../decision.ts';
import type { FraudEvent } from '../../event.ts';
import type { DriftReport } from '../../model/drift.ts';
import type { Policy, ScreeningConfig } from '../../registry/config.ts';
import type { RuleEngine, RuleReason } from '../../rules/engine.ts';
import type { Outcome } from '../../rules/rule-set.ts';
import { noRules } from '../decision-store.ts';
import { eventOf } from './event-of.ts';
import type { Judged, JudgedBatch, ScreeningItem } from '../item.ts';
import { openKnownAccounts, type KnownAccount, type KnownAccounts } from './known-accounts.ts';
import type { Names } from './names.ts';
import { paymentFeatures } from '../payment-features.ts';
import { openRuling, type Ruling } from './ruling.ts';
import { openScoring, type Scores, type Scoring } from './scoring.ts';
import type { States, TenantState } from '../states.ts';

export interface Desk {
  readonly accounts: KnownAccounts;
  readonly ruling: Ruling;
  readonly names: Names;
  judge(part: Part): readonly Judged[];
  drift(): DriftReport | undefined;
}

/** Items to be judged together. */
export interface Part {
  readonly items: readonly ScreeningItem[];
  readonly config: ScreeningConfig;
  readonly accounts: ReadonlyMap<AccountId, KnownAccount>;
  /** When it happens. */
  readonly at: Instant;
  /** When all of it was asked for, on the scale of `performance.now`. */
  readonly askedMs: number;
}

export interface DeskOptions {
  readonly tenant: string;
  readonly run: Uuid;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly states: States;
  readonly names: Names;
  /** The run's count of batches, over all tenants. */
  readonly ordinals: Ordinals;
  /** Told of each event that could not be judged as it should, by the code of why. */
  readonly countFailed?: (code: string) => void;
}

export interface Ordinals {
  next: bigint;
}

/** What is at hand while a part is judged. */
interface Sitting {
  readonly desk: DeskOptions;
  readonly batch: JudgedBatch;
  readonly part: Part;
  readonly state: TenantState;
  readonly scoring: Scoring;
  readonly engine: RuleEngine | undefined;
  /** No event may be further ahead than a limit allows. */
  readonly wallClock: number;
  /** What the clock would say if nobody had set it forward: the same but for a jump. */
  readonly timerClock: number;
  readonly startedMs: number;
  readonly folded: FraudEvent[];
  readonly failures: Failure[];
}

/** Why an event could not be judged as it should. */
type Failure = { readonly code: string } & Readonly<Record<string, unknown>>;

type Finding = Pick<
  FraudDecision,
  'mode' | 'outcome' | 'shadowOutcome' | 'score' | 'features' | 'ruleReasons' | 'modelReasons'
> & { readonly challengerScore: number | undefined };

const unknownAccount: KnownAccount = { product: undefined, customer: undefined };

/** Of an event that the features did not take. */
const blank = new Float64Array(paymentFeatures.features.length).fill(NaN);

export function openDesk(options: DeskOptions): Desk {
  const { tenant, clock, logger, states, names, ordinals } = options;
  const ruling = openRuling(tenant, logger);
  const scoring = openScoring();
  const timeOf = openTimes();
  return {
    accounts: openKnownAccounts(),
    ruling,
    names,
    drift: () => scoring.drift(),
    judge(part) {
      const { items, config, accounts } = part;
      const ids = uuidBatch(msOf(part.at));
      const at = timeOf(part.at);
      const state = states.of(tenant);
      const engine = ruling.engineOf(config.ruleSet);
      const madeAt = clock.now();
      scoring.use(config);
      const batch: JudgedBatch = {
        id: idOf('scb', ids.next()),
        tenant,
        madeAt,
        run: options.run,
        ordinal: ordinals.next,
        foldedUpTo: state.foldedUpTo,
        revision: config.revision,
        featureSet: paymentFeatures.version,
        ruleSetVersion: engine?.ruleSet.version,
        ruleSetFingerprint: engine?.ruleSet.fingerprint,
        model: config.champion?.version,
        challenger: config.challenger?.version,
      };
      // All of them before the first is folded in: what cannot be an event is a mistake of ours.
      const events = items.map((item) => {
        const account = accounts.get(item.accountId) ?? unknownAccount;
        return eventOf(item, { id: idOf('dec', ids.next()), at }, account, names);
      });
      const sitting: Sitting = {
        desk: options,
        batch,
        part,
        state,
        scoring,
        engine,
        wallClock: madeAt - (clock.offsetUs ?? 0),
        timerClock: madeAt - (clock.gainedUs ?? 0),
        startedMs: performance.now(),
        folded: [],
        failures: [],
      };
      const judged: Judged[] = [];
      for (let index = 0; index < items.length; index += 1) {
        const item = items[index];
        const event = events[index];
        if (item !== undefined && event !== undefined) judged.push(judgedOf(sitting, item, event));
      }
      tellFailures(options, batch, sitting.failures);
      if (judged.some(({ isScreened }) => isScreened)) ordinals.next += 1n;
      states.await(tenant, batch.id, { judgedAt: madeAt, events: sitting.folded });
      return judged;
    },
  };
}

/** What is asked at the same microsecond comes in the order in which it was asked. */
function openTimes(): (asked: Instant) => Instant {
  let before: Instant | undefined;
  let latest = 0;
  return (asked) => {
    latest = asked === before ? latest + 1 : asked;
    before = asked;
    return instantOf(latest) ?? asked;
  };
}

function judgedOf(sitting: Sitting, item: ScreeningItem, event: FraudEvent): Judged {
  const { batch, part } = sitting;
  const policy = part.config.policyOf(event.keys['product']);
  const found = policy.isScreened ? findingOf(sitting, event, policy) : passed;
  const { outcome, score, challengerScore } = found;
  const decision: FraudDecision = {
    eventId: event.id,
    eventAt: event.at,
    decidedAt: batch.madeAt,
    tookUs: Math.round((performance.now() - part.askedMs) * 10_000) / 10,
    mode: found.mode,
    outcome,
    shadowOutcome: found.shadowOutcome,
    score,
    features: found.features,
    featureSetVersion: batch.featureSet,
    modelVersion: score === undefined ? undefined : batch.model,
    ruleSetVersion: batch.ruleSetVersion ?? noRules.version,
    ruleSetFingerprint: batch.ruleSetFingerprint ?? noRules.fingerprint,
    ruleReasons: found.ruleReasons,
    modelReasons: found.modelReasons,
  };
  const isStopped = item.canStop && (outcome === 'decline' || outcome === 'challenge');
  return {
    id: idOf('dec', event.id.slice(-36)),
    batch,
    item,
    event,
    decision,
    challengerScore,
    verdict: { outcome, isStopped },
    isScreened: policy.isScreened,
  };
}

/** Of a product that is not screened. */
const passed: Finding = {
  mode: 'rules_only',
  outcome: 'approve',
  shadowOutcome: 'approve',
  score: undefined,
  challengerScore: undefined,
  features: blank,
  ruleReasons: [],
  modelReasons: [],
};

function findingOf(sitting: Sitting, event: FraudEvent, policy: Policy): Finding {
  const features = foldedIn(sitting, event);
  if (!(features instanceof Float64Array)) {
    sitting.failures.push({ decision: event.id, ...features });
    const finding = failed(policy, blank);
    const isOfClock = ofClock.has(features.code);
    return isOfClock ? { ...finding, ruleReasons: [clockReason(finding.outcome)] } : finding;
  }
  try {
    return decided(sitting, event, features, policy);
  } catch (error) {
    sitting.failures.push({ decision: event.id, code: JUDGING_FAILED, error });
    return failed(policy, features);
  }
}

const JUDGING_FAILED = 'judging_failed';

/** Why features do not take an event of which the time cannot be right. */
const ofClock: ReadonlySet<string> = new Set([
  'event_ahead_of_clock',
  'clock_jumped',
  'event_too_late',
]);

/** Of no rule: none of a set can be called so. */
function clockReason(outcome: Outcome): RuleReason {
  const rule = 'screening:clock';
  return { code: 'clock_implausible', rule, shadow: false, outcome, setAside: false };
}

/** The features, or why they do not take the event. */
function foldedIn(sitting: Sitting, event: FraudEvent): Float64Array | Failure {
  const { state, folded } = sitting;
  const ahead = aheadOfClocks(sitting, event);
  if (ahead !== undefined) return ahead;
  try {
    const observed = state.features.observe(event);
    if (!observed.ok) return { ...observed.refusal };
    folded.push(event);
    // The row is written over by the next event.
    return observed.value.slice();
  } catch (error) {
    state.features.forget(event);
    return { code: JUDGING_FAILED, error };
  }
}

/**
 * What lies far ahead would make all that happens until then too late. A clock that was set forward
 * may have been wrong before or be wrong now, so that little of it is let pass.
 */
function aheadOfClocks({ wallClock, timerClock }: Sitting, { at }: FraudEvent) {
  const aheadS = (at - wallClock) / SECOND_US;
  if (aheadS > limits.fraudAheadMaxS.value) return { code: 'event_ahead_of_clock', aheadS };
  const gainedS = (at - timerClock) / SECOND_US;
  return gainedS > limits.fraudJumpMaxS.value ? { code: 'clock_jumped', gainedS } : undefined;
}

function decided(
  { part, scoring, engine, startedMs, batch }: Sitting,
  event: FraudEvent,
  features: Float64Array,
  policy: Policy,
): Finding {
  const spentUs = (performance.now() - startedMs) * 1_000;
  const scores: Scores = spentUs > policy.deadlineUs ? noScores : scoring.score(features, event.at);
  const { score, challengerScore } = scores;
  if (engine === undefined) return { ...failed(policy, features), score, challengerScore };
  const { lists } = part.config;
  const rules = engine.evaluate(features, event, score ?? NaN, lists, batch.madeAt);
  const isExplained = score !== undefined && rules.outcome !== 'approve';
  return {
    mode: score === undefined ? 'rules_only' : 'full',
    outcome: rules.outcome,
    shadowOutcome: rules.shadowOutcome,
    score,
    challengerScore,
    features,
    ruleReasons: rules.reasons,
    modelReasons: isExplained ? scoring.reasons(features) : [],
  };
}

const noScores: Scores = { score: undefined, challengerScore: undefined };

function failed({ onFailure }: Policy, features: Float64Array): Finding {
  const outcome = onFailure === 'closed' ? 'decline' : 'review';
  return {
    mode: onFailure === 'closed' ? 'failed_closed' : 'failed_open',
    outcome,
    shadowOutcome: outcome,
    score: undefined,
    challengerScore: undefined,
    features,
    ruleReasons: [],
    modelReasons: [],
  };
}

/** One line for a batch, because what is wrong with a clock is wrong with every event. */
function tellFailures(
  { logger, tenant, countFailed }: DeskOptions,
  { id }: JudgedBatch,
  failures: readonly Failure[],
): void {
  const [first] = failures;
  if (first === undefined) return;
  for (const { code } of failures) countFailed?.(code);
  const { length: count } = failures;
  logger.warn('events could not be judged', { tenant, batch: id, count, first });
}
