// Owns what a score means as a probability, learnt from rows that the model was not trained on by
// isotonic regression. A greater score never gets a lesser probability, and equal scores get
// equal ones.

import { assert } from '#kernel';

/** Between knots the probability runs straight, outside it stays what it is at the nearest. */
export interface Calibration {
  /** Ascending. */
  readonly scores: Float64Array;
  /** At each of those scores; never falling. */
  readonly probabilities: Float64Array;
}

/** Rows with the same probability: scores from first to last. */
interface Block {
  readonly first: number;
  readonly last: number;
  readonly frauds: number;
  readonly count: number;
}

/** By pool-adjacent-violators: neighbours whose shares of fraud fall are pooled until none do. */
export function calibrationOf(scores: Float64Array, labels: Uint8Array): Calibration {
  assert(scores.length > 0 && scores.length === labels.length, 'every score has a label');
  assert(scores.every(Number.isFinite), 'a score is a number');
  const order = Uint32Array.from(scores, (_, row) => row);
  order.sort((left, right) => (scores[left] ?? 0) - (scores[right] ?? 0));
  const blocks: Block[] = [];
  for (let at = 0; at < order.length;) {
    const score = scores[order[at] ?? 0] ?? 0;
    const from = at;
    let frauds = 0;
    while (at < order.length && scores[order[at] ?? 0] === score) {
      frauds += labels[order[at] ?? 0] ?? 0;
      at += 1;
    }
    push(blocks, { first: score, last: score, frauds, count: at - from });
  }
  const knots = blocks.flatMap(({ first, last, frauds, count }) => {
    const probability = frauds / count;
    const start = { score: first, probability };
    return first === last ? [start] : [start, { score: last, probability }];
  });
  return {
    scores: Float64Array.from(knots, ({ score }) => score),
    probabilities: Float64Array.from(knots, ({ probability }) => probability),
  };
}

/** Shares are compared by whole numbers, so that pooling does not hang on a rounded quotient. */
function push(blocks: Block[], added: Block): void {
  let block = added;
  for (;;) {
    const before = blocks.at(-1);
    if (before === undefined || before.frauds * block.count < block.frauds * before.count) break;
    blocks.pop();
    block = {
      first: before.first,
      last: block.last,
      frauds: before.frauds + block.frauds,
      count: before.count + block.count,
    };
  }
  blocks.push(block);
}

/** The probability of fraud at a score. Allocates nothing. */
export function calibrated({ scores, probabilities }: Calibration, score: number): number {
  assert(!Number.isNaN(score), 'a score is a number');
  const last = scores.length - 1;
  if (score <= (scores[0] ?? 0)) return probabilities[0] ?? 0;
  if (score >= (scores[last] ?? 0)) return probabilities[last] ?? 0;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] ?? 0) <= score) low = middle;
    else high = middle;
  }
  const below = probabilities[low] ?? 0;
  const above = probabilities[high] ?? 0;
  const from = scores[low] ?? 0;
  const share = (score - from) / ((scores[high] ?? 0) - from);
  return Math.min(above, below + share * (above - below));
}
