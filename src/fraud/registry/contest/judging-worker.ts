// The thread that judges weeks: it answers each with the figures of both models, and ends when it
// is told to.

import { parentPort } from 'node:worker_threads';
import { assert } from '#kernel';
import { metricsOf } from '../../evaluate/metrics.ts';
import type { JudgedWeek, ScoredWeek } from './judging.ts';

const port = parentPort;
assert(port !== null, 'this file is a thread of whoever compares two models');

port.on('message', ({ champion, challenger, ...rows }: ScoredWeek) => {
  const judged: JudgedWeek = {
    champion: metricsOf({ ...rows, scores: champion }),
    challenger: metricsOf({ ...rows, scores: challenger }),
  };
  port.postMessage(judged);
});
