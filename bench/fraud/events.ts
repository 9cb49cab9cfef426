// Decisions about card transactions one at a time, in this process and on one core: the event is
// folded in and its features answered, a hundred trees score them, twenty rules judge, and reasons
// are told. Labels are learned between events, within the time measured. Nothing is written.

import {
  cardMatrix,
  columnsStart,
  compileRules,
  explainPath,
  generateFacts,
  generateTransactions,
  genericFeatures,
  openFeatures,
  openLists,
  openReasonTeller,
  parseRuleSet,
  trainBoostedTrees,
  type BoostedTrees,
  type FraudEvent,
  type FraudLabel,
} from '#fraud';
import { medianRun, percentile, type Run } from '../measure.ts';
import { benchRuleSets } from './rule-sets.ts';

export interface EventsScale {
  readonly runs: number;
  readonly customers: number;
  readonly terminals: number;
  readonly days: number;
}

export interface EventsBench {
  readonly events: number;
  /** The features alone. */
  readonly features: Run;
  /** Features, score and rules, with reasons where the outcome is another than to approve. */
  readonly decided: Run;
  /** The same, with reasons for every event. */
  readonly explained: Run;
  /** Of the decided, the share that was not approved. */
  readonly notApproved: number;
  /** The digest of the features after every run, which must be the same. */
  readonly digest: string;
}

type Fact = { readonly event: FraudEvent } | { readonly label: FraudLabel };
type Extent = 'features' | 'decided' | 'explained';

const REASONS_MAX = 3;
const TRAINING_ROWS = 100_000;
const trees = { trees: 100, learningRate: 0.1, depthMax: 6 } as const;

export function benchEvents(scale: EventsScale, log: (line: string) => void): EventsBench {
  const { customers, terminals, days } = scale;
  const options = { seed: 1, customers, terminals, days, start: columnsStart };
  log(`generating ${days} days of transactions and training on them`);
  const facts: readonly Fact[] = Array.from(generateFacts(options), ({ event, label }) =>
    event === undefined ? { label } : { event },
  );
  const model = trained(options);
  const runs: Record<Extent, Replay[]> = { features: [], decided: [], explained: [] };
  for (let round = 1; round <= scale.runs; round += 1) {
    for (const extent of ['features', 'decided', 'explained'] as const) {
      const replay = replayed(facts, model, extent);
      runs[extent].push(replay);
      const { ratePerSecond, p50Ms, p99Ms } = replay.run;
      const [p50, p99] = [p50Ms, p99Ms].map((ms) => (ms * 1_000).toPrecision(3));
      const rate = Math.round(ratePerSecond);
      log(`events, ${extent}, run ${round}: ${rate} a second, p50 ${p50} µs, p99 ${p99} µs`);
    }
  }
  const all = Object.values(runs).flat();
  const [first] = all;
  if (first === undefined) throw new Error('a benchmark needs a run');
  if (all.some(({ digest }) => digest !== first.digest)) {
    throw new Error('two replays of one log left different features');
  }
  return {
    events: first.events,
    features: medianRun(runs.features.map(({ run }) => run)),
    decided: medianRun(runs.decided.map(({ run }) => run)),
    explained: medianRun(runs.explained.map(({ run }) => run)),
    notApproved: (runs.decided[0]?.notApproved ?? 0) / first.events,
    digest: first.digest,
  };
}

function trained(options: Parameters<typeof generateTransactions>[0]): BoostedTrees {
  const transactions = generateTransactions(options);
  const from = Math.max(0, transactions.count - TRAINING_ROWS);
  const matrix = cardMatrix(transactions, 'generic', { from, to: transactions.count });
  const labels = Uint8Array.from(transactions.patterns.subarray(from), (each) => Math.min(1, each));
  return trainBoostedTrees({ matrix, labels, seed: 1 }, trees);
}

interface Replay {
  readonly run: Run;
  readonly events: number;
  readonly notApproved: number;
  readonly digest: string;
}

function replayed(facts: readonly Fact[], model: BoostedTrees, extent: Extent): Replay {
  const state = openFeatures(genericFeatures);
  const decide = decider(model, extent);
  const times = new Float64Array(facts.length);
  let events = 0;
  let notApproved = 0;
  const startMs = performance.now();
  for (const fact of facts) {
    if ('label' in fact) {
      state.learn(fact.label);
      continue;
    }
    const eventMs = performance.now();
    const answer = state.observe(fact.event);
    if (!answer.ok) throw new Error(answer.refusal.message);
    if (decide(answer.value, fact.event) !== 'approve') notApproved += 1;
    times[events] = performance.now() - eventMs;
    events += 1;
  }
  const ratePerSecond = (events / (performance.now() - startMs)) * 1_000;
  const sorted = [...times.subarray(0, events).sort()];
  const run = { ratePerSecond, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
  return { run, events, notApproved, digest: state.digest() };
}

function decider(
  model: BoostedTrees,
  extent: Extent,
): (row: Float64Array, event: FraudEvent) => string {
  if (extent === 'features') return () => 'approve';
  const parsed = parseRuleSet(benchRuleSets.before, model.names);
  const lists = openLists();
  if (!parsed.ok || !lists.ok) throw new Error('the rules of the benchmark are well formed');
  const rules = compileRules(parsed.value);
  const tell = openReasonTeller(model.names);
  const contributions = new Float64Array(model.names.length);
  return (row, event) => {
    const score = model.score(row);
    const { outcome } = rules.evaluate(row, event, score, lists.value, event.at);
    if (outcome !== 'approve' || extent === 'explained') {
      explainPath(model, row, contributions);
      tell(contributions, REASONS_MAX);
    }
    return outcome;
  };
}
