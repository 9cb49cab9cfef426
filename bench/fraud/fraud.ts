// The benchmarks of fraud detection: in this process and on one core, events decided one at a time,
// a training, and the back-test of half a year; and over HTTP, payments screened on their way.

import { percentile } from '../measure.ts';
import { machine, resultOf, type BenchOptions, type Report } from '../report.ts';
import { benchBackTest, type BackTestScale } from './back-test.ts';
import { benchEvents, type EventsScale } from './events.ts';
import { benchPaymentPath, type PaymentPathScale } from './payment-path.ts';
import { benchTrain, type TrainScale } from './train.ts';

interface Scale {
  readonly events: EventsScale;
  readonly train: TrainScale;
  readonly backTest: BackTestScale;
  readonly paymentPath: PaymentPathScale;
}

const full: Scale = {
  events: { runs: 3, customers: 5_000, terminals: 10_000, days: 50 },
  train: { rows: 300_000, trees: 100, depthMax: 6, runs: 3 },
  backTest: { runs: 3, days: 183 },
  paymentPath: { accounts: 10_000, warmUps: 5, pairs: 15, roundMs: 2_000, warmUpMs: 500 },
};
const quick: Scale = {
  events: { runs: 1, customers: 500, terminals: 1_000, days: 50 },
  train: { rows: 20_000, trees: 20, depthMax: 6, runs: 1 },
  backTest: { runs: 1, days: 10 },
  paymentPath: { accounts: 1_000, warmUps: 1, pairs: 1, roundMs: 1_500, warmUpMs: 500 },
};

const EVENTS_TARGET_PER_SECOND = 150_000;
const TRAIN_TARGET_S = 8;
const BACK_TEST_TARGET_S = 15;

export async function benchFraud(options: BenchOptions): Promise<Report> {
  const scale = options.isQuick ? quick : full;
  const wants = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
  const results: Report['results'][number][] = [];
  const settings: Record<string, string | number | boolean> = {};
  if (wants('events')) {
    const bench = benchEvents(scale.events, options.log);
    settings['events'] = bench.events;
    settings['events_decided_p50_us'] = microseconds(bench.decided.p50Ms);
    settings['events_decided_p99_us'] = microseconds(bench.decided.p99Ms);
    settings['events_explained_per_second'] = Math.round(bench.explained.ratePerSecond);
    settings['events_explained_p99_us'] = microseconds(bench.explained.p99Ms);
    settings['events_features_per_second'] = Math.round(bench.features.ratePerSecond);
    const target = 'at least 150,000 a second, p50 under 8 us, p99 under 50 us; ratio to that';
    results.push(resultOf('events', bench.decided, EVENTS_TARGET_PER_SECOND, target));
  }
  if (wants('train')) {
    const bench = benchTrain(scale.train, options.log);
    settings['train_rows'] = bench.rows;
    settings['train_columns'] = bench.columns;
    settings['train_nodes'] = bench.nodes;
    settings['train_score_us'] = microseconds(bench.scoreUs / 1_000);
    settings['train_explain_us'] = microseconds(bench.explainUs / 1_000);
    const target = '300,000 rows of 15 columns, 100 trees of depth 6, under 8 s; ratio to that';
    results.push(resultOf('train', bench.trained, bench.rows / TRAIN_TARGET_S, target));
  }
  if (wants('backtest')) {
    const bench = benchBackTest(scale.backTest, options.log);
    settings['backtest_events'] = bench.events;
    settings['backtest_evaluation_p50_us'] = microseconds(bench.evaluationP50Us / 1_000);
    settings['backtest_evaluation_p99_us'] = microseconds(bench.evaluationP99Us / 1_000);
    const target = 'half a year of card transactions under 15 s; ratio to that';
    results.push(resultOf('backtest', bench.replayed, bench.events / BACK_TEST_TARGET_S, target));
  }
  if (wants('payment_path')) {
    const bench = await benchPaymentPath(scale.paymentPath, options.log);
    const { screened, unscreened, ratios, decisions } = bench;
    settings['payment_path_unscreened_per_second'] = Math.round(unscreened.ratePerSecond);
    settings['payment_path_unscreened_p99_ms'] = hundredths(unscreened.p99Ms);
    settings['payment_path_ratio_least'] = hundredths(Math.min(...ratios));
    settings['payment_path_ratio_most'] = hundredths(Math.max(...ratios));
    settings['payment_path_decisions'] = decisions.count;
    settings['payment_path_decided_in_full'] = hundredths(decisions.fullShare);
    settings['payment_path_approved'] = hundredths(decisions.approvedShare);
    const target =
      'at least 0.9 of the rate without screening; ratio to that, the median of pairs of rounds';
    const ratio = percentile(
      ratios.toSorted((one, other) => one - other),
      0.5,
    );
    results.push(resultOf('payment_path', screened, screened.ratePerSecond / ratio, target));
  }
  return { area: 'fraud', machine: machine(), settings, results };
}

/** Of milliseconds, to a hundredth. */
function microseconds(ms: number): number {
  return hundredths(ms * 1_000);
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
