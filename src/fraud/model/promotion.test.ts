import assert from 'node:assert/strict';
import test from 'node:test';
import { addDays, instantOfMs, type Instant } from '#kernel';
import type { Transactions } from '../cards/transactions.ts';
import { prequentialPlans } from '../evaluate/splits.ts';
import { randomStream } from '../generator/random.ts';
import type { History } from '../evaluate/prequential.ts';
import { trainForest } from './baselines/forest.ts';
import { trainLogistic } from './baselines/logistic.ts';
import { trainTree } from './baselines/tree.ts';
import { contestOn, judgePromotion, type Promotion, type Week } from './promotion.ts';

const first = instantOfMs(1_522_540_800_000);

interface Figures {
  readonly precision: readonly number[];
  readonly card?: number;
  readonly from?: Instant;
}

function weeks({ precision, card = 0.3, from = first }: Figures): Week[] {
  return precision.map((averagePrecision, week) => ({
    trainFrom: addDays(from, 7 * week),
    metrics: { aucRoc: 0.9, averagePrecision, cardPrecision: card },
  }));
}

function codes({ reasons }: Promotion): string[] {
  return reasons.map(({ code }) => code);
}

const champion = weeks({ precision: [0.6, 0.62, 0.64, 0.66] });

test('a challenger that is better by the margin and no worse at cards is promoted', () => {
  const challenger = weeks({ precision: [0.61, 0.63, 0.65, 0.65] });
  const promotion = judgePromotion({ champion, challenger });
  assert.equal(promotion.isPromoted, true);
  assert.deepEqual(codes(promotion), ['better_on_the_weeks']);
  assert.match(
    promotion.reasons[0]?.message ?? '',
    /precision is 0\.635 against 0\.630, better in 3 of 4 weeks; the card precision 0\.300/,
  );
  assert.deepEqual(promotion.gain, { aucRoc: 0, averagePrecision: 0.005, cardPrecision: 0 });
  assert.equal(promotion.weeksBetter, 3);
});

test('a gain below the margin keeps the champion, even where every week is better', () => {
  const challenger = weeks({ precision: [0.604, 0.624, 0.644, 0.664] });
  const promotion = judgePromotion({ champion, challenger });
  assert.equal(promotion.isPromoted, false);
  assert.deepEqual(codes(promotion), ['average_precision_below_margin']);
  assert.match(
    promotion.reasons[0]?.message ?? '',
    /a gain of 0\.004, at least 0\.005 is asked for/,
  );
});

test('a gain that two weeks of four make alone keeps the champion', () => {
  const challenger = weeks({ precision: [0.8, 0.8, 0.64, 0.65] });
  assert.deepEqual(codes(judgePromotion({ champion, challenger })), ['better_in_too_few_weeks']);
});

test('a challenger that is worse at naming cards is not promoted for its average precision', () => {
  const challenger = weeks({ precision: [0.7, 0.7, 0.7, 0.7], card: 0.299 });
  assert.deepEqual(codes(judgePromotion({ champion, challenger })), ['card_precision_worse']);
  const bar = { weeksMin: 4, gainMin: 0.005, cardLossMax: 0.001 };
  assert.equal(judgePromotion({ champion, challenger }, bar).isPromoted, true);
});

test('all that stands against a challenger is said at once', () => {
  const challenger = weeks({ precision: [0.5, 0.5, 0.5, 0.5], card: 0.2 });
  const promotion = judgePromotion({ champion, challenger });
  assert.deepEqual(codes(promotion), [
    'average_precision_below_margin',
    'better_in_too_few_weeks',
    'card_precision_worse',
  ]);
  assert.equal(promotion.gain?.averagePrecision, -0.13);
});

test('the champion does not replace itself', () => {
  assert.equal(judgePromotion({ champion, challenger: champion }).isPromoted, false);
});

test('weeks that differ, are too few or have no figure are not compared', () => {
  const better = [0.9, 0.9, 0.9, 0.9];
  const others = judgePromotion({
    champion,
    challenger: weeks({ precision: better, from: addDays(first, 7) }),
  });
  assert.deepEqual(codes(others), ['weeks_differ']);
  assert.match(
    others.reasons[0]?.message ?? '',
    /2018-04-01.*the challenger on those of 2018-04-08/,
  );
  assert.equal(others.gain, undefined);
  const short = {
    champion: champion.slice(0, 3),
    challenger: weeks({ precision: [0.9, 0.9, 0.9] }),
  };
  assert.deepEqual(codes(judgePromotion(short)), ['too_few_weeks']);
  const [one] = champion;
  assert.ok(one !== undefined);
  const repeated = { champion: [one, one, one, one], challenger: [one, one, one, one] };
  assert.deepEqual(codes(judgePromotion(repeated)), ['too_few_weeks']);
  const unknown = { champion, challenger: weeks({ precision: [0.9, NaN, 0.9, 0.9] }) };
  assert.deepEqual(codes(judgePromotion(unknown)), ['figure_unknown']);
  const none = judgePromotion({ champion: [], challenger: [] });
  assert.deepEqual(codes(none), ['too_few_weeks']);
});

/** Seven weeks of 40 cards; fraud is where exactly one of two features is high. */
function drawHistory(seed: number): History {
  const random = randomStream(seed);
  const count = 42 * 60;
  const draw = (of: () => number): Uint32Array => Uint32Array.from({ length: count }, of);
  const columns = [0, 1].map(() => Float64Array.from({ length: count }, () => random.next()));
  const patterns = Uint8Array.from({ length: count }, (_, row) => {
    const isOdd = (columns[0]?.[row] ?? 0) > 0.8 !== (columns[1]?.[row] ?? 0) > 0.8;
    return isOdd && random.below(10) < 3 ? 1 : 0;
  });
  const transactions: Transactions = {
    count,
    customers: draw(() => random.below(4_000)),
    terminals: draw(() => random.below(50)),
    amounts: draw(() => random.below(10_000)),
    seconds: Uint32Array.from({ length: count }, (_, row) => row * 1_440),
    start: first,
    patterns,
  };
  const matrix = { rows: count, names: ['left', 'right'], columns };
  return { transactions, matrix, firstRow: 0 };
}

test('two ways of training are judged on the same weeks, and the better one wins', () => {
  const history = drawHistory(1);
  const plans = prequentialPlans(addDays(first, 21));
  const told: number[] = [];
  const options = { seed: 1, onProgress: (share: number) => told.push(share) };
  const lines = trainLogistic;
  const corners = (training: Parameters<typeof trainTree>[0]) =>
    trainTree(training, { depthMax: 3 });
  const contest = contestOn(history, plans, { champion: lines, challenger: corners }, options);
  assert.deepEqual(
    contest.champion.map(({ trainFrom }) => trainFrom),
    plans.map(({ trainFrom }) => trainFrom),
  );
  assert.equal(judgePromotion(contest).isPromoted, true);
  assert.equal(told.at(-1), 1);
  assert.deepEqual(
    told,
    told.toSorted((left, right) => left - right),
  );
  const back = contestOn(history, plans, { champion: corners, challenger: lines }, { seed: 1 });
  assert.deepEqual(back.champion, contest.challenger);
  assert.equal(judgePromotion(back).isPromoted, false);
});

test('the same seed gives the same contest', () => {
  const history = drawHistory(2);
  const plans = prequentialPlans(addDays(first, 21));
  const forest = (training: Parameters<typeof trainForest>[0]) =>
    trainForest(training, { trees: 3 });
  const contest = () =>
    contestOn(history, plans, { champion: forest, challenger: trainLogistic }, { seed: 5 });
  assert.deepEqual(contest(), contest());
});
